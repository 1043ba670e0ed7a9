/** The page of a request in every state that a provider of it can be in: nothing that keeps somebody out (WCAG 2.2 AA). */
import type { Browser, BrowserContextOptions } from 'playwright-core';
import type { RequestStatus } from '../../client/request-status';
import { TemporalUnavailableError } from '../../client/errors';
import { accessRoles } from '../../domain/access-role';
import { attentionGuide, type AttentionReason } from '../../domain/leg/failure';
import type { LegState } from '../../domain/leg/leg-state';
import { providerKeys } from '../../domain/provider/provider-table';
import { createConsoleBench, requestId, type ConsoleBench } from '../console/console-bench';
import { runningWith } from '../console/shown-requests';
import { legInAttention, settledLegs, unsettledLegs } from '../support/legs';
import { describeInBrowser, openBrowser } from './browser';
import { openBenchPage } from './bench-page';
import { barriersOn, overflowOf } from './page-checks';

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ['1280 px wide, dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
  ['360 px wide, light', { viewport: { width: 360, height: 740 }, colorScheme: 'light' }],
];

/** Three on each page, as many as there are providers. */
const legs: readonly (readonly [string, LegState])[] = [
  ...Object.entries(unsettledLegs),
  ...(Object.keys(attentionGuide) as AttentionReason[]).map((reason) => [reason, legInAttention(reason)] as const),
  ...Object.entries(settledLegs),
];
const pages = Array.from({ length: Math.ceil(legs.length / providerKeys.length) }, (_, page) =>
  legs.slice(page * providerKeys.length, (page + 1) * providerKeys.length),
);

let bench: ConsoleBench;
let browser: Browser;

describeInBrowser.each(looks)('a request at the console, %s', (_look, context) => {
  beforeAll(async () => {
    bench = await createConsoleBench();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await bench.close();
  });

  it('is open to everybody in every state, also where no worker answers and where Temporal is away', async () => {
    let answer: () => RequestStatus = () => runningWith([]);
    const server = await bench.open({ get: async () => answer() });
    const { page, url } = await openBenchPage(browser, { bench, server, roles: accessRoles, context });
    const expectGood = async (what: string, given: typeof answer): Promise<void> => {
      answer = given;
      await page.goto(`${url}/requests/${requestId}`);
      const found = { what, barriers: await barriersOn(page), overflow: await overflowOf(page) };
      expect(found).toEqual({ what, barriers: [], overflow: 0 });
    };
    for (const some of pages) {
      const status = runningWith(some.map(([, leg]) => leg));
      await expectGood(some.map(([name]) => name).join(', '), () => status);
    }
    const { progress: _progress, ...unanswered } = runningWith([unsettledLegs.window]);
    await expectGood('no worker answers', () => unanswered);
    expect(await page.getByText('No worker answers at the moment').count()).toBeGreaterThan(0);
    await expectGood('Temporal is away', () => {
      throw new TemporalUnavailableError('away');
    });
    expect(await page.getByText('Temporal does not answer').count()).toBeGreaterThan(0);
    await page.context().close();
  });
});
