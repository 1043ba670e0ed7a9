import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import {
  type Answer,
  createHttp,
  failureOf,
  type HttpRequest,
  parseBody,
  urlUnder,
} from '../../../activities/providers/http';
import { HOUR_MS } from '../../../domain/duration';
import { closeBareProviders, expectNoneOf, failureFrom, startBareProvider } from './bare-provider';

const secrets = ['jane+doe@example.com', 'token-SECRET'];

function request(url: string, overrides: Partial<HttpRequest> = {}): HttpRequest {
  return {
    to: 'Provider',
    what: 'the request',
    method: 'POST',
    url,
    headers: { authorization: 'Bearer token-SECRET' },
    body: '{"id":"jane+doe@example.com"}',
    secrets,
    ...overrides,
  };
}

async function answerOf(reply: { status: number; headers?: Record<string, string>; body?: unknown }): Promise<Answer> {
  const { baseUrl } = await startBareProvider(() => reply);
  return createHttp().send(request(baseUrl));
}

afterEach(closeBareProviders);

describe('createHttp', () => {
  it('returns every answer as it is, errors too', async () => {
    const { baseUrl, host, requests } = await startBareProvider(() => ({
      status: 503,
      headers: { 'X-One': '1' },
      body: 'nö',
    }));
    const answer = await createHttp().send(request(`${baseUrl}/path`));
    expect(answer).toMatchObject({ host, status: 503, body: 'nö' });
    expect(answer.headers['x-one']).toBe('1');
    expect(requests).toMatchObject([{ method: 'POST', path: '/path', body: '{"id":"jane+doe@example.com"}' }]);
  });

  it('sends no content type and no body where there is none', async () => {
    const { baseUrl, requests } = await startBareProvider(() => ({ status: 204 }));
    const { body: _body, ...withoutBody } = request(baseUrl);
    await createHttp().send(withoutBody);
    expect(requests[0]?.body).toBe('');
    expect(requests[0]?.headers['content-type']).toBeUndefined();
  });

  it.each([301, 302, 303, 307, 308])('never follows a %i', async (status) => {
    const { baseUrl, calls } = await startBareProvider(() => ({
      status,
      headers: { location: '/elsewhere?token-SECRET' },
    }));
    const answer = await createHttp().send(request(baseUrl));
    expect(calls()).toEqual(['POST /']);
    const failure = failureOf(answer);
    expect(failure?.type).toBe('ProviderContractBroken');
    expect(failure?.message).toContain(`HTTP ${status}`);
    expectNoneOf([...secrets, 'elsewhere'], failure as Error);
  });

  it('ignores proxies of the environment', async () => {
    const proxy = await startBareProvider(() => ({ status: 299 }));
    const { baseUrl } = await startBareProvider(() => ({ status: 200 }));
    const before = { ...process.env };
    process.env['http_proxy'] = process.env['HTTP_PROXY'] = proxy.baseUrl;
    try {
      await expect(createHttp().send(request(baseUrl))).resolves.toMatchObject({ status: 200 });
    } finally {
      process.env = before;
    }
    expect(proxy.requests).toEqual([]);
  });

  it('keeps connections alive', async () => {
    const ports = new Set<number | undefined>();
    const { baseUrl } = await startBareProvider((_request, response) => {
      ports.add(response.socket?.remotePort);
      return { status: 200, body: 'ok' };
    });
    const http = createHttp();
    await http.send(request(baseUrl));
    await http.send(request(baseUrl));
    expect(ports.size).toBe(1);
  });

  it('gives up on a server that never answers', async () => {
    const { baseUrl } = await startBareProvider(() => 'handled');
    const failure = await failureFrom(createHttp({ timeoutMs: 100 }).send(request(baseUrl)));
    expect(failure.type).toBe('ProviderUnavailable');
    expect(failure.message).toBe(
      'Provider gave no complete answer to the request within 0.1 s; it may have received it.',
    );
    expectNoneOf(secrets, failure);
  });

  it('gives up on an answer that drips, however regularly', async () => {
    let closed = false;
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('x'), 10);
      response.on('close', () => {
        closed = true;
        clearInterval(drip);
      });
      return 'handled';
    });
    const failure = await failureFrom(createHttp({ timeoutMs: 200 }).send(request(baseUrl)));
    expect(failure.type).toBe('ProviderUnavailable');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(true);
  });

  it.each([
    ['before any answer', 0],
    ['in the middle of one', 1],
  ])('calls a connection that breaks %s unavailable', async (_when, bytes) => {
    const { baseUrl } = await startBareProvider((_request, response) => {
      if (bytes === 0) response.destroy();
      else {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{', () => response.destroy());
      }
      return 'handled';
    });
    const failure = await failureFrom(createHttp().send(request(baseUrl)));
    expect(failure.type).toBe('ProviderUnavailable');
    expect(failure.message).toContain('ECONNRESET');
    expectNoneOf(secrets, failure);
  });

  it('calls a refused connection unavailable and says so in Node’s own word', async () => {
    const failure = await failureFrom(createHttp().send(request('http://127.0.0.1:1/jane%2Bdoe%40example.com')));
    expect(failure.type).toBe('ProviderUnavailable');
    expect(failure.message).toContain('ECONNREFUSED');
    expectNoneOf(secrets, failure);
  });

  it('calls an answer that is no HTTP, and a body that is no gzip, unavailable', async () => {
    const { baseUrl } = await startBareProvider(({ path }, response) => {
      if (path === '/gzip') return { status: 200, headers: { 'content-encoding': 'gzip' }, body: 'token-SECRET' };
      response.socket?.end('jane+doe@example.com\r\n\r\n');
      return 'handled';
    });
    for (const path of ['/raw', '/gzip']) {
      const failure = await failureFrom(createHttp().send(request(`${baseUrl}${path}`)));
      expect(failure.type).toBe('ProviderUnavailable');
      expectNoneOf(secrets, failure);
    }
  });

  it('refuses a 2xx beyond the size limit and closes its connection', async () => {
    let closed = false;
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.on('close', () => (closed = true));
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write('token-SECRET'.repeat(1_000)));
      };
      response.on('drain', pour);
      pour();
      return 'handled';
    });
    const failure = await failureFrom(createHttp().send(request(baseUrl)));
    expect(failure.type).toBe('ProviderContractBroken');
    expectNoneOf(secrets, failure);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(true);
  });

  it('takes an answer of exactly the limit', async () => {
    const { baseUrl } = await startBareProvider(() => ({ status: 200, body: 'x'.repeat(10) }));
    await expect(createHttp({ answerMaxBytes: 10 }).send(request(baseUrl))).resolves.toMatchObject({
      body: 'x'.repeat(10),
    });
    const failure = await failureFrom(createHttp({ answerMaxBytes: 9 }).send(request(baseUrl)));
    expect(failure.type).toBe('ProviderContractBroken');
  });

  it('measures the size after decompression', async () => {
    const bomb = gzipSync('x'.repeat(5_000_000));
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      return 'handled';
    });
    const failure = await failureFrom(createHttp().send(request(baseUrl)));
    expect(failure.type).toBe('ProviderContractBroken');
  });

  it('lets the status of an over-long refusal count', async () => {
    const answer = await answerOf({ status: 503, body: 'x'.repeat(2_000_000) });
    expect(failureOf(answer)?.type).toBe('ProviderUnavailable');
  });

  describe('when the caller is cancelled', () => {
    class Cancelled extends Error {}

    it('rethrows the reason and ends the call', async () => {
      let closed = false;
      const caller = new AbortController();
      const { baseUrl, requests } = await startBareProvider((_request, response) => {
        response.on('close', () => (closed = true));
        setTimeout(() => caller.abort(new Cancelled('cancelled')), 20);
        return 'handled';
      });
      await expect(createHttp().send(request(baseUrl, { signal: caller.signal }))).rejects.toBeInstanceOf(Cancelled);
      expect(requests).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(closed).toBe(true);
    });

    it('sends nothing if that was before', async () => {
      const { baseUrl, requests } = await startBareProvider(() => ({ status: 200 }));
      const signal = AbortSignal.abort(new Cancelled('cancelled'));
      await expect(createHttp().send(request(baseUrl, { signal }))).rejects.toBeInstanceOf(Cancelled);
      expect(requests).toEqual([]);
    });

    it('says so itself where the reason is no error', async () => {
      const failure = await failureFrom(
        createHttp().send(request('http://127.0.0.1:1', { signal: AbortSignal.abort('why') })),
      );
      expect(failure.type).toBe('ProviderUnavailable');
    });
  });
});

describe('failureOf', () => {
  it.each([
    [200, undefined],
    [202, undefined],
    [204, undefined],
    [304, 'ProviderContractBroken'],
    [400, 'ProviderRejected'],
    [401, 'ProviderUnauthorized'],
    [403, 'ProviderRejected'],
    [404, 'ProviderRejected'],
    [405, 'ProviderRejected'],
    [408, 'ProviderRejected'],
    [409, 'ProviderRejected'],
    [422, 'ProviderRejected'],
    [429, 'ProviderUnavailable'],
    [500, 'ProviderUnavailable'],
    [502, 'ProviderUnavailable'],
    [503, 'ProviderUnavailable'],
    [504, 'ProviderUnavailable'],
    [599, 'ProviderUnavailable'],
    [600, 'ProviderContractBroken'],
  ])('judges %i as %s', async (status, type) => {
    const failure = failureOf(await answerOf({ status }));
    expect(failure?.type).toBe(type);
  });

  it('names provider, operation, status and a plain error code', async () => {
    const answer = await answerOf({ status: 400, body: { error_message: 'jane+doe@example.com' } });
    expect(failureOf(answer, 'INVALID_REQUEST')?.message).toBe(
      'Provider refused the request: HTTP 400, error code INVALID_REQUEST.',
    );
  });

  it.each([
    'two words',
    'x'.repeat(65),
    '',
    'jane+doe@example.com',
    'jane.doe.example.com',
    'NO_USER_jane-doe-example-com',
    'token-secret',
    'TOKEN_SECRET',
    'doe',
    'käse',
    'a\nb',
    42,
    { code: 'x' },
    undefined,
  ])('does not show %p as an error code', async (code) => {
    const failure = failureOf(await answerOf({ status: 400 }), code);
    expect(failure?.message).toBe('Provider refused the request: HTTP 400.');
  });

  it.each([
    ['120', 120_000],
    ['1.5', 1_500],
    [' 7 ', 7_000],
    ['21600', 6 * HOUR_MS],
    ['21601', 6 * HOUR_MS],
    ['999999999999', 6 * HOUR_MS],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['12 monkeys', undefined],
    ['', undefined],
    ['2031-03-01T12:02:00Z', undefined],
    ['Sat, 01 Mar 2031 12:02:00 GMT', 120_000],
    ['Saturday, 01-Mar-31 12:02:00 GMT', 120_000],
    ['Sun, 02 Mar 2031 12:00:00 GMT', 6 * HOUR_MS],
    ['Sat, 01 Mar 2031 12:00:00 GMT', undefined],
    ['Sat, 01 Mar 2031 11:00:00 GMT', undefined],
  ])('reads Retry-After %p against the answer’s own date as %p ms', async (retryAfter, expected) => {
    for (const status of [429, 503]) {
      const answer = await answerOf({
        status,
        headers: { 'retry-after': retryAfter, date: 'Sat, 01 Mar 2031 12:00:00 GMT' },
      });
      expect(failureOf(answer)).toMatchObject({ type: 'ProviderUnavailable', retryAfterMs: expected });
    }
  });

  it('measures a Retry-After date against the wall clock where the answer has no readable date', async () => {
    const inTwoMinutes = new Date(Date.now() + 120_000).toUTCString();
    const answer = await answerOf({ status: 429, headers: { 'retry-after': inTwoMinutes, date: 'yesterday' } });
    expect(failureOf(answer)?.retryAfterMs).toBeGreaterThan(110_000);
    expect(failureOf(answer)?.retryAfterMs).toBeLessThanOrEqual(120_000);
  });

  it('asks for no wait without Retry-After, and for none on other failures', async () => {
    expect(failureOf(await answerOf({ status: 429 }))?.retryAfterMs).toBeUndefined();
    expect(failureOf(await answerOf({ status: 400, headers: { 'retry-after': '5' } }))?.retryAfterMs).toBeUndefined();
  });
});

describe('parseBody', () => {
  const schema = z.looseObject({ person_id: z.string(), purge: z.looseObject({ on: z.number() }) });

  it('tolerates further fields', async () => {
    const answer = await answerOf({ status: 200, body: { person_id: 'a', purge: { on: 1, x: 2 }, more: [] } });
    expect(parseBody(answer, schema)).toMatchObject({ person_id: 'a', purge: { on: 1 } });
  });

  it.each([
    [{ person_id: 'jane+doe@example.com', purge: { on: 'token-SECRET' } }, 'purge.on'],
    [{ purge: { on: 1 } }, 'person_id'],
    ['<html>jane+doe@example.com', 'the whole body'],
    ['', 'the whole body'],
    ['null', 'the whole body'],
    ['['.repeat(200_000), 'the whole body'],
    ['[1]', 'the whole body'],
  ])('names the field that breaks the promise, not its content', async (body, field) => {
    const answer = await answerOf({ status: 200, body });
    const failure = await failureFrom((async () => parseBody(answer, schema))());
    expect(failure.type).toBe('ProviderContractBroken');
    expect(failure.message).toContain(field);
    expectNoneOf(secrets, failure);
  });
});

describe('urlUnder', () => {
  it('joins with one slash', () => {
    expect(urlUnder('https://api.example', '/v1')).toBe('https://api.example/v1');
    expect(urlUnder('https://api.example//', '/v1')).toBe('https://api.example/v1');
    expect(urlUnder('https://api.example/prefix/', '/v1')).toBe('https://api.example/prefix/v1');
  });
});
