/** The law's clock inside a run: pinned, reported once, stopped by the answer to the person and by nothing else. */
import { randomUUID } from 'node:crypto';
import { createTermsActivities } from '../../activities/terms-activities';
import { computeLegalClock } from '../support/legal-clock';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { RequestProgress } from '../../domain/request/request-progress';
import type { Rules } from '../../domain/rules/rules';
import type { Terms } from '../../domain/rules/terms';
import { certificate, decisionUpdates, progress, providerConfirmed } from '../../workflows/messages';
import { actionsOf, eventsOf } from '../../bench/frame/history-cost';
import {
  accepted,
  eventually,
  expectReplays,
  failure,
  OVER_MS,
  packedCertificateOf,
  rulesFor,
  subjectAt,
  WorkflowBench,
} from '../support/workflow-bench';

const staff = { actor: 'staff-7', reason: { code: 'person-told', ticket: 'PRIV-1' } } as const;
type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  heldTo();
});
afterAll(() => bench.close());

function heldTo(rules: Partial<Rules> = {}): void {
  bench.terms = ({ regulation, submittedAt, policy, identity }): Terms => ({
    rules: rulesFor({ policy }, rules),
    clock: computeLegalClock(
      { regulation, submittedAt, ...(identity === undefined ? {} : { identity }) },
      { timeZone: 'Europe/Berlin', calendar: regulation === 'ccpa' ? 'US-CA' : 'DE' },
    ),
    isIndexed: true,
  });
}

async function notice(
  handle: Handle,
  kind: 'acknowledged' | 'extended' | 'refused' | 'outcome',
): Promise<RequestProgress> {
  const at = new Date(await bench.now(handle)).toISOString();
  return handle.executeUpdate(decisionUpdates.notice, {
    args: [{ ...staff, notice: kind, at, channel: 'email', reference: 'MSG-1' }],
  });
}

async function reminders(handle: Handle): Promise<string[]> {
  const { trail } = await handle.query(progress);
  return trail.flatMap((entry) => (entry.kind === 'reminded' ? [entry.of] : []));
}

describe('the legal clock of a run', () => {
  it('costs an untroubled request three Actions: one timer, two changes of what can be filtered', async () => {
    bench.providers.measureone.ask.set(accepted({ confirmedBy: 'callback', seen: false }));
    bench.providers.person.ask.set(accepted({ window: { endsAt: Date.now() + 3 * DAY_MS } }));
    bench.providers.aptrinsic.ask.set(accepted({ window: { lastsMs: 9 * DAY_MS }, windowKind: 'revival' }));
    const handle = await bench.start();
    await bench.forward(handle, 4 * DAY_MS);
    await handle.signal(providerConfirmed, { provider: 'measureone', handle: 'h1', event: 'individual.purged' });
    await bench.forward(handle, 7 * DAY_MS);
    await eventually(async () => ((await handle.query(progress)).state === 'awaiting-answer' ? true : undefined));
    const untold = await handle.fetchHistory();
    expect(actionsOf(untold)).toBe(10 + 3);
    await notice(handle, 'outcome');
    await handle.result();
    const history = await handle.fetchHistory();
    // The record of the answer is the staff member's own.
    expect(actionsOf(history)).toBe(10 + 3 + 1);
    expect(eventsOf(history)).toBeLessThanOrEqual(84);
    await expectReplays(handle);
  });

  it('is pinned with its rule and shown, and tells what the windows leave of it', async () => {
    bench.providers.aptrinsic.ask.set(failure('ProviderUnavailable', { nextRetryDelayMs: DAY_MS }));
    const handle = await bench.startFor('aptrinsic');
    await bench.settle(handle);
    const { due } = await handle.query(progress);
    expect(due).toMatchObject({ rule: 'gdpr/1', calendar: 'DE', timeZone: 'Europe/Berlin', status: 'on-time' });
    expect(due?.feasibility).toEqual([
      expect.stringMatching(/^latest safe send to Aptrinsic \(Gainsight PX\): .* UTC$/),
    ]);
  });

  it('reports each deadline once, and is stopped only by the answer', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected'));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const dueAt = Date.parse((await handle.query(progress)).due?.at ?? '');
    await bench.forward(handle, dueAt - 8 * DAY_MS - (await bench.now(handle)));
    expect(await reminders(handle)).toEqual(['extension-decision-due']);
    await bench.forward(handle, 3 * DAY_MS);
    expect(await reminders(handle)).toEqual(['extension-decision-due', 'due-soon']);
    expect((await handle.query(progress)).due?.status).toBe('due-soon');
    await bench.forward(handle, 6 * DAY_MS);
    const late = await handle.query(progress);
    expect(await reminders(handle)).toEqual(['extension-decision-due', 'due-soon', 'cannot-make-it', 'overdue']);
    expect(late.due?.status).toBe('overdue');
    expect(late.todo[0]).toMatch(/^OVERDUE since/);
    await expect(notice(handle, 'refused')).rejects.toMatchObject({
      cause: { message: 'The request refuses the person nothing: it is neither rejected nor on hold' },
    });
    const content = { ...staff, ground: 'legal-claims', owner: 'legal-2' } as const;
    const reviewAt = new Date((await bench.now(handle)) + 200 * DAY_MS).toISOString();
    await handle.executeUpdate(decisionUpdates.hold, { args: [{ ...content, reviewAt }] });
    const told = await notice(handle, 'refused');
    expect([told.due?.status, told.state]).toEqual(['answered', 'on-hold']);
    await bench.forward(handle, 100 * DAY_MS);
    expect(await reminders(handle)).toHaveLength(4);
    // The refusal spoke for the hold only: after its release the answer is owed again, since the same day.
    const released = await handle.executeUpdate(decisionUpdates.release, { args: [staff] });
    expect([released.due?.status, released.due?.on]).toEqual(['overdue', late.due?.on]);
    expect(released.blockedOn).toContain('overdue');
    expect(released.todo[0]).toMatch(/^OVERDUE since/);
    await expectReplays(handle);
  });

  it.each([
    ['be approved', { approvalNeeded: true }],
    ['wait at the brakes', {}],
  ] as const)(
    'says when it is too late to %s, on that day and without anything else happening',
    async (_what, rules) => {
      heldTo(rules);
      for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
        bench.providers[provider].ask.set(failure('ProviderBraked', { mayHaveReached: false }));
      }
      const handle = await bench.start({ filedBy: 'staff-1' });
      await bench.settle(handle);
      const { feasibility = [] } = (await handle.query(progress)).due ?? {};
      const latest = feasibility
        .filter((line) => line.startsWith('latest safe send to'))
        .map((line) => Date.parse(line.replace(/.* (\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC$/, '$1T$2Z')));
      expect(latest.length).toBeGreaterThan(0);
      await bench.forward(handle, Math.min(...latest) - HOUR_MS - (await bench.now(handle)));
      expect(await reminders(handle)).not.toContain('cannot-make-it');
      await bench.forward(handle, HOUR_MS + 2 * MINUTE_MS);
      expect(await reminders(handle)).toContain('cannot-make-it');
      await expectReplays(handle);
    },
  );

  it.each([
    ['waits for its approval', { approvalNeeded: true }, 'ProviderUnavailable'],
    ['asks in vain', {}, 'ProviderUnavailable'],
    ['waits at the brakes', {}, 'ProviderBraked'],
  ] as const)(
    'replays where a decision is refused at any time, which leaves nothing in the history: it %s',
    async (_how, rules, type) => {
      heldTo(rules);
      for (const provider of ['measureone', 'person', 'aptrinsic'] as const) {
        bench.providers[provider].ask.set(failure(type, { mayHaveReached: false, nextRetryDelayMs: 90 * DAY_MS }));
      }
      const handle = await bench.start({ filedBy: 'staff-1' });
      await bench.settle(handle);
      for (let day = 0; day < 40; day += 4) {
        const refused = handle.executeUpdate(decisionUpdates.release, { args: [staff] });
        await expect(refused).rejects.toMatchObject({ cause: { message: expect.stringContaining('not on hold') } });
        await bench.forward(handle, 4 * DAY_MS);
      }
      await expectReplays(handle);
    },
  );

  it('waits for a refusal that was told after the rejection, whatever was told before', async () => {
    heldTo({ approvalNeeded: true });
    const handle = await bench.start({ filedBy: 'staff-1' });
    await bench.settle(handle);
    const reviewAt = new Date((await bench.now(handle)) + 20 * DAY_MS).toISOString();
    await handle.executeUpdate(decisionUpdates.hold, {
      args: [{ ...staff, ground: 'legal-claims', owner: 'legal-2', reviewAt }],
    });
    await notice(handle, 'refused');
    await handle.executeUpdate(decisionUpdates.release, { args: [staff] });
    await handle.executeUpdate(decisionUpdates.reject, { args: [{ ...staff, ground: 'unverified' }] });
    const open = await eventually(async () => {
      const now = await handle.query(progress);
      return now.state === 'awaiting-answer' ? now : undefined;
    });
    expect(open.todo).toContainEqual(expect.stringContaining('tell the person why it was rejected'));
    await notice(handle, 'refused');
    expect((await handle.result()).outcome).toBe('rejected');
    await expectReplays(handle);
  });

  it('reports a request that nobody approves where there is no calendar, after 30 days', async () => {
    bench.terms = (question): Terms => ({ rules: rulesFor(question, { approvalNeeded: true }), isIndexed: true });
    const handle = await bench.start({ filedBy: 'staff-1' });
    await bench.settle(handle);
    await bench.forward(handle, 28 * DAY_MS);
    expect(await reminders(handle)).toEqual([]);
    await bench.forward(handle, 372 * DAY_MS);
    expect(await reminders(handle)).toEqual(['unanswered']);
    const { blockedOn, todo, due } = await handle.query(progress);
    expect([blockedOn, due]).toEqual([['staff', 'approval', 'unanswered'], undefined]);
    expect(todo[0]).toMatch(/^UNANSWERED for more than 30 days/);
    await expectReplays(handle);
  });

  it('stays at the calendar that it was given when identity is proven', async () => {
    let zone = 'Europe/London';
    bench.terms = async (question): Promise<Terms> => {
      const activities = createTermsActivities({
        rules: rulesFor(question),
        calendars: { 'uk-gdpr': { timeZone: zone, calendar: zone === 'Europe/London' ? 'GB-ENG' : 'GB-SCT' } },
        isIndexed: true,
        signer: {
          keyId: 'key-1',
          sign: (_fact, at, more) => ({ keyId: 'key-1', at, signature: 'none', ...more }) as never,
        },
      });
      return activities.determineTerms(question);
    };
    const submittedAt = new Date(Date.now() - 3 * DAY_MS).toISOString();
    const handle = await bench.start({ regulation: 'uk-gdpr', submittedAt, identityAskedAt: submittedAt });
    await bench.settle(handle);
    const before = (await handle.query(progress)).due;
    zone = 'Pacific/Auckland';
    const at = new Date(Date.now() - HOUR_MS).toISOString();
    const { due } = await handle.executeUpdate(decisionUpdates.identity, {
      args: [{ ...staff, at, informationReceivedAt: at, method: 'account-login', reference: 'V-1' }],
    });
    expect([due?.calendar, due?.timeZone]).toEqual(['GB-ENG', 'Europe/London']);
    expect(Date.parse(due?.at ?? '')).toBeGreaterThan(Date.parse(before?.at ?? ''));
  });

  it('gives more time only once the person was told in time', async () => {
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const before = (await handle.query(progress)).due;
    await handle.executeUpdate(decisionUpdates.extend, { args: [{ ...staff, because: 'complexity' }] });
    const decided = await handle.query(progress);
    expect([decided.due?.on, decided.due?.extended]).toEqual([before?.on, false]);
    expect(decided.todo).toContainEqual(expect.stringContaining('tell the person of the extension'));
    await notice(handle, 'extended');
    const { due } = await handle.query(progress);
    expect(due?.extended).toBe(true);
    expect(Date.parse(due?.at ?? '') - Date.parse(before?.at ?? '')).toBeGreaterThan(55 * DAY_MS);
    await expect(
      handle.executeUpdate(decisionUpdates.extend, { args: [{ ...staff, because: 'complexity' }] }),
    ).rejects.toMatchObject({ cause: { message: 'The request has been extended already: the law allows it once' } });
  });

  it('starts under the UK GDPR when the information was received, not when it was checked', async () => {
    bench.terms = ({ regulation, submittedAt, policy, identity }): Terms => ({
      rules: rulesFor({ policy }),
      clock: computeLegalClock(
        { regulation, submittedAt, ...(identity === undefined ? {} : { identity }) },
        { timeZone: 'Europe/London', calendar: 'GB-ENG' },
      ),
      isIndexed: true,
    });
    const submittedAt = Date.now() - 20 * DAY_MS;
    const iso = (days: number): string => new Date(submittedAt + days * DAY_MS).toISOString();
    const from = (at: number) =>
      computeLegalClock({ regulation: 'uk-gdpr', submittedAt: at }, { timeZone: 'Europe/London', calendar: 'GB-ENG' })
        .answerBy.on;
    const handle = await bench.start({
      requestId: randomUUID(),
      regulation: 'uk-gdpr',
      submittedAt: iso(0),
      identityAskedAt: iso(1),
      subject: subjectAt('person'),
    });
    await bench.settle(handle);
    expect((await handle.query(progress)).due?.on).toBe(from(submittedAt));
    const proof = { ...staff, method: 'identity-card', reference: 'PRIV-2', at: iso(18) };
    await handle.executeUpdate(decisionUpdates.identity, { args: [{ ...proof, informationReceivedAt: iso(9) }] });
    expect((await handle.query(progress)).due?.on).toBe(from(submittedAt + 9 * DAY_MS));
    await expectReplays(handle);
  });

  it('says of a request without a due date why it has none', async () => {
    bench.terms = ({ policy }): Terms => ({ rules: rulesFor({ policy }), noClock: 'unknown-law', isIndexed: true });
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const { due, noDueDate } = await handle.query(progress);
    expect([due, noDueDate]).toEqual([undefined, 'the policy does not define its law']);
  });

  it('waits after a cancellation until the person was told, or it is said that it was their own wish', async () => {
    bench.providers.person.ask.set(accepted({ withdrawable: true }));
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    await handle.cancel();
    await eventually(async () => (await handle.query(certificate)) ?? undefined);
    expect((await handle.query(progress)).todo).toEqual([
      expect.stringMatching(
        /why it was withdrawn.*; or say that it was their own wish \(erasure notice ID refused, erasure withdraw ID --wanted-by subject\)/,
      ),
    ]);
    await handle.executeUpdate(decisionUpdates.withdraw, { args: [{ ...staff, wantedBy: 'subject' }] });
    const result = await handle.result();
    expect([result.outcome, result.legs[0]?.outcome]).toEqual(['withdrawn', 'withdrawn']);
    await expectReplays(handle);
  });

  it('gives the certificate before the person has been told, and ends with the notice', async () => {
    const handle = await bench.startFor('person');
    expect(await handle.query(certificate)).toBeNull();
    await bench.forward(handle, OVER_MS);
    const open = await handle.query(progress);
    expect([open.state, open.outcome]).toEqual(['awaiting-answer', 'completed']);
    expect(await handle.query(certificate)).toBe(packedCertificateOf(handle.workflowId.replace('erasure-', '')));
    expect(open.todo).toContainEqual(expect.stringContaining('tell the person the outcome'));
    const before = new Date((await bench.now(handle)) - HOUR_MS).toISOString();
    await expect(
      handle.executeUpdate(decisionUpdates.notice, {
        args: [{ ...staff, notice: 'outcome', at: before, channel: 'email', reference: 'MSG-1' }],
      }),
    ).rejects.toMatchObject({ cause: { message: expect.stringContaining('had no certificate at that time (at)') } });
    const told = await notice(handle, 'outcome');
    expect([told.state, told.due?.status, told.todo]).toEqual(['completed', 'answered', []]);
    const result = await handle.result();
    expect(result.outcome).toBe('completed');
    expect(result.trail).toContainEqual(expect.objectContaining({ kind: 'notice' }));
  });
});
