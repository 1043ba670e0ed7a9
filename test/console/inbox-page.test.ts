/** The inbox: counts, the list with the most urgent first, and finding one request. */
import type { ListedRequest } from '../../client/listed-request';
import type { UrgentOptions } from '../../client/urgent-list';
import { DAY_MS } from '../../domain/duration';
import { byProvider } from '../../domain/provider/provider-table';
import { createConsoleBench, NOW, requestId, type ConsoleBench } from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

const counts = {
  open: 41,
  needsStaff: 7,
  overdue: 2,
  dueThisWeek: 5,
  waitingFor: byProvider((provider) => (provider === 'person' ? 3 : 0)),
  onHold: 4,
  notIndexed: 1,
};
const waiting: ListedRequest = {
  requestId,
  state: 'running',
  isOpen: true,
  startedAt: NOW - DAY_MS,
  dueAt: NOW + 20 * DAY_MS,
  isAnswered: false,
  blockedOn: [],
};
const overdue: ListedRequest = {
  ...waiting,
  requestId: requestId.replace('7f3c', '8f3c'),
  state: 'awaiting-approval',
  dueAt: NOW - DAY_MS,
  blockedOn: ['approval', 'overdue'],
};
const ended: ListedRequest = { ...waiting, state: 'completed', isOpen: false, isAnswered: true, closedAt: NOW };

async function open(
  requests: readonly ListedRequest[],
  more: { readonly isCut?: boolean; readonly unanswered?: number } = {},
) {
  const asked: UrgentOptions[] = [];
  const browser = await bench.loggedIn(
    await bench.open({
      urgentCounts: async () => counts,
      urgentFirst: async (options: UrgentOptions) => {
        asked.push(options);
        return { requests, isCut: false, unanswered: 0, ...more };
      },
    }),
  );
  return { browser, asked };
}

describe('the inbox', () => {
  it('counts first, and lists what is urgent with what is to be done', async () => {
    const { browser } = await open([overdue, waiting]);
    const { statusCode, body } = await browser.get('/');
    expect(statusCode).toBe(200);
    for (const [number, text] of [
      [41, 'All open'],
      [7, 'Need a staff member'],
      [2, 'Overdue'],
      [5, 'Due this week'],
      [4, 'On legal hold'],
      [3, 'Stuck at Person API'],
    ]) {
      expect(body).toContain(`<span class="number">${number}</span><span>${text}</span>`);
    }
    const rows = [...body.matchAll(/<tr class="([^"]+)">/g)].map(([, urgency]) => urgency);
    expect(rows).toEqual(['overdue', 'waiting']);
    for (const text of [
      'waits for approval',
      'approve or reject it',
      'goes on by itself',
      `href="/requests/${requestId}"`,
    ]) {
      expect(body).toContain(text);
    }
    expect(body).toContain('One request is just starting');
  });

  it.each<[string, object]>([
    ['', { state: 'running' }],
    ['?show=needs-staff', { needsStaff: true }],
    ['?show=overdue', { overdue: true }],
    ['?show=due-this-week', { dueWithinMs: 7 * DAY_MS }],
    ['?show=on-hold', { state: 'on-hold' }],
    ['?show=person', { waitingFor: 'person' }],
    ['?show=awaiting-approval', { state: 'awaiting-approval' }],
    ['?show=completed', { state: 'completed' }],
    ['?show=withdrawn', { state: 'withdrawn' }],
    ['?show=nonsense', { state: 'running' }],
    ['?show=overdue&show=on-hold', { state: 'running' }],
  ])('keeps what is shown in the address: %j', async (query, expected) => {
    const { browser, asked } = await open([waiting]);
    const { body } = await browser.get(`/${query}`);
    expect(asked).toEqual([{ ...expected, limit: 100, skip: 0, open: 41 }]);
    const nav = body.slice(body.indexOf('class="counts"'), body.indexOf('<table'));
    expect(nav.match(/aria-current="page"/g)).toHaveLength(1);
  });

  it('names the law’s own day, which no reader’s time zone makes a later one', async () => {
    // The last millisecond of 28 December in Berlin.
    const due = { ...waiting, dueAt: Date.parse('2026-12-28T22:59:59.999Z') };
    const { body } = await (await open([due])).browser.get('/');
    expect(body).toContain('<td data-label="To be answered by">2026-12-28</td>');
  });

  it('says that nothing waits, that there is more, and what could not be said', async () => {
    expect((await (await open([])).browser.get('/')).body).toContain('No request is open.');
    expect((await (await open([])).browser.get('/?show=overdue')).body).toContain('Nothing waits here.');
    const cut = await (await open([waiting], { isCut: true, unanswered: 2 })).browser.get('/');
    expect(cut.body).toContain('1 to 1, the most urgent first');
    expect(cut.body).toContain('2 of them stand');
  });

  it.each([
    ['/', undefined, '/?page=2', 0],
    ['/?show=overdue', undefined, '/?show=overdue&amp;page=2', 0],
    ['/?show=overdue&page=2', '/?show=overdue', '/?show=overdue&amp;page=3', 100],
    ['/?page=3', '/?page=2', '/?page=4', 200],
    ['/?page=20', '/?page=19', undefined, 1_900],
    ['/?page=99', '/?page=19', undefined, 1_900],
    ['/?page=0', undefined, '/?page=2', 0],
    ['/?page=-1', undefined, '/?page=2', 0],
    ['/?page=2%3Cscript%3E', undefined, '/?page=2', 0],
  ])('%s leads to the page before and the next one', async (address, previous, next, skip) => {
    const { browser, asked } = await open([waiting], { isCut: true });
    const { body } = await browser.get(address);
    const [, before] = /<a rel="prev" href="([^"]+)"/.exec(body) ?? [];
    const [, after] = /<a rel="next" href="([^"]+)"/.exec(body) ?? [];
    expect([before, after, asked[0]?.skip]).toEqual([previous, next, skip]);
  });

  it('has no further pages where all are shown, and a way back from behind the last one', async () => {
    expect((await (await open([waiting])).browser.get('/')).body).not.toContain('class="pages"');
    const { body } = await (await open([])).browser.get('/?page=4');
    expect(body).toContain('There are no more.');
    expect(body).toContain('rel="prev"');
  });

  it.each([
    [['view', 'decide'], '/?show=person', ['retry', 'hold']],
    [['view', 'decide'], '/?show=on-hold', ['release']],
    [['view', 'decide'], '/', []],
    [['view', 'file', 'approve'], '/?show=person', []],
  ] as const)('offers to %j at %s what they can decide about all: %j', async (roles, address, kinds) => {
    const server = await bench.open({
      urgentCounts: async () => counts,
      urgentFirst: async () => ({ requests: [waiting], isCut: false, unanswered: 0 }),
    });
    const { body } = await (await bench.loggedIn(server, [...roles])).get(address);
    expect([...body.matchAll(/href="\/many-decisions\/([a-z]+)\?/g)].map(([, kind]) => kind)).toEqual(kinds);
  });

  it.each([
    [['view', 'decide'], ['staff', 'person'], true],
    [['view', 'decide'], ['staff'], true],
    [['view', 'decide'], ['staff', 'approval'], false],
    [['view', 'approve'], ['staff', 'approval'], true],
    [['view', 'approve'], ['staff', 'approval', 'hold'], true],
    [['view', 'decide'], ['staff', 'approval', 'hold'], true],
    [['view', 'approve'], ['staff', 'person'], false],
    [['view', 'file'], ['staff', 'person'], false],
    [['view'], ['answer'], false],
  ] as const)('says to %j of what waits for %j whether it needs them: %j', async (roles, blockedOn, needsThem) => {
    const server = await bench.open({
      urgentCounts: async () => counts,
      urgentFirst: async () => ({ requests: [{ ...waiting, blockedOn }], isCut: false, unanswered: 0 }),
    });
    const { body } = await (await bench.loggedIn(server, [...roles])).get('/');
    expect([body.includes('needs you'), body.includes('needs a colleague')]).toEqual([needsThem, !needsThem]);
  });

  it('asks nothing of an ended request', async () => {
    const { body } = await (await open([ended])).browser.get('/?show=completed');
    expect(body).toContain('<tr class="over">');
    expect(body).toContain('answered');
  });
});

describe('finding a request', () => {
  it.each([requestId, ` ${requestId} `, requestId.toUpperCase()])('leads to its page: %j', async (typed) => {
    const { browser } = await open([]);
    const answer = await browser.get(`/find?id=${encodeURIComponent(typed)}`);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `/requests/${requestId}`]);
  });

  it.each(['PRIV-1', ' PRIV-1 ', 'a/b#c', `${requestId}/../..`])('looks for whose ticket it is: %j', async (typed) => {
    const { browser, asked } = await open([ended]);
    const { statusCode, headers } = await browser.get(`/find?id=${encodeURIComponent(typed)}`);
    expect(statusCode).toBe(303);
    const { body } = await browser.get(String(headers.location));
    expect(asked.at(-1)).toMatchObject({ ticket: typed.trim() });
    expect(body).toContain(`<h2>With the ticket ${typed.trim()}</h2>`);
    expect(body).toContain('<tr class="over">');
  });

  it('says where none has the ticket, and keeps the ticket from page to page', async () => {
    const { browser } = await open([]);
    expect((await browser.get('/?ticket=PRIV-1')).body).toContain('No request has this ticket.');
    const many = await open([waiting], { isCut: true });
    expect((await many.browser.get('/?ticket=PRIV-1')).body).toContain('href="/?ticket=PRIV-1&amp;page=2"');
    expect(many.asked.at(-1)).toMatchObject({ ticket: 'PRIV-1', skip: 0 });
  });

  it.each(['', 'two words', 'x'.repeat(65), 'person@customer.example', '"><script>alert(1)</script>'])(
    'says what is wrong with %j',
    async (typed) => {
      const { browser } = await open([waiting]);
      const answer = await browser.get(`/find?id=${encodeURIComponent(typed)}`);
      expect([answer.statusCode, answer.body.includes('That is neither a request id nor a ticket')]).toEqual([
        422,
        true,
      ]);
      expect(answer.body).not.toContain('<script>alert');
    },
  );
});
