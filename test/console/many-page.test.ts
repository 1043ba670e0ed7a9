/** Filing many requests at the console: checked by line and field, filed once, and nothing of a row ever shown again. */
import type { Browser, Page } from 'playwright-core';
import type { ErasureSubmission } from '../../client/submission';
import { openBenchPage } from '../browser/bench-page';
import { describeInBrowser, openBrowser } from '../browser/browser';
import { barriersOn, overflowOf } from '../browser/page-checks';
import { createConsoleBench, PLANTED, PUBLIC_URL, type ConsoleBench } from './console-bench';

const GOOD = 1_963;
const BAD = 37;

let bench: ConsoleBench;
let filed: ErasureSubmission[];
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  filed = [];
  bench.log.lines.length = 0;
});

const submit = async (submission: ErasureSubmission) => {
  filed.push(submission);
  const requestId = submission.requestId ?? '';
  return { requestId, duplicate: false, workflowId: '', runId: '', warnings: [] };
};

/** Every 54th row is of nobody's law. */
const people = [
  'regulation,submittedAt,measureone.individualId',
  ...Array.from({ length: GOOD + BAD }, (_, index) => {
    const law = index % 54 === 0 && index / 54 < BAD ? 'nowhere-law' : 'gdpr';
    return `${law},2026-11-20T08:00:00Z,${PLANTED}-${index}`;
  }),
].join('\n');

async function upload(
  path: string,
  file: string,
  more: { readonly name?: string; readonly batch?: string; readonly accept?: string } = {},
) {
  const { name = 'people.csv', batch = '', accept = 'text/html' } = more;
  const form = new FormData();
  form.append('batch', batch);
  form.append('file', new Blob([file]), name);
  const encoded = new Response(form);
  const server = await bench.open({ submit });
  const browser = await bench.loggedIn(server, ['file'], 'staff-7');
  const cookie = [...browser.cookies].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('; ');
  return server.inject({
    method: 'POST',
    url: path,
    headers: {
      cookie,
      accept,
      origin: PUBLIC_URL,
      'sec-fetch-site': 'same-origin',
      'content-type': encoded.headers.get('content-type') ?? '',
    },
    payload: Buffer.from(await encoded.arrayBuffer()),
  });
}

describe('checking a file', () => {
  it('says by line and field what cannot be filed, and files nothing', async () => {
    const { statusCode, body } = await upload('/many/check', people);
    expect([statusCode, filed.length]).toEqual([200, 0]);
    expect(body).toContain('1963 rows can be filed');
    expect(body).toContain('37 rows cannot be filed');
    expect(body.match(/<code>regulation<\/code>/g)).toHaveLength(BAD);
    expect(body).toContain('MeasureOne 1963');
    expect(`${body}${JSON.stringify(bench.log.lines)}`).not.toContain(PLANTED);
    const [, data = ''] = /download="rejected-rows.csv" href="data:text\/csv;charset=utf-8,([^"]+)"/.exec(body) ?? [];
    const lines = decodeURIComponent(data).trimEnd().split('\r\n');
    expect(lines).toHaveLength(BAD + 1);
    expect(lines[1]).toMatch(/^2,regulation,.+$/);
  });

  it.each<[string, string, string, string]>([
    ['an empty file', 'people.csv', '', 'The file is empty'],
    ['a file that is no table', 'people.csv', '\u0000\u0001\u0002', ''],
    ['NDJSON in which a line is broken', 'people.ndjson', '{"regulation":', '1 row cannot be filed'],
    ['a name of a batch that is none', 'people.csv', people, 'The name of the batch'],
  ])('says what is wrong with %s', async (what, name, content, expected) => {
    const batch = what.includes('batch') ? '"><script>' : '';
    const answer = await upload('/many/check', content, { name, batch });
    expect(answer.statusCode).toBeLessThan(500);
    expect(answer.body).toContain(expected);
    expect(answer.body).not.toContain('can be filed</li><form');
    expect(answer.body).not.toContain('"><script>');
  });

  it('asks for a file where there is none', async () => {
    const browser = await bench.loggedIn(await bench.open({ submit }), ['file']);
    const answer = await browser.post('/many/check', { batch: '' });
    expect([answer.statusCode, answer.body.includes('Choose a file.')]).toEqual([422, true]);
  });

  it('takes no file that is larger than it says', async () => {
    const answer = await upload('/many/check', `${people}\n${'#'.repeat(17 * 1_024 * 1_024)}`);
    expect([answer.statusCode, answer.body.includes('File 1963')]).toEqual([422, false]);
  });

  it('finds what only the filing could: a request in somebody else’s name', async () => {
    const row = `regulation,submittedAt,filedBy,measureone.individualId\ngdpr,2026-11-20T08:00:00Z,staff-9,${PLANTED}`;
    const { body } = await upload('/many/check', row);
    expect(body).toContain('0 rows can be filed');
    expect(body).toContain('<code>filedBy</code>');
  });
});

describe('filing a file', () => {
  it('files every good row in the name of whoever is logged in, and says what became of all', async () => {
    const { statusCode, body } = await upload('/many/file', people);
    expect([statusCode, filed.length]).toEqual([200, GOOD]);
    expect(new Set(filed.map(({ filedBy }) => filedBy))).toEqual(new Set(['staff-7']));
    for (const text of ['Every row is over.', '1963 new', '37 left out']) expect(body).toContain(text);
    expect(`${body}${JSON.stringify(bench.log.lines)}`).not.toContain(PLANTED);
  });

  it('files no row that the limit has cut', async () => {
    const limit = 16 * 1_024 * 1_024;
    const header = 'regulation,submittedAt,measureone.individualId\n';
    const row = 'gdpr,2026-11-20T08:00:00Z,';
    // Rows of nobody's law up to the limit, which lies within the identifier of the last one.
    const other = `nowhere-law,2026-11-20T08:00:00Z,${'x'.repeat(4_000)}\n`;
    const filler = other.repeat(Math.floor((limit - header.length - row.length - 8) / other.length) - 1);
    const before = header + filler;
    const padding = `nowhere-law,2026-11-20T08:00:00Z,${'x'.repeat(limit - before.length - row.length - 50)}\n`;
    const start = `${before}${padding}${row}`;
    const file = `${start}${'7'.repeat(limit - start.length)}99999\n`;
    const { statusCode, body } = await upload('/many/file', file);
    expect([statusCode, filed]).toEqual([200, []]);
    expect(body).toContain('The file is larger than 16 MiB.');
  });

  it('gives the same rows the same ids, so that nothing is filed twice', async () => {
    await upload('/many/file', people);
    const first = filed.map(({ requestId }) => requestId);
    filed = [];
    await upload('/many/file', people);
    expect(filed.map(({ requestId }) => requestId)).toEqual(first);
    filed = [];
    await upload('/many/file', people, { batch: 'another' });
    expect(filed.map(({ requestId }) => requestId)).not.toEqual(first);
  });

  it('tells a script about each row as it goes', async () => {
    const { headers, body } = await upload('/many/file', people, { accept: 'application/x-ndjson' });
    expect(headers['content-type']).toContain('application/x-ndjson');
    const lines = body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(GOOD + BAD + 1);
    expect(lines.at(-1)).toEqual({
      end: 'complete',
      rows: GOOD + BAD,
      new: GOOD,
      duplicate: 0,
      failed: 0,
      rejected: BAD,
    });
  });
});

describeInBrowser('a file of 2,000 rows in a browser', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    const server = await bench.open({ submit });
    const context = { viewport: { width: 360, height: 740 } };
    const opened = await openBenchPage(browser, { bench, server, roles: ['file'], staff: 'staff-7', context });
    page = opened.page;
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${opened.url}/many`);
  });
  afterEach(() => page.context().close());

  it('is checked and filed without choosing it twice, with the 37 bad rows to download', async () => {
    await page.locator('#check-form input[type="file"]').setInputFiles({
      name: 'people.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(people),
    });
    await page.getByRole('button', { name: 'Check the file' }).click();
    await page.getByText('37 rows cannot be filed').waitFor();
    expect([await barriersOn(page), await overflowOf(page), filed.length]).toEqual([[], 0, 0]);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download the list (CSV)' }).click();
    expect((await download).suggestedFilename()).toBe('rejected-rows.csv');

    await page.getByRole('button', { name: 'File 1963 requests' }).click();
    await page.getByText('Every row is over.').waitFor();
    expect(await page.locator('.panel.good').textContent()).toContain('1963 new, 37 left out');
    expect([await barriersOn(page), filed.length, complaints]).toEqual([[], GOOD, []]);
  });
});
