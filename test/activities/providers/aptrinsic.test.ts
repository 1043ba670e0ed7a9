import { type AptrinsicOptions, createAptrinsicAdapter } from '../../../activities/providers/aptrinsic';
import type { ProviderAdapter } from '../../../activities/providers/provider';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import { adapterCall, bodyHmac, FIRST_ASKED_AT } from '../../support/adapter-call';
import {
  type BareProvider,
  closeBareProviders,
  expectNoneOf,
  failureFrom,
  type Reply,
  startBareProvider,
} from './bare-provider';

const identifyId = 'Jane+Doe/1@example.com';
const apiKey = 'api-key-SECRET';
const secrets = [identifyId, apiKey];
const path = '/v1/users/Jane%2BDoe%2F1%40example.com';

async function setup(
  reply: Reply | (() => Reply | 'handled'),
  options: Partial<AptrinsicOptions> = {},
): Promise<{ adapter: ProviderAdapter; provider: BareProvider }> {
  const provider = await startBareProvider((_request, response) => {
    const given = typeof reply === 'function' ? reply() : reply;
    if (given === 'handled') response.destroy();
    return given;
  });
  const adapter = createAptrinsicAdapter({ baseUrl: provider.baseUrl, apiKey, hardDelete: true, ...options });
  return { adapter, provider };
}

/** As third-party code has met it, with a message that holds what must never be shown. */
function error(status: number, reason = status === 404 ? 'NOT_FOUND' : identifyId): Reply {
  return {
    status,
    body: { externalapierror: { status: reason, message: `${identifyId} ${apiKey}`, subErrors: null } },
  };
}

/** What stands between us and it answers with a 404 when it knows no way, or with anything else. */
const strangers: [string, Omit<Reply, 'status'>][] = [
  ['a page', { headers: { 'content-type': 'text/html' }, body: '<html><body>default backend - 404</body></html>' }],
  ['a page without a label', { body: '<html>' }],
  ['a gateway’s JSON', { body: { message: 'no Route matched with those values' } }],
  ['an empty body', {}],
  ['an empty object', { body: {} }],
  ['text', { headers: { 'content-type': 'text/plain' }, body: 'Not Found' }],
  ['Spring’s own error', { body: { timestamp: 1, status: 404, error: 'Not Found', path: '/v1/users/x' } }],
  ['its own error, not as JSON', { headers: { 'content-type': 'text/plain' }, body: JSON.stringify(error(404).body) }],
  ['no gzip', { headers: { 'content-encoding': 'gzip' }, body: JSON.stringify(error(404).body) }],
];

const call = (overrides: Partial<Parameters<typeof adapterCall>[0]> = {}) =>
  adapterCall({ identifier: identifyId, ...overrides });

afterEach(closeBareProviders);

describe('aptrinsic.requestErasure', () => {
  it('deletes hard, with the key in its header and no body', async () => {
    const { adapter, provider } = await setup({ status: 204 });
    const asking = call();
    await adapter.requestErasure(asking);
    expect(provider.calls()).toEqual([`DELETE ${path}?hardDelete=true`]);
    expect(provider.requests[0]).toMatchObject({ body: '', headers: { 'x-aptrinsic-api-key': apiKey } });
    expect(provider.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(asking.asked).toEqual([{}]);
  });

  it.each([
    [false, 1, 'false'],
    [false, 2, 'true'],
    [false, 3, 'true'],
    [true, 1, 'true'],
    [true, 2, 'true'],
  ])('with the setting %s asks in round %i for hardDelete=%s', async (hardDelete, round, sent) => {
    const { adapter, provider } = await setup({ status: 200 }, { hardDelete });
    const receipt = await adapter.requestErasure(call({ round }));
    expect(provider.calls()).toEqual([`DELETE ${path}?hardDelete=${sent}`]);
    expect(receipt.evidence.facts).toEqual({ hardDelete: sent === 'true' });
  });

  it('waits out the revival window and looks afterwards', async () => {
    const { adapter, provider } = await setup({
      status: 200,
      body: { body: {}, statusCode: '100', statusCodeValue: 42 },
    });
    const receipt = await adapter.requestErasure(call());
    expect(receipt).toEqual({
      status: 'accepted',
      basis: 'taken-on',
      window: { lastsMs: 7 * DAY_MS },
      windowKind: 'revival',
      marginMs: 1 * HOUR_MS,
      confirmedBy: 'look',
      graceMs: 0,
      seen: true,
      withdrawable: false,
      subjectHash: 'subject-hash',
      evidence: {
        host: provider.host,
        httpStatus: 200,
        bodyHmac: bodyHmac('{"body":{},"statusCode":"100","statusCodeValue":42}'),
        facts: { hardDelete: true },
      },
      leavesUnsaid: expect.arrayContaining([expect.stringContaining('another region')]),
    });
    expectNoneOf(secrets, new Error(JSON.stringify(receipt)));
  });

  it.each([
    { status: 204 },
    { status: 200 },
    { status: 200, body: { body: {}, statusCode: '200 OK' } },
    { status: 200, body: { statusCodeValue: 399 } },
    { status: 200, body: { statusCodeValue: 600 } },
    { status: 200, body: { statusCodeValue: 404.5 } },
    { status: 200, body: { statusCodeValue: 200, body: { identifyId } } },
  ])('takes $status with $body as deleted, and as seen', async (reply) => {
    const { adapter } = await setup(reply);
    await expect(adapter.requestErasure(call())).resolves.toMatchObject({ status: 'accepted', seen: true });
  });

  it.each<[string, Reply, string]>([
    ['its own error', error(200, 'INTERNAL_SERVER_ERROR'), 'ProviderContractBroken'],
    ['its own 404', error(200, 'NOT_FOUND'), 'ProviderContractBroken'],
    ['its own error in a 204’s clothes', error(201), 'ProviderContractBroken'],
    ['a wrapped 404', { status: 200, body: { statusCodeValue: 404 } }, 'ProviderContractBroken'],
    ['a status code in words', { status: 200, body: { statusCode: '404' } }, 'ProviderContractBroken'],
    ['a status code in digits', { status: 200, body: { statusCodeValue: '404' } }, 'ProviderContractBroken'],
    [
      'an error within',
      { status: 200, body: { body: { error: 'x' }, statusCodeValue: 200 } },
      'ProviderContractBroken',
    ],
    ['success: false', { status: 200, body: { success: false } }, 'ProviderContractBroken'],
    [
      'a body that is no gzip',
      { status: 200, headers: { 'content-encoding': 'gzip' }, body: '{}' },
      'ProviderContractBroken',
    ],
    [
      'a page to sign in at',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'UnrecognizedAnswer',
    ],
    ['text', { status: 200, body: 'deleted' }, 'UnrecognizedAnswer'],
    ['an empty object', { status: 200, body: {} }, 'UnrecognizedAnswer'],
    ['a list', { status: 200, body: [] }, 'UnrecognizedAnswer'],
    ['null', { status: 200, body: 'null' }, 'UnrecognizedAnswer'],
    ['a status it does not document', { status: 202 }, 'UnrecognizedAnswer'],
    ['a gateway’s message', { status: 200, body: { message: 'ok' } }, 'UnrecognizedAnswer'],
  ])('does not take a 2xx with %s for a deletion', async (_what, reply, type) => {
    const { adapter } = await setup(reply);
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe(type);
    expectNoneOf(secrets, failure);
  });

  it.each(strangers)('has asked nobody where a 404 carries %s', async (_what, reply) => {
    for (const mayHaveAskedBefore of [false, true]) {
      const { adapter } = await setup({ status: 404, ...reply });
      const failure = await failureFrom(adapter.requestErasure(call({ mayHaveAskedBefore })));
      expect(failure.type).toBe('UnrecognizedAnswer');
      expectNoneOf(secrets, failure);
    }
  });

  it.each([401, 403, 409, 407])('does not take a %i of a stranger for a refusal', async (status) => {
    for (const [, reply] of strangers.slice(0, 6)) {
      const { adapter } = await setup({ status, ...reply });
      expect((await failureFrom(adapter.requestErasure(call()))).type).toBe('UnrecognizedAnswer');
    }
  });

  const failing: [number, string][] = [
    [400, 'ProviderRejected'],
    [401, 'ProviderUnauthorized'],
    [403, 'ProviderRejected'],
    [409, 'ProviderRejected'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [503, 'ProviderUnavailable'],
    [599, 'ProviderUnavailable'],
  ];
  const more: [number, string][] = [
    [408, 'ProviderUnavailable'],
    [425, 'ProviderUnavailable'],
    [302, 'UnrecognizedAnswer'],
    [407, 'UnrecognizedAnswer'],
    [511, 'UnrecognizedAnswer'],
  ];

  it.each([...failing, ...more])('judges %i as %s', async (status, type) => {
    const { adapter, provider } = await setup({ ...error(status), headers: { location: '/x' } });
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure.type).toBe(type);
    expect(failure.retryAfterMs).toBeUndefined();
    expect(asking.asked).toHaveLength(1);
    expect(provider.requests).toHaveLength(1);
    expectNoneOf(secrets, failure);
  });

  it.each(failing)('judges a 200 that wraps %i as %s', async (statusCodeValue, type) => {
    const body = { body: { message: identifyId }, statusCode: String(statusCodeValue), statusCodeValue };
    const { adapter } = await setup({ status: 200, body });
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure.type).toBe(type);
    expect(failure.message).toContain(`HTTP 200, statusCodeValue ${statusCodeValue}`);
    expectNoneOf(secrets, failure);
  });

  it.each([
    { status: 429, headers: { 'retry-after': '30' } },
    { status: 200, headers: { 'retry-after': '30' }, body: { statusCodeValue: 429 } },
  ])('hands on the wait that a rate limit asks for', async (reply) => {
    const { adapter } = await setup(reply);
    const failure = await failureFrom(adapter.requestErasure(call()));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', retryAfterMs: 30_000 });
  });

  it.each([{ identifyId: 'other' }, { body: { identifyId: identifyId.toLowerCase() }, statusCodeValue: 200 }])(
    'breaks off when another subject is echoed back',
    async (body) => {
      const { adapter } = await setup({ status: 200, body });
      const failure = await failureFrom(adapter.requestErasure(call()));
      expect(failure.type).toBe('ProviderContractBroken');
      expectNoneOf(secrets, failure);
    },
  );

  describe('at its own 404', () => {
    const reply = error(404);
    const httpStatus = 404;
    const facts = { hardDelete: true };

    it('knows no such user when never asked before, and waits out the window in which one could be hidden', async () => {
      const { adapter, provider } = await setup(reply);
      await expect(adapter.requestErasure(call())).resolves.toMatchObject({
        status: 'unknown',
        window: { lastsMs: 7 * DAY_MS },
        windowKind: 'revival',
        marginMs: 1 * HOUR_MS,
        subjectHash: 'subject-hash',
        evidence: { host: provider.host, httpStatus, facts },
      });
    });

    it.each([
      [{}, false],
      [{ seen: false }, false],
      [{ seen: true }, true],
    ])('is an acceptance when perhaps asked before, seen as remembered in %j', async (memory, seen) => {
      const { adapter } = await setup(reply);
      await expect(adapter.requestErasure(call({ mayHaveAskedBefore: true, memory }))).resolves.toMatchObject({
        status: 'accepted',
        basis: 'unknown-after-asking',
        window: { lastsMs: 7 * DAY_MS },
        windowKind: 'revival',
        confirmedBy: 'look',
        seen,
        evidence: { httpStatus, facts },
      });
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
    const adapter = createAptrinsicAdapter({ baseUrl: 'http://127.0.0.1:1', apiKey, hardDelete: true });
    const asking = call();
    const failure = await failureFrom(adapter.requestErasure(asking));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
    expect([asking.asked.length, asking.takenBack()]).toEqual([1, 1]);
  });

  it('asks nothing when it was cancelled before', async () => {
    const { adapter, provider } = await setup({ status: 204 });
    const asking = call({ signal: AbortSignal.abort(new Error('cancelled')) });
    await expect(adapter.requestErasure(asking)).rejects.toThrow('cancelled');
    expect(asking.asked).toEqual([]);
    expect(provider.calls()).toEqual([]);
  });

  it('is not broken off once it asked', async () => {
    const cancelled = new AbortController();
    const { adapter } = await setup(() => {
      cancelled.abort(new Error('cancelled'));
      return { status: 204 };
    });
    await expect(adapter.requestErasure(call({ signal: cancelled.signal }))).resolves.toMatchObject({
      status: 'accepted',
    });
  });
});

describe('aptrinsic identifiers', () => {
  it.each([
    ['jane', 'jane'],
    ['Jane', 'Jane'],
    ['a/b', 'a%2Fb'],
    ['a/../b', 'a%2F..%2Fb'],
    ['../users', '..%2Fusers'],
    ['%2E%2E', '%252E%252E'],
    ['%2e', '%252e'],
    ['..%2F', '..%252F'],
    ['..a', '..a'],
    ['.hidden', '.hidden'],
    ['a b+c', 'a%20b%2Bc'],
    ['a?hardDelete=false#x', 'a%3FhardDelete%3Dfalse%23x'],
    ['a;b&c=d:e@f', 'a%3Bb%26c%3Dd%3Ae%40f'],
    ['a\\b', 'a%5Cb'],
    ["it's!(*)~", "it's!(*)~"],
    ['Delete', 'Delete'],
    ['deleted', 'deleted'],
    ['ü🙂', '%C3%BC%F0%9F%99%82'],
    ['{"a":[1]}', '%7B%22a%22%3A%5B1%5D%7D'],
    ['http://other.example/', 'http%3A%2F%2Fother.example%2F'],
  ])('puts %p on the wire as the one segment %p', async (identifier, segment) => {
    const { adapter, provider } = await setup(error(404));
    await adapter.requestErasure(call({ identifier }));
    await adapter.observeErasure(call({ identifier }));
    expect(provider.calls()).toEqual([`DELETE /v1/users/${segment}?hardDelete=true`, `GET /v1/users/${segment}`]);
  });

  it.each([
    '',
    ' ',
    '.',
    '..',
    ' .. ',
    'delete',
    'denylist',
    'a\nb',
    'a\u0000',
    '\u007f',
    '\ud800',
    'x\udfff',
    'x'.repeat(513),
    'undefined',
    'a\u200Bb',
  ])('refuses %j before any call', async (identifier) => {
    const { adapter, provider } = await setup({ status: 204 });
    const asking = call({ identifier });
    for (const attempt of [adapter.requestErasure(asking), adapter.observeErasure(asking)]) {
      expect((await failureFrom(attempt)).type).toBe('IdentifierInvalid');
    }
    expect(asking.asked).toEqual([]);
    expect(provider.calls()).toEqual([]);
  });
});

describe('aptrinsic.observeErasure', () => {
  const user = (more: object) => ({ status: 200, body: { identifyId, email: identifyId, ...more } });

  it('finds a user absent at its own 404', async () => {
    const { adapter, provider } = await setup(error(404));
    await expect(adapter.observeErasure(call())).resolves.toEqual({
      status: 'absent',
      evidence: { host: provider.host, httpStatus: 404, bodyHmac: bodyHmac(JSON.stringify(error(404).body)) },
    });
    expect(provider.calls()).toEqual([`GET ${path}`]);
    expect(provider.requests[0]?.headers).toMatchObject({ 'x-aptrinsic-api-key': apiKey });
  });

  const before = FIRST_ASKED_AT - 2 * MINUTE_MS - 1;
  const after = FIRST_ASKED_AT + 2 * MINUTE_MS + 1;
  it.each([
    [before, true],
    [String(before), true],
    [new Date(before).toISOString(), true],
    ['2029-01-01T00:00:00.000+0000', true],
    [Date.UTC(2000, 0, 2), true],
    // No time at all, or a number in another unit: a second, hard deletion rests on none of these.
    [0, 'unclear'],
    ['0', 'unclear'],
    [-1, 'unclear'],
    [20_290_101, 'unclear'],
    ['20290101', 'unclear'],
    [253_402_300_799, 'unclear'],
    ['0000-01-01T00:00:00Z', 'unclear'],
    ['0001-01-01T00:00:00Z', 'unclear'],
    ['1900-01-01T00:00:00Z', 'unclear'],
    ['1970-01-01T00:00:00+00:00', 'unclear'],
    ['1980-01-01T00:00:00Z', 'unclear'],
    ['2000-01-01T00:00:00Z', 'unclear'],
    [before + 1, 'unclear'],
    [FIRST_ASKED_AT, 'unclear'],
    [after - 1, 'unclear'],
    [after, false],
    [new Date(after).toISOString(), false],
    ['yesterday', 'unclear'],
    [null, 'unclear'],
    [undefined, 'unclear'],
    [{}, 'unclear'],
  ])('with createDate %p says sameRecord %p', async (createDate, sameRecord) => {
    const { adapter } = await setup(user({ createDate }));
    await expect(adapter.observeErasure(call())).resolves.toMatchObject({ status: 'present', sameRecord });
  });

  it('keeps the provider’s own times as evidence, and nothing else', async () => {
    const { adapter } = await setup(
      user({ createDate: 1_700_000_000_000, lastModifiedDate: identifyId, lastSeenDate: 5 }),
    );
    const { evidence } = await adapter.observeErasure(call());
    expect(evidence.facts).toEqual({ createDate: 1_700_000_000_000 });
    expectNoneOf(secrets, new Error(JSON.stringify(evidence)));
  });

  it.each(strangers)('knows nothing where a 404 carries %s', async (_what, reply) => {
    const { adapter } = await setup({ status: 404, ...reply });
    const failure = await failureFrom(adapter.observeErasure(call()));
    expect(failure.type).toBe('UnrecognizedAnswer');
    expect(failure.message).toContain('HTTP 404');
    expectNoneOf(secrets, failure);
  });

  it('does not believe a 404 whose own error says something else', async () => {
    const { adapter } = await setup(error(404, 'INTERNAL_SERVER_ERROR'));
    expect((await failureFrom(adapter.observeErasure(call()))).type).toBe('ProviderContractBroken');
  });

  it.each([
    [{ status: 200, body: { identifyId: identifyId.toLowerCase(), createDate: 1 } }, 'ProviderContractBroken'],
    [{ status: 200, body: { identifyId: null } }, 'ProviderContractBroken'],
    [{ status: 200, body: { createDate: 1 } }, 'UnrecognizedAnswer'],
    [{ status: 200, body: '' }, 'UnrecognizedAnswer'],
    [{ status: 200, body: `<html>${identifyId}` }, 'UnrecognizedAnswer'],
    [{ status: 204 }, 'UnrecognizedAnswer'],
  ])('fails at an answer that is not about this user: %j', async (reply, type) => {
    const { adapter } = await setup(reply);
    const failure = await failureFrom(adapter.observeErasure(call()));
    expect(failure.type).toBe(type);
    expectNoneOf(secrets, failure);
  });

  it.each([
    [400, 'ProviderRejected'],
    [401, 'ProviderUnauthorized'],
    [403, 'ProviderRejected'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [301, 'UnrecognizedAnswer'],
  ])('judges %i as %s', async (status, type) => {
    const { adapter } = await setup(error(status));
    const failure = await failureFrom(adapter.observeErasure(call()));
    expect(failure.type).toBe(type);
    expectNoneOf(secrets, failure);
  });

  it('is broken off when its caller is cancelled', async () => {
    const cancelled = new AbortController();
    const provider = await startBareProvider(() => {
      cancelled.abort(new Error('cancelled'));
      return 'handled';
    });
    const adapter = createAptrinsicAdapter({ baseUrl: provider.baseUrl, apiKey, hardDelete: true });
    await expect(adapter.observeErasure(call({ signal: cancelled.signal }))).rejects.toThrow('cancelled');
  });
});

describe('aptrinsic.withdrawErasure', () => {
  it('has no endpoint to call: it is too late', async () => {
    const { adapter, provider } = await setup({ status: 204 });
    await expect(adapter.withdrawErasure(call())).resolves.toEqual({ status: 'too-late', since: FIRST_ASKED_AT });
    expect(provider.calls()).toEqual([]);
  });
});
