/** Which addresses can be told of changes: nothing personal fits into one, and nothing that leads elsewhere than it seems to. */
import fc from 'fast-check';
import { webhookPlaceOf, webhookUrlProblem } from '../../../domain/request/webhook-url';

describe('an address to be told at', () => {
  it.each([
    ['https://hooks.example.com', 'hooks.example.com', 443],
    ['https://hooks.example.com/', 'hooks.example.com', 443],
    ['https://hooks.example.com:8443/erasure/3f2b_8~f.0e', 'hooks.example.com', 8443],
    ['https://crm.internal/erasures', 'crm.internal', 443],
    ['http://127.0.0.1:9099/told', '127.0.0.1', 9099],
    ['https://192.0.2.7/told', '192.0.2.7', 443],
    ['http://localhost/told', 'localhost', 80],
  ])('may be %s', (url, host, port) => {
    expect(webhookUrlProblem(url)).toBeUndefined();
    expect(webhookPlaceOf(url)).toEqual({ host, port });
    const understood = new URL(url);
    expect(understood.hostname).toBe(host);
  });

  it.each([
    ['in the clear', 'http://hooks.example.com/told'],
    ['with credentials', 'https://user:secret@hooks.example.com/'],
    ['with a host that only looks allowed', 'https://hooks.example.com@evil.example/'],
    ['with an e-mail address', 'https://hooks.example.com/jane.doe@example.com'],
    ['with an encoded one', 'https://hooks.example.com/jane.doe%40example.com'],
    ['with a query', 'https://hooks.example.com/?email=jane'],
    ['with an empty query', 'https://hooks.example.com/?'],
    ['with a fragment', 'https://hooks.example.com/#jane'],
    ['with a way up', 'https://hooks.example.com/a/../b'],
    ['with a way nowhere', 'https://hooks.example.com/./b'],
    ['with a backslash', 'https://hooks.example.com\\@evil.example/'],
    ['with a line end', 'https://hooks.example.com/\n'],
    ['with a tab', 'https://hooks.example.com/\tx'],
    ['with a blank', ' https://hooks.example.com/'],
    ['with capitals, which are another text', 'https://Hooks.example.com/'],
    ['with letters beyond ASCII', 'https://höoks.example.com/'],
    ['with an IPv6 address', 'https://[::1]/'],
    ['with a port that there is not', 'https://hooks.example.com:65536/'],
    ['with port 0', 'https://hooks.example.com:0/'],
    ['of another scheme', 'file:///etc/passwd'],
    ['without a scheme', 'hooks.example.com/told'],
    ['with a dot at the end of its host', 'https://hooks.example.com./'],
    ['longer than 512 characters', `https://hooks.example.com/${'a'.repeat(512)}`],
    ['whose host is a number', 'https://2130706433/'],
    ['whose host is a number in another notation', 'https://0x7f000001/'],
    ['whose host is an address that is cut short', 'https://127.1/'],
    ['whose host is an address with more digits', 'https://127.0.0.01/'],
    ['whose host ends in a number', 'https://hooks.example.com.80/'],
    ['whose host has an empty part', 'https://hooks..example.com/'],
    ['whose port begins with 0', 'https://hooks.example.com:0443/'],
    ['that is no text', 7],
    ['that is empty', ''],
  ])('is none %s', (_what, url) => {
    expect(webhookUrlProblem(url)).toMatch(/^expected an https URL/);
  });

  it('goes, as a browser or axios understands it, to no other host than we do', () => {
    const piece = fc.constantFrom(
      'https://',
      'http://',
      'a.example',
      'localhost',
      '127.0.0.1',
      '0x7f',
      '1',
      '-',
      'xn--',
      '.',
      ':',
      '80',
      '/',
      '@',
      '\\',
      '%2f',
      '?',
      '#',
      '..',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const url = pieces.join('');
        // A name such as xn--0 leads nowhere.
        if (webhookUrlProblem(url) !== undefined || !URL.canParse(url)) return;
        const { host, port } = webhookPlaceOf(url);
        const understood = new URL(url);
        expect(understood.hostname).toBe(host);
        expect(Number(understood.port || (understood.protocol === 'http:' ? 80 : 443))).toBe(port);
        expect(`${understood.username}${understood.password}${understood.search}${understood.hash}`).toBe('');
      }),
      { numRuns: 20_000 },
    );
  });
});
