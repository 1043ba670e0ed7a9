/** One decision about all that a filter names: what is shown is what is decided, by whom, and what came of each. */
import { DecisionRefusedError, NoWorkerError } from '../../client/errors';
import type { FoundRequest } from '../../client/found-request';
import type { PageOptions } from '../../client/listing';
import { AT_ONCE_MAX } from '../../console/pages/many-decisions-page';
import { decisionKinds, decisionRow } from '../../domain/decision/decision-table';
import { createConsoleBench, NOW, type ConsoleBench } from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

const idOf = (n: number): string => `3f2b8f0e-6c1d-4f53-9f6e-${String(n).padStart(12, '0')}`;
const found = (n: number): FoundRequest => ({ requestId: idOf(n), runId: idOf(n), status: 'running', startedAt: NOW });
const decisionId = idOf(999);
const retry = {
  show: 'person',
  decisionId,
  confirmed: 'yes',
  'reason.code': 'credentials-mended',
  'reason.ticket': 'OPS-1',
};

interface Taken {
  readonly kind: string;
  readonly requestId: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function open({
  page = [1, 2, 3].map(found),
  cursor,
  decide = async () => undefined,
}: {
  readonly page?: readonly FoundRequest[];
  readonly cursor?: string;
  readonly decide?: (requestId: string) => Promise<unknown>;
} = {}) {
  const taken: Taken[] = [];
  const asked: PageOptions[] = [];
  const browser = await bench.loggedIn(
    await bench.open({
      page: async (options) => {
        asked.push(options);
        return { requests: page, ...(cursor === undefined ? {} : { cursor }) };
      },
      decide: (async (kind: string, requestId: string, options: Taken['options']) => {
        await decide(requestId);
        taken.push({ kind, requestId, options });
        return {};
      }) as never,
    }),
    ['view', 'decide'],
    'staff-7',
  );
  return { browser, taken, asked };
}

const requestsOf = (...numbers: number[]): string => numbers.map(idOf).join(' ');

describe('the form', () => {
  it('shows each request that it would be about, what it will do, and asks for a look at them', async () => {
    const { browser, asked } = await open();
    const { statusCode, body } = await browser.get('/many-decisions/retry?show=person');
    expect(statusCode).toBe(200);
    expect(asked).toEqual([{ waitingFor: 'person', limit: AT_ONCE_MAX }]);
    for (const n of [1, 2, 3]) expect(body).toContain(`href="/requests/${idOf(n)}"`);
    expect(body).toContain('is repeated, and nothing else');
    expect(body).toContain('I have looked at the 3 requests above.');
    expect(body).toContain(`value="${requestsOf(1, 2, 3)}"`);
  });

  it('says that there are more, and that there are none', async () => {
    const many = await open({ cursor: 'c' });
    expect((await many.browser.get('/many-decisions/release?show=on-hold')).body).toContain(`the first ${AT_ONCE_MAX}`);
    const none = await open({ page: [] });
    const { body } = await none.browser.get('/many-decisions/release?show=on-hold');
    expect(body).toContain('No request is there now');
    expect(body).not.toContain('<form method="post" id');
  });

  it.each([
    ['retry', 'on-hold'],
    ['retry', 'nothing-of-ours'],
    ['release', 'person'],
    ['hold', 'open'],
  ])('is none for %s of %s', async (kind, show) => {
    const { browser, taken } = await open();
    expect((await browser.get(`/many-decisions/${kind}?show=${show}`)).statusCode).toBe(404);
    const fields = { ...retry, show, requests: requestsOf(1) };
    expect((await browser.post(`/many-decisions/${kind}`, fields)).statusCode).toBe(404);
    expect(taken).toEqual([]);
  });

  it('is there for the kinds that the decision table allows, and no other', async () => {
    const { browser } = await open();
    const answers = await Promise.all(
      decisionKinds.map(async (kind) => [kind, (await browser.get(`/many-decisions/${kind}?show=on-hold`)).statusCode]),
    );
    const there = decisionKinds.filter((kind) => decisionRow(kind).command.bulk !== undefined);
    expect(there).toEqual(['hold', 'release', 'retry']);
    expect(answers.filter(([, status]) => status === 200)).toEqual([['release', 200]]);
  });
});

describe('sending it', () => {
  it('takes it about each that was shown, in the name of who is logged in, under one decision id', async () => {
    const { browser, taken } = await open();
    const { statusCode, body } = await browser.post('/many-decisions/retry', { ...retry, requests: requestsOf(1, 2) });
    expect(statusCode).toBe(200);
    expect(taken.map(({ kind, requestId, options }) => [kind, requestId, options['decisionId']])).toEqual([
      ['retry', idOf(1), decisionId],
      ['retry', idOf(2), decisionId],
    ]);
    expect(taken[0]?.options).toMatchObject({
      actor: 'staff-7',
      provider: 'person',
      reason: { code: 'credentials-mended', ticket: 'OPS-1' },
    });
    expect(body).toContain('2 done');
  });

  it('says of each what came of it, and goes on', async () => {
    const { browser, taken } = await open({
      decide: async (requestId) => {
        if (requestId === idOf(2)) throw new DecisionRefusedError(requestId, 'is not in attention');
      },
    });
    const { body } = await browser.post('/many-decisions/retry', { ...retry, requests: requestsOf(1, 2, 3) });
    expect(taken).toHaveLength(2);
    for (const text of ['2 done', '1 not taken', 'is not in attention']) expect(body).toContain(text);
    expect(body).not.toContain('It can be sent again');
  });

  it('begins no further ones where no worker answers', async () => {
    let asked = 0;
    const { browser } = await open({
      decide: async (requestId) => {
        asked += 1;
        throw new NoWorkerError(requestId);
      },
    });
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    const { body } = await browser.post('/many-decisions/retry', { ...retry, requests: requestsOf(...numbers) });
    expect(asked).toBeLessThan(12);
    expect(body).toContain(`${50 - asked} not begun`);
    expect(body).toContain('It can be sent again');
  });

  it('does nothing without a look at them and a reason, and keeps what was typed', async () => {
    const { browser, taken } = await open();
    const { statusCode, body } = await browser.post('/many-decisions/retry', {
      show: 'person',
      requests: requestsOf(1, 2),
      'reason.code': 'credentials-mended',
    });
    expect(statusCode).toBe(422);
    expect(taken).toEqual([]);
    expect(body).toContain('Confirm that you have looked at the requests');
    expect(body).toContain('Ticket: is needed');
    expect(body).toContain('value="credentials-mended"');
    expect(body).toContain(`value="${requestsOf(1, 2)}"`);
  });

  it.each([
    ['no request', ''],
    ['something else', `${idOf(1)} <script>`],
    ['too many', Array.from({ length: AT_ONCE_MAX + 1 }, (_, n) => idOf(n)).join(' ')],
  ])('takes a form with %s for none', async (_what, requests) => {
    const { browser, taken } = await open();
    expect((await browser.post('/many-decisions/retry', { ...retry, requests })).statusCode).toBe(404);
    expect(taken).toEqual([]);
  });
});
