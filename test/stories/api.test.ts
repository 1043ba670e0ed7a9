/** The life of a request through the HTTP API alone: filed by one, approved by another, held, released, certified. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { certificateShape, filed, providerStatus, requestList, requestShape } from '../../api/schemas';
import { readServerConfig } from '../../config/server-config';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { BULK_PRIORITY, ORDINARY_PRIORITY } from '../../domain/request/priority';
import { verifyCertificate } from '../../security/certificate-signature';
import { readVerifyingKeys } from '../../security/key-files';
import { verifyingKeyFile } from '../../security/key-table';
import { addServiceKey } from '../../security/service-keys';
import { startServer } from '../../server/server-process';
import { workflowIdOf } from '../../temporal/names';
import type { Listening } from '../../temporal/temporal-behind';
import { startIdentityProvider, type IdentityProvider } from '../access/identity-provider';
import { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';

const AUDIENCE = 'erasure';
const INDEX_LAG_MS_MAX = 30_000;
const reason = { code: 'by-the-book', ticket: 'PRIV-1' };

let story: Story;
let provider: IdentityProvider;
let server: Listening;
let portalKey: string;

beforeEach(async () => {
  story = await Story.open({ policy: { decisions: 'authenticated', approval: 'needed' } });
  await story.seed();
  provider = await startIdentityProvider();
  ({ key: portalKey } = await addServiceKey({
    directory: story.keysDirectory,
    service: 'portal',
    roles: ['file', 'view'],
    now: Date.now(),
  }));
  const config = readServerConfig({
    ...story.environment,
    SERVER_PORT: '0',
    SERVER_OIDC_ISSUER: provider.issuer,
    SERVER_OIDC_AUDIENCE: AUDIENCE,
    SERVER_OIDC_ROLES: 'clerk=view|file|decide, officer=view|decide|approve',
  });
  server = await startServer(config, { logger: story.logger, version: '0.0.0' });
});
afterEach(async () => {
  await server.close();
  await provider.stop();
  await story.close();
});

const staff = (id: string, role: string) => provider.sign({ aud: AUDIENCE, sub: id, roles: [role] });

async function call(bearer: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(`${server.url}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') === true;
  return { status: answer.status, text, body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

async function decide(bearer: string, kind: string, content: object) {
  return call(bearer, `/requests/${story.requestId}/decisions/${kind}`, { ...content, reason });
}

const look = async () => requestShape.parse((await call(portalKey, `/requests/${story.requestId}`)).body);

describe('a request through the API', () => {
  it('is filed by a clerk, approved by somebody else, held and released, and ends with a certificate', async () => {
    const clerk = await staff('staff-1', 'clerk');
    const officer = await staff('staff-2', 'officer');

    const submission = story.submission();
    const first = await call(clerk, '/requests', submission);
    expect(first.status).toBe(201);
    expect(filed.strict().parse(first.body).requestId).toBe(story.requestId);
    expect((await call(clerk, '/requests', submission)).status).toBe(200);
    expect(await priorityOf(story.requestId)).toBe(ORDINARY_PRIORITY);
    const other = await call(clerk, '/requests', { ...submission, regulation: 'ccpa' });
    expect([other.status, other.body['code']]).toEqual([409, 'request-exists']);
    await eventually(async () => ((await look()).state === 'awaiting-approval' ? true : undefined));

    // Neither without the role nor with it, where the filer has both.
    expect((await decide(clerk, 'approve', {})).status).toBe(403);
    const own = await decide(await staff('staff-1', 'officer'), 'approve', {});
    expect([own.status, own.body['code']]).toEqual([409, 'decision-refused']);
    expect((await decide(officer, 'approve', {})).status).toBe(200);
    await story.until('aptrinsic', 'waiting-out-window');
    await story.until('measureone', 'waiting-out-window');
    await story.until('person', 'waiting-out-window');

    const reviewAt = new Date(Date.now() + 30 * DAY_MS).toISOString();
    const hold = { ground: 'court-order', owner: 'staff-9', reviewAt };
    const held = await decide(clerk, 'hold', hold);
    expect([held.status, requestShape.parse(held.body).state]).toEqual([200, 'on-hold']);
    await eventually(async () => {
      const { requests } = requestList.strict().parse((await call(portalKey, '/requests?state=on-hold')).body);
      return requests.some(({ requestId }) => requestId === story.requestId) ? true : undefined;
    }, INDEX_LAG_MS_MAX);
    expect((await decide(clerk, 'release', {})).status).toBe(200);
    await story.until('person', 'waiting-out-window');

    const early = await call(portalKey, `/requests/${story.requestId}/certificate`);
    expect([early.status, early.body['code']]).toEqual([409, 'no-certificate-yet']);
    const waived = await decide(clerk, 'waive', { provider: 'measureone' });
    expect(providerStatus.parse(waived.body)).toMatchObject({ provider: 'measureone', state: 'settled' });

    await story.forward(3 * DAY_MS + HOUR_MS + 5 * MINUTE_MS);
    await story.forward(4 * DAY_MS + HOUR_MS);
    const jws = await story.signed();
    const asJson = await call(portalKey, `/requests/${story.requestId}/certificate`);
    const certificate = certificateShape.strict().parse(asJson.body);
    expect(certificate.certificate).toBe(jws);
    const forms: [string, RegExp][] = [
      ['application/jose', /^[\w-]+\.[\w-]+\.[\w-]+$/],
      ['text/plain', /^ERASURE CERTIFICATE\n/],
      ['text/html', /^<!doctype html>/],
    ];
    for (const [accept, expected] of forms) {
      const form = await call(portalKey, `/requests/${story.requestId}/certificate`, undefined, { accept });
      expect(form.text).toMatch(expected);
    }
    const keys = await readVerifyingKeys(join(story.keysDirectory, verifyingKeyFile.name));
    expect((await verifyCertificate(jws, keys)).claims).toEqual(certificate.claims);

    const report = await call(portalKey, `/report?from=${day(-1)}&to=${day(1)}`);
    expect(report.status).toBe(200);
    // Nothing of the person is in any log or answer.
    const said = story.logged.join('');
    for (const identifier of Object.values(story.subject)) expect(said).not.toContain(identifier);
  });

  it('is refused to whoever lacks the role, and found by nobody who is not there', async () => {
    const filedByPortal = await call(portalKey, '/requests', story.submission());
    expect(filedByPortal.status).toBe(201);
    expect((await decide(portalKey, 'withdraw', { wantedBy: 'subject' })).status).toBe(403);
    const missing = await call(portalKey, `/requests/${randomUUID()}`);
    expect([missing.status, missing.body['code']]).toEqual([404, 'request-not-found']);
    const officer = await staff('staff-2', 'officer');
    const withdrawn = await decide(officer, 'withdraw', { wantedBy: 'misfiled' });
    expect(withdrawn.status).toBe(200);
    await story.signed();
  });

  it('files a batch, row by row, and again without filing anything twice', async () => {
    const rows = Array.from({ length: 20 }, (_, index) =>
      JSON.stringify({
        ...story.submission(),
        requestId: undefined,
        submittedAt: '2026-11-01T08:00:00Z',
        subject: { aptrinsic: { identifyId: index === 7 ? 'undefined' : `batch-${story.requestId}-${index}` } },
      }),
    );
    const send = async () => {
      const answer = await fetch(`${server.url}/api/v1/batches`, {
        method: 'POST',
        headers: { authorization: `Bearer ${portalKey}`, 'content-type': 'application/x-ndjson' },
        body: rows.join('\n'),
      });
      const lines = (await answer.text()).trimEnd().split('\n');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    };
    const first = await send();
    expect(first.at(-1)).toEqual({ end: 'complete', rows: 20, new: 19, duplicate: 0, failed: 0, rejected: 1 });
    expect(first.filter(({ result }) => result === 'rejected')).toMatchObject([{ line: 8 }]);
    const second = await send();
    expect(second.at(-1)).toEqual({ end: 'complete', rows: 20, new: 0, duplicate: 19, failed: 0, rejected: 1 });
    const ids = first.flatMap(({ requestId }) => (typeof requestId === 'string' ? [requestId] : []));
    // After what is filed by itself, at every provider.
    expect(await priorityOf(ids[0]!)).toBe(BULK_PRIORITY);
    for (const requestId of ids) await story.temporal.workflow.getHandle(`erasure-${requestId}`).terminate('test over');
  });
});

async function priorityOf(requestId: string): Promise<number | null | undefined> {
  const { raw } = await story.temporal.workflow.getHandle(workflowIdOf(requestId)).describe();
  return raw.workflowExecutionInfo?.priority?.priorityKey;
}

function day(offset: number): string {
  return new Date(Date.now() + offset * DAY_MS).toISOString().slice(0, 10);
}
