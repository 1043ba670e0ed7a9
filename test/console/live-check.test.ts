/** The form of a new request in a real browser, where there is one: checked while it is filled in, and filed by keyboard. */
import type { Browser, Page } from 'playwright-core';
import type { ErasureSubmission } from '../../client/submission';
import { parsePolicyFile } from '../../config/policy-file';
import { openBenchPage } from '../browser/bench-page';
import { describeInBrowser, openBrowser } from '../browser/browser';
import { createConsoleBench, PLANTED, requestId, type ConsoleBench } from './console-bench';

const policy = parsePolicyFile({ calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE-BE' } } });
const personId = '0f8fad5b-d9cb-469f-a165-70867728950e';

let bench: ConsoleBench;
let browser: Browser;

describeInBrowser('the form of a new request, in a browser', () => {
  let page: Page;
  let urls: string[];
  let filed: ErasureSubmission[];

  beforeAll(async () => {
    bench = await createConsoleBench();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await bench.close();
  });

  beforeEach(async () => {
    filed = [];
    urls = [];
    const submit = async (submission: ErasureSubmission) => {
      filed.push(submission);
      return { requestId, duplicate: true, workflowId: '', runId: '', warnings: [] };
    };
    const server = await bench.open({ submit }, { policy });
    const context = { timezoneId: 'America/New_York' };
    const opened = await openBenchPage(browser, { bench, server, roles: ['file'], context });
    page = opened.page;
    page.on('request', (request) => urls.push(request.url()));
    await page.goto(`${opened.url}/requests/new`);
  });
  afterEach(() => page.context().close());

  const faultOf = (name: string) => page.locator('.field', { has: page.locator(`[name="${name}"]`) }).locator('.fault');
  const person = 'subject.person.personId';

  it('says what is wrong once a field was left, and no longer when it is mended', async () => {
    await page.fill(`[name="${person}"]`, 'ann');
    expect(await faultOf(person).count()).toBe(0);
    await page.keyboard.press('Tab');
    await faultOf(person).waitFor();
    expect(await faultOf(person).textContent()).toContain('is not a UUID');
    expect(await page.getAttribute(`[name="${person}"]`, 'aria-invalid')).toBe('true');
    // What nobody has come to yet is not held against them.
    expect(await page.locator('.fault').count()).toBe(1);
    await page.fill(`[name="${person}"]`, personId);
    await page.keyboard.press('Tab');
    await faultOf(person).waitFor({ state: 'detached' });
    expect(await page.getAttribute(`[name="${person}"]`, 'aria-invalid')).toBeNull();
  });

  it('shows what will happen, in the time zone of whoever fills it in, and is filed by keyboard', async () => {
    expect(await page.inputValue('[name=timeZone]')).toBe('America/New_York');
    await page.fill('[name="subject.measureone.individualId"]', PLANTED);
    await page.selectOption('[name=regulation]', 'gdpr');
    await page.fill('[name=submittedAt]', '2026-11-20T10:00');
    const file = page.getByRole('button', { name: 'File this request' });
    await file.waitFor();
    expect(await page.textContent('.due-day')).toBe('2026-12-21');
    await file.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'It was filed before' }).waitFor();
    expect(filed).toMatchObject([
      { submittedAt: '2026-11-20T15:00:00.000Z', subject: { measureone: { individualId: PLANTED } } },
    ]);
    expect(urls.filter((url) => url.endsWith('/requests/new/check')).length).toBeGreaterThan(0);
    expect(urls.join()).not.toContain(PLANTED);
    expect(bench.log.text).not.toContain(PLANTED);
  });
});
