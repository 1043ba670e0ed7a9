import { createHttp } from '../../../activities/providers/http';
import {
  createMeasureOneAdapter,
  type MeasureOneOptions,
  type MeasureOneTokenRequest,
} from '../../../activities/providers/measureone';
import type { ProviderAdapter } from '../../../activities/providers/provider';
import { DAY_MS, HOUR_MS } from '../../../domain/duration';
import { adapterCall, bodyHmac, FIRST_ASKED_AT } from '../../support/adapter-call';
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

const callback: NonNullable<MeasureOneOptions['callback']> = async ({ requestId, waitsUntil }) => ({
  url: `https://erasure.example/callbacks/measureone/${requestId.slice(0, 8)}`,
  headers: { authorization: `Bearer capability-SECRET-${waitsUntil}` },
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
    callback,
    ...options,
  });
  return { adapter, provider };
}

/** The documented error body, with an `error_message` that holds what must never be shown. */
function error(status: number, code = 'SOME_CODE'): Reply {
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
    const asking = (token: MeasureOneTokenRequest): Partial<MeasureOneOptions> => ({
      callback: async (request) => ({ ...(await callback(request)), token }),
    });
    const sentBy = async (token: MeasureOneTokenRequest): Promise<unknown> => {
      const { adapter, provider } = await setup(() => ({ status: 200 }), asking(token));
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
      expect(await sentBy({ url, headers, data, responsePath: 'access_token' })).toEqual({
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
      expect(await sentBy({ url, keyId: 'key-1', data })).toEqual({
        token_type: 'JWT',
        http_method: 'POST',
        url,
        key_id: 'key-1',
        data,
      });
    });

    it('shows neither these credentials nor the capability, should its error repeat them', async () => {
      const data = { client_secret: 'token-SECRET' };
      for (const code of ['token-SECRET', 'capability-SECRET']) {
        const { adapter } = await setup(() => error(400, code), asking({ url, data }));
        const failure = await failureFrom(adapter.requestErasure(call()));
        expect(failure.type).toBe('ProviderRejected');
        expectNoneOf([code], failure);
      }
    });
  });

  it('promises a purge window of 120 hours and the callback as proof', async () => {
    const { adapter, provider } = await setup(() => ({ status: 202, body: 'taken on' }));
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toEqual({
      status: 'accepted',
      window: { lastsMs: 120 * HOUR_MS },
      windowKind: 'purge',
      marginMs: 1 * HOUR_MS,
      proof: 'callback',
      graceMs: 72 * HOUR_MS,
      seen: false,
      withdrawable: false,
      subjectHash: 'subject-hash',
      evidence: { host: provider.host, httpStatus: 202, bodyHmac: bodyHmac('taken on') },
      leavesUnsaid: expect.arrayContaining([expect.stringContaining('within 120 hours')]),
    });
    expectNoneOf(secrets, new Error(JSON.stringify(receipt)));
  });

  it('has no proof where no callback is configured', async () => {
    const { adapter, provider } = await setup(() => ({ status: 204 }), { callback: undefined });
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toMatchObject({ proof: 'none', graceMs: 0, evidence: { httpStatus: 204 } });
    expect(receipt.evidence).not.toHaveProperty('bodyHmac');
    expect(JSON.parse(provider.requests[1]?.body ?? '')).toEqual({ individual_id: individualId });
  });

  it.each([
    { status: 200, body: { individual_id: individualId } },
    { status: 200, body: { data: { individual_id: individualId } } },
    { status: 200, body: { individual_id: 7 } },
    { status: 200, body: 'null' },
    { status: 201, body: 'OK. Thank you!' },
    { status: 202, body: '{"broken' },
    { status: 204 },
    { status: 299, body: [] },
  ])('takes $status with any body as an acceptance: $body', async (reply) => {
    const { adapter } = await setup(() => reply);
    await expect(adapter.requestErasure(call())).resolves.toMatchObject({ status: 'accepted' });
  });

  it.each([{ individual_id: 'idv_other' }, { data: { individual_id: individualId.toLowerCase() } }])(
    'breaks off when another subject is echoed back',
    async (body) => {
      const { adapter } = await setup(() => ({ status: 200, body }));
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('ProviderContractBroken');
      expectNoneOf([...secrets, 'idv_other'], failure);
    },
  );

  it.each([
    [400, 'ProviderRejected'],
    [403, 'ProviderRejected'],
    [405, 'ProviderRejected'],
    [409, 'ProviderRejected'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [502, 'ProviderUnavailable'],
    [307, 'ProviderContractBroken'],
  ])('judges %i as %s, naming the error code only', async (status, type) => {
    const { adapter, provider } = await setup(() => ({
      ...error(status),
      headers: { 'retry-after': '60', location: '/x' },
    }));
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe(type);
    expect(failure.message).toContain(`HTTP ${status}`);
    expect(failure.message).toContain('error code SOME_CODE');
    expect(failure.retryAfterMs).toBe(type === 'ProviderUnavailable' ? 60_000 : undefined);
    expect(provider.calls()).toEqual([loginCall, purgeCall]);
    expect(asking.asked).toHaveLength(1);
    expectNoneOf(secrets, failure);
  });

  it.each([individualId, clientSecret, 'purge-token-1', 'PURGE_TOKEN_1'])(
    'shows no error code like %p',
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
        windowKind: 'purge',
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
        proof: 'callback',
        seen: false,
        evidence: { httpStatus: 404 },
      });
    });

    it.each([true, false])(
      'says nothing about anybody without MeasureOne’s own error body',
      async (mayHaveAskedBefore) => {
        const { adapter } = await setup(() => ({ status: 404, body: '<h1>no such route</h1>' }));
        const failure = await failureFrom(
          adapter.requestErasure(call({ identifier: individualId, mayHaveAskedBefore })),
        );
        expect(failure.type).toBe('ProviderRejected');
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

    it('is unauthorized when the fresh token is refused too', async () => {
      const { adapter, provider } = await setup(() => error(401));
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('ProviderUnauthorized');
      expect(provider.calls()).toEqual([loginCall, purgeCall, loginCall, purgeCall]);
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

    it('calls a login without a token broken', async () => {
      const { adapter } = await setup(
        () => ({ status: 200 }),
        {},
        () => ({ status: 200, body: { token: clientSecret } }),
      );
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('ProviderContractBroken');
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
    const options = { baseUrl: provider.baseUrl, clientId: 'client-id', clientSecret, apiVersion: '3.0' };
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
