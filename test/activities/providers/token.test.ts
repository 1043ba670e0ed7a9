import { type AnswerTable, ruleFor } from '../../../activities/providers/answers';
import { createHttp } from '../../../activities/providers/http';
import { measureoneAnswers } from '../../../activities/providers/measureone';
import { personAnswers } from '../../../activities/providers/person-answer-tables';
import { ProviderFailure } from '../../../activities/providers/provider';
import { createTokenSource, type Login, loginFrom, withToken } from '../../../activities/providers/token';
import { closeBareProviders, expectNoneOf, failureFrom, startBareProvider } from './bare-provider';

afterEach(closeBareProviders);

const never = new AbortController().signal;
const unavailable = () => new ProviderFailure('ProviderUnavailable', 'Down.');

function source(lifetimeMs: number | (() => number) = 899_000) {
  let now = 5_000;
  let logins = 0;
  const fail: Error[] = [];
  const pauses: number[] = [];
  const tokens = createTokenSource({
    monotonicNow: () => now,
    pausing: { pause: async (ms) => pauses.push(ms), random: () => 0.5 },
    login: async (): Promise<Login> => {
      logins += 1;
      const token = `token-${logins}`;
      await new Promise((resolve) => setImmediate(resolve));
      const failure = fail.shift();
      if (failure) throw failure;
      return { token, lifetimeMs: typeof lifetimeMs === 'number' ? lifetimeMs : lifetimeMs() };
    },
  });
  return { tokens, fail, pauses, logins: () => logins, pass: (ms: number) => (now += ms) };
}

describe('createTokenSource', () => {
  it('keeps a token until shortly before it expires', async () => {
    const { tokens, logins, pass } = source(899_000);
    expect(await tokens.token(never)).toBe('token-1');
    pass(868_999);
    expect(await tokens.token(never)).toBe('token-1');
    pass(1);
    expect(await tokens.token(never)).toBe('token-2');
    expect(logins()).toBe(2);
  });

  it('keeps most of a short life', async () => {
    const { tokens, pass } = source(10_000);
    await tokens.token(never);
    pass(7_999);
    expect(await tokens.token(never)).toBe('token-1');
    pass(1);
    expect(await tokens.token(never)).toBe('token-2');
  });

  it('logs in once however many calls wait', async () => {
    const { tokens, logins } = source();
    const all = await Promise.all(Array.from({ length: 50 }, () => tokens.token(new AbortController().signal)));
    expect(new Set(all)).toEqual(new Set(['token-1']));
    expect(logins()).toBe(1);
  });

  it('answers fifty refusals of one token with one fresh login', async () => {
    const { tokens, logins } = source();
    await tokens.token(never);
    const all = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        await new Promise((resolve) => setTimeout(resolve, index % 5));
        tokens.refused('token-1');
        return tokens.token(new AbortController().signal);
      }),
    );
    expect(new Set(all)).toEqual(new Set(['token-2']));
    expect(logins()).toBe(2);
  });

  it('waits before a login, each time about twice as long, where tokens are refused soon after theirs', async () => {
    const { tokens, pauses, pass } = source();
    const refuse = async () => tokens.refused(await tokens.token(never));
    for (let times = 0; times < 8; times += 1) {
      await refuse();
      pass(9_999);
    }
    // A random part, here the half, of 0.5 s, 1 s, … and of no more than 8 s.
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it('waits no more once a token has lasted', async () => {
    const { tokens, pauses, pass } = source();
    tokens.refused(await tokens.token(never));
    const lasting = await tokens.token(never);
    pass(10_000);
    tokens.refused(lasting);
    expect(await tokens.token(never)).toBe('token-3');
    expect(pauses).toEqual([250]);
  });

  it('fails everybody who waited for a failed login, and does not keep the failure', async () => {
    const { tokens, fail, logins } = source();
    fail.push(unavailable());
    const all = await Promise.allSettled([tokens.token(never), tokens.token(never)]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await tokens.token(never)).toBe('token-2');
    expect(logins()).toBe(2);
  });

  it('does not keep the failure of a login that failed at once', async () => {
    let logins = 0;
    const tokens = createTokenSource({
      login: () => {
        logins += 1;
        if (logins === 1) throw unavailable();
        return Promise.resolve({ token: 'later', lifetimeMs: 1_000 });
      },
    });
    await failureFrom(tokens.token(never));
    expect(await tokens.token(never)).toBe('later');
  });

  it('lets one caller be cancelled and the others have their token', async () => {
    const { tokens, logins } = source();
    const cancelled = new AbortController();
    const first = tokens.token(cancelled.signal);
    const second = tokens.token(never);
    cancelled.abort(new Error('cancelled'));
    await expect(first).rejects.toThrow('cancelled');
    expect(await second).toBe('token-1');
    expect(logins()).toBe(1);
  });

  it('leaves no stray rejection when all are cancelled and the login fails', async () => {
    const { tokens, fail } = source();
    fail.push(unavailable());
    const stray = jest.fn();
    process.on('unhandledRejection', stray);
    const cancelled = new AbortController();
    const only = tokens.token(cancelled.signal);
    cancelled.abort(new Error('cancelled'));
    await expect(only).rejects.toThrow('cancelled');
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', stray);
    expect(stray).not.toHaveBeenCalled();
  });

  it('does not log in for a caller who is cancelled already', async () => {
    const { tokens, logins } = source();
    await expect(tokens.token(AbortSignal.abort(new Error('cancelled')))).rejects.toThrow('cancelled');
    expect(logins()).toBe(0);
  });
});

describe.each([
  ['MeasureOne', measureoneAnswers.login, { timestamp: 1, error_code: 'the-secret', error_message: 'the-secret' }],
  ['the person API', personAnswers.login, { auth_success: false, error_code: 'the-secret', desc: 'the-secret' }],
  ['the person API’s framework', personAnswers.login, { detail: [{ input: 'the-secret' }] }],
])('a login at %s', (_who, judging, ownError) => {
  async function login(reply: { status: number; headers?: Record<string, string>; body?: unknown }): Promise<Login> {
    const { baseUrl } = await startBareProvider(() => reply);
    const request = {
      to: 'Provider',
      what: 'the login',
      method: 'POST',
      url: baseUrl,
    } as const;
    return loginFrom(await createHttp().send(request), judging);
  }

  it.each([
    [{ expires_in: 899 }, 899_000],
    [{ expires_in: '899' }, 899_000],
    [{}, 60_000],
    [{ expires_in: null }, 60_000],
    [{ expires_in: 'soon' }, 60_000],
    [{ expires_in: -1 }, 60_000],
    [{ expires_in: 0 }, 60_000],
    ...[{}, [], [899], true, '', ' ', { toString: null, valueOf: null }].flatMap((odd): [object, number][] => [
      [{ expires_in: odd }, 60_000],
      [{ expires_in: 899, expires_at: odd }, 60_000],
    ]),
    [{ expires_in: 1e9 }, 24 * 3_600_000],
    [{ expires_in: 899, expires_at: 1 }, 60_000],
    [{ expires_in: 10, expires_at: 'soon' }, 10_000],
  ])('reads %j', async (lifetime, lifetimeMs) => {
    expect(await login({ status: 200, body: { access_token: 'abc', token_type: 'bearer', ...lifetime } })).toEqual({
      token: 'abc',
      lifetimeMs,
    });
  });

  it('is taken by a 201, too: a token was made', async () => {
    expect(await login({ status: 201, body: { access_token: 'abc', expires_in: 899 } })).toEqual({
      token: 'abc',
      lifetimeMs: 899_000,
    });
  });

  it('takes the earlier of the two ends', async () => {
    const expiresAt = Date.now() + 300_000;
    const body = { access_token: 'abc', expires_in: 899, expires_at: expiresAt };
    const { lifetimeMs } = await login({ status: 200, body });
    expect(lifetimeMs).toBeGreaterThan(290_000);
    expect(lifetimeMs).toBeLessThanOrEqual(300_000);
    expect((await login({ status: 200, body: { ...body, expires_in: 100 } })).lifetimeMs).toBe(100_000);
  });

  it.each([
    [400, 'ProviderUnauthorized'],
    [401, 'ProviderUnauthorized'],
    [403, 'ProviderUnauthorized'],
    [404, 'ProviderRejected'],
    [405, 'ProviderRejected'],
    [422, 'ProviderRejected'],
    [408, 'ProviderUnavailable'],
    [425, 'ProviderUnavailable'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [503, 'ProviderUnavailable'],
    [302, 'UnrecognizedAnswer'],
    [407, 'UnrecognizedAnswer'],
    [511, 'UnrecognizedAnswer'],
  ])('judges its own %i as %s', async (status, type) => {
    const failure = await failureFrom(login({ status, body: ownError, headers: { 'retry-after': '30' } }));
    expect(failure.type).toBe(type);
    expect(failure.retryAfterMs).toBe(type === 'ProviderUnavailable' ? 30_000 : undefined);
    expectNoneOf(['the-secret'], failure);
  });

  it.each([
    '',
    '<html>',
    '{}',
    '[]',
    '{"access_token":""}',
    '{"access_token":7}',
    '{"access_token":"two words"}',
    '{"access_token":"line\\r\\nbreak: x"}',
    JSON.stringify({ access_token: 'x'.repeat(8_193) }),
  ])('does not take a 200 with %.40s for its own', async (body) => {
    expect((await failureFrom(login({ status: 200, body }))).type).toBe('UnrecognizedAnswer');
  });

  it.each([400, 401, 403, 404])('does not take a %i of a portal, a proxy or a gateway for its own', async (status) => {
    for (const body of ['<html>Sign in', '', 'Unauthorized', '{"message":"no Route matched with those values"}']) {
      const failure = await failureFrom(login({ status, body }));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expect(failure.message).toContain(`HTTP ${status}`);
    }
  });
});

describe('withToken', () => {
  const http = createHttp();
  const send = (baseUrl: string) => (token: string) =>
    http.send({
      to: 'Provider',
      what: 'it',
      method: 'POST',
      url: baseUrl,
      headers: { authorization: token },
    });
  const table: AnswerTable<'fine'> = [
    { status: 200, content: 'none', means: 'fine' },
    { status: 401, content: 'none', means: 'token-refused' },
  ];

  it('logs in once more when the token is refused', async () => {
    const { tokens, logins } = source();
    const { baseUrl, requests } = await startBareProvider(({ headers }) => ({
      status: headers.authorization === 'token-1' ? 401 : 200,
    }));
    const answer = await withToken({ tokens, signal: never, send: send(baseUrl), table });
    expect(answer.status).toBe(200);
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['token-1', 'token-2']);
    expect(logins()).toBe(2);
  });

  it('gives up after six logins, and keeps no refused token', async () => {
    const { tokens } = source();
    const { baseUrl, requests } = await startBareProvider(() => ({ status: 401 }));
    const failure = await failureFrom(withToken({ tokens, signal: never, send: send(baseUrl), table }));
    expect(failure.type).toBe('TokenRefused');
    expect(failure.message).toBe(
      'Provider took our login, and refused every token that it gave us for it: HTTP 401. Another process may be logging in ' +
        'with the same client, or the client lacks the right.',
    );
    expect(requests).toHaveLength(6);
    expect(await tokens.token(never)).toBe('token-7');
    expectNoneOf(['token-1', 'token-2'], failure);
  });

  it('begins no further try 20 s after the first refusal', async () => {
    const { tokens } = source();
    const { baseUrl, requests } = await startBareProvider(() => ({ status: 401 }));
    let now = 0;
    const sent = send(baseUrl);
    const slow = (token: string) => sent(token).finally(() => (now += 8_000));
    const failure = await failureFrom(withToken({ tokens, signal: never, send: slow, table, monotonicNow: () => now }));
    expect(failure.type).toBe('TokenRefused');
    // At 8, 16, 24 and 32 s: the first refusal is at 8, and the one at 32 s is more than 20 s later.
    expect(requests).toHaveLength(4);
  });

  it('tells a refused login at once, also between refused tokens', async () => {
    const { tokens, fail } = source();
    const { baseUrl, requests } = await startBareProvider(() => {
      fail.push(new ProviderFailure('ProviderUnauthorized', 'Refused.'));
      return { status: 401 };
    });
    const failure = await failureFrom(withToken({ tokens, signal: never, send: send(baseUrl), table }));
    expect(failure.type).toBe('ProviderUnauthorized');
    expect(requests).toHaveLength(1);
  });

  it('takes a 401 of somebody else for no refusal, and has a fresh token the next time', async () => {
    const { tokens, logins } = source();
    const { baseUrl, requests } = await startBareProvider(() => ({ status: 401, body: '<html>Sign in' }));
    const answer = await withToken({ tokens, signal: never, send: send(baseUrl), table });
    expect(ruleFor(answer, table).rule).toBeUndefined();
    expect(requests).toHaveLength(1);
    expect(await tokens.token(never)).toBe('token-2');
    expect(logins()).toBe(2);
  });
});
