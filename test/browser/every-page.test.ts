/** Every page, wide and narrow, light and dark: nothing that keeps somebody out (WCAG 2.2 AA), and nothing wider than the screen. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { decisionKinds, type DecisionKind } from '../../domain/decision/decision-table';
import { DAY_MS } from '../../domain/duration';
import { isAboutProvider } from '../../domain/decision/decision';
import { roleForDecision } from '../../access/principal';
import { eventually } from '../support/workflow-bench';
import { describeInBrowser } from './browser';
import { ConsoleWorld } from './console-world';
import { barriersOn, overflowOf } from './page-checks';

const looks: readonly (readonly [string, BrowserContextOptions])[] = [
  ['1280 px wide, light', { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }],
  ['360 px wide, dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
];

let world: ConsoleWorld;

describeInBrowser.each(looks)('the console, %s', (_look, options) => {
  beforeAll(async () => {
    world = await ConsoleWorld.open({ policy: { approval: 'needed' } });
    await world.story.seed();
    await world.story.submit({ filedBy: 'staff-clerk' });
  });
  afterAll(() => world.close());

  async function expectGood(page: Page, what: string): Promise<void> {
    expect({ what, barriers: await barriersOn(page), overflow: await overflowOf(page) }).toEqual({
      what,
      barriers: [],
      overflow: 0,
    });
  }

  it('is judged by a check that finds what is wrong', async () => {
    const page = await world.loggedIn('staff-officer', options);
    await page.setContent(`<html><body><img src="x"><p>${'wide'.repeat(1_000)}</p></body></html>`);
    expect(await barriersOn(page)).toEqual(expect.arrayContaining([expect.stringMatching(/^image-alt/)]));
    expect(await overflowOf(page)).toBeGreaterThan(1_000);
  });

  it('is open to everybody on every page, whatever it shows', async () => {
    const clerk = await world.loggedIn('staff-clerk', options);
    const { requestId } = world.story;
    for (const path of [
      '/',
      '/?show=overdue',
      '/find?id=two%20words',
      '/?ticket=PRIV-1',
      '/requests/new',
      `/requests/${requestId}`,
      '/many',
      '/report',
      '/report?from=2026-01-01&to=2026-12-31&timeZone=UTC',
      '/nowhere',
      `/requests/${requestId.replaceAll(/./g, '0')}`,
      `/requests/${requestId}/decisions/approve`,
    ]) {
      await clerk.goto(`${world.url}${path}`);
      await expectGood(clerk, path);
    }
    await clerk.goto(`${world.url}/requests/new`);
    await clerk.getByRole('button', { name: 'Check' }).click();
    await clerk.locator('#faults').waitFor();
    await expectGood(clerk, 'a form with everything wrong');
    expect(world.complaints).toEqual([]);
  });

  it('is open to everybody on the form of each decision, also with what is wrong', async () => {
    const pages = {
      decide: await world.loggedIn('staff-clerk', options),
      approve: await world.loggedIn('staff-officer', options),
    };
    const formOf = (kind: DecisionKind): string =>
      `${world.url}/requests/${world.story.requestId}/decisions/${kind}${isAboutProvider(kind) ? '?provider=person' : ''}`;
    for (const kind of decisionKinds) {
      const page = pages[roleForDecision(kind) === 'approve' ? 'approve' : 'decide'];
      await page.goto(formOf(kind));
      await expectGood(page, kind);
    }
    const { decide } = pages;
    await decide.goto(formOf('hold'));
    await decide.evaluate('document.querySelector("main form").noValidate = true');
    await decide.getByRole('button', { name: 'Put it on legal hold' }).click();
    await decide.locator('#faults').waitFor();
    await expectGood(decide, 'hold, with everything wrong');
  });

  it('is open to everybody where one decision is taken about all that are on hold', async () => {
    const { client, requestId } = world.story;
    const clerk = await world.loggedIn('staff-clerk', options);
    await clerk.goto(`${world.url}/many-decisions/release?show=on-hold`);
    await expectGood(clerk, 'nothing to release');
    await client.decide('hold', requestId, {
      actor: 'staff-clerk',
      reason: { code: 'litigation-hold', ticket: 'L-1' },
      ground: 'court-order',
      owner: 'staff-9',
      reviewAt: new Date(Date.now() + 20 * DAY_MS).toISOString(),
    });
    const link = clerk.getByRole('link', { name: 'Release all of them' });
    await eventually(async () => {
      await clerk.goto(`${world.url}/?show=on-hold`);
      return (await link.count()) > 0 ? true : undefined;
    }, 30_000);
    await expectGood(clerk, 'all that are on hold');
    await link.click();
    await expectGood(clerk, 'the form about all of them');
    await clerk.getByLabel('Reason').fill('claims-settled');
    await clerk.getByLabel('Ticket').fill('L-2');
    await clerk.getByRole('checkbox').check();
    await clerk.getByRole('button', { name: 'Take it about 1 request' }).click();
    await clerk.getByText('1 done').waitFor();
    await expectGood(clerk, 'what came of it');
    expect((await client.progress(requestId)).state).toBe('awaiting-approval');
  });

  it('is open to everybody on certificates, and where one is checked', async () => {
    const { story } = world;
    const officer = await world.loggedIn('staff-officer', options);
    const { requestId } = story;
    await officer.goto(`${world.url}/requests/${requestId}/certificate`);
    await expectGood(officer, 'no certificate yet');
    const decision = { actor: 'staff-officer', reason: { code: 'by-the-book', ticket: 'PRIV-1' } };
    await story.client.decide('reject', requestId, { ...decision, ground: 'out-of-scope' });
    const jws = await story.signed();
    for (const path of ['', '/certificate', '/certificate/person']) {
      await officer.goto(`${world.url}/requests/${requestId}${path}`);
      await expectGood(officer, `ended${path}`);
    }
    await officer.goto(`${world.url}/verify`);
    await expectGood(officer, 'nothing to check yet');
    for (const certificate of [jws, `${jws.slice(0, -8)}AAAAAAAA`, 'nonsense']) {
      await officer.goto(`${world.url}/verify`);
      await officer.locator('textarea[name="certificate"]').fill(certificate);
      await officer.locator('main form button').first().click();
      await officer.waitForLoadState();
      await expectGood(officer, `checked: ${certificate.slice(-8)}`);
    }
  });

  it('is open to everybody before and after the login', async () => {
    const page = await world.loggedIn('staff-officer', options);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out').first().waitFor();
    await expectGood(page, 'logged out');
    await page.goto(`${world.url}/login/callback?code=1&state=2`);
    await expectGood(page, 'a login that is over');
    await page.goto(world.url);
    await expectGood(page, 'the local login page');
  });
});
