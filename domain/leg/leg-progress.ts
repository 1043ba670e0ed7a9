/** What a person sees of one leg: each state says what it waits for, until when, and what they can do. */
import { defined } from '../defined';
import { describeInstant } from '../duration';
import type { ProviderDecisionKind } from '../decision/decision-table';
import type { BrakeReason } from '../brake/brake-reason';
import { isShortageReason, type ShortageReason } from '../brake/shortage';
import { describeBrakeOn } from '../brake/trip-text';
import { attentionGuide, failureWords, triesDaily, type AttentionReason, type LegBrake } from './failure';
import { isAsked, lastRound } from './rounds';
import { nextStep } from './next-step';
import { offeredDecisions } from './leg-decisions';
import { REPORTS_COUNTED_MAX } from './leg-callbacks';
import {
  isOpen,
  type AskLeg,
  type AttentionLeg,
  type RepeatedReport,
  type LegHold,
  type LegState,
  type LookLeg,
  type OpenLeg,
  type SettledLeg,
  type StepFacts,
  type WindowLeg,
} from './leg-state';
import type { Assurance, LegOutcome } from './outcome';
import { providerName, type Provider } from '../provider/provider-table';
import { callbackRemarks, type CallbackRemark } from './receipt';

export type LegProgressState =
  | 'not-asked-yet'
  | 'asking'
  | 'waiting-out-window'
  | 'waiting-for-callback'
  | 'looking'
  | 'attention'
  | 'braked'
  | 'held'
  | 'withdrawing'
  | 'settled';

/** Instants are RFC 3339 in UTC. */
export interface LegProgress {
  readonly provider: Provider;
  readonly state: LegProgressState;
  /** In plain words, for people. */
  readonly waitsFor: string;
  /** When the wait is over by itself, our margin included; absent where nobody can say. */
  readonly until?: string;
  /** What a staff member can do now, in plain words. */
  readonly youCan?: string;
  readonly attention?: {
    readonly reason: AttentionReason;
    readonly since: string;
    /** When the step first failed, where that was earlier, e.g. for another reason. */
    readonly troubleSince?: string;
    readonly triesDaily: boolean;
  };
  /** The step under way does not get through: it is tried again soon by itself, and from `until` on asks for attention. */
  readonly trouble?: {
    readonly reason: AttentionReason;
    readonly since: string;
    readonly until: string;
  };
  /** What this leg waits for at its provider's brake: everyone is refused, or no calls are left (`until` then). */
  readonly brake?: {
    readonly reason: BrakeReason | ShortageReason;
    readonly since: string;
    readonly until?: string;
  };
  /** The same by name; absent where there is nothing, or where an older worker answers. */
  readonly decisions?: readonly ProviderDecisionKind[];
  readonly rounds: number;
  readonly requestedAt?: string;
  readonly answeredAt?: string;
  /** End of the provider's own window, without our margin. */
  readonly windowEndsAt?: string;
  readonly callbackAt?: string;
  /** When the provider last withdrew what it had taken on, because of a legal hold. */
  readonly withdrawnAt?: string;
  /** Callbacks that confirmed nothing: what they said as a code, when the first and the last came, how many (10: or more). */
  readonly callbackReports?: readonly {
    readonly says: CallbackRemark;
    readonly at: string;
    readonly lastAt: string;
    readonly count: number;
  }[];
  readonly outcome?: LegOutcome;
  readonly assurance?: Assurance;
  readonly settledAt?: string;
}

/** What keeps a request from asking its providers, beside a hold. */
export type NotYet = 'rules' | 'approval';

export function legProgress(leg: LegState, notYet?: NotYet): LegProgress {
  const round = lastRound(leg);
  const view = viewOf(leg, notYet);
  const decisions =
    notYet === 'rules' ? [] : offeredDecisions(leg).filter((kind) => notYet === undefined || kind === 'waive');
  return {
    provider: leg.provider,
    ...view,
    ...(decisions.length > 0 ? { decisions } : {}),
    rounds: leg.rounds.length,
    ...defined({
      requestedAt: iso(leg.rounds[0]?.askedAt),
      answeredAt: iso(round?.answeredAt),
      windowEndsAt: iso(round?.windowEndsAt),
      callbackAt: iso(leg.callback?.at),
      withdrawnAt: iso(leg.rounds.findLast(({ withdrawnAt }) => withdrawnAt !== undefined)?.withdrawnAt),
      callbackReports: leg.reports?.map(reportProgress),
    }),
    ...(leg.phase === 'settled' ? settlementOf(leg) : {}),
  };
}

function settlementOf({ outcome, assurance, settledAt }: SettledLeg) {
  return { outcome, ...defined({ assurance }), settledAt: iso(settledAt) };
}

function reportProgress({ says, at, lastAt, count }: RepeatedReport) {
  return { says, at: iso(at), lastAt: iso(lastAt), count };
}

/** Without a full stop: "At …, its callback named another event". */
export function describeReport({ says, at, lastAt, count }: RepeatedReport): string {
  const times = count === 1 ? '' : count < REPORTS_COUNTED_MAX ? `${count} times, ` : `${count} times or more, `;
  const last = lastAt === at ? '' : `, and last at ${describeInstant(lastAt)}`;
  return `At ${describeInstant(at)}${last}, ${times}its callback ${callbackRemarks[says]}`;
}

/** What a provider that confirmed nothing said, behind what is waited for. */
function reportsIn(leg: LegState): string {
  return (leg.reports ?? []).map((report) => `; ${inSentence(describeReport(report))}, and confirmed nothing`).join('');
}

function inSentence(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
}

type View = Pick<LegProgress, 'state' | 'waitsFor' | 'until' | 'youCan' | 'attention' | 'trouble' | 'brake'>;

function viewOf(leg: LegState, notYet: NotYet | undefined): View {
  const name = providerName(leg.provider);
  const held = isOpen(leg) ? viewOfHold(leg, notYet) : undefined;
  if (held !== undefined) return held;
  switch (leg.phase) {
    case 'ask':
      if (leg.brake !== undefined) return viewOfBraked(leg, leg.brake);
      return isAsked(leg)
        ? { state: 'asking', ...underWay(leg, `${name} to take the request on`) }
        : viewOfNotAsked(leg, notYet);
    case 'window': {
      const callback = leg.callback === undefined ? '' : `; its callback came ${describeInstant(leg.callback.at)}`;
      return viewOfWindow(leg, `${callback}${reportsIn(leg)}`);
    }
    case 'callback':
      return {
        state: 'waiting-for-callback',
        waitsFor: `${name}'s callback; without it the leg ends as presumed-erased${reportsIn(leg)}`,
        until: iso(leg.until),
        youCan: `nothing to do; ${offered(leg)}`,
      };
    case 'look':
      if (leg.brake !== undefined) return viewOfBraked(leg, leg.brake);
      return { state: 'looking', ...underWay(leg, `${name} to say whether the record is gone`) };
    case 'attention':
      return viewOfAttention(leg);
    case 'withdraw':
      return {
        state: 'withdrawing',
        waitsFor: `${name} to withdraw the request`,
        youCan: 'nothing to do; it settles by itself',
      };
    case 'settled':
      return { state: 'settled', waitsFor: afterDecision(leg) ?? 'nothing' };
  }
}

/** What the provider was at when a decision settled the leg, or did after it. */
function afterDecision(leg: SettledLeg): string | undefined {
  const name = providerName(leg.provider);
  if (leg.isWithdrawing === true) {
    return `${name}'s answer to withdrawing the request because of the hold, which was under way when this was decided: what it says is recorded`;
  }
  const { withdrawnAfterDecisionAt } = leg;
  return withdrawnAfterDecisionAt === undefined
    ? undefined
    : `nothing; ${name} withdrew the request at ${describeInstant(withdrawnAfterDecisionAt)}, after this was decided`;
}

function viewOfWindow(leg: WindowLeg, more: string): View {
  return {
    state: 'waiting-out-window',
    waitsFor: `the end of the ${lastRound(leg)?.receipt?.windowKind ?? 'erasure'} window${more}`,
    until: iso(leg.until),
    youCan: `nothing to do; ${offered(leg)}`,
  };
}

/** Only what would be taken. */
function offered(leg: LegState): string {
  return offeredDecisions(leg).join(' or ');
}

/** A state never claims more than was done: a provider that nobody has asked is not being asked. */
function viewOfNotAsked(leg: LegState, notYet: NotYet | undefined): View {
  const name = providerName(leg.provider);
  const before = `${name} is asked nothing before`;
  const state = 'not-asked-yet';
  switch (notYet) {
    case 'rules':
      return { state, waitsFor: `the rules and due dates to be looked up; ${before}`, youCan: 'nothing to do' };
    case 'approval':
      return {
        state,
        waitsFor: `the approval of the request; ${before}`,
        youCan: `approve or reject the request, or ${offered(leg)}`,
      };
    case undefined:
      return { state, waitsFor: `its turn; ${name} is asked at once`, youCan: `nothing to do; ${offered(leg)}` };
  }
}

/** A step that an activity is at, and why it has not got through so far. */
function underWay(leg: AskLeg | LookLeg, waitsFor: string): Pick<View, 'waitsFor' | 'until' | 'youCan' | 'trouble'> {
  const { trouble } = leg;
  if (trouble === undefined) return { waitsFor, youCan: `nothing to do; ${offered(leg)}` };
  const { reason, since, until } = trouble;
  return {
    waitsFor:
      `${waitsFor}. Since ${describeInstant(since)} it does not get through: ${attentionGuide[reason].happened}. ` +
      `It is tried again by itself until ${describeInstant(until)}, and then asks for attention`,
    until: iso(until),
    youCan: `nothing to do; ${offered(leg)}`,
    trouble: { reason, since: iso(since), until: iso(until) },
  };
}

/** Nobody has to do anything about this leg: one alarm, at the brake itself, says what can be done. */
function viewOfBraked(leg: AskLeg | LookLeg, brake: LegBrake): View {
  const name = providerName(leg.provider);
  const { reason, until } = brake;
  const isTried = !isShortageReason(reason);
  const from = until === undefined ? '' : `, from ${describeInstant(until)} on`;
  const goesOn = isTried ? `once ${name} serves a trial` : `once calls are left again${from}`;
  return {
    state: 'braked',
    waitsFor: `${isTried ? `${name}'s brake` : `calls to ${name}`}: ${describeBrakeOn(brake)}. It goes on by itself ${goesOn}`,
    // Of a spent allowance others may take what is there again first.
    ...defined({ until: reason === 'paused' ? iso(until) : undefined }),
    youCan: `nothing to do here, see erasure brake list; ${offered(leg)}`,
    brake: brakeProgress(brake),
  };
}

function brakeProgress({ reason, since, until }: LegBrake): LegProgress['brake'] & object {
  return { reason, since: iso(since), ...defined({ until: iso(until) }) };
}

/** What a hold stops; undefined where the leg goes on as if there were none. */
function viewOfHold(leg: OpenLeg, notYet: NotYet | undefined): View | undefined {
  const { hold, isBeingAsked }: OpenLeg & StepFacts = leg;
  if (hold === undefined) return undefined;
  const name = providerName(leg.provider);
  const step = nextStep(leg);
  const youCan = `release the hold, or ${offered(leg)}`;
  if (isBeingAsked === true) {
    return {
      state: 'held',
      waitsFor: `${name}'s answer: the hold came while it was being asked, and it may have taken the request on. Nothing more is asked`,
      youCan,
    };
  }
  if (step.do === 'withdraw') {
    return {
      state: 'withdrawing',
      waitsFor: `${name} to withdraw the request during the hold; tried for as long as the hold lasts${step.until === undefined ? '' : ' and the window is open'}`,
      ...defined({ until: iso(step.until) }),
      youCan,
    };
  }
  if (step.do === 'waitForRelease') {
    const andThen = notYet === 'approval' ? ', and then for its approval' : '';
    return {
      state: 'held',
      waitsFor: `the release of the legal hold${andThen}; ${askedBeforeHold(leg, hold)}`,
      youCan,
    };
  }
  return leg.phase === 'window' ? viewOfWindow(leg, `: ${tooLateToHold(leg, hold)}`) : undefined;
}

/** What the provider has been asked already, which a hold may have come too late for. */
function askedBeforeHold(leg: LegState, hold: LegHold): string {
  const name = providerName(leg.provider);
  const last = leg.rounds.findLast(({ receipt, mayHaveReached }) => receipt !== undefined || mayHaveReached === true);
  if (last === undefined) return `${name} is asked nothing before it`;
  if (last.withdrawnAt !== undefined) {
    return `${name} withdrew the request at ${describeInstant(last.withdrawnAt)}, and is asked nothing more before it`;
  }
  const asked = `${name} ${last.receipt === undefined ? 'may have been asked' : 'was asked'} at ${describeInstant(last.askedAt)}`;
  return `${asked}${withdrawalInHold(hold)}, and is asked nothing more before it`;
}

function withdrawalInHold({ withdrawal, couldNotWithdraw }: LegHold): string {
  if (couldNotWithdraw !== undefined) return `, could not be made to withdraw it (${couldNotWithdraw})`;
  switch (withdrawal?.status) {
    case 'too-late':
      return ', when it was too late to withdraw it';
    case 'nothing-to-withdraw':
      return ', had nothing to withdraw';
    case 'withdrawn':
    case undefined:
      return '';
  }
}

function tooLateToHold(leg: LegState, hold: LegHold): string {
  const { couldNotWithdraw } = hold;
  if (couldNotWithdraw !== undefined)
    return `the hold came, and the provider could not be made to withdraw it: ${failureWords(couldNotWithdraw)} (${couldNotWithdraw})`;
  const told = hold.withdrawal?.status === 'too-late' ? hold.withdrawal.since : undefined;
  const since = told ?? lastRound(leg)?.answeredAt;
  return `too late for the hold since ${describeInstant(since ?? hold.since)}`;
}

function viewOfAttention(leg: AttentionLeg): View {
  const { reason, since, troubleSince } = leg.attention;
  const guide = attentionGuide[reason];
  const isDaily = triesDaily(reason);
  const { brake } = leg;
  const braked = brake === undefined ? '' : `; now for its provider's brake, ${describeBrakeOn(brake)}`;
  return {
    state: 'attention',
    waitsFor: `${isDaily ? 'the world to mend, or a staff member' : 'a staff member'}: ${guide.happened}${reportsIn(leg)}${braked}`,
    youCan: guide.todo,
    attention: {
      reason,
      since: iso(since),
      ...defined({ troubleSince: iso(troubleSince) }),
      triesDaily: isDaily,
    },
    ...(brake === undefined ? {} : { brake: brakeProgress(brake) }),
  };
}

function iso<At extends number | undefined>(at: At): At extends number ? string : undefined;
function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
