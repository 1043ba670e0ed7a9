/** The report at the console: nothing is counted before it was asked for, and page and CSV say the same. */
import type { FoundRequest } from '../../client/found-request';
import { DAY_MS } from '../../domain/duration';
import { createConsoleBench, NOW, requestId, type ConsoleBench } from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

const terminated = (number: number): FoundRequest => ({
  requestId: requestId.replace('7f3c', `7f${number}c`),
  runId: 'run',
  status: 'terminated',
  startedAt: NOW - 3 * DAY_MS,
  closedAt: NOW - DAY_MS,
});

async function open() {
  let looked = 0;
  const browser = await bench.loggedIn(
    await bench.open({
      find: async function* () {
        looked += 1;
        yield terminated(1);
        yield terminated(2);
      },
      origin: async () => ({ regulation: 'gdpr' as const, submittedAt: NOW - 4 * DAY_MS }),
      retentionMs: async () => 90 * DAY_MS,
      get: async (id: string) => ({
        requestId: id,
        workflowId: `erasure-${id}`,
        runId: 'run',
        status: 'terminated' as const,
        state: 'terminated' as const,
        startedAt: new Date(NOW - 3 * DAY_MS).toISOString(),
      }),
    }),
    ['view'],
  );
  return { browser, looked: () => looked };
}

describe('the report', () => {
  it('asks for the period first, and looks at nothing', async () => {
    const { browser, looked } = await open();
    const { statusCode, body } = await browser.get('/report');
    expect([statusCode, looked()]).toEqual([200, 0]);
    expect(body).toContain('value="2026-10-23"');
    expect(body).toContain('value="2026-11-22"');
  });

  it('has the figures in sections, by law, as bars and as CSV', async () => {
    const { browser } = await open();
    const query = '/report?from=2026-11-01&to=2026-11-22&timeZone=UTC';
    const { statusCode, body } = await browser.get(query);
    expect(statusCode).toBe(200);
    for (const text of [
      'From 2026-11-01 to 2026-11-22',
      'received: 2',
      '<th scope="col" class="number">gdpr</th>',
      'role="img"',
    ]) {
      expect(body).toContain(text);
    }
    const csv = await browser.get(`${query}&as=csv`);
    expect(csv.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="erasure-report-2026-11-01-2026-11-22.csv"',
      'cache-control': 'no-store',
    });
    expect(csv.body.split('\n').slice(0, 2)).toEqual(['figure,all,gdpr', 'received,2,2']);
  });

  it.each([
    'from=2026-11-31&to=2026-12-01',
    'from=2026-12-01&to=2026-11-01',
    'from=nonsense&to=2026-11-01',
    'from=2026-11-01&to=2026-11-02&timeZone=Nowhere/Land',
    'from=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&to=2026-11-02',
    'from=2026-11-01%22&to=2026-11-02%0d%0ax-evil:1&as=csv',
  ])('says what is wrong with %s, and keeps what was typed', async (query) => {
    const { browser, looked } = await open();
    const answer = await browser.get(`/report?${query}`);
    expect([answer.statusCode, looked()]).toEqual([422, 0]);
    expect(answer.body).toContain('The period cannot be used');
    expect(answer.body).not.toContain('<script>alert');
    expect(answer.headers).not.toHaveProperty('x-evil');
  });
});

describe('a report that would be too much', () => {
  it.each([
    ['2025-11-22', '2026-11-22', 200],
    ['2025-11-21', '2026-11-22', 400],
    ['2020-01-01', '2026-11-22', 400],
  ])('from %s to %s is answered %d, and looks at nothing where it is refused', async (from, to, status) => {
    const { browser, looked } = await open();
    const answer = await browser.get(`/report?from=${from}&to=${to}&timeZone=UTC`);
    expect([answer.statusCode, looked()]).toEqual([status, status === 200 ? 1 : 0]);
    expect(answer.body.includes('at most 366 days')).toBe(status === 400);
  });

  it('is not made beside another one, and is made after it', async () => {
    let finish = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (finish = resolve));
    const browser = await bench.loggedIn(
      await bench.open({
        retentionMs: async () => 90 * DAY_MS,
        find: async function* () {
          await waiting;
          yield* [];
        },
      }),
      ['view'],
    );
    const query = '/report?from=2026-11-01&to=2026-11-22&timeZone=UTC';
    const first = browser.get(query);
    await new Promise(setImmediate);
    const second = await browser.get(query);
    expect([second.statusCode, second.body.includes('Another report is being made')]).toEqual([429, true]);
    finish();
    expect((await first).statusCode).toBe(200);
    expect((await browser.get(query)).statusCode).toBe(200);
  });
});
