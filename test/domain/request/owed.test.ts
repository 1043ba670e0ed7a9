/**
 * Whatever is decided, told and done, in whatever order: where the law owes the person an answer, something says so. What is
 * owed is found out by an oracle that knows nothing of the state machine: it reads the plain list of what happened.
 */
import { openLeg, stateAfter, type AnyLeg } from '../../support/legs';
import fc from 'fast-check';
import type { RequestDecision } from '../../../domain/decision/decision';
import { requestDecisionKinds } from '../../support/decision-kinds';
import type { RequestDecisionKind } from '../../../domain/decision/decision-table';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import type { WithoutTime } from '../../../domain/without-time';
import { mayHaveErased } from '../../../domain/leg/rounds';
import { nextStep } from '../../../domain/leg/next-step';
import type { LegEvent } from '../../../domain/leg/leg-state';
import { refusalReason } from '../../../domain/leg/leg-decisions';
import type { LegalClock } from '../../../domain/law/legal-clock';
import { requestOutcome } from '../../../domain/leg/outcome';
import { providersDecisionProblem, requestDecisionProblem } from '../../../domain/request/decision-problem';
import { nextReminder } from '../../../domain/request/next-reminder';
import { answerOwed, isAnswered, owedToPerson } from '../../../domain/request/owed-to-person';
import { requestProgress } from '../../../domain/request/request-progress';
import {
  advanceRequest,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import type { RequestSnapshot } from '../../../domain/request/snapshot';
import { defaultRules } from '../../support/default-rules';
import type { Terms } from '../../../domain/rules/terms';
import { snapshotOf } from '../../support/requests';
import { absent, accepted, presentAgain, takenOffQueue, unknown } from '../../support/receipts';
import { findingsOfIndex } from '../../../domain/sweep/request-check';

const T0 = Date.UTC(2026, 10, 22, 9);
const DUE_MS = 30 * DAY_MS;
const SKEW_MS = 5 * MINUTE_MS;
const iso = (epochMs: number): string => new Date(epochMs).toISOString();
const deadline = (at: number) => ({ on: iso(at).slice(0, 10), at });
const said = { actor: 'staff-7', reason: { code: 'reviewed', ticket: 'PRIV-1' } } as const;
const clock: LegalClock = {
  rule: 'gdpr/1',
  source: 'GDPR Art. 12(3)',
  timeZone: 'UTC',
  calendar: 'DE',
  calendarSource: 'test',
  startsAt: T0,
  answerBy: deadline(T0 + DUE_MS),
  internalAnswerBy: deadline(T0 + DUE_MS),
  extendedAnswerBy: deadline(T0 + 3 * DUE_MS),
  extendBy: deadline(T0 + DUE_MS),
};

/** What happened, as somebody who only watches would write it down. */
type Entry = { readonly at: number } & (
  | { readonly what: 'rejected' | 'held' | 'released' | 'extended' | 'certified' }
  | { readonly what: 'withdrawn'; readonly by: 'subject' | 'misfiled' | 'nobody' }
  | { readonly what: 'settled'; readonly mayBeErased: boolean }
  | { readonly what: 'told'; readonly of: string; readonly given: number }
);

/** Read once, from the end: what was said last about whether and how the request is carried out decides what is owed. */
function owedBy(history: readonly Entry[]): 'outcome' | 'refused' | undefined {
  const toldOf = (of: string, from: number): boolean =>
    history
      .slice(from)
      .some((entry) => entry.what === 'told' && entry.of === of && entry.given >= (history[from]?.at ?? 0) - SKEW_MS);
  const first = (what: Entry['what']): number => history.findIndex((entry) => entry.what === what);
  const rejection = first('rejected');
  if (rejection >= 0) return toldOf('refused', rejection) ? undefined : 'refused';
  const isErased = history.some((entry) => entry.what === 'settled' && entry.mayBeErased);
  const withdrawal = first('withdrawn');
  if (withdrawal >= 0 && !isErased) {
    if (history.some((entry) => entry.what === 'withdrawn' && entry.by === 'subject')) return undefined;
    return toldOf('refused', withdrawal) ? undefined : 'refused';
  }
  const certificate = first('certified');
  if (certificate >= 0) return toldOf('outcome', certificate) ? undefined : 'outcome';
  const switches = history.map(({ what }) => what);
  const held = switches.lastIndexOf('held');
  const isHeld =
    held > Math.max(...(['released', 'withdrawn', 'settled'] as const).map((one) => switches.lastIndexOf(one)));
  if (held >= 0 && isHeld) return toldOf('refused', held) ? undefined : 'refused';
  return 'outcome';
}

type Kind = Exclude<RequestDecisionKind, 'notice'>;
type Action =
  | { readonly do: 'decide'; readonly kind: Kind; readonly wantedBy: 'subject' | 'misfiled' }
  | { readonly do: 'tell'; readonly of: 'acknowledged' | 'extended' | 'refused' | 'outcome'; readonly agoMs: number }
  | { readonly do: 'settleByHand'; readonly kind: 'waive' | 'attest' | 'retry' }
  | { readonly do: 'leg'; readonly dice: number }
  | { readonly do: 'cancel' | 'callBack' | 'certify' }
  | { readonly do: 'wait'; readonly ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant('decide' as const),
    kind: fc.constantFrom(
      ...requestDecisionKinds.filter((kind): kind is Kind => kind !== 'notice'),
      'hold' as const,
      'release' as const,
    ),
    wantedBy: fc.constantFrom('subject' as const, 'misfiled' as const),
  }),
  fc.record({
    do: fc.constant('tell' as const),
    of: fc.constantFrom('acknowledged', 'extended', 'refused', 'refused', 'outcome', 'outcome'),
    agoMs: fc.constantFrom(0, 0, 0, SKEW_MS, SKEW_MS + 1, HOUR_MS, 20 * DAY_MS),
  }),
  fc.record({ do: fc.constant('settleByHand' as const), kind: fc.constantFrom('waive', 'attest', 'retry') }),
  { arbitrary: fc.record({ do: fc.constant('leg' as const), dice: fc.integer({ min: 0, max: 9 }) }), weight: 3 },
  { arbitrary: fc.constant<Action>({ do: 'certify' }), weight: 2 },
  fc.constantFrom<Action>({ do: 'cancel' }, { do: 'callBack' }),
  fc.record({
    do: fc.constant('wait' as const),
    ms: fc.constantFrom(0, 1, HOUR_MS, DAY_MS, 10 * DAY_MS, 40 * DAY_MS),
  }),
);

/** One request with one provider, driven as the workflow drives it, without the workflow. */
class World {
  now = T0;
  leg: AnyLeg = openLeg('person');
  state: RequestState = openRequest();
  readonly history: Entry[] = [];

  readonly terms: Terms;

  constructor(terms: Terms) {
    this.terms = terms;
    this.apply({ type: 'termsDetermined', terms });
  }

  get snapshot(): RequestSnapshot {
    const { state, leg, now } = this;
    return snapshotOf(state, { request: { submittedAt: T0, identityAskedAt: T0 }, startedAt: T0, legs: [leg], now });
  }

  get progress() {
    return requestProgress(this.snapshot);
  }

  apply(happening: WithoutTime<RequestEvent>): void {
    const before = this.state;
    this.state = advanceRequest(before, { ...happening, at: this.now } as RequestEvent);
    const { hold, ended, rejected } = this.state;
    if (ended !== undefined || rejected !== undefined) this.tell({ type: 'requestEnded' });
    else if (hold !== undefined && before.hold === undefined) this.tell({ type: 'held' });
    else if (hold === undefined && before.hold !== undefined) this.tell({ type: 'released' });
  }

  tell(happening: WithoutTime<LegEvent>): void {
    this.leg = stateAfter(this.leg, { ...happening, at: this.now } as LegEvent);
  }

  take(one: Action): void {
    switch (one.do) {
      case 'decide':
        return this.decide(one);
      case 'tell': {
        const given = this.now - one.agoMs;
        const content = { ...said, notice: one.of, at: iso(given), channel: 'email', reference: 'M-1' } as const;
        if (this.isTaken({ kind: 'notice', content })) this.write({ what: 'told', of: one.of, given });
        return;
      }
      case 'settleByHand': {
        const isRefused = refusalReason(this.leg, one.kind) ?? providersDecisionProblem(this.state, one.kind);
        if (isRefused !== undefined) return;
        return this.tell({ type: 'decided', kind: one.kind, decision: { ...said, provider: 'person' } });
      }
      case 'leg':
        return this.moveLeg(one.dice);
      case 'callBack':
        return this.tell({ type: 'calledBack', evidence: { handle: 'h1' } });
      case 'cancel':
        if (this.state.phase !== 'awaiting-approval' && this.state.phase !== 'running') return;
        if (this.state.ended === undefined) this.write({ what: 'withdrawn', by: 'nobody' });
        return this.apply({ type: 'cancelled' });
      case 'certify':
        return this.certify();
      case 'wait':
        return this.wait(one.ms);
    }
  }

  decide({ kind, wantedBy }: Extract<Action, { do: 'decide' }>): void {
    const reviewAt = iso(this.now + 60 * DAY_MS);
    const decisions: { readonly [K in Kind]: RequestDecision & { readonly kind: K } } = {
      approve: { kind: 'approve', content: said },
      reject: { kind: 'reject', content: { ...said, ground: 'unverified' } },
      hold: { kind: 'hold', content: { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt } },
      release: { kind: 'release', content: said },
      withdraw: { kind: 'withdraw', content: { ...said, wantedBy } },
      extend: { kind: 'extend', content: { ...said, because: 'complexity' } },
      identity: { kind: 'identity', content: { ...said, at: iso(this.now), method: 'login', reference: 'V-1' } },
    };
    if (!this.isTaken(decisions[kind])) return;
    if (kind === 'reject') this.write({ what: 'rejected' });
    if (kind === 'hold') this.write({ what: 'held' });
    if (kind === 'release') this.write({ what: 'released' });
    if (kind === 'withdraw') this.write({ what: 'withdrawn', by: wantedBy });
  }

  isTaken(decision: RequestDecision): boolean {
    if (requestDecisionProblem(this.snapshot, decision) !== undefined) return false;
    this.apply({ type: 'decided', decision });
    return true;
  }

  /** What the step that the leg is at comes to. */
  moveLeg(dice: number): void {
    const isStarted = this.state.phase === 'running' || this.state.ended !== undefined;
    if (!isStarted || this.state.outcome !== undefined) return;
    const step = nextStep(this.leg);
    switch (step.do) {
      case 'ask':
        this.tell({ type: 'asked' });
        if (dice < 2)
          return this.tell({ type: 'failed', failure: { type: 'ProviderRejected', mayHaveReached: dice === 0 } });
        if (dice === 2) return this.tell({ type: 'answered', receipt: unknown() });
        return this.tell({ type: 'answered', receipt: accepted({ withdrawable: dice < 7 }) });
      case 'look':
        return this.tell({ type: 'observed', observation: [takenOffQueue, presentAgain, absent][dice % 3] ?? absent });
      case 'wait':
        this.wait(Math.max(0, step.until - this.now));
        return this.tell({ type: 'timePassed' });
      case 'withdraw': {
        const status = (['withdrawn', 'too-late', 'nothing-to-withdraw'] as const)[dice % 3] ?? 'withdrawn';
        this.tell({ type: 'withdrawing' });
        return this.tell(
          dice === 9
            ? { type: 'withdrawalFailed', reason: 'ProviderUnavailable' }
            : { type: 'withdrawalAnswered', withdrawal: { status } },
        );
      }
      case 'waitForBrake':
        return this.tell({ type: 'brakeReleased' });
      case 'waitForDecision':
      case 'waitForRelease':
      case 'finish':
    }
  }

  certify(): void {
    const { phase, rejected } = this.state;
    if (phase === 'issuing-certificate') {
      this.write({ what: 'certified' });
      this.apply({ type: 'certificateIssued', signed: 'a.b.c' });
    } else if (['running', 'closing', 'awaiting-approval'].includes(phase) && this.leg.phase === 'settled') {
      if (phase === 'awaiting-approval' && this.state.ended === undefined) return;
      const outcome = requestOutcome([this.leg], { isRejected: rejected !== undefined });
      this.write({ what: 'settled', mayBeErased: mayBeErasedAt(this.leg) });
      this.apply({ type: 'legsSettled', outcome, mayHaveErased: mayHaveErased(this.leg) });
    }
  }

  /** Time passes, and what is to be reported is reported when it comes. */
  wait(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const reminder = nextReminder(this.snapshot);
      if (reminder === undefined || reminder.at > until) break;
      this.now = Math.max(this.now, reminder.at);
      this.apply({ type: 'reminded', of: reminder.of, due: reminder.due });
    }
    this.now = Math.max(this.now, until);
  }

  write(entry: WithoutTime<Entry>): void {
    this.history.push({ ...entry, at: this.now } as Entry);
  }

  /** As a run does at each of its steps. */
  rest(): void {
    this.wait(0);
    if (this.state.phase === 'awaiting-answer' && answerOwed(this.state) === undefined) {
      this.apply({ type: 'closed' });
    }
  }
}

/** By what is known of the provider, and not by the leg's own rule. */
function mayBeErasedAt({ outcome, rounds }: AnyLeg): boolean {
  if (outcome !== 'waived') return ['erased', 'presumed-erased', 'attested', 'unknown'].includes(outcome ?? '');
  return rounds.some(
    ({ receipt, mayHaveReached, withdrawnAt, goneAt }) =>
      withdrawnAt === undefined &&
      goneAt === undefined &&
      (receipt?.status === 'accepted' || (!receipt && mayHaveReached)),
  );
}

/** The provider is being asked or looked at, which has a budget, or its wait is over by then. */
function goesOn({ state, leg, terms }: World, by: number): boolean {
  if (terms.clock !== undefined) return false;
  if (state.phase === 'closing' || state.phase === 'issuing-certificate') return true;
  const step = nextStep(leg);
  if (state.phase !== 'running' || state.hold !== undefined) return false;
  if (leg.phase === 'attention') return !terms.rules.answerTracked;
  return step.do === 'wait' ? step.until <= by : step.do !== 'waitForDecision' && step.do !== 'waitForRelease';
}

/** `expect` would take most of the time of these runs. */
function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function mustSaySo(world: World): void {
  const { state, terms, now, progress, history } = world;
  const owed = owedBy(history);
  must(owedToPerson(state) === owed, `owes ${owed}, and not ${owedToPerson(state)}`);
  must(isAnswered(state) === (owed === undefined), 'the clock runs exactly while something is owed');
  const blocked: readonly string[] = progress.blockedOn;
  const todo = progress.todo.join();
  const late = terms.clock === undefined ? 'unanswered' : 'overdue';
  const reminder = nextReminder(world.snapshot);
  if (owed === undefined) {
    const alarms = ['overdue', 'unanswered', 'due-soon', 'cannot-make-it', 'answer', 'notice-of-hold'];
    must(!alarms.some((one) => blocked.includes(one)), `raises no false alarm: ${blocked.join()}`);
    must(reminder === undefined || reminder.of === 'hold-review', `reminds of nothing: ${reminder?.of}`);
    return;
  }
  if (state.phase === 'over') {
    must(!terms.rules.answerTracked, 'ends only where the answer is left to another system');
    return;
  }
  const isExtended = progress.due?.extended === true;
  const dueAt = T0 + (isExtended ? 3 : 1) * DUE_MS;
  // A day is met until its last millisecond; a length of time is over when it is.
  const lateFrom = terms.clock === undefined ? dueAt : dueAt + 1;
  if (now >= lateFrom) {
    must(blocked.includes(late), `can be filtered by ${late}: ${blocked.join()}`);
    must(/OVERDUE|UNANSWERED/.test(todo), `says so among the to-dos: ${todo}`);
    const request = { requestId: 'r', runId: 'x', startedAt: T0, isReportedFailing: false };
    const found = findingsOfIndex({ ...request, index: { state: 'running', dueAt, blockedOn: blocked } });
    must(
      found.some(({ kind }) => kind === late),
      'is found by the sweep',
    );
  } else {
    must((reminder?.at ?? Infinity) <= lateFrom || goesOn(world, lateFrom), `has a reminder ahead: ${reminder?.of}`);
  }
  if (owed === 'refused') must(todo.includes('erasure notice ID refused'), `asks for the refusal: ${todo}`);
  if (owed === 'outcome' && state.phase === 'awaiting-answer' && terms.rules.answerTracked) {
    must(todo.includes('erasure notice ID outcome') && blocked.includes('answer'), `asks for the outcome: ${todo}`);
  }
}

const termSets: fc.Arbitrary<Terms> = fc
  .record({ hasClock: fc.boolean(), approvalNeeded: fc.boolean(), answerTracked: fc.constantFrom(true, true, false) })
  .map(({ hasClock, ...rules }) => ({
    rules: { ...defaultRules, ...rules },
    ...(hasClock ? { clock } : {}),
    isIndexed: true,
  }));

describe('an answer that the law owes', () => {
  const reached = new Set<string>();

  it('is never owed in silence, whatever is decided, told and done, in whatever order', () => {
    fc.assert(
      fc.property(termSets, fc.array(action, { maxLength: 30, size: 'max' }), (terms, actions) => {
        const world = new World(terms);
        for (const one of actions) {
          world.take(one);
          world.rest();
          mustSaySo(world);
          const owed = owedBy(world.history) ?? 'nothing';
          const { phase, rejected, ended, hold } = world.state;
          reached.add(`${owed} ${phase}`);
          if (rejected) reached.add(`rejected, ${owed}`);
          if (ended) reached.add(`withdrawn by ${ended.wantedBy}, ${owed}`);
          if (hold) reached.add(`held, ${owed}`);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('was owed, and not, in every way there is: otherwise the property above says little', () => {
    expect([...reached].toSorted()).toEqual(
      expect.arrayContaining([
        'held, nothing',
        'held, refused',
        'nothing over',
        'outcome awaiting-answer',
        'outcome issuing-certificate',
        'outcome running',
        'refused awaiting-answer',
        'rejected, nothing',
        'rejected, refused',
        'withdrawn by misfiled, outcome',
        'withdrawn by misfiled, refused',
        'withdrawn by subject, nothing',
        'withdrawn by subject, outcome',
        'withdrawn by unsaid, nothing',
        'withdrawn by unsaid, outcome',
        'withdrawn by unsaid, refused',
      ]),
    );
  });
});
