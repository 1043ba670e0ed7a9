/** Whatever a person can do something about is found by whoever asks for what needs a person: in states that chance makes. */
import fc from 'fast-check';
import { DAY_MS, HOUR_MS } from '../../../domain/duration';
import { failureTypes } from '../../../domain/leg/failure';
import { nextStep } from '../../../domain/leg/next-step';
import { type LegEvent } from '../../../domain/leg/leg-state';
import type { LegalClock } from '../../../domain/law/legal-clock';
import { requestOutcome } from '../../../domain/leg/outcome';
import type { RequestDecision } from '../../../domain/decision/decision';
import { requestDecisionProblem } from '../../../domain/request/decision-problem';
import { nextReminder } from '../../../domain/request/next-reminder';
import { requestProgress } from '../../../domain/request/request-progress';
import {
  advanceRequest,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import type { RequestSnapshot } from '../../../domain/request/snapshot';
import { certified, settled, snapshotOf, started } from '../../support/requests';
import { needsStaff } from '../../../domain/request/search-values';
import { absent, accepted, inconclusive, presentAgain } from '../../support/receipts';
import { T0, openLeg, stateAfter, type AnyLeg } from '../../support/legs';

const said = { actor: 'staff-7', reason: { code: 'reviewed', ticket: 'PRIV-1' } } as const;
const iso = (at: number): string => new Date(at).toISOString();
const deadline = (at: number) => ({ on: iso(at).slice(0, 10), at });
const clockOf = (law: 'gdpr' | 'ccpa'): LegalClock => ({
  rule: `${law}/1`,
  source: 'test',
  timeZone: 'UTC',
  calendar: 'DE',
  calendarSource: 'test',
  startsAt: T0,
  answerBy: deadline(T0 + 30 * DAY_MS),
  internalAnswerBy: deadline(T0 + 30 * DAY_MS),
  extendedAnswerBy: deadline(T0 + 90 * DAY_MS),
  extendBy: deadline(T0 + 30 * DAY_MS),
  ...(law === 'ccpa' ? { acknowledgeBy: deadline(T0 + 10 * DAY_MS) } : {}),
});

type Move = { readonly after: number } & (
  | { readonly leg: (at: number) => LegEvent }
  | { readonly request: (at: number) => RequestDecision }
  | { readonly cancel: true }
);

const after = fc.constantFrom(0, HOUR_MS, DAY_MS, 8 * DAY_MS, 25 * DAY_MS);
const legMove = fc.constantFrom<((at: number) => LegEvent)[]>(
  (at) => ({ type: 'asked', at }),
  (at) => ({ type: 'answered', receipt: accepted({ withdrawable: true }), at }),
  (at) => ({ type: 'timePassed', at }),
  (at) => ({ type: 'observed', observation: absent, at }),
  (at) => ({ type: 'observed', observation: inconclusive, at }),
  (at) => ({ type: 'observed', observation: presentAgain, at }),
  (at) => ({ type: 'withdrawalAnswered', withdrawal: { status: 'withdrawn' }, at }),
  ...failureTypes.map((type) => (at: number): LegEvent => ({
    type: 'failed',
    failure: { type, mayHaveReached: true },
    at,
  })),
);
const notice =
  (kind: 'acknowledged' | 'refused' | 'extended' | 'outcome') =>
  (at: number): RequestDecision => ({
    kind: 'notice',
    content: { ...said, notice: kind, at: iso(at), channel: 'email', reference: 'M-1' },
  });
const requestMoves: ((at: number) => RequestDecision)[] = [
  () => ({ kind: 'approve', content: said }),
  () => ({ kind: 'reject', content: { ...said, ground: 'unverified' } }),
  (at) => ({
    kind: 'hold',
    content: { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt: iso(at + 20 * DAY_MS) },
  }),
  () => ({ kind: 'release', content: said }),
  () => ({ kind: 'withdraw', content: { ...said, wantedBy: 'subject' } }),
  () => ({ kind: 'extend', content: { ...said, because: 'complexity' } }),
  notice('acknowledged'),
  notice('refused'),
  notice('extended'),
  notice('outcome'),
];
const requestMove = fc.constantFrom(...requestMoves);
const move: fc.Arbitrary<Move> = fc.oneof(
  { arbitrary: fc.record({ after, leg: legMove }), weight: 5 },
  { arbitrary: fc.record({ after, request: requestMove }), weight: 4 },
  { arbitrary: fc.record({ after, cancel: fc.constant(true as const) }), weight: 1 },
);

/** As a run has it: decisions are taken where they can be, legs hear of holds, reminders come when they are due. */
class Play {
  state: RequestState;
  leg: AnyLeg = openLeg('person');
  now = T0;

  constructor({
    law,
    approvalNeeded,
    answerTracked,
  }: {
    law: 'gdpr' | 'ccpa' | 'none';
    approvalNeeded: boolean;
    answerTracked: boolean;
  }) {
    this.state = openRequest();
    const clock = law === 'none' ? undefined : clockOf(law);
    this.request({
      ...started({ clock, approvalNeeded, answerTracked, decisionMode: 'authenticated' }),
      at: T0,
    });
  }

  get snapshot(): RequestSnapshot {
    const verification = { method: 'account-login', by: 'staff-1', at: iso(T0), reference: 'V-1' };
    return snapshotOf(this.state, { request: { verification }, legs: [this.leg], now: this.now });
  }

  request(event: RequestEvent): void {
    const before = this.state;
    this.state = advanceRequest(before, event);
    const { hold, ended, rejected } = this.state;
    const tell = (type: 'held' | 'released' | 'requestEnded') =>
      (this.leg = stateAfter(this.leg, { type, at: this.now }));
    if (ended !== undefined || rejected !== undefined) tell('requestEnded');
    else if ((hold === undefined) !== (before.hold === undefined)) tell(hold === undefined ? 'released' : 'held');
  }

  make(one: Move): void {
    this.now += one.after;
    const at = this.now;
    if ('leg' in one) {
      if (this.state.phase === 'running' || nextStep(this.leg).do === 'withdraw')
        this.leg = stateAfter(this.leg, one.leg(at));
    } else if ('request' in one) {
      const decision = one.request(at);
      if (requestDecisionProblem(this.snapshot, decision) === undefined)
        this.request({ type: 'decided', decision, at });
    } else if (this.state.ended === undefined) this.request({ type: 'cancelled', at });
    if (this.leg.phase === 'settled' && ['running', 'closing'].includes(this.state.phase)) {
      const outcome = requestOutcome([this.leg], { isRejected: this.state.rejected !== undefined });
      this.request({ ...settled(false, outcome), at });
      this.request({ ...certified, at });
    }
    for (
      let next = nextReminder(this.snapshot);
      next !== undefined && next.at <= at;
      next = nextReminder(this.snapshot)
    ) {
      this.request({ type: 'reminded', of: next.of, due: next.due, at });
    }
  }
}

const house = fc.record({
  law: fc.constantFrom('gdpr' as const, 'ccpa' as const, 'none' as const),
  approvalNeeded: fc.boolean(),
  answerTracked: fc.constant(true),
});

describe('what needs a staff member', () => {
  it('is all that has something to do, and nothing else', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(house, fc.array(move, { maxLength: 14 }), (rules, moves) => {
        const play = new Play(rules);
        for (const one of moves) {
          play.make(one);
          const { todo, legs, blockedOn } = requestProgress(play.snapshot);
          const isForPerson = legs.some(
            ({ attention, youCan = 'nothing' }) => attention !== undefined || !youCan.startsWith('nothing'),
          );
          expect({ todo, legs, blockedOn, found: needsStaff(blockedOn) }).toMatchObject({
            found: todo.length > 0 || isForPerson,
          });
          for (const word of blockedOn) met.add(word);
        }
      }),
      { numRuns: 2_000, seed: 30 },
    );
    // All but what is said of another provider, so that the test looks at what it is about.
    expect([...met].toSorted()).toEqual([
      'answer',
      'approval',
      'cannot-make-it',
      'due-soon',
      'hold',
      'notice-of-hold',
      'overdue',
      'person',
      'staff',
      'todo',
      'unanswered',
    ]);
  });
});
