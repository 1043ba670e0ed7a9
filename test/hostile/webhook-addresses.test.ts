/** Messages to hosts of the internet reach no address of our own networks, however it is written and whatever a name stands for. */
import * as dns from 'node:dns';
import { once } from 'node:events';
import { request as httpsRequest } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { readWebhookHosts } from '../../config/webhook-config';
import { webhookUrlProblem } from '../../domain/request/webhook-url';
import { createAgents } from '../../network/agents';
import { outsideAgents } from '../../network/outside-agents';

jest.mock('node:dns', () => ({ ...jest.requireActual<object>('node:dns'), lookup: jest.fn() }));
const lookup = jest.mocked(dns.lookup) as unknown as jest.Mock;

/** Whatever is reached on this machine. */
let reached = 0;
let here: Server;
let port: number;
beforeAll(async () => {
  here = createServer((socket) => {
    reached += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => here.listen(0, '127.0.0.1', resolve));
  port = (here.address() as AddressInfo).port;
});
afterAll(() => here.close());
beforeEach(() => {
  reached = 0;
  lookup.mockReset();
});

/** What a name server says, one answer for each time that it is asked. */
function names(...answers: readonly (readonly string[])[]): void {
  let asked = 0;
  lookup.mockImplementation((_host: string, options: dns.LookupOptions, done: (...given: unknown[]) => void) => {
    const answer = (answers[Math.min(asked, answers.length - 1)] ?? []).map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    asked += 1;
    if (options.all === true) done(null, answer);
    else done(null, answer[0]?.address, answer[0]?.family);
  });
}

/** Why nothing was sent. */
function failureOf(host: string, { https } = outsideAgents()): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest({ host, port, agent: https, method: 'POST', timeout: 2_000, lookup: dns.lookup }, () =>
      reject(new Error('It was answered')),
    );
    sent.once('error', (error) => resolve(error.message));
    sent.end();
  });
}

const refused = /is not allowed/;
const inside: readonly string[] = [
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '0.0.0.80',
  '10.0.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.168.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::7f00:1',
  '2002:7f00:1::',
  '2002:a00:1::',
  '2001::1',
  '2001:db8::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%lo',
  'fec0::1',
  'ff02::1',
  '100::1',
];

describe('an address inside', () => {
  it.each(inside)('is not connected to where a name stands for it: %s', async (address) => {
    names([address]);
    expect(await failureOf('hooks.example.com')).toMatch(refused);
    expect(reached).toBe(0);
  });

  it.each(inside)('is not connected to where it is the host itself: %s', async (address) => {
    expect(await failureOf(address)).toMatch(refused);
    expect([reached, lookup.mock.calls]).toEqual([0, []]);
  });

  it.each([[['203.1.113.1', '127.0.0.1']], [['127.0.0.1', '203.1.113.1']], [['2600::1', '::1']]])(
    'is not connected to where a name stands for others as well: %j',
    async (addresses) => {
      names(addresses);
      expect(await failureOf('hooks.example.com')).toMatch(refused);
      expect(reached).toBe(0);
    },
  );

  it('is not connected to where the name stood for another one when somebody looked before', async () => {
    names(['203.1.113.1'], ['127.0.0.1']);
    await new Promise((done) => dns.lookup('hooks.example.com', { all: true }, done));
    expect(await failureOf('hooks.example.com')).toMatch(refused);
    // What was judged is what is connected to: nobody looks again in between.
    expect([reached, lookup.mock.calls.length]).toEqual([0, 2]);
  });
});

it('is what this test would notice: our own agents connect to it', async () => {
  names(['127.0.0.1']);
  const connected = once(here, 'connection');
  expect(await failureOf('hooks.example.com', createAgents())).not.toMatch(refused);
  await connected;
});

describe('an address to be told at', () => {
  const hosts = readWebhookHosts({ ERASURE_WEBHOOK_HOSTS: 'hooks.example.com,*.hooks.example.org' });

  it.each([
    'https://2130706433/',
    'https://017700000001/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://127.0.1/',
    'https://0/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1%25lo]/',
    'https://①②⑦.⓪.⓪.①/',
    'https://hooks.example.com./',
    'https://HOOKS.example.com/',
    'https://hooks。example。com/',
    'https://hooks.example.com@evil.example/',
    'https://hooks.example.com:443@evil.example/',
    'https://evil.example\\@hooks.example.com/',
    'https://evil.example#@hooks.example.com/',
    'https://evil.example?hooks.example.com',
    'https://hooks.example.com%2eevil.example/',
    'https://hooks.example.com\u0000.evil.example/',
    '//hooks.example.com/',
    'gopher://hooks.example.com/',
    'http://hooks.example.com/',
    'https://hooks.example.com:00443/',
  ])('is none in another spelling: %s', (url) => {
    expect(webhookUrlProblem(url)).toMatch(/^expected an https URL/);
  });

  it.each([
    'https://hooks.example.com.evil.example/',
    'https://evil-hooks.example.com/',
    'https://hooks.example.com:8443/',
    'https://hooks.example.com:22/',
    'https://hooks.example.org/',
    'https://evilhooks.example.org/',
    'https://a.hooks.example.org.evil.example/',
    'https://a.hooks.example.org:80/',
    'https://xn--hooks-.example.com/',
    'https://127.0.0.1.hooks.example.com/',
    'https://127.0.0.1/',
    'http://localhost/',
  ])('is not told where its host is not listed: %s', (url) => {
    expect(hosts?.kindOf(url)).toBeUndefined();
  });

  it.each(['https://hooks.example.com/a', 'https://hooks.example.com:443/a', 'https://a.hooks.example.org/'])(
    'is told where its host is listed: %s',
    (url) => {
      expect([webhookUrlProblem(url), hosts?.kindOf(url)]).toEqual([undefined, 'public']);
    },
  );
});
