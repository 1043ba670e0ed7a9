import { formatTime, parseSuggestedTime, timeFormats } from '../../../local/simulator/person-time';
import { defaultCredentials } from '../../../local/simulator/simulator-registry';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import { basic, call, dayMs, hourMs, person, personId, personToken } from './calling';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator({ settings: { person: { timeFormats: ['z'] } } });
  await simulator.seed({ provider: 'person', personId });
});
afterEach(() => simulator.close());

const now = async () => Date.parse(await simulator.time());
const suggest = (at: number) => ({ suggested_purge_time: new Date(at).toISOString() });

describe('person API login', () => {
  const login = (body: string, contentType: string, authorization = basic(defaultCredentials.person)) =>
    call(`${simulator.addresses.person}/users/v2/oauth/token`, {
      method: 'POST',
      headers: { authorization, 'content-type': contentType },
      body,
    });

  it('takes Basic credentials with a JSON body', async () => {
    const { status, json } = await login('{"grant_type":"client_credentials"}', 'application/json');
    expect(status).toBe(200);
    expect(json).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 3600 });
  });

  it('refuses a form and another grant with 422', async () => {
    expect((await login('grant_type=client_credentials', 'application/x-www-form-urlencoded')).status).toBe(422);
    const { status, json } = await login('{"grant_type":"password"}', 'application/json');
    expect(status).toBe(422);
    expect(json.detail[0]).toMatchObject({
      loc: ['body', 'grant_type'],
      msg: expect.any(String),
      type: expect.any(String),
    });
  });

  it.each([401, 403] as const)('can refuse bad credentials with %d', async (badCredentials) => {
    await simulator.configure({ person: { badCredentials } });
    const { status, json } = await login(
      '{"grant_type":"client_credentials"}',
      'application/json',
      basic({ clientId: 'a', clientSecret: 'b' }),
    );
    expect([status, json.error_code]).toEqual([badCredentials, 'client_credentials_invalid']);
  });
});

describe('person API tokens', () => {
  it.each([
    [undefined, 'auth_token_format'],
    ['Basic abc', 'auth_malformed_access'],
    ['Bearer made.up.token', 'auth_token_unknown'],
  ])('refuses %s with a 403 that is not about permissions', async (authorization, errorCode) => {
    const headers = authorization === undefined ? {} : { authorization };
    const { status, json } = await call(`${simulator.addresses.person}/users/v1/person/${personId}/info`, { headers });
    expect(status).toBe(403);
    expect(json).toEqual({ auth_success: false, error_code: errorCode, desc: expect.any(String) });
  });

  it('expire with their lifetime', async () => {
    await simulator.configure({ person: { tokenLifetimeSeconds: 0.02 } });
    const token = await personToken(simulator);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect((await person(simulator, 'GET', personId, 'info', undefined, token)).json).toMatchObject({
      error_code: 'auth_token_expired',
      auth_success: false,
    });
  });
});

describe('queueing a purge', () => {
  it('answers 202 and decides the time itself', async () => {
    const { status, json } = await person(simulator, 'POST', personId, 'purge', {});
    expect(status).toBe(202);
    expect(Object.keys(json).sort()).toEqual(['created_on', 'last_modified_on', 'person_id', 'purge_on', 'status']);
    expect(json.person_id).toBe(personId);
    expect(Date.parse(json.purge_on) - Date.parse(json.created_on)).toBe(14 * dayMs);
  });

  it('cuts a late suggestion down to its maximum', async () => {
    const { json } = await person(simulator, 'POST', personId, 'purge', suggest((await now()) + 400 * dayMs));
    expect(Date.parse(json.purge_on) - Date.parse(json.created_on)).toBe(30 * dayMs);
  });

  it('takes a time in the past for immediately', async () => {
    const { status } = await person(simulator, 'POST', personId, 'purge', suggest((await now()) - hourMs));
    expect(status).toBe(202);
    expect(await simulator.record('person', personId)).toMatchObject({ exists: false });
    expect((await person(simulator, 'GET', personId)).status).toBe(404);
    expect((await person(simulator, 'GET', personId, 'info')).status).toBe(404);
  });

  it('keeps created_on and moves the rest when queued again', async () => {
    const first = await person(simulator, 'POST', personId, 'purge', {});
    await simulator.advance(dayMs);
    const second = await person(simulator, 'POST', personId, 'purge', suggest((await now()) + 2 * dayMs));
    expect(second.status).toBe(202);
    expect(second.json.created_on).toBe(first.json.created_on);
    expect(Date.parse(second.json.last_modified_on)).toBeGreaterThan(Date.parse(first.json.last_modified_on));
    await simulator.advance(2 * dayMs + 1000);
    expect((await simulator.record('person', personId)).exists).toBe(false);
  });

  it('can refuse to be queued again', async () => {
    await simulator.configure({ person: { rePost: 'conflict' } });
    await person(simulator, 'POST', personId, 'purge', {});
    expect((await person(simulator, 'POST', personId, 'purge', {})).status).toBe(409);
  });

  it.each([202, 404, 422] as const)('can answer %d for an unknown person', async (unknownPerson) => {
    const unknown = '00000000-0000-4000-8000-000000000000';
    await simulator.configure({ person: { unknownPerson } });
    expect((await person(simulator, 'POST', unknown, 'purge', {})).status).toBe(unknownPerson);
    expect((await person(simulator, 'GET', unknown)).status).toBe(unknownPerson === 202 ? 200 : 404);
    expect((await person(simulator, 'GET', unknown, 'info')).status).toBe(404);
  });

  it('refuses ids that are no UUID and repeats them in the answer', async () => {
    for (const [method, resource] of [
      ['POST', 'purge'],
      ['GET', 'purge'],
      ['DELETE', 'purge'],
      ['GET', 'info'],
    ] as const) {
      const { status, json } = await person(
        simulator,
        method,
        'jane%40example.com',
        resource,
        method === 'POST' ? {} : undefined,
      );
      expect(status).toBe(422);
      expect(json.detail[0]).toMatchObject({ loc: ['path', 'person_id'], input: 'jane@example.com' });
    }
  });

  it('takes a UUID in any case and answers in lower case', async () => {
    expect((await person(simulator, 'GET', personId.toUpperCase(), 'info')).json.person_id).toBe(personId);
  });

  it.each([
    ['no body', undefined],
    ['a body that is no object', []],
    ['a time without a zone', { suggested_purge_time: '2030-01-01T00:00:00' }],
    ['no time', { suggested_purge_time: 'tomorrow' }],
    ['null', { suggested_purge_time: null }],
  ])('refuses %s', async (_name, body) => {
    const { status, json } = await person(simulator, 'POST', personId, 'purge', body);
    expect(status).toBe(422);
    expect(json.detail[0].loc[0]).toBe('body');
    expect((await person(simulator, 'GET')).status).toBe(404);
  });

  it('has other answers for paths and methods it does not have', async () => {
    expect(await person(simulator, 'GET', personId, 'purges')).toMatchObject({
      status: 404,
      json: { detail: 'Not Found' },
    });
    expect((await person(simulator, 'PUT', personId, 'purge', {})).status).toBe(405);
  });
});

describe('a queued purge', () => {
  beforeEach(() => person(simulator, 'POST', personId, 'purge', {}));

  it('can be read until it is done, and is then not on record', async () => {
    await simulator.advance(14 * dayMs - 60_000);
    expect((await person(simulator, 'GET')).status).toBe(200);
    expect((await person(simulator, 'GET', personId, 'info')).json).toMatchObject({
      person_id: personId,
      email: expect.any(String),
    });
    await simulator.advance(60_000);
    expect((await person(simulator, 'GET')).status).toBe(404);
    expect(await simulator.record('person', personId)).toMatchObject({ exists: false, purge: { done: true } });
  });

  it('can be kept on record for a while with a final status', async () => {
    await simulator.configure({ person: { afterPurge: 'kept', finalStatus: 'all gone', keptForMs: dayMs } });
    await simulator.advance(14 * dayMs);
    expect(await person(simulator, 'GET')).toMatchObject({ status: 200, json: { status: 'all gone' } });
    await simulator.advance(dayMs);
    expect((await person(simulator, 'GET')).status).toBe(404);
  });

  it('can be moved, and taken off the queue, by somebody else', async () => {
    await simulator.movePurge({ personId, purgeOn: (await now()) + 60 * dayMs });
    await simulator.advance(59 * dayMs);
    expect(await simulator.record('person', personId)).toMatchObject({ exists: true });
    await simulator.dequeuePurge({ personId });
    await simulator.advance(30 * dayMs);
    expect((await person(simulator, 'GET')).status).toBe(404);
    expect((await person(simulator, 'GET', personId, 'info')).status).toBe(200);
    await expect(simulator.dequeuePurge({ personId })).rejects.toThrow('no purge is queued');
  });

  it('can be withdrawn until it is due', async () => {
    expect((await person(simulator, 'DELETE')).status).toBe(204);
    expect((await person(simulator, 'GET')).status).toBe(404);
    expect((await person(simulator, 'DELETE')).status).toBe(404);
    await simulator.advance(15 * dayMs);
    expect((await simulator.record('person', personId)).exists).toBe(true);
  });

  it.each([403, 404, 409, 204] as const)(
    'answers a withdrawal that is too late with %d and goes on',
    async (dequeueBegun) => {
      await simulator.dequeuePurge({ personId });
      await simulator.configure({ person: { dequeueBegun, lateByMs: dayMs } });
      await person(simulator, 'POST', personId, 'purge', suggest((await now()) + hourMs));
      await simulator.advance(2 * hourMs);
      expect((await person(simulator, 'GET')).status).toBe(200);
      expect((await person(simulator, 'DELETE')).status).toBe(dequeueBegun);
      expect((await simulator.record('person', personId)).exists).toBe(true);
      await simulator.advance(dayMs);
      expect((await simulator.record('person', personId)).exists).toBe(false);
    },
  );

  it.each([
    [404, 404, { auth_success: true, error_code: 'person_not_found' }],
    [403, 403, { auth_success: true, error_code: 'insufficient_permissions' }],
    [422, 422, { detail: [{ input: personId }] }],
    ['empty-200', 200, { person_id: null, active_player_id: null, email: null }],
  ] as const)('leaves an info that answers %s', async (infoAfterPurge, status, json) => {
    await simulator.configure({ person: { infoAfterPurge } });
    await simulator.advance(15 * dayMs);
    expect(await person(simulator, 'GET', personId, 'info')).toMatchObject({ status, json });
  });

  it('can be queued anew when it is done, as another purge', async () => {
    const { purge } = await simulator.record('person', personId);
    await simulator.advance(15 * dayMs);
    const { purgedAt } = await simulator.record('person', personId);
    const { json } = await person(simulator, 'POST', personId, 'purge', suggest(0));
    expect(Date.parse(json.created_on) - Date.parse(purge?.createdOn ?? '')).toBeGreaterThanOrEqual(15 * dayMs);
    expect((await simulator.record('person', personId)).purgedAt).toBe(purgedAt);
  });

  it('tells its times in every spelling of RFC 3339, and any status', async () => {
    await simulator.configure({ person: { timeFormats: [...timeFormats] } });
    const spellings = new Set<string>();
    const statuses = new Set<string>();
    for (let turn = 0; turn < 9; turn++) {
      const { json } = await person(simulator, 'GET');
      for (const time of [json.purge_on, json.created_on, json.last_modified_on])
        spellings.add(time.replaceAll(/[0-9]/g, '9'));
      statuses.add(json.status);
    }
    expect(spellings.size).toBeGreaterThanOrEqual(8);
    expect(statuses.size).toBe(6);
  });
});

describe('times', () => {
  const at = Date.parse('2026-03-04T22:06:07.089Z');

  it.each(timeFormats)('%s is the same instant', (format) => {
    const exact = format === 'no-fraction' ? at - 89 : at;
    expect(parseSuggestedTime(formatTime(at, format))).toBe(exact);
  });

  it.each([
    ['2026-03-04T22:06:07.089+05:30', at - 5.5 * hourMs],
    [at / 1000, at],
    [String(Math.floor(at / 1000)), at - 89],
    [at, at],
    ['2026-03-04T22:06:07', 'no-zone'],
    ['2026-13-04T22:06:07Z', 'invalid'],
    [true, 'invalid'],
    ['', 'invalid'],
  ])('reads %p', (value, expected) => {
    const read = parseSuggestedTime(value);
    expect(typeof read === 'number' ? Math.round(read) : read).toBe(expected);
  });
});
