import { execFileSync } from 'node:child_process';
import { openApiDocument } from '../../api/openapi';
import { problems } from '../../api/problem';
import { createBench, type Bench } from './api-bench';

let bench: Bench;
beforeAll(async () => {
  bench = await createBench();
});
afterAll(() => bench.close());

type Json = Readonly<Record<string, unknown>>;

async function document(): Promise<Json> {
  const server = await bench.open({}, { signs: true });
  return (await server.inject('/api/v1/openapi.json')).json<Json>();
}

/** A package that ships ES modules only. */
const validator = `
import { Validator } from '@seriousme/openapi-schema-validator';
import { text } from 'node:stream/consumers';
const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify({ valid, errors, version: validator.version }));
`;

describe('the description of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const input = JSON.stringify(await document());
    const verdict = execFileSync(process.execPath, ['--input-type=module', '--eval', validator], { input });
    expect(JSON.parse(verdict.toString())).toEqual({ valid: true, version: '3.1' });
  });

  it('has every reference that it makes', async () => {
    const whole = await document();
    const { schemas } = whole['components'] as { readonly schemas: Json };
    const references = [...JSON.stringify(whole).matchAll(/"\$ref":"([^"]+)"/g)].map(([, path = '']) => path);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(reference).toMatch(/^#\/components\/schemas\//);
      expect(schemas).toHaveProperty([reference.replace('#/components/schemas/', '')]);
    }
  });

  it('names each operation once, and what it can be answered', async () => {
    const paths = (await document())['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>;
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(18);
    for (const { responses, summary } of operations) {
      expect(Object.keys(responses as Json)).toEqual(expect.arrayContaining(['401', '403', '429', '503']));
      expect(String(summary).length).toBeGreaterThan(10);
    }
  });

  it('describes the fields of a request and of a decision as they are checked', async () => {
    const paths = JSON.stringify((await document())['paths']);
    for (const word of ['individualId', 'personId', 'identifyId', 'reviewAt', 'court-order', 'exempt-art-17-3-b']) {
      expect(`${paths}${JSON.stringify(await document())}`).toContain(word);
    }
    // Neither is anybody's to give.
    expect(paths).not.toContain('"actor"');
  });

  it('is the same without a server', async () => {
    expect(openApiDocument([], '1')).toMatchObject({ openapi: '3.1.0', paths: {} });
  });

  it('can be read as a page', async () => {
    const server = await bench.open({}, { signs: true });
    const page = await server.inject('/api/v1/');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('POST /api/v1/requests/{requestId}/decisions/hold');
    expect(page.body).not.toMatch(/<script|undefined|\[object/);
  });

  it('knows every problem by a code of its own', () => {
    for (const [code, { status, title }] of Object.entries(problems)) {
      expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect([status >= 400 && status < 600, title.length > 5]).toEqual([true, true]);
    }
  });
});
