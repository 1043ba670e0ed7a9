import { createPersonAdapter, type PersonOptions } from '../../../activities/providers/person';
import type { ProviderAdapter } from '../../../activities/providers/provider';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import { adapterCall, bodyHmac, FIRST_ASKED_AT, noPauses } from '../../support/adapter-call';
import {
  type BareProvider,
  closeBareProviders,
  expectNoneOf,
  failureFrom,
  type Received,
  type Reply,
  startBareProvider,
} from './bare-provider';

const personId = 'C0FFEE00-1234-4abc-8def-0123456789aB';
const otherId = '11111111-2222-4333-8444-555555555555';
const clientSecret = 'client-SECRET';
const secrets = [personId, clientSecret, 'client-id', 'person-token-1', 'person-token-2', 'jane@example.com'];

const login = 'POST /users/v2/oauth/token';
const queue = `POST /users/v1/person/${personId}/purge`;
const read = `GET /users/v1/person/${personId}/purge`;
const dequeue = `DELETE /users/v1/person/${personId}/purge`;
const info = `GET /users/v1/person/${personId}/info`;

const now = FIRST_ASKED_AT + 1_000;
const purgeOn = now + 14 * DAY_MS;

type Answers = Reply | 'reset' | ((request: Received) => Reply | 'reset');
/** Per operation one answer for all calls, or one per call: the last of a list stays. */
type Routes = Readonly<Record<string, Answers | Answers[]>>;

async function setup(
  routes: Routes,
  options: Partial<PersonOptions> = {},
): Promise<{ adapter: ProviderAdapter; provider: BareProvider; counted: () => string[] }> {
  const calls = new Map<string, number>();
  const provider = await startBareProvider((request, response) => {
    const operation = `${request.method} ${request.path}`;
    const nth = calls.get(operation) ?? 0;
    calls.set(operation, nth + 1);
    const token = { access_token: `person-token-${nth + 1}`, token_type: 'bearer', expires_in: 3_600 };
    const scripted = routes[operation] ?? (operation === login ? { status: 200, body: token } : { status: 418 });
    const answers = Array.isArray(scripted) ? (scripted[nth] ?? scripted.at(-1)) : scripted;
    const reply = typeof answers === 'function' ? answers(request) : answers;
    if (reply === undefined || reply === 'reset') {
      response.destroy();
      return 'handled';
    }
    return reply;
  });
  const adapter = createPersonAdapter({
    baseUrl: provider.baseUrl,
    clientId: 'client-id',
    clientSecret,
    pausing: noPauses,
    ...options,
  });
  return { adapter, provider, counted: () => provider.calls().filter((made) => made !== login) };
}

const iso = (at: number) => new Date(at).toISOString();

function purge(more: object = {}): Record<string, unknown> {
  return {
    person_id: personId.toLowerCase(),
    purge_on: iso(purgeOn),
    created_on: iso(now),
    last_modified_on: iso(now),
    status: 'queued',
    ...more,
  };
}

const here: Reply = { status: 200, body: { person_id: personId.toLowerCase(), email: 'jane@example.com' } };
const gone = error(404, 'purge_not_found');
const expired: Reply = error(403, 'auth_token_expired', false);
const forbidden = error(403, 'insufficient_permissions');

/** HzApiErrorModel, with a description that holds what must never be shown. */
function error(status: number, code?: string, authSuccess = true): Reply {
  return { status, body: { auth_success: authSuccess, error_code: code, desc: `${personId} ${clientSecret}` } };
}

/** FastAPI repeats the offending input. */
const invalid: Reply = {
  status: 422,
  body: { detail: [{ loc: ['path', personId], msg: personId, type: personId, input: personId }] },
};

const call = (overrides: Partial<Parameters<typeof adapterCall>[0]> = {}) =>
  adapterCall({ identifier: personId, ...overrides });

afterEach(closeBareProviders);

describe('person.requestErasure', () => {
  it('logs in with Basic and a JSON body, looks at the person, then queues the purge', async () => {
    const { adapter, provider } = await setup({ [info]: here, [queue]: { status: 202, body: purge() } });
    const asking = call();
    await adapter.requestErasure(asking);
    expect(provider.calls()).toEqual([login, info, queue]);
    const [first, second, third] = provider.requests;
    expect(first?.headers.authorization).toBe(`Basic ${Buffer.from(`client-id:${clientSecret}`).toString('base64')}`);
    expect(first?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(first?.body ?? '')).toEqual({ grant_type: 'client_credentials' });
    expect(second?.headers.authorization).toBe('Bearer person-token-1');
    expect(third).toMatchObject({
      body: '{}',
      headers: { authorization: 'Bearer person-token-1', 'content-type': 'application/json' },
    });
    expect(asking.asked).toEqual([{ seen: true }]);
  });

  it('takes purge_on as the authority, to be looked at afterwards and withdrawable', async () => {
    const { adapter, provider } = await setup({ [info]: here, [queue]: { status: 202, body: purge() } });
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toEqual({
      status: 'accepted',
      basis: 'taken-on',
      window: { endsAt: purgeOn },
      windowKind: 'erasure',
      marginMs: 1 * HOUR_MS,
      confirmedBy: 'look',
      graceMs: 0,
      seen: true,
      withdrawable: true,
      subjectHash: 'subject-hash',
      evidence: {
        host: provider.host,
        httpStatus: 202,
        bodyHmac: bodyHmac(JSON.stringify(purge())),
        facts: { purge_on: iso(purgeOn), created_on: iso(now), last_modified_on: iso(now) },
      },
      leavesUnsaid: expect.arrayContaining([expect.stringContaining('purge is complete')]),
    });
    expectNoneOf(secrets, new Error(JSON.stringify(receipt)));
  });

  it.each([
    [undefined, {}],
    ['asap' as const, { suggested_purge_time: iso(now - HOUR_MS) }],
    [0, { suggested_purge_time: iso(now) }],
    [3 * DAY_MS, { suggested_purge_time: iso(now + 3 * DAY_MS) }],
  ])('with the wish %p sends %j, counted from the workflow’s now', async (purgeDelayMs, body) => {
    const { adapter, provider } = await setup(
      { [info]: here, [queue]: { status: 202, body: purge() } },
      { purgeDelayMs },
    );
    await adapter.requestErasure(call());
    expect(JSON.parse(provider.requests.at(-1)?.body ?? '')).toEqual(body);
  });

  it.each([
    ['2031-03-15T12:00:01Z', '2031-03-15T12:00:01.000Z'],
    ['2031-03-15t12:00:01z', '2031-03-15T12:00:01.000Z'],
    ['2031-03-15T17:30:01.123456+05:30', '2031-03-15T12:00:01.123Z'],
    ['2031-03-15T12:00:01.123456789Z', '2031-03-15T12:00:01.123Z'],
    ['2031-03-15T23:59:60Z', '2031-03-16T00:00:00.000Z'],
    [Date.parse('2031-03-15T12:00:01Z') / 1_000, '2031-03-15T12:00:01.000Z'],
    [String(Date.parse('2031-03-15T12:00:01Z') / 1_000), '2031-03-15T12:00:01.000Z'],
    ['2000-01-02T00:00:00Z', '2000-01-02T00:00:00.000Z'],
    [iso(now + 400 * DAY_MS), iso(now + 400 * DAY_MS)],
  ])('reads purge_on %p', async (purge_on, endsAt) => {
    const { adapter } = await setup({ [info]: here, [queue]: { status: 202, body: purge({ purge_on }) } });
    const receipt = await adapter.requestErasure(call());
    expect(receipt.window).toEqual({ endsAt: Date.parse(endsAt) });
    expect(receipt.evidence.facts).toMatchObject({ purge_on });
  });

  it.each([
    { purge_on: iso(now + 400 * DAY_MS + 1) },
    { purge_on: '2031-03-15T12:00:01' },
    { purge_on: `soon ${personId}` },
    // No time at all, or a number in another unit: all of them long over, so nothing would be waited for.
    ...[0, '0', -1, 20_310_315, '20310315', 253_402_300_799].map((purge_on) => ({ purge_on })),
    { purge_on: '0000-01-01T00:00:00Z' },
    { purge_on: '0001-01-01T00:00:00Z' },
    { purge_on: '1970-01-01T00:00:00Z' },
    { purge_on: '9999-12-31T23:59:59Z' },
    { purge_on: null },
    { purge_on: undefined },
    { purge_on: {} },
    { person_id: otherId },
    { person_id: 'x' },
    { person_id: null },
    { person_id: undefined },
  ])('breaks off at an answer with %j', async (more) => {
    const { adapter } = await setup({ [info]: here, [queue]: { status: 202, body: purge(more) } });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('ProviderContractBroken');
    expectNoneOf([...secrets, otherId], failure);
  });

  it.each(['', 'queued', `<html>${personId}`, '[]', 'null', '{}', '{"message":"ok"}'])(
    'does not take a 202 whose body is %p for its own',
    async (body) => {
      const { adapter } = await setup({ [info]: here, [queue]: { status: 202, body } });
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expectNoneOf(secrets, failure);
    },
  );

  it.each<[string, Reply]>([
    ['its own error', error(202, 'insufficient_permissions')],
    ['its framework’s error', { status: 202, body: { detail: 'Method Not Allowed' } }],
    ['a purge that failed', { status: 202, body: purge({ status: 'FAILED' }) }],
    ['a body that is no gzip', { status: 202, headers: { 'content-encoding': 'gzip' }, body: JSON.stringify(purge()) }],
  ])('does not take a 202 with %s for an acceptance, nor repeats it by itself', async (_what, reply) => {
    const { adapter } = await setup({ [info]: here, [queue]: reply });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('ProviderContractBroken');
    expectNoneOf(secrets, failure);
  });

  it.each([
    [{ status: personId }, ['purge_on', 'created_on', 'last_modified_on']],
    [{ status: 'Jane Doe' }, ['purge_on', 'created_on', 'last_modified_on']],
    [{ status: 'queued' }, ['purge_on', 'created_on', 'last_modified_on']],
    [{ created_on: personId, last_modified_on: 'now' }, ['purge_on']],
  ])('keeps of %j its times and no word: any could be a name', async (more, facts) => {
    const { adapter } = await setup({ [info]: here, [queue]: { status: 202, body: purge(more) } });
    const { evidence } = await adapter.requestErasure(call());
    expect(Object.keys(evidence.facts ?? {})).toEqual(facts);
    expectNoneOf([...secrets, 'Jane Doe'], new Error(JSON.stringify(evidence)));
  });

  it.each([
    ['one write', { created_on: iso(now), last_modified_on: iso(now + 900) }, true],
    ['one write, told by a slow clock', { created_on: iso(now - DAY_MS), last_modified_on: iso(now - DAY_MS) }, true],
    ['an update of an older one', { created_on: iso(now - HOUR_MS), last_modified_on: iso(now) }, false],
    ['nobody knows when', { created_on: 'then', last_modified_on: iso(now) }, false],
    ['nobody knows when', { created_on: 0, last_modified_on: 0 }, false],
  ])('can withdraw a purge that was made by %s: %j is %s', async (_what, times, withdrawable) => {
    const { adapter } = await setup({ [info]: here, [queue]: { status: 202, body: purge(times) } });
    await expect(adapter.requestErasure(call())).resolves.toMatchObject({ basis: 'taken-on', withdrawable });
  });

  it.each([
    [400, 'bad_request', 'ProviderRejected'],
    [403, 'insufficient_permissions', 'ProviderRejected'],
    [404, 'person_not_found', 'ProviderRejected'],
    [408, 'request_timeout', 'ProviderUnavailable'],
    [425, 'too_early', 'ProviderUnavailable'],
    [429, 'too_many_requests', 'ProviderUnavailable'],
    [500, 'internal', 'ProviderUnavailable'],
    [503, 'unavailable', 'ProviderUnavailable'],
  ])('judges %i %s as %s, and shows documented codes only', async (status, code, type) => {
    const { adapter, counted } = await setup({ [info]: here, [queue]: error(status, code) });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe(type);
    const shown = code === 'insufficient_permissions' ? `, error code ${code}` : '';
    expect(failure.message).toMatch(new RegExp(`HTTP ${status}${shown}\\.`));
    expect(counted()).toEqual([info, queue]);
    expectNoneOf(secrets, failure);
  });

  it('copies nothing of a 422 into the failure', async () => {
    const { adapter } = await setup({ [info]: here, [queue]: invalid });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('ProviderRejected');
    expect(failure.message).toBe('Person API refused the purge request: HTTP 422.');
    expectNoneOf(secrets, failure);
  });

  it('never follows a redirect', async () => {
    const { adapter, counted } = await setup({ [info]: here, [queue]: { status: 307, headers: { location: '/x' } } });
    expect((await failureFrom(adapter.requestErasure(call()))).type).toBe('UnrecognizedAnswer');
    expect(counted()).toEqual([info, queue]);
  });

  describe('looking before it asks', () => {
    it.each([
      ['404', gone],
      ['a 404 of somebody else', { status: 404 }],
      ['403', forbidden],
      ['422', invalid],
      ['400', error(400)],
      ['a redirect', { status: 302, headers: { location: '/x' } }],
      ['nobody', { status: 200, body: { person_id: null, email: null } }],
      ['nothing', { status: 204 }],
      ['no JSON', { status: 200, body: `<html>${personId}` }],
      ['too much', { status: 200, body: 'x'.repeat(1_100_000) }],
    ])('has not seen the person at %s, and asks all the same', async (_what, reply) => {
      const { adapter, counted } = await setup({ [info]: reply, [queue]: { status: 202, body: purge() } });
      const asking = call();
      await expect(adapter.requestErasure(asking)).resolves.toMatchObject({ status: 'accepted', seen: false });
      expect(counted()).toEqual([info, queue]);
      expect(asking.asked).toEqual([{ seen: false }]);
    });

    it.each([
      ['429', error(429), 'ProviderUnavailable'],
      ['503', error(503), 'ProviderUnavailable'],
      ['no answer', 'reset' as const, 'ProviderUnavailable'],
      ['refused tokens', expired, 'TokenRefused'],
      ['somebody else', { status: 200, body: { person_id: otherId } }, 'ProviderContractBroken'],
    ])('does not ask at %s', async (_what, reply, type) => {
      const { adapter, counted } = await setup({ [info]: reply, [queue]: { status: 202, body: purge() } });
      const asking = call();
      const failure = await failureFrom(adapter.requestErasure(asking));
      expect(failure.type).toBe(type);
      expect(counted()).not.toContain(queue);
      expect(asking.asked).toEqual([]);
      expectNoneOf([...secrets, otherId], failure);
    });
  });

  describe('perhaps asked before', () => {
    const again = { mayHaveAskedBefore: true };

    it('takes a queued purge as it stands, whose it is or not, without moving it', async () => {
      const { adapter, counted } = await setup({ [info]: here, [read]: { status: 200, body: purge() } });
      const asking = call(again);
      await expect(adapter.requestErasure(asking)).resolves.toMatchObject({
        status: 'accepted',
        basis: 'queued-already',
        window: { endsAt: purgeOn },
        seen: true,
        withdrawable: false,
        evidence: { httpStatus: 200 },
      });
      expect(counted()).toEqual([info, read]);
      expect(asking.asked).toEqual([]);
    });

    it.each([
      ['is still to come', now + 1, false],
      ['is due', now, true],
      ['was done', now - DAY_MS, true],
    ])('and the queued purge %s', async (_when, at, isAskedAgain) => {
      const { adapter, counted } = await setup({
        [info]: here,
        [read]: { status: 200, body: purge({ purge_on: iso(at) }) },
        [queue]: { status: 202, body: purge() },
      });
      await expect(adapter.requestErasure(call(again))).resolves.toMatchObject({
        basis: isAskedAgain ? 'taken-on' : 'queued-already',
      });
      expect(counted()).toEqual(isAskedAgain ? [info, read, queue] : [info, read]);
    });

    it('asks again when nothing is queued', async () => {
      const { adapter, counted } = await setup({ [info]: here, [read]: gone, [queue]: { status: 202, body: purge() } });
      await adapter.requestErasure(call(again));
      expect(counted()).toEqual([info, read, queue]);
    });

    it('does not ask when the purge cannot be read', async () => {
      const { adapter, counted } = await setup({ [info]: here, [read]: error(503) });
      expect((await failureFrom(adapter.requestErasure(call(again)))).type).toBe('ProviderUnavailable');
      expect(counted()).toEqual([info, read]);
    });

    it.each([
      [{ seen: true }, gone, true, 0],
      [{ seen: false }, here, true, 1],
      [{}, here, true, 1],
      [{}, gone, false, 1],
    ])('with memory %j and info %j says seen %p', async (memory, reply, seen, looks) => {
      const { adapter, counted } = await setup({ [info]: reply, [read]: { status: 200, body: purge() } });
      await expect(adapter.requestErasure(call({ ...again, memory }))).resolves.toMatchObject({ seen });
      expect(counted().filter((made) => made === info)).toHaveLength(looks);
    });
  });

  it('accepts the purge that is queued already when the answer is a 409', async () => {
    const theirs = purge({ created_on: iso(FIRST_ASKED_AT - DAY_MS), purge_on: iso(now + DAY_MS) });
    const { adapter, counted } = await setup({
      [info]: here,
      [queue]: error(409),
      [read]: { status: 200, body: theirs },
    });
    await expect(adapter.requestErasure(call())).resolves.toMatchObject({
      status: 'accepted',
      basis: 'queued-already',
      withdrawable: false,
      window: { endsAt: now + DAY_MS },
      evidence: { httpStatus: 200 },
    });
    expect(counted()).toEqual([info, queue, read]);
  });

  it('is rejected by a 409 when nothing is queued', async () => {
    const { adapter } = await setup({ [info]: here, [queue]: error(409, 'conflict'), [read]: gone });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('ProviderRejected');
    expect(failure.message).toContain('HTTP 409');
  });

  it('calls a lost answer unavailable, having said that it was about to ask', async () => {
    const { adapter } = await setup({ [info]: here, [queue]: 'reset' });
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe('ProviderUnavailable');
    expect(asking.asked).toEqual([{ seen: true }]);
    expectNoneOf(secrets, failure);
  });

  it('is broken off while it looks, but not once it asked', async () => {
    const cancelled = new AbortController();
    const cancel = (reply: Reply) => () => {
      cancelled.abort(new Error('cancelled'));
      return reply;
    };
    const looking = await setup({ [info]: cancel(here), [queue]: { status: 202, body: purge() } });
    const asking = call({ signal: cancelled.signal });
    await expect(looking.adapter.requestErasure(asking)).rejects.toThrow('cancelled');
    expect(asking.asked).toEqual([]);
    expect(looking.counted()).toEqual([info]);

    const later = new AbortController();
    const asked = await setup({
      [info]: here,
      [queue]: () => {
        later.abort(new Error('cancelled'));
        return { status: 202, body: purge() };
      },
    });
    const receipt = await asked.adapter.requestErasure(call({ signal: later.signal }));
    expect(receipt.status).toBe('accepted');
  });

  it.each([
    '',
    'me',
    'c0ffee0012344abc8def0123456789ab',
    `{${personId}}`,
    `${personId} `,
    `${personId}\n`,
    '../../../me',
    'N/A',
    '00000000-0000-0000-0000-000000000000',
    'g0ffee00-1234-4abc-8def-0123456789ab',
  ])('refuses %j, which is no UUID, before any call', async (identifier) => {
    const { adapter, provider } = await setup({});
    const asking = call({ identifier });
    for (const attempt of [
      adapter.requestErasure(asking),
      adapter.observeErasure(asking),
      adapter.withdrawErasure(asking),
    ]) {
      const failure = await failureFrom(attempt);
      expect(failure.type).toBe('IdentifierInvalid');
      if (identifier.length > 5) expectNoneOf([identifier], failure);
    }
    expect(provider.calls()).toEqual([]);
  });
});

describe('a 403 of the person API', () => {
  const tokenRefusals: [string, Reply][] = [
    ...[
      'auth_invalid_key_id',
      'auth_invalid_version',
      'auth_malformed_access',
      'auth_not_jwt',
      'auth_token_expired',
      'auth_token_format',
      'auth_token_invalid_claim',
      'auth_token_sig_invalid',
      'auth_token_unknown',
      'auth_token_invalid_type',
      'auth_of_tomorrow',
    ].flatMap((code): [string, Reply][] => [
      [`${code}, auth_success false`, error(403, code, false)],
      [`${code}, auth_success true`, error(403, code, true)],
      [`${code} alone`, { status: 403, body: { error_code: code } }],
    ]),
    ['auth_success false alone', { status: 403, body: { auth_success: false } }],
    ['auth_success false and another code', error(403, 'something', false)],
    ['401 (not documented)', error(401, 'unauthorized')],
  ];

  it.each(tokenRefusals)('is an expired token: %s', async (_what, refusal) => {
    const { adapter, provider } = await setup({
      [info]: here,
      [queue]: ({ headers }) =>
        headers.authorization === 'Bearer person-token-1' ? refusal : { status: 202, body: purge() },
    });
    const asking = call();
    await expect(adapter.requestErasure(asking)).resolves.toMatchObject({ status: 'accepted' });
    expect(provider.calls()).toEqual([login, info, queue, login, queue]);
    expect(asking.asked).toHaveLength(2);
  });

  it.each(tokenRefusals)('is told when the token of each login is refused: %s', async (_what, refusal) => {
    const { adapter, provider } = await setup({ [info]: here, [queue]: refusal });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('TokenRefused');
    expect(provider.calls()).toEqual([login, info, queue, ...Array.from({ length: 5 }, () => [login, queue]).flat()]);
    expectNoneOf(secrets, failure);
  });

  it.each<[string, Reply]>([
    ['insufficient_permissions', forbidden],
    [
      'insufficient_permissions, auth_success missing',
      { status: 403, body: { error_code: 'insufficient_permissions' } },
    ],
    ['insufficient_permissions, auth_success false', error(403, 'insufficient_permissions', false)],
    ['another code', error(403, 'not_your_person')],
    ['no code', { status: 403, body: { auth_success: true } }],
  ])('is a real refusal: %s', async (_what, refusal) => {
    const { adapter, provider } = await setup({ [info]: here, [queue]: refusal });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('ProviderRejected');
    expect(failure.message).toContain('HTTP 403');
    expect(provider.calls()).toEqual([login, info, queue]);
    expectNoneOf(secrets, failure);
  });
});

describe('a 401 or 403 that is not the person API’s own', () => {
  it.each<[string, Omit<Reply, 'status'>]>([
    ['text', { headers: { 'content-type': 'text/plain' }, body: 'Unauthorized' }],
    ['the shape of 2023, which gateways have too', { body: { message: `Forbidden ${personId}` } }],
    ['codes of the wrong type', { body: { auth_success: 'false', error_code: 7 } }],
    ['a page', { body: '<html>auth_token_expired' }],
    ['nothing', {}],
  ])('refuses neither our token nor us: %s', async (_what, reply) => {
    for (const status of [401, 403]) {
      const { adapter, provider } = await setup({ [info]: here, [queue]: { status, ...reply } });
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expect(failure.message).toContain(`HTTP ${status}`);
      expect(provider.calls()).toEqual([login, info, queue]);
      expectNoneOf(secrets, failure);
      // The token may be at fault all the same: the next attempt has a fresh one.
      await failureFrom(adapter.requestErasure(call()));
      expect(provider.calls().filter((made) => made === login)).toHaveLength(status === 401 ? 2 : 1);
    }
  });
});

describe('person login', () => {
  it.each([
    [400, 'ProviderUnauthorized'],
    [401, 'ProviderUnauthorized'],
    [403, 'ProviderUnauthorized'],
    [404, 'ProviderRejected'],
    [422, 'ProviderRejected'],
    [429, 'ProviderUnavailable'],
    [503, 'ProviderUnavailable'],
  ])('answered %i is %s', async (status, type) => {
    const { adapter, provider } = await setup({
      [login]: { ...error(status, clientSecret), headers: { 'retry-after': '9' } },
    });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe(type);
    expect(failure.retryAfterMs).toBe(type === 'ProviderUnavailable' ? 9_000 : undefined);
    expect(provider.calls()).toEqual([login]);
    expectNoneOf(secrets, failure);
  });

  it('is shared and kept', async () => {
    const { adapter, provider } = await setup({ [info]: here, [queue]: { status: 202, body: purge() } });
    await Promise.all(Array.from({ length: 20 }, () => adapter.requestErasure(call())));
    await adapter.requestErasure(call());
    expect(provider.calls().filter((made) => made === login)).toHaveLength(1);
  });
});

describe('person.observeErasure', () => {
  it('finds the purge pending until a purge_on to come, which may have moved', async () => {
    const moved = purge({ purge_on: iso(now + 1) });
    const { adapter, provider, counted } = await setup({ [read]: { status: 200, body: moved } });
    await expect(adapter.observeErasure(call())).resolves.toEqual({
      status: 'pending',
      endsAt: now + 1,
      evidence: {
        host: provider.host,
        httpStatus: 200,
        bodyHmac: bodyHmac(JSON.stringify(moved)),
        facts: { purge_on: iso(now + 1), created_on: iso(now), last_modified_on: iso(now) },
      },
    });
    expect(counted()).toEqual([read]);
  });

  it.each([now, now - DAY_MS])('is still pending, as a failure, when due at %i', async (due) => {
    const { adapter } = await setup({
      [read]: { status: 200, body: purge({ purge_on: iso(due), status: 'completed' }) },
    });
    const failure = await failureFrom(adapter.observeErasure(call()));
    expect(failure.type).toBe('StillPending');
    expect(failure.message).toContain(iso(due).slice(0, 10));
    expectNoneOf(secrets, failure);
  });

  it('finds the person absent when purge and person are both gone', async () => {
    const { adapter, provider, counted } = await setup({ [read]: gone, [info]: gone });
    await expect(adapter.observeErasure(call())).resolves.toEqual({
      status: 'absent',
      evidence: {
        host: provider.host,
        httpStatus: 404,
        bodyHmac: bodyHmac(JSON.stringify(gone.body)),
        facts: { purge: 404 },
      },
    });
    expect(counted()).toEqual([read, info]);
  });

  it('finds the person taken off the queue when only the purge is gone', async () => {
    const { adapter } = await setup({ [read]: gone, [info]: here });
    const observation = await adapter.observeErasure(call());
    expect(observation).toMatchObject({ status: 'present', sameRecord: true, takenOffQueue: true });
    expectNoneOf(secrets, new Error(JSON.stringify(observation)));
  });

  it('takes the framework’s own 404 as well', async () => {
    const notFound: Reply = { status: 404, body: { detail: 'Not Found' } };
    const { adapter } = await setup({ [read]: notFound, [info]: notFound });
    await expect(adapter.observeErasure(call())).resolves.toMatchObject({ status: 'absent' });
  });

  it.each<[string, Reply]>([
    ['403 insufficient_permissions', forbidden],
    ['422', invalid],
    ['a 404 about our token', error(404, 'auth_token_expired', false)],
    ['a 404 about our rights', error(404, 'insufficient_permissions')],
    ['nobody', { status: 200, body: { person_id: null, active_player_id: null, email: null } }],
  ])('cannot tell when info answers %s', async (_what, reply) => {
    const { adapter } = await setup({ [read]: gone, [info]: reply });
    await expect(adapter.observeErasure(call())).resolves.toMatchObject({
      status: 'inconclusive',
      evidence: { httpStatus: reply.status, facts: { purge: 404 } },
    });
  });

  it.each<[string, Reply]>([
    ['a 404 of a load balancer', { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>404' }],
    ['an empty 404', { status: 404 }],
    ['a 404 of a gateway', { status: 404, body: { message: 'no Route matched with those values' } }],
    ['a 404 with half an error', { status: 404, body: { error_code: 'purge_not_found' } }],
    ['a 403 of a gateway', { status: 403, body: { message: 'Forbidden' } }],
    ['410', { status: 410 }],
    ['an empty object', { status: 200, body: {} }],
    ['no JSON', { status: 200, body: 'gone' }],
    ['nothing', { status: 204 }],
    ['a redirect', { status: 302, headers: { location: '/login' } }],
  ])('knows nothing when the purge or info answers %s', async (_what, reply) => {
    for (const routes of [
      { [read]: gone, [info]: reply },
      { [read]: reply, [info]: gone },
    ]) {
      const { adapter } = await setup(routes);
      const failure = await failureFrom(adapter.observeErasure(call()));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expectNoneOf(secrets, failure);
    }
  });

  it.each<[string, Routes, string]>([
    [
      'info is about another person',
      { [read]: gone, [info]: { status: 200, body: { person_id: otherId } } },
      'ProviderContractBroken',
    ],
    [
      'the purge is another person’s',
      { [read]: { status: 200, body: purge({ person_id: otherId }) } },
      'ProviderContractBroken',
    ],
    [
      'purge_on is beyond belief',
      { [read]: { status: 200, body: purge({ purge_on: '9999-12-31T23:59:59Z' }) } },
      'ProviderContractBroken',
    ],
    ['the purge is unreadable', { [read]: { status: 200, body: 'OK' } }, 'UnrecognizedAnswer'],
    ['the purge is forbidden', { [read]: forbidden }, 'ProviderRejected'],
    ['the purge is invalid', { [read]: invalid }, 'ProviderRejected'],
    ['the purge is unavailable', { [read]: error(502) }, 'ProviderUnavailable'],
    ['info is unavailable', { [read]: gone, [info]: error(429) }, 'ProviderUnavailable'],
    ['tokens are refused', { [read]: expired }, 'TokenRefused'],
    ['tokens are refused at info', { [read]: gone, [info]: expired }, 'TokenRefused'],
  ])('fails when %s', async (_what, routes, type) => {
    const { adapter } = await setup(routes);
    const failure = await failureFrom(adapter.observeErasure(call()));
    expect(failure.type).toBe(type);
    expectNoneOf([...secrets, otherId], failure);
  });

  it('is broken off when its caller is cancelled', async () => {
    const cancelled = new AbortController();
    const { adapter } = await setup({
      [read]: () => {
        cancelled.abort(new Error('cancelled'));
        return gone;
      },
    });
    await expect(adapter.observeErasure(call({ signal: cancelled.signal }))).rejects.toThrow('cancelled');
  });
});

describe('person.withdrawErasure', () => {
  /** As the receipt of our last asking has it. */
  const acceptedFacts = { purge_on: iso(purgeOn), created_on: iso(now), last_modified_on: iso(now) };
  const call = (overrides: Partial<Parameters<typeof adapterCall>[0]> = {}) =>
    adapterCall({ identifier: personId, acceptedFacts, ...overrides });
  const queued: Reply = { status: 200, body: purge() };
  const due: Reply = { status: 200, body: purge({ purge_on: iso(now) }) };

  it('takes our purge off the queue and looks whether it is off', async () => {
    const { adapter, counted } = await setup({ [read]: [queued, gone], [dequeue]: { status: 204 } });
    const withdrawing = call();
    await expect(adapter.withdrawErasure(withdrawing)).resolves.toMatchObject({
      status: 'withdrawn',
      evidence: { httpStatus: 204 },
    });
    expect(counted()).toEqual([read, dequeue, read]);
    expect(withdrawing.remembered).toEqual([{ withdrawing: true }]);
    expect(withdrawing.asked).toEqual([]);
  });

  it('has nothing to withdraw where nothing is queued', async () => {
    const { adapter, counted } = await setup({ [read]: gone });
    await expect(adapter.withdrawErasure(call())).resolves.toEqual({ status: 'nothing-to-withdraw' });
    expect(counted()).toEqual([read]);
  });

  it.each([
    ['was created before ours', iso(now - 1), acceptedFacts],
    ['was created after ours: perhaps by the person herself', iso(now + MINUTE_MS), acceptedFacts],
    ['is an older one that our asking updated', iso(now - DAY_MS), { ...acceptedFacts, created_on: iso(now - DAY_MS) }],
    ['nobody told us anything to compare with', iso(now), {}],
    ['nothing of ours stands', iso(now), undefined],
  ])('leaves a purge alone that is not known to be ours: it %s', async (_why, created_on, answered) => {
    const { adapter, counted } = await setup({ [read]: { status: 200, body: purge({ created_on }) } });
    const withdrawing = adapterCall({ identifier: personId, ...(answered && { acceptedFacts: answered }) });
    await expect(adapter.withdrawErasure(withdrawing)).resolves.toMatchObject({ status: 'nothing-to-withdraw' });
    expect(counted()).toEqual([read]);
  });

  it.each([-3 * MINUTE_MS, 3 * MINUTE_MS])('knows ours whatever its clock says (%i ms off)', async (offMs) => {
    const created_on = iso(FIRST_ASKED_AT + offMs);
    const body = purge({ created_on, last_modified_on: created_on });
    const { adapter } = await setup({ [read]: [{ status: 200, body }, gone], [dequeue]: { status: 204 } });
    const withdrawing = call({ acceptedFacts: { ...acceptedFacts, created_on, last_modified_on: created_on } });
    await expect(adapter.withdrawErasure(withdrawing)).resolves.toMatchObject({ status: 'withdrawn' });
  });

  it('reads the same time in another spelling', async () => {
    const created_on = now / 1_000;
    const { adapter } = await setup({
      [read]: [{ status: 200, body: purge({ created_on }) }, gone],
      [dequeue]: { status: 204 },
    });
    await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'withdrawn' });
  });

  it('does not guess whose purge it is', async () => {
    const { adapter, counted } = await setup({ [read]: { status: 200, body: purge({ created_on: personId }) } });
    const failure = await failureFrom(adapter.withdrawErasure(call()));
    expect(failure.type).toBe('ProviderContractBroken');
    expect(counted()).toEqual([read]);
    expectNoneOf(secrets, failure);
  });

  describe.each([400, 403, 404, 409, 422])('when the DELETE is refused with %i', (status) => {
    const refusal = error(status, 'purge_already_started');

    it('is too late if the purge is due', async () => {
      const { adapter } = await setup({ [read]: due, [dequeue]: refusal });
      await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'too-late', since: now });
    });

    it('is too late if purge and person are gone meanwhile', async () => {
      const { adapter } = await setup({ [read]: [due, gone], [dequeue]: refusal, [info]: gone });
      await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'too-late', since: now });
    });

    it('is rejected if the purge is still queued and not due', async () => {
      const { adapter } = await setup({ [read]: queued, [dequeue]: refusal });
      const failure = await failureFrom(adapter.withdrawErasure(call()));
      expect(failure.type).toBe('ProviderRejected');
      expect(failure.message).toContain(`HTTP ${status}`);
      expectNoneOf(secrets, failure);
    });

    it('has nothing to withdraw any more if somebody else took it off the queue', async () => {
      const { adapter } = await setup({ [read]: [queued, gone], [dequeue]: refusal, [info]: here });
      await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'nothing-to-withdraw' });
    });
  });

  it('does not take a 204 for a purge that was due as a withdrawal when the person is gone', async () => {
    const { adapter } = await setup({ [read]: [due, gone], [dequeue]: { status: 204 }, [info]: gone });
    await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'too-late', since: now });
  });

  it('withdraws a purge that was due if the person was spared', async () => {
    const { adapter } = await setup({ [read]: [due, gone], [dequeue]: { status: 204 }, [info]: here });
    await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'withdrawn' });
  });

  it('is too late if a due purge stays after a 204', async () => {
    const { adapter } = await setup({ [read]: due, [dequeue]: { status: 204 } });
    await expect(adapter.withdrawErasure(call())).resolves.toMatchObject({ status: 'too-late', since: now });
  });

  it('does not believe a 204 after which the purge is still queued', async () => {
    const { adapter } = await setup({ [read]: queued, [dequeue]: { status: 204 } });
    expect((await failureFrom(adapter.withdrawErasure(call()))).type).toBe('ProviderContractBroken');
  });

  it.each<[string, Reply]>([
    ['a page', { status: 200, body: '<html>' }],
    ['an empty 200', { status: 200 }],
    ['a 404 of somebody else', { status: 404 }],
    ['a 403 of somebody else', { status: 403, body: { message: 'Forbidden' } }],
  ])('takes %s for no answer to its DELETE', async (_what, reply) => {
    const { adapter } = await setup({ [read]: [queued, gone], [dequeue]: reply });
    expect((await failureFrom(adapter.withdrawErasure(call()))).type).toBe('UnrecognizedAnswer');
  });

  it('forgets a DELETE that never left', async () => {
    const provider = await startBareProvider(({ path, method }, response) => {
      if (path.includes('token')) return { status: 200, body: { access_token: 'person-token-1' } };
      expect(method).toBe('GET');
      response.on('finish', () => void closeBareProviders());
      return { ...queued, headers: { connection: 'close' } };
    });
    const adapter = createPersonAdapter({ baseUrl: provider.baseUrl, clientId: 'client-id', clientSecret });
    const withdrawing = call();
    expect(await failureFrom(adapter.withdrawErasure(withdrawing))).toMatchObject({ neverLeft: true });
    expect(withdrawing.remembered).toEqual([{ withdrawing: true }, { withdrawing: false }]);
  });

  describe('after a lost answer to its DELETE', () => {
    it('fails as unavailable and remembers that it was sent', async () => {
      const { adapter } = await setup({ [read]: queued, [dequeue]: 'reset' });
      const withdrawing = call({ memory: { seen: true } });
      const failure = await failureFrom(adapter.withdrawErasure(withdrawing));
      expect(failure.type).toBe('ProviderUnavailable');
      expect(withdrawing.remembered).toEqual([{ seen: true, withdrawing: true }]);
    });

    it.each<[string, Reply, string]>([
      ['is there', here, 'withdrawn'],
      ['is gone', gone, 'too-late'],
      ['cannot be looked at', forbidden, 'too-late'],
    ])('finds the purge gone next time, and tells by the person, who %s', async (_what, reply, status) => {
      const { adapter, counted } = await setup({ [read]: gone, [info]: reply });
      await expect(adapter.withdrawErasure(call({ memory: { withdrawing: true } }))).resolves.toMatchObject({ status });
      expect(counted()).toEqual([read, info]);
    });

    it('asks again if the purge is still queued', async () => {
      const { adapter, counted } = await setup({ [read]: [queued, gone], [dequeue]: { status: 204 } });
      const outcome = await adapter.withdrawErasure(call({ memory: { withdrawing: true } }));
      expect(outcome.status).toBe('withdrawn');
      expect(counted()).toEqual([read, dequeue, read]);
    });
  });

  it.each<[string, Routes, string]>([
    ['DELETE is unavailable', { [read]: queued, [dequeue]: error(503) }, 'ProviderUnavailable'],
    ['tokens are refused', { [read]: queued, [dequeue]: expired }, 'TokenRefused'],
    [
      'DELETE is redirected',
      { [read]: queued, [dequeue]: { status: 302, headers: { location: '/x' } } },
      'UnrecognizedAnswer',
    ],
    ['the purge cannot be read', { [read]: error(500) }, 'ProviderUnavailable'],
    ['the purge may not be read', { [read]: forbidden }, 'ProviderRejected'],
    [
      'another person’s purge is read',
      { [read]: { status: 200, body: purge({ person_id: otherId }) } },
      'ProviderContractBroken',
    ],
  ])('fails when %s', async (_what, routes, type) => {
    const { adapter } = await setup(routes);
    const failure = await failureFrom(adapter.withdrawErasure(call()));
    expect(failure.type).toBe(type);
    expectNoneOf([...secrets, otherId], failure);
  });
});
