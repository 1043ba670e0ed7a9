import { createHttp } from '../../../activities/providers/http';
import { createMeasureOneAdapter, type MeasureOneOptions } from '../../../activities/providers/measureone';
import type { ProviderAdapter } from '../../../activities/providers/provider';
import { DAY_MS, HOUR_MS } from '../../../domain/duration';
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

const individualId = 'idv_3x9Q+Zk/Jane@example.com';
const clientSecret = 'client-SECRET';
const secrets = [individualId, clientSecret, 'client-id', 'purge-token-1', 'purge-token-2', 'capability-SECRET'];
const loginCall = 'POST /v3/auth/generate_purge_token';
const purgeCall = 'POST /v3/compliances/purge_individual';

const versions = { apiVersion: '3.0', tokenPath: 'access_token' };
const callback: NonNullable<MeasureOneOptions['callback']> = async ({ requestId, waitsUntil }) => ({
  url: `https://erasure.example/callbacks/measureone/${requestId.slice(0, 8)}`,
  headers: { authorization: `Bearer capability-SECRET-${waitsUntil}` },
  tokenUrl: 'https://erasure.example/callbacks/measureone/token/handle',
  plainTokenUrl: 'https://erasure.example/callbacks/measureone/token/handle/plain',
});

interface Setup {
  readonly adapter: ProviderAdapter;
  readonly provider: BareProvider;
}

/** `purge` answers the purge request; logins hand out purge-token-1, purge-token-2, … */
async function setup(
  purge: (request: Received) => Reply | 'handled',
  options: Partial<MeasureOneOptions> = {},
  login?: () => Reply,
): Promise<Setup> {
  let logins = 0;
  const provider = await startBareProvider((request, response) => {
    if (request.path === '/v3/auth/generate_purge_token') {
      logins += 1;
      const body = {
        access_token: `purge-token-${logins}`,
        token_type: 'bearer',
        expires_in: 899,
        expires_at: Date.now() + 899_000,
      };
      return login?.() ?? { status: 200, body };
    }
    const reply = purge(request);
    if (reply === 'handled') response.destroy();
    return reply;
  });
  const adapter = createMeasureOneAdapter({
    baseUrl: provider.baseUrl,
    clientId: 'client-id',
    clientSecret,
    apiVersion: '3.0',
    tokenPath: 'access_token',
    callback,
    pausing: noPauses,
    ...options,
  });
  return { adapter, provider };
}

/** The documented error body, with an `error_message` that holds what must never be shown. */
function error(status: number, code = status === 404 ? 'NOT_FOUND' : 'METHOD_NOT_ALLOWED'): Reply {
  const body = {
    timestamp: 1_655_227_025_839,
    error_code: code,
    error_message: `No ${individualId} for ${clientSecret}`,
  };
  return { status, body: status === 405 ? { ...body, http_code: 405 } : body };
}

const call = (overrides: Parameters<typeof adapterCall>[0] = { identifier: individualId }) => adapterCall(overrides);

afterEach(closeBareProviders);

describe('measureone.requestErasure', () => {
  it('logs in by Basic without a body, and asks as the document says, with this request’s own callback', async () => {
    const { adapter, provider } = await setup(() => ({ status: 200 }));
    const asking = call();
    await adapter.requestErasure(asking);
    expect(provider.calls()).toEqual([loginCall, purgeCall]);
    const [login, purge] = provider.requests;
    expect(login?.headers.authorization).toBe(`Basic ${Buffer.from(`client-id:${clientSecret}`).toString('base64')}`);
    expect(login?.body).toBe('');
    expect(purge?.headers).toMatchObject({
      authorization: 'Bearer purge-token-1',
      version: '3.0',
      'content-type': 'application/json',
    });
    // An outage before the answer, the window, its margin, and the grace.
    const waitsUntil = asking.now + 3 * DAY_MS + 120 * HOUR_MS + HOUR_MS + 72 * HOUR_MS;
    expect(JSON.parse(purge?.body ?? '')).toEqual({
      individual_id: individualId,
      delivery_details: [
        {
          event_type: 'individual.purged',
          url: 'https://erasure.example/callbacks/measureone/3f1c6a53',
          headers: { 'content-type': 'application/json', authorization: `Bearer capability-SECRET-${waitsUntil}` },
        },
      ],
    });
    expect(asking.asked).toEqual([{}]);
  });

  describe('where it shall fetch a token for its callback', () => {
    const url = 'https://erasure.example/callbacks/measureone/token/handle';
    const sentBy = async (options: Pick<MeasureOneOptions, 'tokenCredentials' | 'tokenPath'>): Promise<unknown> => {
      const { adapter, provider } = await setup(() => ({ status: 200 }), options);
      await adapter.requestErasure(call());
      const { delivery_details: details } = JSON.parse(provider.requests[1]?.body ?? '') as {
        delivery_details: { event_type: string; x_auth_token_credentials: unknown }[];
      };
      expect(details).toHaveLength(1);
      expect(details[0]).toMatchObject({ event_type: 'individual.purged', headers: expect.any(Object) });
      return details[0]?.x_auth_token_credentials;
    };

    it('is told how, as the document says, with credentials in the clear', async () => {
      const headers = { 'content-type': 'application/json', 'x-client': 'm1' };
      const data = { client_secret: 'token-SECRET' };
      expect(await sentBy({ tokenCredentials: { headers, data }, tokenPath: 'access_token' })).toEqual({
        token_type: 'JWT',
        http_method: 'POST',
        url,
        headers,
        data,
        response_token_path: 'access_token',
      });
    });

    it('is given ciphertext and the id of its key untouched, and no path where the whole answer is the token', async () => {
      const data = { client_secret: 'eyJhbGciOiJkaXIi..é==' };
      expect(await sentBy({ tokenCredentials: { keyId: 'key-1', data }, tokenPath: 'whole-answer' })).toEqual({
        token_type: 'JWT',
        http_method: 'POST',
        url: `${url}/plain`,
        key_id: 'key-1',
        data,
      });
    });

    it('shows neither these credentials nor the capability, should its error repeat them', async () => {
      const data = { client_secret: 'token-SECRET' };
      for (const code of ['token-SECRET', 'capability-SECRET']) {
        const { adapter } = await setup(() => error(400, code), { tokenCredentials: { data } });
        const failure = await failureFrom(adapter.requestErasure(call()));
        expect(failure.type).toBe('ProviderRejected');
        expectNoneOf([code], failure);
      }
    });
  });

  it('promises a erasure window of 120 hours and the callback as proof', async () => {
    const { adapter, provider } = await setup(() => ({ status: 202, body: { accepted: true } }));
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toEqual({
      status: 'accepted',
      basis: 'taken-on',
      window: { lastsMs: 120 * HOUR_MS },
      windowKind: 'erasure',
      marginMs: 1 * HOUR_MS,
      confirmedBy: 'callback',
      graceMs: 72 * HOUR_MS,
      seen: false,
      withdrawable: false,
      subjectHash: 'subject-hash',
      evidence: { host: provider.host, httpStatus: 202, bodyHmac: bodyHmac('{"accepted":true}') },
      leavesUnsaid: expect.arrayContaining([expect.stringContaining('within 120 hours')]),
    });
    expectNoneOf(secrets, new Error(JSON.stringify(receipt)));
  });

  it('has no proof where no callback is configured', async () => {
    const { adapter, provider } = await setup(() => ({ status: 204 }), { callback: undefined });
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toMatchObject({ confirmedBy: 'nobody', graceMs: 0, evidence: { httpStatus: 204 } });
    expect(receipt.evidence).not.toHaveProperty('bodyHmac');
    expect(JSON.parse(provider.requests[1]?.body ?? '')).toEqual({ individual_id: individualId });
  });

  it.each([
    { status: 200, body: { individual_id: individualId } },
    { status: 200, body: { data: { individual_id: individualId } } },
    { status: 200, body: { status: 'ACCEPTED', error: null, errors: [] } },
    { status: 200, body: '{}' },
    { status: 200 },
    { status: 201, body: { message: 'Purge requested', individual_id: individualId } },
    { status: 202, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"ok":true}' },
    { status: 204 },
  ])('takes $status as an acceptance where its body is empty or an object: $body', async (reply) => {
    const { adapter } = await setup(() => reply);
    await expect(adapter.requestErasure(call())).resolves.toMatchObject({ status: 'accepted', basis: 'taken-on' });
  });

  it.each<[string, Reply]>([
    [
      'a page',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Request blocked, support id 17</html>' },
    ],
    [
      'a page labelled as JSON',
      { status: 200, headers: { 'content-type': 'application/json' }, body: ' <!doctype html>' },
    ],
    ['an empty page', { status: 200, headers: { 'content-type': 'text/html' } }],
  ])('takes %s for no answer of MeasureOne’s, to be asked again', async (_what, reply) => {
    const { adapter } = await setup(() => reply);
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe('UnrecognizedAnswer');
    expect(failure.message).toContain('HTTP 200 and');
  });

  it.each<[string, Reply]>([
    ['its own error', error(200, 'INTERNAL_ERROR')],
    ['its own error, accepted', error(202)],
    ['success: false', { status: 200, body: { success: false } }],
    ['a status that failed', { status: 200, body: { status: 'FAILED', individual_id: individualId } }],
    ['an error within', { status: 200, body: { data: { status: 'ok', errors: [{ code: 1 }] } } }],
    ['a status code within', { status: 200, body: { statusCode: 503 } }],
    ['another individual', { status: 200, body: { individual_id: 'idv_other' } }],
    [
      'another individual in lower case',
      { status: 200, body: { data: { individual_id: individualId.toLowerCase() } } },
    ],
    ['no individual', { status: 200, body: { individual_id: 7 } }],
    ['a gateway’s message', { status: 200, body: { message: 'no Route matched with those values', request_id: 'a1' } }],
    ['null', { status: 200, headers: { 'content-type': 'application/json' }, body: 'null' }],
    ['a list', { status: 200, body: [] }],
    ['text', { status: 201, body: 'OK. Thank you!' }],
    ['half a body', { status: 202, headers: { 'content-type': 'application/json' }, body: '{"broken' }],
    ['no gzip', { status: 200, headers: { 'content-encoding': 'gzip' }, body: '{}' }],
    ['no UTF-8', { status: 200, headers: { 'content-encoding': 'unheard-of' }, body: '{}' }],
    ['a status nobody documents', { status: 203, body: { ok: true } }],
    ['a part of a body', { status: 206, body: { ok: true } }],
  ])('does not repeat by itself, and does not take for an acceptance, a 2xx with %s', async (_what, reply) => {
    const { adapter } = await setup(() => reply);
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe('ProviderContractBroken');
    expect(asking.takenBack()).toBe(0);
    expectNoneOf([...secrets, 'idv_other'], failure);
  });

  it.each([
    [400, 'ProviderRejected'],
    [403, 'ProviderRejected'],
    [405, 'ProviderRejected'],
    [409, 'ProviderRejected'],
    [408, 'ProviderUnavailable'],
    [425, 'ProviderUnavailable'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [502, 'ProviderUnavailable'],
    [307, 'UnrecognizedAnswer'],
    [407, 'UnrecognizedAnswer'],
  ])('judges %i as %s, naming the error code only', async (status, type) => {
    const { adapter, provider } = await setup(() => ({
      ...error(status),
      headers: { 'retry-after': '60', location: '/x' },
    }));
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe(type);
    expect(failure.message).toContain(`HTTP ${status}`);
    expect(failure.message.includes('error code METHOD_NOT_ALLOWED')).toBe(type !== 'UnrecognizedAnswer');
    expect(failure.retryAfterMs).toBe(type === 'ProviderUnavailable' ? 60_000 : undefined);
    expect(provider.calls()).toEqual([loginCall, purgeCall]);
    expect(asking.asked).toHaveLength(1);
    expectNoneOf(secrets, failure);
  });

  it.each([individualId, clientSecret, 'purge-token-1', 'JANE_DOE', 'SOME_CODE', 'doe'])(
    'shows no error code that is not documented: %p',
    async (code) => {
      const { adapter } = await setup(() => error(400, code));
      const failure = await failureFrom(adapter.requestErasure(call({ identifier: 'idv_plain' })));
      expectNoneOf([code], failure);
      expect(failure.type).toBe('ProviderRejected');
    },
  );

  describe('at a 404', () => {
    it('knows no such individual when never asked before', async () => {
      const { adapter, provider } = await setup(() => error(404, 'NOT_FOUND'));
      const receipt = await adapter.requestErasure(call());
      expect(receipt).toMatchObject({
        status: 'unknown',
        windowKind: 'erasure',
        marginMs: 1 * HOUR_MS,
        subjectHash: 'subject-hash',
        evidence: { host: provider.host, httpStatus: 404 },
      });
      expect(receipt).not.toHaveProperty('window');
    });

    it('is an acceptance when perhaps asked before: full window and callback', async () => {
      const { adapter } = await setup(() => error(404, 'NOT_FOUND'));
      const receipt = await adapter.requestErasure(call({ identifier: individualId, mayHaveAskedBefore: true }));
      expect(receipt).toMatchObject({
        status: 'accepted',
        window: { lastsMs: 120 * HOUR_MS },
        basis: 'unknown-after-asking',
        confirmedBy: 'callback',
        seen: false,
        evidence: { httpStatus: 404 },
      });
    });

    it.each([true, false])(
      'says nothing about anybody without MeasureOne’s own error body',
      async (mayHaveAskedBefore) => {
        const bodies: unknown[] = [
          '<h1>no such route</h1>',
          '',
          '{}',
          { message: 'no Route matched with those values' },
        ];
        const incomplete: unknown[] = [{ error_code: 'NOT_FOUND' }, { error: 'Not Found', status: 404, timestamp: 1 }];
        for (const body of [...bodies, ...incomplete]) {
          const { adapter } = await setup(() => ({ status: 404, body }));
          const failure = await failureFrom(
            adapter.requestErasure(call({ identifier: individualId, mayHaveAskedBefore })),
          );
          expect(failure.type).toBe('UnrecognizedAnswer');
        }
      },
    );

    it.each(['UNAUTHORIZED', 'METHOD_NOT_ALLOWED', 'INTERNAL_ERROR', 'INVALID_TOKEN'])(
      'does not believe one whose error code is %s',
      async (code) => {
        const { adapter } = await setup(() => error(404, code));
        expect((await failureFrom(adapter.requestErasure(call()))).type).toBe('ProviderContractBroken');
      },
    );
  });

  describe('with its token', () => {
    it('keeps it for the next calls, and logs in once however many wait', async () => {
      const { adapter, provider } = await setup(() => ({ status: 200 }));
      await Promise.all(Array.from({ length: 20 }, () => adapter.requestErasure(call())));
      await adapter.requestErasure(call());
      expect(provider.calls().filter((made) => made === loginCall)).toHaveLength(1);
      expect(provider.calls().filter((made) => made === purgeCall)).toHaveLength(21);
    });

    it('logs in again when its life is over', async () => {
      const shortLived = { status: 200, body: { access_token: 'purge-token-1', expires_in: 0.1 } };
      const { adapter, provider } = await setup(
        () => ({ status: 200 }),
        {},
        () => shortLived,
      );
      await adapter.requestErasure(call());
      await new Promise((resolve) => setTimeout(resolve, 120));
      await adapter.requestErasure(call());
      expect(provider.calls()).toEqual([loginCall, purgeCall, loginCall, purgeCall]);
    });

    it('makes one fresh login on 401 and asks again', async () => {
      const { adapter, provider } = await setup(({ headers }) =>
        headers.authorization === 'Bearer purge-token-1' ? error(401) : { status: 200 },
      );
      const asking = call();
      await expect(adapter.requestErasure(asking)).resolves.toMatchObject({ status: 'accepted' });
      expect(provider.calls()).toEqual([loginCall, purgeCall, loginCall, purgeCall]);
      expect(asking.asked).toHaveLength(2);
    });

    it('makes one fresh login for fifty refusals', async () => {
      const { adapter, provider } = await setup(({ headers }) =>
        headers.authorization === 'Bearer purge-token-1' ? error(401) : { status: 200 },
      );
      await Promise.all(Array.from({ length: 50 }, () => adapter.requestErasure(call())));
      expect(provider.calls().filter((made) => made === loginCall)).toHaveLength(2);
    });

    it('takes a 404 after a refused token as never asked before: a refusal reaches nothing', async () => {
      const { adapter } = await setup(({ headers }) =>
        error(headers.authorization === 'Bearer purge-token-1' ? 401 : 404),
      );
      await expect(adapter.requestErasure(call())).resolves.toMatchObject({ status: 'unknown' });
    });

    it('says that its token is refused when that of each login is, and asks no more than six times', async () => {
      const { adapter, provider } = await setup(() => error(401));
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('TokenRefused');
      expect(provider.calls()).toEqual(Array.from({ length: 6 }, () => [loginCall, purgeCall]).flat());
      expectNoneOf(secrets, failure);
    });

    it.each([
      [400, 'ProviderUnauthorized'],
      [401, 'ProviderUnauthorized'],
      [403, 'ProviderUnauthorized'],
      [404, 'ProviderRejected'],
      [405, 'ProviderRejected'],
      [429, 'ProviderUnavailable'],
      [500, 'ProviderUnavailable'],
    ])('judges a login answered %i as %s, and asks nothing', async (status, type) => {
      const { adapter, provider } = await setup(
        () => ({ status: 200 }),
        {},
        () => error(status, clientSecret),
      );
      const asking = call();
      const failure = await failureFrom(adapter.requestErasure(asking));
      expect(failure.type).toBe(type);
      expect(provider.calls()).toEqual([loginCall]);
      expect(asking.asked).toEqual([]);
      expectNoneOf(secrets, failure);
    });

    it('takes a login without a token for no answer of MeasureOne’s', async () => {
      const { adapter } = await setup(
        () => ({ status: 200 }),
        {},
        () => ({ status: 200, body: { token: clientSecret } }),
      );
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expectNoneOf(secrets, failure);
    });
  });

  it('calls a lost answer unavailable, having said that it was about to ask', async () => {
    const { adapter } = await setup(() => 'handled');
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe('ProviderUnavailable');
    expect(asking.asked).toHaveLength(1);
    expectNoneOf(secrets, failure);
  });

  it('takes it back that it was about to ask where the call never left', async () => {
    const provider = await startBareProvider(({ path }, response) => {
      if (!path.includes('auth')) return { status: 200 };
      // The login is answered on a connection that is closed, and then nobody listens any more.
      response.on('finish', () => void closeBareProviders());
      return { status: 200, headers: { connection: 'close' }, body: { access_token: 'purge-token-1' } };
    });
    const options = { baseUrl: provider.baseUrl, clientId: 'client-id', clientSecret, ...versions };
    const asking = call();
    const failure = await failureFrom(createMeasureOneAdapter(options).requestErasure(asking));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
    expect([asking.asked.length, asking.takenBack()]).toEqual([1, 1]);
  });

  it('says that it is about to ask before the provider is asked', async () => {
    const order: string[] = [];
    const { adapter } = await setup(() => {
      order.push('asked');
      return { status: 200 };
    });
    await adapter.requestErasure({ ...call(), aboutToAsk: () => order.push('about to ask') });
    expect(order).toEqual(['about to ask', 'asked']);
  });

  it('asks nothing when it was cancelled before', async () => {
    const { adapter, provider } = await setup(() => ({ status: 200 }));
    const asking = call({ identifier: individualId, signal: AbortSignal.abort(new Error('cancelled')) });
    await expect(adapter.requestErasure(asking)).rejects.toThrow('cancelled');
    expect(asking.asked).toEqual([]);
    expect(provider.calls()).not.toContain(purgeCall);
  });

  it('is not broken off once it asked: an accepted request must not be lost', async () => {
    const cancelled = new AbortController();
    const { adapter } = await setup(() => {
      cancelled.abort(new Error('cancelled'));
      return { status: 200 };
    });
    const receipt = await adapter.requestErasure(call({ identifier: individualId, signal: cancelled.signal }));
    expect(receipt.status).toBe('accepted');
  });

  it('ends a call that hangs by itself', async () => {
    const provider = await startBareProvider(({ path }) =>
      path.includes('auth') ? { status: 200, body: { access_token: 'purge-token-1' } } : 'handled',
    );
    const options = { baseUrl: provider.baseUrl, clientId: 'client-id', clientSecret, ...versions };
    const adapter = createMeasureOneAdapter({ ...options, http: createHttp({ timeoutMs: 150 }) });
    expect((await failureFrom(adapter.requestErasure(call()))).type).toBe('ProviderUnavailable');
  });

  it.each(['', '   ', 'x'.repeat(513), 'idv_\n', 'idv_\u0000', 'idv_\u009f', 'idv_\ud800', '{{id}}', 'idv_\u2060'])(
    'refuses the identifier %j before any call',
    async (identifier) => {
      const { adapter, provider } = await setup(() => ({ status: 200 }));
      const failure = await failureFrom(adapter.requestErasure(call({ identifier })));
      expect(failure.type).toBe('IdentifierInvalid');
      expect(provider.calls()).toEqual([]);
      if (identifier.trim() !== '') expectNoneOf([identifier.replace('\ud800', 'x')], failure);
    },
  );

  it.each(['anything', 'idv ü/%+', '🙂'])('assumes no pattern: %p is sent as it is', async (identifier) => {
    const { adapter, provider } = await setup(() => ({ status: 200 }));
    await adapter.requestErasure(call({ identifier }));
    expect(JSON.parse(provider.requests[1]?.body ?? '')).toMatchObject({ individual_id: identifier });
  });
});

describe('measureone, for which no other endpoint exists', () => {
  it('cannot tell by looking, and makes no call', async () => {
    const { adapter, provider } = await setup(() => ({ status: 200 }));
    await expect(adapter.observeErasure(call())).resolves.toEqual({
      status: 'inconclusive',
      evidence: { host: provider.host, httpStatus: 0 },
    });
    expect(provider.calls()).toEqual([]);
  });

  it('takes nothing back, and makes no call', async () => {
    const { adapter, provider } = await setup(() => ({ status: 200 }));
    await expect(adapter.withdrawErasure(call())).resolves.toEqual({ status: 'too-late', since: FIRST_ASKED_AT });
    expect(provider.calls()).toEqual([]);
  });
});
