/** The whole life of a request at the console: filed by one, approved by another, held, stuck, mended, certified, told. */
import type { Page } from 'playwright-core';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { describeInBrowser } from './browser';
import { ConsoleWorld } from './console-world';
import { tabTo } from './page-checks';

let world: ConsoleWorld;

beforeEach(async () => {
  world = await ConsoleWorld.open({ policy: { decisions: 'authenticated', approval: 'needed', answer: 'tracked' } });
  await world.story.seed();
});
afterEach(() => world.close());

/** As a browser takes a day and a time, in UTC. */
const typedTime = (at: number): string => new Date(at).toISOString().slice(0, 16);

async function typeReason(page: Page): Promise<void> {
  await page.getByLabel('Reason', { exact: true }).fill('by-the-book');
  await page.getByLabel('Ticket', { exact: true }).fill('PRIV-1');
}

async function openOther(page: Page): Promise<void> {
  await page.locator('section.todo summary').click();
}

async function fileWithKeyboard(page: Page): Promise<string> {
  const { individualId, personId, identifyId } = world.story.subject;
  await tabTo(page, page.getByRole('link', { name: 'New request' }));
  await page.keyboard.press('Enter');
  await page.waitForURL('**/requests/new');
  const type = async (label: RegExp | string, text: string): Promise<void> => {
    await tabTo(page, page.getByLabel(label));
    await page.keyboard.type(text);
  };
  await type(/^MeasureOne:/, individualId);
  await type(/^Person API:/, personId);
  await type(/^Aptrinsic/, identifyId);
  await tabTo(page, page.getByLabel('Law', { exact: true }));
  await page.keyboard.type('GDPR');
  // What the keyboard types here depends on the browser's language.
  await page.getByLabel('When the person asked').fill(typedTime(Date.now() - 2 * HOUR_MS));
  await tabTo(page, page.getByRole('button', { name: 'Check' }));
  await page.keyboard.press('Enter');
  await page.getByText('The person must be answered by').waitFor();
  await tabTo(page, page.getByRole('button', { name: /^File/ }));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/requests\/[0-9a-f-]{36}$/);
  return page.url().split('/').at(-1) ?? '';
}

describeInBrowser('a request at the console', () => {
  it('lives from its filing by keyboard to the person being told, seen live by others', async () => {
    const { story } = world;
    const clerk = await world.loggedIn('staff-clerk');
    const officer = await world.loggedIn('staff-officer');
    const requestId = await fileWithKeyboard(clerk);
    story.follow(requestId);
    await clerk.getByText('waits for approval').first().waitFor();
    // Whoever filed it may not approve it, and is not offered to.
    expect(await clerk.getByRole('link', { name: 'Approve the request' }).count()).toBe(0);
    const byAddress = await clerk.goto(`${world.url}/requests/${requestId}/decisions/approve`);
    expect(byAddress?.status()).toBe(403);
    await clerk.goto(`${world.url}/requests/${requestId}`);

    // The first asking at MeasureOne is refused: it will need somebody.
    await story.simulator.addFault({ provider: 'measureone', operation: 'purge', kind: 'status', status: 400 });
    await officer.goto(`${world.url}/?show=awaiting-approval`);
    await officer.getByRole('link', { name: requestId }).click();
    await officer.getByRole('link', { name: 'Approve the request' }).click();
    await typeReason(officer);
    await officer.getByRole('button', { name: 'Approve the request' }).click();
    // The browser itself keeps it from being sent without the confirmation.
    expect(officer.url()).toContain('/decisions/approve');
    await officer.getByRole('checkbox').check();
    await officer.getByRole('button', { name: 'Approve the request' }).click();
    await officer.getByText('Taken: Approve the request').waitFor();

    // The clerk's page was left open, and shows it by itself.
    await clerk.getByText('needs attention (ProviderRejected)').first().waitFor();

    await story.simulator.clearFaults();
    await clerk.getByRole('link', { name: /^Try again now/ }).click();
    await typeReason(clerk);
    await clerk.getByRole('button', { name: 'Try again now' }).click();
    await clerk.getByText('Taken: Try again now').waitFor();
    for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
      await story.until(provider, 'waiting-out-window');
    }

    await clerk.reload();
    await openOther(clerk);
    await clerk.getByRole('link', { name: 'Put it on legal hold' }).click();
    await clerk.getByLabel('Ground').selectOption('court-order');
    await clerk.getByLabel('Who answers for the hold').fill('staff-9');
    await clerk.getByLabel('To be reviewed').fill(typedTime(Date.now() + 20 * DAY_MS));
    await typeReason(clerk);
    await clerk.getByRole('button', { name: 'Put it on legal hold' }).click();
    await clerk.getByText('Taken: Put it on legal hold').waitFor();
    expect(await clerk.getByText('on legal hold').first().isVisible()).toBe(true);
    await officer.getByText('held back by a legal hold').first().waitFor();
    await officer.reload();
    await officer.getByRole('link', { name: 'Release the hold' }).click();
    await typeReason(officer);
    await officer.getByRole('button', { name: 'Release the hold' }).click();
    await officer.getByText('Taken: Release the hold').waitFor();
    await story.until('person', 'waiting-out-window');

    await story.forward(3 * DAY_MS + HOUR_MS + 5 * MINUTE_MS);
    await story.forward(5 * DAY_MS);
    const jws = await story.signed();
    await clerk.goto(`${world.url}/requests/${requestId}/certificate`);
    await clerk.getByText('MeasureOne').first().waitFor();
    const download = await clerk.request.get(`${world.url}/requests/${requestId}/certificate.jws`);
    expect((await download.text()).trim()).toBe(jws);

    await clerk.goto(`${world.url}/requests/${requestId}`);
    await clerk.getByText('answer to be given').first().waitFor();
    await clerk.getByRole('link', { name: 'Record that somebody was told' }).click();
    await clerk.getByLabel('What was told').selectOption('outcome');
    await clerk.getByLabel('When', { exact: true }).fill(typedTime((await story.now()) + MINUTE_MS));
    await clerk.getByLabel('How', { exact: true }).fill('email');
    await clerk.getByLabel('Reference', { exact: true }).fill('MSG-1');
    await typeReason(clerk);
    await clerk.getByRole('button', { name: 'Record that somebody was told' }).click();
    await clerk.getByText('completed', { exact: true }).waitFor();
    await officer.goto(`${world.url}/?show=completed`);
    await officer.getByRole('link', { name: requestId }).waitFor();

    // Nothing of the person is on any page after the filing, or in any log.
    const text = await clerk.content();
    const said = story.logged.join('');
    for (const identifier of Object.values(story.subject)) expect(`${text}${said}`).not.toContain(identifier);
    expect(world.complaints).toEqual([]);
  });
});
