/** A report over known requests on the real server. They are all received in a May long ago, so that no other test's count. */
import { randomUUID } from 'node:crypto';
import { ErasureClient } from '../../client';
import { computeLegalClock } from '../support/legal-clock';
import { makeReport } from '../../client/report/report';
import { reportCsv, reportRemarks } from '../../client/report/report-sections';
import { CompiledCli } from '../cli/compiled-cli';
import { temporalEnvironment } from '../client/client-fixture';
import { DAY_MS } from '../../domain/duration';
import type { Terms } from '../../domain/rules/terms';
import { decisionUpdates, progress } from '../../workflows/messages';
import { eventually, failure, subjectAt, unknown, rulesFor, WorkflowBench } from '../support/workflow-bench';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const staff = { actor: 'staff-7', reason: { code: 'person-told', ticket: 'PRIV-1' } } as const;
const period = { from: Date.parse('2019-05-01T00:00:00Z'), to: Date.parse('2019-06-01T00:00:00Z') };
type Handle = Awaited<ReturnType<WorkflowBench['start']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

function held(rules: Partial<Terms['rules']>): void {
  bench.terms = ({ regulation, submittedAt, policy }): Terms => ({
    rules: rulesFor({ policy }, rules),
    clock: computeLegalClock(
      { regulation, submittedAt },
      { timeZone: 'UTC', calendar: regulation === 'ccpa' ? 'US-CA' : 'DE' },
    ),
    isIndexed: true,
  });
}

async function start(day: number, regulation: 'gdpr' | 'ccpa'): Promise<Handle> {
  const submittedAt = new Date(Date.UTC(2019, 4, day)).toISOString();
  return bench.start({ submittedAt, regulation, subject: subjectAt('person'), filedBy: 'staff-1' });
}

async function reaches(handle: Handle, state: string): Promise<void> {
  await eventually(async () => ((await handle.query(progress)).state === state ? true : undefined));
}

/** An answer is dated after what it answers: years after the receipt here. */
const toldAt = Date.now();
const daysSince = (day: number): number => Math.ceil(((toldAt - Date.UTC(2019, 4, day)) / DAY_MS) * 10) / 10;

async function told(handle: Handle, notice: 'outcome' | 'refused'): Promise<void> {
  const at = new Date(toldAt).toISOString();
  await handle.executeUpdate(decisionUpdates.notice, {
    args: [{ ...staff, notice, at, channel: 'email', reference: 'MSG-1' }],
  });
}

describe('a report', () => {
  it('counts what was received in its period, and how it was answered', async () => {
    const { person } = bench.providers;
    person.ask.set(unknown());
    held({});
    const answered = await Promise.all([start(2, 'ccpa'), start(4, 'ccpa'), start(6, 'gdpr')]);
    for (const handle of answered) {
      await reaches(handle, 'awaiting-answer');
      await told(handle, 'outcome');
      await handle.result();
    }
    held({ answerTracked: false });
    await (await start(8, 'gdpr')).result();

    held({ approvalNeeded: true });
    const rejected = await start(10, 'ccpa');
    await reaches(rejected, 'awaiting-approval');
    await rejected.executeUpdate(decisionUpdates.reject, { args: [{ ...staff, ground: 'unverified' }] });
    await reaches(rejected, 'awaiting-answer');
    await told(rejected, 'refused');
    await rejected.result();

    held({});
    person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const open = await start(12, 'ccpa');
    await eventually(async () => ((await bench.leg(open)).attention === undefined ? undefined : true));
    const terminated = await start(14, 'gdpr');
    await reaches(terminated, 'running');
    await terminated.terminate();
    // Received on the first day after it.
    await start(32, 'gdpr');

    const client = new ErasureClient({ client: bench.client });
    const made = await eventually(async () => {
      const report = await makeReport(client, { period, now: Date.now(), concurrency: 4 });
      const { received, open: stillOpen, withoutDueDate } = report.all;
      return received === 7 && stillOpen === 1 && withoutDueDate === 0 ? report : undefined;
    });

    // Not `unreadable`: what other tests started with nonsense has no month of its own.
    expect(made).toMatchObject({ mayLackForgotten: true, retentionDays: 90, unanswered: 0 });
    expect(made.all).toMatchObject({
      received: 7,
      completed: 5,
      byOutcome: { completed: 4, rejected: 1 },
      openByState: { attention: 1 },
      endedWithoutCertificate: { terminated: 1 },
      answered: { recorded: 4, elsewhere: 1 },
      withoutDueDate: 0,
      overdue: { answeredLate: 5, unansweredPastDue: 2 },
    });
    expect(made.all.legs).toMatchObject({ 'not-found': 4 });
    expect(made.byRegulation.ccpa).toMatchObject({
      daysToAnswer: { median: daysSince(4), p95: daysSince(2) },
      deletion: {
        received: 4,
        compliedInWhole: 2,
        compliedInPart: 0,
        denied: 1,
        deniedBy: { unverified: 1, exempt: 0, other: 0 },
        undecided: 1,
      },
    });
    expect(made.byRegulation['uk-gdpr']).toBeUndefined();

    const csv = reportCsv(made).split('\n');
    expect(csv[0]).toBe('figure,all,gdpr,ccpa');
    expect(csv).toContain('received,7,3,4');
    expect(csv).toContain(
      `days to the answer: median,${made.all.daysToAnswer?.median},${made.byRegulation.gdpr?.daysToAnswer?.median},${daysSince(4)}`,
    );
    expect(reportRemarks(made).join()).toContain('forgets requests 90 days after their end');

    const cli = await new CompiledCli().run(
      ['report', '--from', '2019-05-01', '--to', '2019-05-31', '--format', 'json'],
      { environment: temporalEnvironment() },
    );
    expect(cli.code).toBe(0);
    expect(JSON.parse(cli.stdout)).toMatchObject({ all: made.all, byRegulation: made.byRegulation });
    expect(cli.stderr).toContain('what it has forgotten is in none of these figures');

    const table = await new CompiledCli().run(['report', '--from', '2019-05-01', '--to', '2019-05-31'], {
      environment: temporalEnvironment(),
    });
    const rows = table.stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows[0]).toEqual(['Requests', 'all', 'gdpr', 'ccpa']);
    const titles = table.stdout.split('\n').filter((line) => /^\S/.test(line));
    expect(titles.slice(1)).toEqual([
      'Outcomes at the providers',
      'Open, or ended without a certificate',
      'Answers to the person',
      'Requests to delete (11 CCR 7102)',
    ]);
    expect(rows).toContainEqual(['needs attention', '1', '0', '1']);
    expect(rows).toContainEqual(['denied', '1', '0', '1']);
    expect(rows.filter((cells) => cells.length === 4)).toHaveLength(csv.length);
  });

  it('tells of runs that were started with no request, in whatever period', async () => {
    const client = new ErasureClient({ client: bench.client });
    const unreadable = async () => {
      const report = await makeReport(client, { period, now: Date.now(), concurrency: 4 });
      return { count: report.unreadable, remarks: reportRemarks(report).join() };
    };
    const before = await unreadable();
    await bench.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: workflowIdOf(randomUUID()),
      taskQueue: WORKFLOW_QUEUE,
      args: ['planted'],
    });
    const after = await eventually(async () => {
      const now = await unreadable();
      return now.count > before.count ? now : undefined;
    });
    expect(after.remarks).toContain(`started with something that is no request: ${after.count}.`);
    expect(after.remarks).not.toContain('planted');
  });

  it('refuses what is no period, without repeating it', async () => {
    const ended = await new CompiledCli().run(['report', '--from', 'planted', '--to', '2019-05-31']);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^--from, --to: expected two days/);
  });
});
