import { readProxy, readTemporalProxy } from '../../config/network-config';
import { goesThrough, proxyException } from '../../network/proxy';
import { problemsOf } from '../config/settings';

const proxyUrl = 'http://proxy.example:3128';
const read = (settings: Readonly<Record<string, string>>) => readProxy({ ERASURE_PROXY_URL: proxyUrl, ...settings });

describe('ERASURE_PROXY_URL', () => {
  it.each([
    ['http://proxy.example:3128', { isEncrypted: false, host: 'proxy.example', port: 3128 }],
    ['http://proxy.example/', { isEncrypted: false, host: 'proxy.example', port: 80 }],
    ['https://proxy.example', { isEncrypted: true, host: 'proxy.example', port: 443 }],
    ['http://[fd00::1]:8080', { isEncrypted: false, host: 'fd00::1', port: 8080 }],
    [
      'http://us%40er:p%3Ass@proxy.example:1',
      { isEncrypted: false, host: 'proxy.example', port: 1, credentials: { username: 'us@er', password: 'p:ss' } },
    ],
  ])('may be %s', (url, expected) => {
    expect(read({ ERASURE_PROXY_URL: url })).toEqual({ ...expected, exceptions: [] });
  });

  it.each([
    ['proxy.planted:3128', 'it has to begin with http:// or https://'],
    ['socks5://proxy.planted:1080', 'a SOCKS proxy cannot be used'],
    ['http://proxy.planted/pac', 'without path, query or fragment'],
    ['http://proxy.planted?a', 'without path, query or fragment'],
    ['http://proxy .planted', 'without blanks, line ends or backslashes'],
    ['http://planted:pa/ss@proxy.example:1', 'this is no URL'],
    ['http://planted:100%@proxy.example:1', 'its credentials are not well encoded'],
    ['http://planted:a%0Ab@proxy.example:1', 'a character that no proxy can be sent'],
    ['http://plan%3Ated:a@proxy.example:1', 'a character that no proxy can be sent'],
    ['"http://proxy.planted:3128"', 'stands in quotation marks'],
  ])('is refused as %s, without its value', (url, sentence) => {
    const [problem = '', ...others] = problemsOf(readProxy, { ERASURE_PROXY_URL: url });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^ERASURE_PROXY_URL: /);
    expect(problem).toContain(sentence);
    expect(problem).not.toMatch(/planted|plan%3Ated/);
  });

  it('is nothing where it is not set, whatever other programs are told', () => {
    const others = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy'];
    expect(readProxy(Object.fromEntries(others.map((name) => [name, proxyUrl])))).toBeUndefined();
  });

  it('is needed by the settings beside it', () => {
    expect(problemsOf(readProxy, { ERASURE_NO_PROXY: 'a.example' })).toEqual([
      'ERASURE_NO_PROXY is set, but there is no proxy: set ERASURE_PROXY_URL as well, or neither',
    ]);
    expect(problemsOf(readTemporalProxy, { ERASURE_PROXY_TEMPORAL: 'true' })).toEqual([
      'ERASURE_PROXY_TEMPORAL is set, but there is no proxy: set ERASURE_PROXY_URL as well, or neither',
    ]);
    expect(problemsOf(readTemporalProxy, { ERASURE_PROXY_TEMPORAL: 'false' })).toEqual([]);
  });

  it('holds for Temporal only where that is said, and where its client can', () => {
    const temporal = (settings: Readonly<Record<string, string>>) =>
      readTemporalProxy({ ERASURE_PROXY_URL: proxyUrl, ...settings });
    expect(temporal({})).toBeUndefined();
    expect(temporal({ ERASURE_PROXY_TEMPORAL: 'true' })).toMatchObject({ host: 'proxy.example' });
    for (const url of ['https://proxy.example', 'http://planted:p%40ss@proxy.example']) {
      const settings = { ERASURE_PROXY_URL: url, ERASURE_PROXY_TEMPORAL: 'true' };
      const [problem] = problemsOf(readTemporalProxy, settings);
      expect(problem).toMatch(/^ERASURE_PROXY_TEMPORAL: Temporal's own client /);
      expect(problem).not.toContain('planted');
    }
  });
});

describe('ERASURE_NO_PROXY', () => {
  it.each([
    ['example.com', 'example.com', 443, false],
    ['example.com', 'api.example.com', 443, false],
    ['example.com', 'API.Example.COM', 443, false],
    ['EXAMPLE.com', 'api.example.com', 443, false],
    ['example.com', 'notexample.com', 443, true],
    ['example.com', 'example.com.evil.example', 443, true],
    ['.example.com', 'example.com', 443, true],
    ['.example.com', 'api.example.com', 443, false],
    ['*.example.com', 'a.b.example.com', 443, false],
    ['example.com:8443', 'example.com', 8443, false],
    ['example.com:8443', 'example.com', 443, true],
    ['intranet', 'intranet', 443, false],
    ['10.0.0.7', '10.0.0.7', 443, false],
    ['10.0.0.7', '10.0.0.70', 443, true],
    ['10.0.0.7:8443', '10.0.0.7', 443, true],
    ['10.0.0.0/8', '10.1.2.3', 443, false],
    ['10.0.0.0/8', '11.1.2.3', 443, true],
    ['10.0.0.0/8', 'ten.example', 443, true],
    ['0.0.0.0/0', '11.1.2.3', 443, false],
    ['fd00::/8', 'fd12::1', 443, false],
    ['fd00::/8', 'fe80::1', 443, true],
    ['fd12::1', 'fd12::1', 443, false],
    ['fd12::1', 'fd12:0:0::1', 443, false],
    ['[fd12::1]:8443', 'fd12::1', 8443, false],
    ['[fd12::1]:8443', 'fd12::1', 443, true],
    [' a.example , b.example ,', 'b.example', 443, false],
    ['', 'localhost', 443, false],
    ['', 'sub.localhost', 443, false],
    ['', '127.0.0.1', 443, false],
    ['', '::1', 443, false],
    ['', 'localhost.example', 443, true],
  ])('%j: %s:%d goes through the proxy: %s', (text, host, port, through) => {
    const proxy = read({ ERASURE_NO_PROXY: text });
    expect(proxy && goesThrough(proxy, { host, port })).toBe(through);
  });

  it.each([
    '*',
    'https://planted.example',
    'planted.example/path',
    '10.0.0.0/33',
    '10.0.0.0/',
    'fd00::/129',
    '10.0.0',
    'a b',
    'a.*.example',
    'planted.example:0',
    'planted.example:http',
    '[planted]',
  ])('is refused with %j', (text) => {
    expect(proxyException(text)).toBeUndefined();
    const settings = { ERASURE_PROXY_URL: proxyUrl, ERASURE_NO_PROXY: `a.example,${text}` };
    const [problem = '', ...others] = problemsOf(readProxy, settings);
    expect(others).toEqual([]);
    expect(problem).toMatch(/^ERASURE_NO_PROXY: number 2 is none of a name, /);
    expect(problem).not.toContain('planted');
  });
});
