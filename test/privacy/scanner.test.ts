import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { initKeys } from '../../security/key-files';
import { packCertificate } from '../../security/packed-certificate';
import { ownNamespace } from '../support/test-namespace';
import { privateKeyParts, secretsOf, temporalPlaces } from './places';
import { findPlanted, type Planted } from './scanner';

const planted: Planted = { name: 'the planted value', value: 'Planted+7f3a/ä@customer.example', guessable: true };
const { value } = planted;
const bytes = Buffer.from(value);

const ascii = JSON.stringify(value).replace('ä', '\\u00E4');
const digestOf = (algorithm: string, text = value) => createHash(algorithm).update(text).digest();
const shifted = (by: number, encoding: 'base64' | 'base64url'): string =>
  Buffer.from(`${'~'.repeat(by)}${value}~~`).toString(encoding);

const forms: readonly (readonly [string, string | Uint8Array])[] = [
  ['plain', `before ${value} after`],
  ['in upper case', value.toUpperCase()],
  ['in lower case', value.toLowerCase()],
  ['percent-encoded', `https://provider.example/users/${encodeURIComponent(value)}?x=1`],
  ['percent-encoded in lower case', encodeURIComponent(value).replace(/%../g, (code) => code.toLowerCase())],
  ['percent-encoded throughout', [...bytes].map((byte) => `%${byte.toString(16)}`).join('')],
  ['in hex', bytes.toString('hex')],
  ['in upper-case hex', bytes.toString('hex').toUpperCase()],
  ['in JSON that is ASCII only', ascii],
  ['in JSON in JSON', JSON.stringify({ message: JSON.stringify({ value: `"${value}"` }) })],
  ['as a list of bytes', `data: [${[...bytes].join(', ')}]`],
  ...[0, 1, 2].flatMap((by) => [
    [`in base64 at alignment ${by}`, shifted(by, 'base64')] as const,
    [`in base64url at alignment ${by}`, shifted(by, 'base64url')] as const,
    [
      `in lower case in base64 at alignment ${by}`,
      Buffer.from(`${'~'.repeat(by)}${value.toLowerCase()}`).toString('base64'),
    ] as const,
  ]),
  ['in base64 in base64', Buffer.from(Buffer.from(value).toString('base64')).toString('base64')],
  ['in the claims of a JWS', `e30.${Buffer.from(JSON.stringify({ sub: value })).toString('base64url')}.c2ln`],
  [
    'in a packed certificate',
    packCertificate(`e30.${Buffer.from(JSON.stringify({ sub: value })).toString('base64url')}.c2ln`),
  ],
  ['as its SHA-256 in hex', digestOf('sha256').toString('hex')],
  ['as its SHA-256 in upper-case hex', digestOf('sha256').toString('hex').toUpperCase()],
  ['as its SHA-256 in base64url', digestOf('sha256').toString('base64url')],
  ['as its SHA-256 in base64', digestOf('sha256').toString('base64')],
  ['as the bytes of its SHA-256', digestOf('sha256')],
  ['as the SHA-256 of its lower case', digestOf('sha256', value.toLowerCase()).toString('hex')],
  ['as its MD5', digestOf('md5').toString('hex')],
];

describe('the scan', () => {
  it.each(forms)('finds a planted value %s', (_form, content) => {
    const found = findPlanted([planted], [{ name: 'here', content }]);
    expect(found).not.toEqual([]);
    expect(found.join()).not.toContain(value);
  });

  it('finds nothing where there is nothing', () => {
    const content = `${randomUUID()} ${'A'.repeat(400)} planted customer.example ${digestOf('sha256', 'else').toString('hex')}`;
    expect(findPlanted([planted], [{ name: 'here', content }])).toEqual([]);
  });

  it('knows every private part of the keys, and every token and capability of the calls', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'erasure-privacy-'));
    await initKeys({ directory, environment: 'test', now: Date.now() });
    // Terms, callback and certificate; a sealing, a hashing and a facts key of each provider; the gateway's token, facts and decision
    // keys; the facts key of the workflows' workers; the key of the console's sessions.
    expect(new Set(await privateKeyParts(directory)).size).toBe(17);
    await rm(directory, { recursive: true, force: true });
    const call = {
      at: '',
      wallAt: '',
      provider: 'measureone',
      operation: 'purge',
      method: 'POST',
      rawPath: '',
      query: {},
      status: 200,
    } as const;
    const body = { delivery_details: [{ url: '', headers: { 'x-erasure-capability': 'a-capability' } }] };
    expect(secretsOf({ ...call, headers: { authorization: 'Bearer a-token' }, body })).toEqual([
      'a-token',
      'a-capability',
    ]);
  });
});

/** Started and never served: what stands in it is what was planted there. */
describe('the scan of what Temporal keeps', () => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await Connection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
  });
  afterAll(() => connection.close());

  const sealed = { workflowType: 'throw-away', taskQueue: 'served-by-nobody' };
  const encoded = encodeURIComponent(value);

  it.each([
    ['an input', { args: [{ subject: value }] }, ['the history', 'the history as JSON']],
    ['an input in base64', { args: [bytes.toString('base64')] }, ['the history', 'the history as JSON']],
    ['a memo', { memo: { subject: value } }, ['the history', 'the history as JSON', 'the description', 'the list']],
    ['a summary', { staticSummary: value }, ['the history', 'the history as JSON', 'the description']],
    ['details', { staticDetails: value }, ['the history', 'the history as JSON', 'the description']],
    ['a workflow id', { workflowId: encoded }, ['the history', 'the history as JSON', 'the description', 'the list']],
    ['a type', { workflowType: encoded }, ['the history', 'the history as JSON', 'the description', 'the list']],
  ])('finds a planted value in %s', async (_what, options, expected) => {
    const { workflowType, taskQueue, workflowId, ...rest } = {
      workflowId: `privacy-${randomUUID()}`,
      ...sealed,
      ...options,
    };
    const client = new Client({ connection, namespace: ownNamespace });
    const handle = await client.workflow.start(workflowType, { workflowId, taskQueue, ...rest });
    try {
      const places = await temporalPlaces({ connection, workflowId, when: 'now', queries: [] });
      const found = findPlanted([planted], places);
      for (const place of expected) expect(found.join('\n')).toContain(`in ${place} now`);
    } finally {
      await handle.terminate();
    }
  });

  it.each([['a signal'], ['a reason to terminate']])('finds a planted value in %s', async (what) => {
    const client = new Client({ connection, namespace: ownNamespace });
    const workflowId = `privacy-${randomUUID()}`;
    const { workflowType, ...options } = sealed;
    const handle = await client.workflow.start(workflowType, { workflowId, ...options });
    if (what === 'a signal') await handle.signal('told', { subject: value });
    await handle.terminate(what === 'a signal' ? 'over' : value);
    const found = findPlanted([planted], await temporalPlaces({ connection, workflowId, when: 'now', queries: [] }));
    expect(found.join('\n')).toContain('in the history now');
  });
});
