/** The earliest and the latest day by which the people of a file have to be answered, in constant memory. */
import { computeLegalClock, type ClockFacts } from '../../activities/legal-clock/legal-clock';
import type { ErasureSubmission } from '../../client/submission';
import type { PolicyFile } from '../../config/policy-file';
import type { Deadline } from '../../domain/legal-clock';
import { regulations, type Regulation } from '../../domain/request';

export interface DueRange {
  readonly regulation: Regulation;
  readonly requests: number;
  /** Absent where the policy names no calendar for this law. */
  readonly earliest?: Deadline;
  readonly latest?: Deadline;
}

interface Span {
  requests: number;
  first: ClockFacts;
  last: ClockFacts;
}

/**
 * A later receipt is never due earlier, so the first and the last of each kind are enough to know the range. Requests
 * that waited for a proof of identity count from elsewhere: they are computed each.
 */
export class DueDates {
  readonly #calendars: PolicyFile['calendars'];
  readonly #spans = new Map<Regulation, Span>();
  readonly #others = new Map<Regulation, readonly Deadline[]>();

  constructor({ calendars }: Pick<PolicyFile, 'calendars'>) {
    this.#calendars = calendars;
  }

  add({ regulation, submittedAt, identityAskedAt, verification }: ErasureSubmission): void {
    const facts: ClockFacts = { regulation, submittedAt: Date.parse(submittedAt) };
    if (identityAskedAt !== undefined && verification !== undefined) {
      const identity = { askedAt: Date.parse(identityAskedAt), provenAt: Date.parse(verification.at) };
      const due = this.#dueOf({ ...facts, identity });
      if (due !== undefined) this.#others.set(regulation, ends([...(this.#others.get(regulation) ?? []), due]));
    }
    const span = this.#spans.get(regulation);
    if (span === undefined) {
      this.#spans.set(regulation, { requests: 1, first: facts, last: facts });
      return;
    }
    span.requests += 1;
    if (facts.submittedAt < span.first.submittedAt) span.first = facts;
    if (facts.submittedAt > span.last.submittedAt) span.last = facts;
  }

  ranges(): readonly DueRange[] {
    return regulations.flatMap((regulation) => {
      const span = this.#spans.get(regulation);
      if (span === undefined) return [];
      const found = [this.#dueOf(span.first), this.#dueOf(span.last), ...(this.#others.get(regulation) ?? [])];
      const [earliest, latest] = ends(found.filter((due) => due !== undefined));
      return [
        {
          regulation,
          requests: span.requests,
          ...(earliest === undefined ? {} : { earliest, latest: latest ?? earliest }),
        },
      ];
    });
  }

  #dueOf(facts: ClockFacts): Deadline | undefined {
    const place = this.#calendars[facts.regulation];
    return place === undefined ? undefined : computeLegalClock(facts, place).answerBy;
  }
}

function ends(deadlines: readonly Deadline[]): readonly Deadline[] {
  const sorted = [...deadlines].sort((a, b) => a.at - b.at);
  const [first] = sorted;
  const last = sorted.at(-1);
  return first === undefined || last === undefined ? [] : [first, last];
}
