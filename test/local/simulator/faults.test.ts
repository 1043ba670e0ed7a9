import { defaultCredentials } from '../../../local/simulator/simulator-registry';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import {
  aptrinsic,
  call,
  dayMs,
  hourMs,
  individualId,
  measureoneToken,
  person,
  personId,
  personToken,
  purgeIndividual,
} from './calling';

const identifyId = 'jane';
let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
  await simulator.seed({ provider: 'measureone', individualId });
  await simulator.seed({ provider: 'person', personId });
  await simulator.seed({ provider: 'aptrinsic', identifyId });
});
afterEach(() => simulator.close());

const purge = (token?: string) => purgeIndividual(simulator, { individual_id: individualId }, token);
const remove = (query = '') => aptrinsic(simulator, 'DELETE', identifyId, query);
const read = () => aptrinsic(simulator, 'GET', identifyId);
const exists = async () => !(await simulator.record('aptrinsic', identifyId)).hidden;
const lastCall = async () => (await simulator.calls()).at(-1);

describe('which calls a fault meets', () => {
  it('only those of its provider, operation and subject, as often as it says', async () => {
    await simulator.addFault({
      provider: 'aptrinsic',
      operation: 'delete',
      subject: identifyId,
      kind: 'status',
      status: 503,
      times: 2,
    });
    expect((await read()).status).toBe(200);
    expect((await aptrinsic(simulator, 'DELETE', 'other')).status).toBe(404);
    expect((await person(simulator, 'GET', personId, 'info')).status).toBe(200);
    expect([(await remove()).status, (await remove()).status, (await remove()).status]).toEqual([503, 503, 200]);
  });

  it('those between two instants of the simulator clock', async () => {
    const start = Date.parse(await simulator.time());
    await simulator.addFault({
      provider: 'aptrinsic',
      kind: 'down',
      from: start + hourMs,
      until: new Date(start + dayMs).toISOString(),
    });
    expect((await read()).status).toBe(200);
    await simulator.advance(hourMs);
    await expect(read()).rejects.toThrow('fetch failed');
    await expect(read()).rejects.toThrow('fetch failed');
    await simulator.advance(23 * hourMs);
    expect((await read()).status).toBe(200);
  });

  it('all until cleared', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'status', status: 500 });
    for (let turn = 0; turn < 5; turn++) expect((await read()).status).toBe(500);
    await simulator.clearFaults();
    expect((await read()).status).toBe(200);
  });

  it('one after the other, in the order they were added', async () => {
    for (const status of [500, 502, 429])
      await simulator.addFault({ provider: 'aptrinsic', kind: 'status', status, times: 1 });
    expect([(await read()).status, (await read()).status, (await read()).status]).toEqual([500, 502, 429]);
  });

  it('none where the description is wrong', async () => {
    await expect(simulator.addFault({ provider: 'aptrinsic', operation: 'purge', kind: 'down' })).rejects.toThrow(
      'no operation purge',
    );
    await expect(
      simulator.addFault({ provider: 'person', kind: 'inner-status', statusCodeValue: 500 }),
    ).rejects.toThrow('no inner status');
    await expect(simulator.addFault({ provider: 'person', kind: 'down', until: 'never' })).rejects.toThrow(
      'not an instant',
    );
    await expect(simulator.addFault({ provider: 'person', kind: 'down', tmies: 1 } as never)).rejects.toThrow('tmies');
  });
});

describe('the fault', () => {
  it('down breaks the connection before anything happens', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'down', times: 1 });
    await expect(remove()).rejects.toThrow('fetch failed');
    expect(await exists()).toBe(true);
    expect(await lastCall()).toMatchObject({
      status: 'destroyed',
      fault: 'down',
      operation: 'delete',
      subject: identifyId,
    });
  });

  it('reset-after-acting obeys and loses the answer', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'reset-after-acting', times: 1 });
    await expect(remove()).rejects.toThrow('fetch failed');
    expect(await exists()).toBe(false);
    expect(await lastCall()).toMatchObject({ status: 'destroyed', fault: 'reset-after-acting' });
  });

  it('slow obeys at once and answers late', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'slow', delayMs: 150, times: 2 });
    const started = Date.now();
    expect((await read()).status).toBe(200);
    expect(Date.now() - started).toBeGreaterThanOrEqual(145);
    const impatient = fetch(`${simulator.addresses.aptrinsic}/v1/users/${identifyId}`, {
      method: 'DELETE',
      headers: { 'x-aptrinsic-api-key': defaultCredentials.aptrinsic.apiKey },
      signal: AbortSignal.timeout(50),
    });
    await expect(impatient).rejects.toThrow('timeout');
    expect(await exists()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await lastCall()).toMatchObject({ status: 'destroyed' });
  });

  it.each([true, false])('hang never answers (having acted: %s)', async (acting) => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'hang', acting, times: 1 });
    const outcome = remove().catch(() => 'broken');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await exists()).toBe(!acting);
    expect(await lastCall()).toMatchObject({ status: 'unanswered' });
    await simulator.close();
    expect(await outcome).toBe('broken');
  });

  it('status answers with the documented body, or the one given', async () => {
    await simulator.addFault({ provider: 'measureone', operation: 'purge', kind: 'status', status: 500, times: 1 });
    expect(await purge()).toMatchObject({
      status: 500,
      json: { timestamp: expect.any(Number), error_code: 'INTERNAL_SERVER_ERROR' },
    });
    for (const status of [400, 401, 403, 404, 409]) {
      await simulator.addFault({ provider: 'person', operation: 'info', kind: 'status', status, times: 1 });
      expect(await person(simulator, 'GET', personId, 'info')).toMatchObject({
        status,
        json: { error_code: expect.any(String), desc: expect.any(String) },
      });
    }
    await simulator.addFault({ provider: 'person', operation: 'info', kind: 'status', status: 422, times: 1 });
    expect((await person(simulator, 'GET', personId, 'info')).json.detail[0].input).toBe(personId);
    await simulator.addFault({
      provider: 'aptrinsic',
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '120' },
      times: 1,
    });
    expect((await read()).headers.get('retry-after')).toBe('120');
    await simulator.addFault({ provider: 'aptrinsic', kind: 'status', status: 503, body: '<html>', times: 1 });
    expect(await read()).toMatchObject({ status: 503, text: '<html>' });
    await simulator.addFault({ provider: 'aptrinsic', kind: 'status', status: 202, body: { a: 1 }, times: 1 });
    expect(await remove()).toMatchObject({ status: 202, json: { a: 1 } });
    expect(await exists()).toBe(true);
  });

  it('redirect points elsewhere', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'redirect', location: 'http://127.0.0.1:1/x', times: 1 });
    const { status, headers } = await remove();
    expect([status, headers.get('location')]).toEqual([302, 'http://127.0.0.1:1/x']);
    expect(await exists()).toBe(true);
  });

  it('inner-status is an error inside a success', async () => {
    await simulator.addFault({
      provider: 'aptrinsic',
      operation: 'delete',
      kind: 'inner-status',
      statusCodeValue: 500,
      times: 1,
    });
    expect(await remove()).toMatchObject({ status: 200, json: { body: {}, statusCode: '500', statusCodeValue: 500 } });
    expect(await exists()).toBe(true);
  });
});

describe('the fault wrong-body', () => {
  const spoil = async (
    garbage: 'html' | 'truncated' | 'empty' | 'null' | 'huge' | 'deep' | 'wrong-type' | 'other-shape',
  ) => {
    await simulator.addFault({ provider: 'aptrinsic', operation: 'read', kind: 'wrong-body', garbage, times: 1 });
    return read();
  };

  it('answers 2xx with what nobody promised', async () => {
    const html = await spoil('html');
    expect([html.status, html.headers.get('content-type')]).toEqual([200, 'text/html']);
    const truncated = await spoil('truncated');
    expect(truncated.json).toBeUndefined();
    expect(truncated.text).toMatch(/^\{"aptrinsicId"/);
    expect((await spoil('empty')).text).toBe('');
    expect((await spoil('null')).json).toBeNull();
    expect((await spoil('huge')).text.length).toBeGreaterThan(8_000_000);
    expect((await spoil('deep')).text).toMatch(/^\[{1000}/);
    const wrongType = await spoil('wrong-type');
    expect([wrongType.headers.get('content-type'), wrongType.json.identifyId]).toEqual(['text/plain', identifyId]);
    expect(Array.isArray((await spoil('other-shape')).json)).toBe(true);
  });

  it('cuts the connection within the body', async () => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'wrong-body', garbage: 'cut-off', times: 1 });
    await expect(read()).rejects.toThrow('terminated');
  });

  it('takes a body of one’s own, and acts all the same', async () => {
    await simulator.addFault({
      provider: 'person',
      operation: 'purge',
      kind: 'wrong-body',
      body: { person_id: personId },
      times: 1,
    });
    expect(await person(simulator, 'POST', personId, 'purge', {})).toMatchObject({
      status: 202,
      json: { person_id: personId },
    });
    expect(await simulator.record('person', personId)).toMatchObject({ purge: { done: false } });
    await simulator.addFault({ provider: 'person', operation: 'login', kind: 'wrong-body', garbage: 'html', times: 1 });
    await expect(personToken(simulator)).rejects.toThrow('access_token');
  });
});

describe('the fault in-between', () => {
  const between = async (status: number, says: 'page' | 'gateway' | 'empty' | 'text' | 'own-error') => {
    await simulator.addFault({ provider: 'aptrinsic', kind: 'in-between', status, says, times: 1 });
    return remove();
  };

  it('answers in the provider’s place, and nothing happens', async () => {
    // Not 407: fetch itself makes an error of one.
    for (const status of [200, 401, 403, 404, 502, 503]) {
      const page = await between(status, 'page');
      expect([page.status, page.headers.get('content-type')]).toEqual([status, 'text/html']);
    }
    expect((await between(404, 'gateway')).json).toMatchObject({ message: expect.any(String) });
    expect(await between(404, 'empty')).toMatchObject({ status: 404, text: '' });
    expect((await between(503, 'text')).json).toBeUndefined();
    expect((await between(200, 'own-error')).json).toMatchObject({
      externalapierror: { status: 'INTERNAL_SERVER_ERROR' },
    });
    await simulator.addFault({ provider: 'aptrinsic', kind: 'in-between', status: 200, says: 'broken-gzip', times: 1 });
    await expect(remove()).rejects.toThrow(/terminated|header check|fetch failed/);
    expect(await exists()).toBe(true);
  });
});

describe('the fault wrong-subject', () => {
  it('answers success about somebody else', async () => {
    const other = '99999999-0000-4000-8000-000000000000';
    await simulator.addFault({
      provider: 'person',
      kind: 'wrong-subject',
      operation: 'purge',
      otherSubject: other,
      times: 1,
    });
    await simulator.addFault({ provider: 'person', kind: 'wrong-subject', operation: 'status', times: 1 });
    await simulator.addFault({
      provider: 'person',
      kind: 'wrong-subject',
      operation: 'info',
      otherSubject: other,
      times: 1,
    });
    expect(await person(simulator, 'POST', personId, 'purge', {})).toMatchObject({
      status: 202,
      json: { person_id: other },
    });
    expect((await person(simulator, 'GET')).json.person_id).not.toBe(personId);
    expect((await person(simulator, 'GET', personId, 'info')).json.person_id).toBe(other);
    await simulator.addFault({ provider: 'aptrinsic', kind: 'wrong-subject', operation: 'read', times: 1 });
    expect((await read()).json.identifyId).toBe('somebody.else@example.com');
    await simulator.addFault({ provider: 'measureone', kind: 'wrong-subject', operation: 'purge', times: 1 });
    expect((await purge()).json.individual_id).not.toBe(individualId);
  });
});

describe('faults of credentials', () => {
  it('token-expired ends the MeasureOne token for good', async () => {
    const token = await measureoneToken(simulator);
    await simulator.addFault({ provider: 'measureone', kind: 'token-expired' });
    expect((await measureoneToken(simulator)).length).toBe(36);
    expect((await purge(token)).status).toBe(401);
    expect((await purge(token)).status).toBe(401);
    expect((await purge()).status).toBeLessThan(300);
  });

  it.each([
    ['documented', 403, { auth_success: false, error_code: 'auth_token_expired', desc: 'Token is expired' }],
    ['unknown-code', 403, { error_code: 'auth_token_unknown', desc: 'Failed to parse token' }],
    ['plain-401', 401, undefined],
  ] as const)('token-expired at the person API is %s', async (variant, status, body) => {
    const token = await personToken(simulator);
    await simulator.addFault({ provider: 'person', kind: 'token-expired', variant });
    const refused = await person(simulator, 'GET', personId, 'info', undefined, token);
    expect(refused.status).toBe(status);
    expect(refused.json).toEqual(body);
    expect((await person(simulator, 'GET', personId, 'info', undefined, token)).json.error_code).toBe(
      'auth_token_expired',
    );
    expect((await person(simulator, 'GET', personId, 'info')).status).toBe(200);
  });

  it('forbidden is a refusal of permission', async () => {
    await simulator.addFault({ provider: 'person', operation: 'purge', kind: 'forbidden', times: 1 });
    expect(await person(simulator, 'POST', personId, 'purge', {})).toMatchObject({
      status: 403,
      json: { auth_success: true, error_code: 'insufficient_permissions' },
    });
    await simulator.addFault({ provider: 'aptrinsic', kind: 'forbidden', times: 1 });
    expect((await remove()).status).toBe(403);
    await simulator.addFault({ provider: 'measureone', operation: 'purge', kind: 'forbidden', times: 1 });
    expect((await purge()).status).toBe(403);
  });

  it('bad-credentials meets logins, and every call with a key', async () => {
    const [m1Token, token] = [await measureoneToken(simulator), await personToken(simulator)];
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const)
      await simulator.addFault({ provider, kind: 'bad-credentials' });
    expect((await read()).status).toBe(401);
    expect((await purge(m1Token)).status).toBeLessThan(300);
    expect((await person(simulator, 'GET', personId, 'info', undefined, token)).status).toBe(200);
    expect(await personToken(simulator)).toBeUndefined();
    expect(await measureoneToken(simulator)).toBeUndefined();
  });
});

describe('limits', () => {
  it('refuses bodies over 1 MB, in the provider’s error shape', async () => {
    const body = JSON.stringify({ padding: 'x'.repeat(1_100_000) });
    const { status, json } = await call(`${simulator.addresses.measureone}/v3/compliances/purge_individual`, {
      method: 'POST',
      body,
    });
    expect(status).toBe(413);
    expect(json).toMatchObject({ error_code: 'PAYLOAD_TOO_LARGE' });
    expect(await lastCall()).toMatchObject({ status: 413 });
  });
});
