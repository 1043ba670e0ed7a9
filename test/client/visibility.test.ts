/** What waits for whom is found: by the documented filters of the Temporal UI, and by `list` with and without an index. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { computeLegalClock } from '../support/legal-clock';
import { ErasureClient, type ListOptions } from '../../client';
import { isListed, listQuery } from '../../client/filters';
import { byUrgency } from '../../client/listed-request';
import { RequestCalls } from '../../client/request-calls';
import { urgentCounts, urgentFirst } from '../../client/urgent-list';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { Terms } from '../../domain/rules/terms';
import { prepareNamespace } from '../../local/engine/namespace';
import { decisionUpdates, progress } from '../../workflows/messages';
import {
  accepted,
  eventually,
  failure,
  OVER_MS,
  requestInput,
  rulesFor,
  subjectAt,
  WorkflowBench,
} from '../support/workflow-bench';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const said = { actor: 'staff-7', reason: { code: 'by-the-book', ticket: 'PRIV-1' } } as const;
const saidIn = (ticket: string) => ({ ...said, reason: { ...said.reason, ticket } });
const INDEX_LAG_MS_MAX = 20_000;
const WEEK_MS = 7 * DAY_MS;

let bench: WorkflowBench;
let client: ErasureClient;
/** Workflow ids by what is the matter with the request. */
const requests: Record<string, string> = {};
const open = [
  'plain',
  'staff',
  'due-soon',
  'overdue',
  'measureone',
  'hold',
  'answer',
  'approval',
  'unindexed',
] as const;

beforeAll(async () => {
  bench = await WorkflowBench.open();
  client = new ErasureClient({ client: bench.client });
  await bench.reset();
  await makeRequests();
});
afterAll(() => bench.close());

function held(overrides: { readonly approvalNeeded?: boolean; readonly isIndexed?: boolean } = {}): void {
  const { approvalNeeded = false, isIndexed = true } = overrides;
  bench.terms = ({ regulation, submittedAt, policy }): Terms => ({
    rules: rulesFor({ policy }, { approvalNeeded }),
    clock: computeLegalClock({ regulation, submittedAt }, { timeZone: 'Europe/Berlin', calendar: 'DE' }),
    isIndexed,
    areTicketsIndexed: isIndexed,
  });
}

async function stuck(): Promise<Awaited<ReturnType<WorkflowBench['startFor']>>> {
  bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
  const handle = await bench.startFor('person');
  await eventually(async () => ((await bench.leg(handle)).attention === undefined ? undefined : true));
  return handle;
}

async function untilDue(handle: Awaited<ReturnType<typeof stuck>>): Promise<number> {
  const { due } = await handle.query(progress);
  return Date.parse(due?.at ?? '') - (await bench.now(handle));
}

async function hold(handle: Awaited<ReturnType<typeof stuck>>): Promise<void> {
  const reviewAt = new Date((await bench.now(handle)) + 300 * DAY_MS).toISOString();
  await handle.executeUpdate(decisionUpdates.hold, {
    args: [{ ...saidIn('PRIV-77'), ground: 'legal-claims', owner: 'staff-9', reviewAt }],
  });
}

async function makeRequests(): Promise<void> {
  held();
  const verification = { method: 'login', by: 'staff-3', at: new Date().toISOString(), reference: 'ID-CHECK/9' };
  requests['plain'] = (await bench.start({ subject: subjectAt('measureone'), verification })).workflowId;
  const decided = await stuck();
  await decided.executeUpdate(decisionUpdates.retry, { args: [{ ...saidIn('RETRY#1'), provider: 'person' }] });
  await eventually(async () => ((await bench.leg(decided)).attention === undefined ? undefined : true));
  requests['staff'] = decided.workflowId;
  const dueSoon = await stuck();
  await bench.forward(dueSoon, (await untilDue(dueSoon)) - 2 * DAY_MS);
  requests['due-soon'] = dueSoon.workflowId;
  const overdue = await stuck();
  await bench.forward(overdue, (await untilDue(overdue)) + HOUR_MS);
  requests['overdue'] = overdue.workflowId;
  bench.providers.measureone.ask.set(failure('ProviderUnauthorized'));
  const unauthorized = await bench.startFor('measureone');
  await eventually(async () => ((await bench.leg(unauthorized)).attention === undefined ? undefined : true));
  requests['measureone'] = unauthorized.workflowId;
  const onHold = await bench.startFor('aptrinsic');
  await bench.settle(onHold);
  await hold(onHold);
  requests['hold'] = onHold.workflowId;
  // Nothing was erased: at the person's own wish it is over then.
  bench.providers.person.ask.set(accepted({ withdrawable: true }));
  const withdrawn = await bench.startFor('person');
  await bench.settle(withdrawn);
  await withdrawn.executeUpdate(decisionUpdates.withdraw, { args: [{ ...said, wantedBy: 'subject' }] });
  await withdrawn.result();
  requests['withdrawn'] = withdrawn.workflowId;
  const answer = await bench.startFor('aptrinsic');
  await bench.forward(answer, OVER_MS);
  await eventually(async () => ((await answer.query(progress)).state === 'awaiting-answer' ? true : undefined));
  requests['answer'] = answer.workflowId;
  held({ approvalNeeded: true });
  const approval = await bench.startFor('aptrinsic');
  await bench.settle(approval);
  requests['approval'] = approval.workflowId;
  // Started by a worker that found no search attributes.
  held({ isIndexed: false });
  const unindexed = await stuck();
  await unindexed.executeUpdate(decisionUpdates.retry, { args: [{ ...saidIn('RETRY#1'), provider: 'person' }] });
  await eventually(async () => ((await bench.leg(unindexed)).attention === undefined ? undefined : true));
  requests['unindexed'] = unindexed.workflowId;
}

const nameOf = (workflowId: string): string[] =>
  Object.entries(requests).flatMap(([name, id]) => (id === workflowId ? [name] : []));

/** Temporal's index takes a moment. */
async function expectFound(find: () => Promise<readonly string[]>, expected: readonly string[]): Promise<void> {
  const until = Date.now() + INDEX_LAG_MS_MAX;
  let found: readonly string[] = [];
  const look = async () => {
    found = (await find()).flatMap(nameOf).toSorted();
    return JSON.stringify(found) === JSON.stringify(expected.toSorted()) || Date.now() > until ? true : undefined;
  };
  await eventually(look, INDEX_LAG_MS_MAX * 2);
  expect(found).toEqual(expected.toSorted());
}

async function queried(query: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { workflowId } of bench.client.workflow.list({ query })) found.push(workflowId);
  return found;
}

async function listed(options: ListOptions, of = client): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { workflowId } of of.list(options)) found.push(workflowId);
  return found;
}

async function urgent(options: ListOptions): Promise<readonly string[]> {
  const { requests: found } = await client.urgentFirst({ ...options, limit: 1_000 });
  return found.map(({ requestId }) => workflowIdOf(requestId));
}

describe('a filter of the Temporal UI in docs/operations.md', () => {
  const text = readFileSync(join(__dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
  const section = /^### Filters for the Temporal UI$([\s\S]*?)^##/m.exec(text)?.[1] ?? '';
  const documented = new Map(
    [...section.matchAll(/^\| ([a-z][^|]*?) +\| `([^`]+)` +\|$/gm)].map(([, name = '', query = '']) => [name, query]),
  );
  /** By their names in the document. */
  const expected: Readonly<Record<string, readonly string[]>> = {
    'needs a staff member': open.filter((name) => name !== 'plain' && name !== 'unindexed'),
    'nothing goes on before a decision': ['staff', 'due-soon', 'overdue', 'answer', 'approval'],
    'stuck at MeasureOne': ['measureone'],
    'waits for its approval': ['approval'],
    'on hold': ['hold'],
    'the person is to be told of the hold': ['hold'],
    'answer outstanding': ['answer'],
    'due this week': ['due-soon'],
    overdue: ['overdue'],
    'cannot make its due date': ['overdue'],
    'due before a day': open.filter((name) => name !== 'unindexed'),
    withdrawn: ['withdrawn'],
    'has a ticket': ['withdrawn'],
  };

  it('is there for each of these questions, and none is untried', () => {
    expect([...documented.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
  });

  it.each(Object.keys(expected))('finds what it says, and nothing else: %s', async (name) => {
    const inAYear = new Date(Date.now() + 365 * DAY_MS).toISOString();
    const query = (documented.get(name) ?? '').replace(/'\d{4}-[^']+'/, `'${inAYear}'`).replace('PRIV-1234', 'PRIV-1');
    expect(query).toMatch(
      name === 'has a ticket'
        ? /^ErasureTickets = /
        : name === 'withdrawn'
          ? /^ExecutionStatus = 'Completed' AND /
          : /^ExecutionStatus = 'Running' AND /,
    );
    await expectFound(() => queried(query), expected[name] ?? []);
  });
});

describe('list', () => {
  const cases: readonly (readonly [options: ListOptions, expected: readonly string[]])[] = [
    [{ state: 'on-hold' }, ['hold']],
    [{ state: 'awaiting-approval' }, ['approval']],
    [{ state: 'awaiting-answer' }, ['answer']],
    [{ state: 'starting' }, []],
    [{ state: 'withdrawn' }, ['withdrawn']],
    [{ state: 'rejected' }, []],
    [{ state: 'running' }, [...open]],
    [{ state: 'attention' }, ['staff', 'due-soon', 'overdue', 'measureone', 'unindexed']],
    [{ state: 'attention', provider: 'measureone' }, ['measureone']],
    [{ provider: 'measureone' }, ['plain', 'measureone']],
    [{ needsStaff: true }, open.filter((name) => name !== 'plain')],
    [{ needsStaff: true, state: 'attention' }, ['staff', 'due-soon', 'overdue', 'measureone', 'unindexed']],
    [{ overdue: true }, ['overdue']],
    [{ overdue: true, state: 'on-hold' }, []],
    [{ waitingFor: 'measureone' }, ['measureone']],
    [{ waitingFor: 'person' }, ['staff', 'due-soon', 'overdue', 'unindexed']],
    [{ dueWithinMs: 0 }, ['overdue']],
    [{ ticket: 'PRIV-77' }, ['hold']],
    [{ ticket: 'PRIV-77', state: 'withdrawn' }, []],
    [{ ticket: 'PRIV-1' }, ['withdrawn']],
    [{ ticket: 'RETRY#1' }, ['staff', 'unindexed']],
    [{ ticket: 'ID-CHECK/9' }, ['plain']],
    [{ dueWithinMs: 0, state: 'withdrawn' }, []],
  ];

  it.each(cases)('%j names %j', async (options, expected) => {
    await expectFound(() => listed(options), expected);
  });

  it('names what is due within a time, and not what is due later', async () => {
    const dueInMs = await untilDue(bench.client.workflow.getHandle(requests['plain'] ?? ''));
    await expectFound(() => listed({ dueWithinMs: dueInMs + DAY_MS }), [...open]);
    await expectFound(() => listed({ dueWithinMs: dueInMs - DAY_MS }), ['overdue']);
  });

  it('looks at few others where the attributes tell, and at each open request where they do not', async () => {
    const count = (options: ListOptions, isIndexed: boolean) =>
      queried(listQuery(options, Date.now(), { isIndexed })).then((ids) => ids.flatMap(nameOf).toSorted());
    expect(await count({ state: 'awaiting-approval' }, true)).toEqual(['approval', 'unindexed']);
    expect(await count({ state: 'awaiting-approval' }, false)).toEqual([...open].toSorted());
    expect(await count({ state: 'running' }, true)).toEqual([...open].toSorted());
  });

  it.each(cases)(
    'judges %j the same by looks alone, as it has to without the attributes',
    async (options, expected) => {
      const now = Date.now();
      const looks = Object.entries(requests).map(async ([name, workflowId]) => {
        const found = await client.get(workflowId.replace('erasure-', ''));
        return isListed(found, options, now) ? [name] : [];
      });
      expect((await Promise.all(looks)).flat().toSorted()).toEqual(expected.toSorted());
    },
  );

  it.each(cases)('%j names the same, most urgent first, from the index', async (options, expected) => {
    await expectFound(() => urgent(options), expected);
  });

  it('puts what is overdue before what needs staff, that before the rest, and what is over last', async () => {
    const { requests: found, unanswered } = await client.urgentFirst({ limit: 1_000 });
    const names = found.flatMap(({ requestId }) => nameOf(workflowIdOf(requestId)));
    expect(names.toSorted()).toEqual(Object.keys(requests).toSorted());
    expect([names[0], ...names.slice(-2)]).toEqual(['overdue', 'plain', 'withdrawn']);
    expect(unanswered).toBe(0);
    expect(found).toEqual(found.toSorted(byUrgency(Date.now())));
    const one = await client.urgentFirst({ limit: 1, waitingFor: 'person' });
    expect(one.requests.flatMap(({ requestId }) => nameOf(workflowIdOf(requestId)))).toEqual(['overdue']);
    expect(one.isCut).toBe(true);
  });

  it('asks no run that the index knows', async () => {
    const asked: string[] = [];
    const watched = new ErasureClient({ client: bench.client });
    const query = jest.spyOn(bench.client.workflow, 'getHandle');
    try {
      await watched.urgentFirst({ limit: 1_000 });
      asked.push(...query.mock.calls.map(([workflowId]) => workflowId));
    } finally {
      query.mockRestore();
    }
    expect([...new Set(asked.flatMap(nameOf))]).toEqual(['unindexed']);
  });

  it('counts what an inbox shows', async () => {
    const counts = await client.urgentCounts();
    const all = await client.urgentFirst({ limit: 1_000, state: 'running' });
    const known = async (options: ListOptions) =>
      (await client.urgentFirst({ ...options, limit: 1_000 })).requests.filter(
        ({ requestId }) => !nameOf(workflowIdOf(requestId)).includes('unindexed'),
      ).length;
    expect(counts).toEqual({
      open: all.requests.length,
      needsStaff: await known({ needsStaff: true }),
      overdue: await known({ overdue: true }),
      dueThisWeek: 0,
      waitingFor: {
        measureone: await known({ waitingFor: 'measureone' }),
        person: await known({ waitingFor: 'person' }),
        aptrinsic: 0,
      },
      onHold: await known({ state: 'on-hold' }),
      notIndexed: 1,
    });
    expect(counts).toMatchObject({ overdue: 1, onHold: 1 });
  });

  it('finds and counts the same where there are too many to read all', async () => {
    const calls = new RequestCalls(bench.client, 10_000);
    const few = await urgentFirst(calls, { limit: 3 }, 4);
    const names = few.requests.flatMap(({ requestId }) => nameOf(workflowIdOf(requestId)));
    expect(names[0]).toBe('overdue');
    expect(few).toMatchObject({ isCut: true, unanswered: 0 });
    expect(few.requests.every(({ blockedOn }) => blockedOn.length > 0)).toBe(true);
    // Of a run that is not indexed only a look can tell that it is in attention: the index counts it apart.
    expect(await urgentCounts(calls, 4)).toEqual(await urgentCounts(calls));
  });

  it('names every open request that nobody answers for, in a namespace without the attributes', async () => {
    const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
    const namespace = 'without-search-attributes';
    const connection = await Connection.connect({ address });
    try {
      await prepareNamespace({
        connectionOptions: { address },
        namespace,
        deadline: Date.now() + 30_000,
        signal: new AbortController().signal,
      });
      const temporal = new Client({ connection, namespace });
      const input = requestInput();
      await temporal.workflow.start(WORKFLOW_TYPE, {
        workflowId: workflowIdOf(input.requestId),
        taskQueue: WORKFLOW_QUEUE,
        args: [input],
      });
      const impatient = new ErasureClient({ client: temporal, callTimeoutMs: 1_000 });
      const unanswered = async (options: ListOptions) =>
        (await listed(options, impatient)).includes(workflowIdOf(input.requestId)) ? true : undefined;
      const filters: readonly ListOptions[] = [
        { state: 'on-hold' },
        { needsStaff: true },
        { overdue: true },
        { dueWithinMs: WEEK_MS },
        { waitingFor: 'person' },
        { ticket: 'PRIV-1' },
      ];
      for (const options of filters) expect(await eventually(() => unanswered(options))).toBe(true);
      expect(await unanswered({ state: 'withdrawn' })).toBeUndefined();
      const shown = await impatient.urgentFirst({ needsStaff: true, limit: 10 });
      expect(shown).toMatchObject({ requests: [{ requestId: input.requestId, state: 'running' }], unanswered: 1 });
      await temporal.workflow.getHandle(workflowIdOf(input.requestId)).terminate('end of test');
    } finally {
      await connection.close();
    }
  });
});
