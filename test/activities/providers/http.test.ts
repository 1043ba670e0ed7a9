import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createHttp, type HttpRequest, urlUnder } from '../../../activities/providers/http';
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
    ...overrides,
  };
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
    expect(answer.status).toBe(status);
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

  it('gives up on an answer that drips, however regularly, and keeps its status', async () => {
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
    const answer = await createHttp({ timeoutMs: 200 }).send(request(baseUrl));
    expect(answer).toMatchObject({ status: 200, body: '', unreadable: 'broken off' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(true);
  });

  it('calls a connection that breaks before any answer unavailable', async () => {
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.destroy();
      return 'handled';
    });
    const failure = await failureFrom(createHttp().send(request(baseUrl)));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: false });
    expect(failure.message).toContain('ECONNRESET');
    expect(failure.message).toContain('it may have received it');
    expectNoneOf(secrets, failure);
  });

  it.each([200, 204, 404, 503])('keeps the status %i of an answer that breaks in the middle', async (status) => {
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.writeHead(status, { 'content-length': '100' });
      response.write('{', () => response.destroy());
      response.flushHeaders();
      return 'handled';
    });
    const answer = await createHttp().send(request(baseUrl));
    // A 204 has no body that could break.
    expect(answer).toMatchObject(status === 204 ? { status, body: '' } : { status, unreadable: 'broken off' });
  });

  it('calls what is no HTTP unavailable', async () => {
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.socket?.end('jane+doe@example.com\r\n\r\n');
      return 'handled';
    });
    const failure = await failureFrom(createHttp().send(request(baseUrl)));
    expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: false });
    expectNoneOf(secrets, failure);
  });

  describe('where nobody can have been reached', () => {
    it('says so of a refused connection, in Node’s own word', async () => {
      const failure = await failureFrom(createHttp().send(request('http://127.0.0.1:1/jane%2Bdoe%40example.com')));
      expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
      expect(failure.message).toBe(
        'Provider could not be reached for the request (ECONNREFUSED); it cannot have received it.',
      );
      expectNoneOf(secrets, failure);
    });

    it.each(['http', 'https'])('says so of a name that nobody has, over %s', async (scheme) => {
      const failure = await failureFrom(createHttp().send(request(`${scheme}://nobody.invalid/`)));
      expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
      expect(failure.message).toMatch(/\((ENOTFOUND|EAI_AGAIN)\); it cannot have received it/);
    });

    it('says so of a server that does not speak TLS', async () => {
      const { baseUrl, requests } = await startBareProvider(() => ({ status: 200 }));
      const failure = await failureFrom(createHttp().send(request(baseUrl.replace('http:', 'https:'))));
      expect(failure).toMatchObject({ type: 'ProviderUnavailable', neverLeft: true });
      expect(requests).toEqual([]);
    });

    it('says so of a connection that is never opened in time', async () => {
      const server = createServer(() => undefined);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      // A TLS handshake that nobody answers: the request is held back until it is through.
      const failure = await failureFrom(createHttp({ timeoutMs: 100 }).send(request(`https://127.0.0.1:${port}/`)));
      server.close();
      expect(failure).toMatchObject({ neverLeft: true });
      expect(failure.message).toBe(
        'Provider could not be reached for the request within 0.1 s; it cannot have received it.',
      );
    });

    it('does not say so of a connection that was kept alive and is reset', async () => {
      let calls = 0;
      const { baseUrl } = await startBareProvider((_request, response) => {
        calls += 1;
        if (calls === 1) return { status: 200, body: 'ok' };
        response.destroy();
        return 'handled';
      });
      const http = createHttp();
      await http.send(request(baseUrl));
      expect(await failureFrom(http.send(request(baseUrl)))).toMatchObject({ neverLeft: false });
      expect(calls).toBe(2);
    });
  });

  describe('with a body that cannot be read', () => {
    const json = '{"access_token":"token-SECRET"}';
    it.each<[string, Record<string, string>, Buffer | string, string]>([
      ['is no gzip', { 'content-encoding': 'gzip' }, json, 'in an encoding it does not have'],
      [
        'is a gzip cut short',
        { 'content-encoding': 'gzip' },
        gzipSync(json).subarray(0, 20),
        'in an encoding it does not have',
      ],
      [
        'is the head of a gzip',
        { 'content-encoding': 'gzip' },
        gzipSync('').subarray(0, 10),
        'in an encoding it does not have',
      ],
      ['is no Brotli', { 'content-encoding': 'br' }, json, 'in an encoding it does not have'],
      [
        'is in an encoding of somebody’s own',
        { 'content-encoding': 'jane' },
        json,
        'in an encoding that was not asked for',
      ],
      ['is no UTF-8', {}, Buffer.from([0x7b, 0xff, 0x7d]), 'in no UTF-8'],
    ])('keeps the status where it %s', async (_what, headers, body, unreadable) => {
      for (const status of [200, 404, 503]) {
        const { baseUrl } = await startBareProvider((_request, response) => {
          response.writeHead(status, headers).end(body);
          return 'handled';
        });
        const answer = await createHttp().send(request(baseUrl));
        expect(answer).toMatchObject({ status, body: '', unreadable });
      }
    });

    it.each([
      ['gzip', gzipSync(json)],
      ['x-gzip', gzipSync(json)],
      ['br', brotliCompressSync(json)],
      ['identity', Buffer.from(json)],
    ])('reads one that is %s', async (encoding, body) => {
      const { baseUrl } = await startBareProvider((_request, response) => {
        response.writeHead(200, { 'content-encoding': encoding }).end(body);
        return 'handled';
      });
      expect((await createHttp().send(request(baseUrl))).body).toBe(json);
    });
  });

  it('stops reading beyond the size limit, closes the connection and keeps the status', async () => {
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
    const answer = await createHttp().send(request(baseUrl));
    expect(answer).toMatchObject({ status: 200, body: '', unreadable: 'longer than 1048576 bytes' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(true);
  });

  it('takes an answer of exactly the limit', async () => {
    const { baseUrl } = await startBareProvider(() => ({ status: 200, body: 'x'.repeat(10) }));
    await expect(createHttp({ answerMaxBytes: 10 }).send(request(baseUrl))).resolves.toMatchObject({
      body: 'x'.repeat(10),
    });
    await expect(createHttp({ answerMaxBytes: 9 }).send(request(baseUrl))).resolves.toMatchObject({
      status: 200,
      unreadable: 'longer than 9 bytes',
    });
  });

  it('measures the size after decompression', async () => {
    const bomb = gzipSync('x'.repeat(5_000_000));
    const { baseUrl } = await startBareProvider((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      return 'handled';
    });
    await expect(createHttp().send(request(baseUrl))).resolves.toMatchObject({
      unreadable: 'longer than 1048576 bytes',
    });
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

describe('urlUnder', () => {
  it('joins with one slash', () => {
    expect(urlUnder('https://api.example', '/v1')).toBe('https://api.example/v1');
    expect(urlUnder('https://api.example//', '/v1')).toBe('https://api.example/v1');
    expect(urlUnder('https://api.example/prefix/', '/v1')).toBe('https://api.example/prefix/v1');
  });
});
