/** Markup in every text that comes to a page from outside: it is shown as the text that it is. */
import type { Browser as RealBrowser } from 'playwright-core';
import type { ListedRequest } from '../../client/listed-request';
import type { RequestStatus } from '../../client/request-status';
import { accessRoles } from '../../domain/access-role';
import { DAY_MS } from '../../domain/duration';
import { byProvider } from '../../domain/provider/provider-table';
import { describeInBrowser, openBrowser } from '../browser/browser';
import { openBenchPage } from '../browser/bench-page';
import { createConsoleBench, NOW, requestId, type ConsoleBench } from '../console/console-bench';
import { claims, createTestIssuer, type TestIssuer } from '../console/signed-certificates';
import { runningWith } from '../console/shown-requests';
import { legInAttention, settledLegs, unsettledLegs } from '../support/legs';

const HOSTILE = `"'><img id="planted" src="x" onerror="planted=1"><script>planted=1</script></title></textarea>`;
const url = `/requests/${requestId}`;

type Path = readonly (string | number)[];

/** Where the texts of a value are. */
function textsOf(value: unknown, path: Path = []): readonly Path[] {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    textsOf(one, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

function withText<Value>(value: Value, [first, ...rest]: Path, text: string): Value {
  if (first === undefined) return text as Value;
  if (Array.isArray(value)) return value.with(first as number, withText(value[first as number], rest, text)) as Value;
  return { ...value, [first]: withText((value as Record<string, unknown>)[first], rest, text) };
}

const { progress, ...open } = runningWith([
  legInAttention('NewerRecord'),
  unsettledLegs.callback,
  settledLegs.attested,
]);
const running: RequestStatus = {
  ...open,
  progress: { ...progress, todo: ['a to-do'], notes: ['a note'], noDueDate: 'no calendar' },
  underWay: [
    {
      activity: 'person.requestErasure',
      provider: 'person',
      failedAttempts: 3,
      failure: { kind: 'ProviderUnavailable', message: 'the provider gave no answer' },
    },
  ],
};
const failed: RequestStatus = { ...open, status: 'terminated', state: 'terminated', failure: 'It was terminated.' };
const listed: ListedRequest = {
  requestId,
  state: 'running',
  isOpen: true,
  startedAt: NOW - DAY_MS,
  dueAt: NOW + 20 * DAY_MS,
  isAnswered: false,
  blockedOn: ['approval', 'person'],
};
const counts = {
  open: 1,
  needsStaff: 1,
  overdue: 0,
  dueThisWeek: 0,
  onHold: 0,
  notIndexed: 0,
  waitingFor: byProvider(() => 0),
};

let bench: ConsoleBench;
let issuer: TestIssuer;
let given: { status: RequestStatus; listed: ListedRequest; certificate: string };
beforeAll(async () => {
  bench = await createConsoleBench();
  issuer = await createTestIssuer();
});
afterAll(async () => {
  await bench.close();
  await issuer.remove();
});
beforeEach(() => {
  given = { status: running, listed, certificate: '' };
});

const openServer = () =>
  bench.open(
    {
      get: async () => given.status,
      certificate: async () => given.certificate,
      urgentCounts: async () => counts,
      urgentFirst: async () => ({ requests: [given.listed], isCut: false, unanswered: 0 }),
    },
    { issuerKeys: issuer.keys },
  );

interface Surface {
  readonly value: unknown;
  readonly give: (value: never) => Promise<void> | void;
  readonly pages: readonly string[];
}

const certified = async (of: typeof claims): Promise<void> => void (given.certificate = await issuer.sign(of));
const status = (value: RequestStatus): void => void (given.status = value);
const surfaces: readonly (readonly [string, Surface])[] = [
  ['a request', { value: running, give: status, pages: [url, `${url}/live`] }],
  ['a request without its certificate', { value: failed, give: status, pages: [url] }],
  ['a line of the inbox', { value: listed, give: (value) => void (given.listed = value), pages: ['/'] }],
  ['a certificate', { value: claims, give: certified, pages: [`${url}/certificate`, `${url}/certificate/person`] }],
];

const encoded = encodeURIComponent(HOSTILE);
const addresses = [
  `/find?id=${encoded}`,
  `/?ticket=${encoded}`,
  `/?show=${encoded}`,
  `/?cursor=${encoded}`,
  `/?${encoded}=1`,
  `/nowhere/${encoded}`,
  `/requests/${encoded}`,
  `${url}/decisions/${encoded}`,
  `${url}/decisions/retry?provider=${encoded}`,
  `/many-decisions/release?show=${encoded}`,
  `/report?from=${encoded}&to=${encoded}&timeZone=${encoded}`,
  `/login/callback?error=${encoded}&error_description=${encoded}&state=${encoded}`,
] as const;

describe('markup, as a page is sent', () => {
  it.each(surfaces)('in any text of %s is text', async (_name, { value, give, pages }) => {
    const browser = await bench.loggedIn(await openServer());
    const wrong: string[] = [];
    let shown = 0;
    for (const path of textsOf(value)) {
      await give(withText(value, path, HOSTILE) as never);
      for (const page of pages) {
        const { body } = await browser.get(page);
        if (body.includes('<img id="planted"') || body.includes('<script>planted'))
          wrong.push(`${page}: ${path.join('.')}`);
        if (body.includes('planted')) shown += 1;
      }
    }
    expect(wrong).toEqual([]);
    // Or nothing of it came to any page, and the test says nothing.
    expect(shown).toBeGreaterThan(0);
  });

  it.each(addresses)('in the address %.40s is text', async (address) => {
    const browser = await bench.loggedIn(await openServer());
    const { body, headers } = await browser.get(address);
    expect(body).not.toContain('<img id="planted"');
    expect(body).not.toContain('<script>planted');
    expect(JSON.stringify(headers)).not.toContain('<img');
  });

  it('in the name of whoever is logged in is text', async () => {
    const browser = await bench.loggedIn(await openServer(), accessRoles, HOSTILE);
    const { body } = await browser.get('/');
    expect(body).toContain('&lt;img id');
    expect(body).not.toContain('<img id="planted"');
  });
});

describeInBrowser('markup, in a real browser', () => {
  let real: RealBrowser;
  beforeAll(async () => {
    real = await openBrowser();
  });
  afterAll(() => real.close());

  it('runs nothing and adds nothing, on any page', async () => {
    const { page, url: origin } = await openBenchPage(real, { bench, server: await openServer(), roles: accessRoles });
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('the server responded'))
        complaints.push(message.text());
    });
    const visited: string[] = [];
    const visit = async (address: string): Promise<void> => {
      await page.goto(`${origin}${address}`);
      const found = await page.evaluate('[document.querySelectorAll("#planted").length, typeof planted]');
      expect([address, found]).toEqual([address, [0, 'undefined']]);
      visited.push(address);
    };
    for (const address of addresses) await visit(address);
    for (const [, { value, give, pages }] of surfaces) {
      const texts = textsOf(value).filter((path) =>
        /why|youCan|waitsFor|note|todo|message|failure$|basis|name|filedBy|ticket|noDueDate|leavesUnsaid|host/.test(
          path.join('.'),
        ),
      );
      let whole = value;
      for (const path of texts) whole = withText(whole, path, HOSTILE);
      await give(whole as never);
      for (const address of pages) await visit(address);
    }
    expect(visited.length).toBeGreaterThan(addresses.length);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is text in an uploaded file, and in what is typed', async () => {
    const { page, url: origin } = await openBenchPage(real, { bench, server: await openServer(), roles: accessRoles });
    const expectText = async (what: string): Promise<void> => {
      const found = await page.evaluate('[document.querySelectorAll("#planted").length, typeof planted]');
      expect([what, found]).toEqual([what, [0, 'undefined']]);
    };
    await page.goto(`${origin}/many`);
    await page.locator('#check-form input[type="file"]').setInputFiles({
      name: `${HOSTILE.replaceAll('/', '')}.csv`,
      mimeType: 'text/csv',
      buffer: Buffer.from(`regulation,submittedAt,"${HOSTILE.replaceAll('"', '""')}"\n${'gdpr,x,y\n'.repeat(3)}`),
    });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.locator('#faults, .panel').first().waitFor();
    await expectText('an uploaded file');
    await page.goto(`${origin}/requests/new`);
    for (const field of await page.locator('main form input[type="text"], main form input:not([type])').all()) {
      if (await field.isVisible()) await field.fill(HOSTILE);
    }
    await page.getByRole('button', { name: 'Check' }).click();
    await page.locator('#faults').waitFor();
    expect(await page.content()).toContain('planted');
    await expectText('what was typed');
    await page.context().close();
  });
});
