/**
 * By when the law wants the person answered. The dates are computed once, by an activity that knows calendars and time
 * zones, and pinned to the request; what is here is arithmetic on instants only.
 */

/** A day by whose end something must have happened. */
export interface Deadline {
  /** The day in the clock's time zone, e.g. `2026-03-02`. */
  readonly on: string;
  /** Epoch ms of the last millisecond of that day there. */
  readonly at: number;
}

/** The due dates of one request, computed once and pinned to it. They are about the answer to the person, not about the erasure. */
export interface LegalClock {
  /** Id and version of the rule, e.g. `gdpr/1`. */
  readonly rule: string;
  /** Where the law says so, in words. */
  readonly source: string;
  /** IANA name of the time zone whose days count. */
  readonly timeZone: string;
  /** Whose public holidays count, e.g. `DE-BY`, or `DE and FR`: those days only that are one in both. `none`: no holidays. */
  readonly calendar: string;
  /** Where these public holidays are from, e.g. `date-holidays 3.37.0, corrected`. */
  readonly calendarSource: string;
  /** From when it counts, epoch ms: receipt; under `uk-gdpr` the information on identity, where it was asked for and came later. */
  readonly startsAt: number;
  /** By when the receipt must be confirmed to the person, where the law asks for that. */
  readonly acknowledgeBy?: Deadline;
  /** The law's day for the answer. */
  readonly answerBy: Deadline;
  /** What we aim at: never later than the law's day, and earlier where the law can be counted in two ways. */
  readonly internalAnswerBy: Deadline;
  /** The law's day once the person was told in time that it takes longer; absent where the law gives no more time. */
  readonly extendedAnswerBy?: Deadline;
  /** By when the person must have been told of the extension. */
  readonly extendBy?: Deadline;
}

/** Why a request has no due dates. */
export type NoClock = 'unknown-law' | 'no-calendar' | 'not-in-force';

export const noClockMeaning: Readonly<Record<NoClock, string>> = {
  'unknown-law': 'the policy does not define its law',
  'no-calendar': 'the policy names no calendar for its law',
  'not-in-force': 'it was received before its law held',
};

export interface Deadlines {
  /** The law's day. After it the answer is late. */
  readonly due: Deadline;
  /** The day to work towards: the law's day, or earlier. */
  readonly aim: Deadline;
}

/** By when the person is to be answered, as it stands now. */
export function currentDeadlines(clock: LegalClock, { extended }: { readonly extended: boolean }): Deadlines {
  const later = extended ? clock.extendedAnswerBy : undefined;
  return { due: later ?? clock.answerBy, aim: later ?? clock.internalAnswerBy };
}

/** What has been settled between us and the person. */
export interface ClockProgress {
  /** The receipt was confirmed to the person. */
  readonly acknowledged: boolean;
  /** The person was told that it takes longer. */
  readonly extended: boolean;
  /** The person has been answered: nothing is due any more. */
  readonly answered: boolean;
}

/** How long before its deadline each event comes, in milliseconds. */
export interface ClockLeads {
  readonly acknowledgeMs: number;
  readonly dueSoonMs: number;
  readonly extensionDecisionMs: number;
}

/**
 * - `acknowledge-due`: the receipt has to be confirmed now.
 * - `extension-decision-due`: whoever wants more time has to say so now.
 * - `due-soon`: the day we aim at is near.
 * - `overdue`: the first millisecond after the law's day.
 */
export type ClockEventKind = 'acknowledge-due' | 'extension-decision-due' | 'due-soon' | 'overdue';

export interface ClockEvent {
  readonly kind: ClockEventKind;
  /** Epoch ms; never before the clock starts. */
  readonly at: number;
}

/** What the clock will still have to say, in the order of time; past events are among them. */
export function clockEvents(clock: LegalClock, settled: ClockProgress, leads: ClockLeads): readonly ClockEvent[] {
  if (settled.answered) return [];
  const { due, aim } = currentDeadlines(clock, settled);
  const ahead = (kind: ClockEventKind, deadline: Deadline, leadMs: number): ClockEvent => ({
    kind,
    at: Math.max(clock.startsAt, deadline.at - leadMs),
  });
  const events = [
    ...(clock.acknowledgeBy === undefined || settled.acknowledged
      ? []
      : [ahead('acknowledge-due', clock.acknowledgeBy, leads.acknowledgeMs)]),
    ...(settled.extended || clock.extendBy === undefined
      ? []
      : [ahead('extension-decision-due', clock.extendBy, leads.extensionDecisionMs)]),
    ahead('due-soon', aim, leads.dueSoonMs),
    { kind: 'overdue' as const, at: due.at + 1 },
  ];
  // Sorting is stable: events of one instant stay in the order above.
  return events.sort((a, b) => a.at - b.at);
}
