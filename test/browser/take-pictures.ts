/** Makes the pictures of the console in docs/images anew: `npm run docs:pictures`, after a change that can be seen. Look at each of them. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { ConsoleWorld, type Staff } from './console-world';
import { smallPng } from './small-png';

const directory = join(__dirname, '..', '..', 'docs', 'images');
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
/** What is lower on the page than that says nothing more. */
const HEIGHT_MAX = 1_050;
/** Down to the time line of a request, with its table. */
const TIME_LINE = 1_330;

/** After the request that ends in these pictures. */
const ENDED_MS = 9 * DAY_MS;

let world: ConsoleWorld;
/** How far what the pages call now is ahead. */
let aheadMs = 0;
const pages = new Map<string, Page>();
/** An empty page, in which pictures are made smaller. */
let studio: Page | undefined;
beforeAll(async () => {
  world = await ConsoleWorld.open({
    policy: { approval: 'needed', answer: 'tracked' },
    now: () => Date.now() + aheadMs,
  });
});
afterAll(() => world.close());

const said = (ticket: string, code: string) => ({ actor: 'staff-officer', reason: { code, ticket } });

/** The browser that this staff member has logged in with, at this width. */
async function browserOf(staff: Staff, viewport = WIDE): Promise<Page> {
  const key = `${staff} ${viewport.width}`;
  const page = pages.get(key) ?? (await world.loggedIn(staff, { viewport, colorScheme: 'light' }));
  pages.set(key, page);
  return page;
}

async function take(page: Page, name: string, heightMax = HEIGHT_MAX): Promise<void> {
  // Where a pointer or a caret is says nothing.
  await page.evaluate('document.activeElement.blur(); window.scrollTo(0, 0)');
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'));
  const { width = WIDE.width } = page.viewportSize() ?? {};
  const clip = { x: 0, y: 0, width, height: Math.min(height, heightMax) };
  const png = await page.screenshot({ fullPage: true, clip, animations: 'disabled' });
  studio ??= await page.context().newPage();
  writeFileSync(join(directory, `console-${name}.png`), await smallPng(studio, png));
}

async function takeAt(
  staff: Staff,
  path: string,
  name: string,
  { viewport = WIDE, heightMax = HEIGHT_MAX } = {},
): Promise<void> {
  const page = await browserOf(staff, viewport);
  await page.goto(`${world.url}${path}`);
  await take(page, name, heightMax);
}

const waiting = (
  requestId: string,
  provider: 'measureone' | 'person' | 'aptrinsic',
  state: string,
): Promise<unknown> => {
  world.story.follow(requestId);
  return world.story.until(provider, state as Parameters<typeof world.story.until>[1]);
};

/** Somebody else each time, known to every provider. */
async function filed({ person = true, filedBy = 'staff-clerk' } = {}): Promise<string> {
  const { story } = world;
  const requestId = randomUUID();
  const individualId = `idv_${requestId.replaceAll('-', '').slice(0, 27)}`;
  const identifyId = `u-${requestId.slice(0, 8)}`;
  await story.simulator.seed({ provider: 'measureone', individualId });
  if (person) await story.simulator.seed({ provider: 'person', personId: requestId });
  await story.simulator.seed({
    provider: 'aptrinsic',
    identifyId,
    createDate: new Date(Date.now() - 400 * DAY_MS).toISOString(),
  });
  await story.client.submit({
    requestId,
    regulation: 'gdpr',
    submittedAt: new Date(Date.now() - 5 * HOUR_MS).toISOString(),
    subject: {
      measureone: { individualId },
      ...(person && { person: { personId: requestId } }),
      aptrinsic: { identifyId },
    },
    receivedVia: 'web-form',
    filedBy,
  });
  return requestId;
}

const approve = (requestId: string): Promise<unknown> =>
  world.story.client.decide('approve', requestId, said('PRIV-1234', 'identity-checked'));

it('takes them', async () => {
  const { story } = world;

  // One that has ended.
  const ended = await filed();
  await approve(ended);
  for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
    await waiting(ended, provider, 'waiting-out-window');
  }
  await story.forward(3 * DAY_MS + HOUR_MS + 5 * MINUTE_MS);
  await story.forward(5 * DAY_MS);
  await story.tell('outcome');
  const jws = await story.signed();

  // One that nobody has approved, two on hold, one that is stuck, and one that is waited for.
  await filed();
  for (const ticket of ['LEGAL-7', 'LEGAL-8']) {
    const held = await filed();
    await story.client.decide('hold', held, {
      ...said(ticket, 'litigation-hold'),
      ground: 'legal-claims',
      owner: 'staff-9',
      reviewAt: new Date(Date.now() + 90 * DAY_MS).toISOString(),
    });
  }
  await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'status', status: 400 });
  const stuck = await filed();
  await approve(stuck);
  await waiting(stuck, 'person', 'attention');
  await waiting(stuck, 'aptrinsic', 'waiting-out-window');
  await story.simulator.clearFaults();
  const running = await filed();
  await approve(running);
  for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
    await waiting(running, provider, 'waiting-out-window');
  }

  await story.forward(2 * DAY_MS);
  aheadMs = 2 * DAY_MS;

  const officer = await browserOf('staff-officer');
  await officer.goto(world.url);
  // The index is a second or two behind.
  await officer.waitForTimeout(3_000);
  await takeAt('staff-officer', '/', 'inbox');
  await takeAt('staff-officer', '/', 'inbox-narrow', { viewport: NARROW });
  await takeAt('staff-officer', `/requests/${running}`, 'request', { heightMax: TIME_LINE });
  await takeAt('staff-officer', `/requests/${running}`, 'request-narrow', { viewport: NARROW });
  await takeAt('staff-officer', `/requests/${stuck}`, 'attention');
  await takeAt('staff-officer', `/requests/${stuck}/decisions/waive?provider=person`, 'decision');
  await takeAt('staff-officer', '/report?from=2026-01-01&to=2026-12-31&timeZone=UTC', 'report');

  const clerk = await browserOf('staff-clerk');
  await clerk.goto(`${world.url}/requests/new`);
  await clerk.getByLabel(/^MeasureOne:/).fill('idv_0123456789abcdef0123456789a');
  await clerk.getByLabel(/^Person API:/).fill('7c9e6679-7425-40de-944b-e07fc1f90ae7');
  await clerk.getByLabel('Law', { exact: true }).selectOption('gdpr');
  await clerk.getByLabel('When the person asked').fill(new Date(Date.now() - 2 * HOUR_MS).toISOString().slice(0, 16));
  await clerk.getByRole('button', { name: 'Check' }).click();
  await clerk.getByText('The person must be answered by').waitFor();
  await take(clerk, 'new-request');

  const rows = [
    'regulation,submittedAt,measureone.individualId,aptrinsic.identifyId',
    ...Array.from({ length: 240 }, (_, index) => {
      const law = index === 17 ? 'gpdr' : 'gdpr';
      const day = index === 41 ? '2026-11-31' : '2026-11-20';
      return `${law},${day}T08:00:00Z,idv_${String(index).padStart(27, '0')},${index === 99 ? '' : `u-${index}`}`;
    }),
  ].join('\n');
  await clerk.goto(`${world.url}/many`);
  await clerk.locator('input[type="file"]').setInputFiles({
    name: 'november.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(rows),
  });
  await clerk.getByRole('button', { name: 'Check the file' }).click();
  await clerk.getByText('What the check found').waitFor();
  await take(clerk, 'many', TIME_LINE);

  // Certificates are looked at once they are there. Those who were logged in before are not any more.
  aheadMs = ENDED_MS;
  pages.clear();
  await takeAt('staff-officer', `/requests/${ended}/certificate`, 'certificate');
  await takeAt('staff-officer', `/requests/${ended}/certificate/person`, 'letter');
  const later = await browserOf('staff-officer');
  await later.goto(`${world.url}/verify`);
  await later.locator('textarea[name="certificate"]').fill(jws);
  await later.locator('main form button').first().click();
  await later.waitForLoadState();
  await take(later, 'verify');
  expect(world.complaints).toEqual([]);
}, 600_000);
