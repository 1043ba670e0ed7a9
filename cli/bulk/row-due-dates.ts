/** The earliest and the latest day by which the people of a file have to be answered, in constant memory. */
import type { ErasureSubmission } from '../../client/submission';
import { defined } from '../../domain/defined';
import { legalClockFor, type ClockFacts, type ClockPolicy } from '../../domain/law/counting/due-dates';
import type { Deadline, NoClock } from '../../domain/law/legal-clock';
import type { Regulation } from '../../domain/law/regulation';
import { clockFactsOf } from '../../client/clock-facts';

export interface DueRange {
  readonly regulation: Regulation;
  readonly requests: number;
  /** Absent where none of them has a due date. */
  readonly earliest?: Deadline;
  readonly latest?: Deadline;
  /** Why some of them have no due date. */
  readonly noClock?: NoClock;
}

interface Requests {
  count: number;
  /** Of those that count from receipt. */
  first?: ClockFacts;
  last?: ClockFacts;
  /** The ends of those that were asked for identity: they may count from elsewhere. */
  others: readonly Deadline[];
  noClock?: NoClock;
}

/**
 * A later receipt is never due earlier, so the first and the last of each law are enough to know the range. Requests whose
 * person was asked for identity are computed one by one.
 */
export class DueDates {
  readonly #policy: ClockPolicy;
  readonly #byLaw = new Map<Regulation, Requests>();

  constructor(policy: ClockPolicy) {
    this.#policy = policy;
  }

  add(submission: ErasureSubmission): void {
    const facts = clockFactsOf(submission);
    const requests: Requests = this.#byLaw.get(facts.regulation) ?? { count: 0, others: [] };
    this.#byLaw.set(facts.regulation, requests);
    requests.count += 1;
    if (facts.identity !== undefined) {
      requests.others = ends([...requests.others, ...this.#dueOf([facts], requests)]);
      return;
    }
    if (requests.first === undefined || facts.submittedAt < requests.first.submittedAt) requests.first = facts;
    if (requests.last === undefined || facts.submittedAt > requests.last.submittedAt) requests.last = facts;
  }

  ranges(): readonly DueRange[] {
    return [...this.#byLaw].map(([regulation, requests]) => {
      const { count, first, last, others } = requests;
      const fromReceipt = this.#dueOf(first === undefined || last === undefined ? [] : [first, last], requests);
      const [earliest, latest] = ends([...fromReceipt, ...others]);
      return { regulation, requests: count, ...defined({ earliest, latest, noClock: requests.noClock }) };
    });
  }

  #dueOf(each: readonly ClockFacts[], requests: Requests): readonly Deadline[] {
    return each.flatMap((facts) => {
      const clock = legalClockFor(this.#policy, facts);
      if (typeof clock !== 'string') return [clock.answerBy];
      requests.noClock = clock;
      return [];
    });
  }
}

/** The first and the last of them, if there are any. */
function ends(deadlines: readonly Deadline[]): readonly Deadline[] {
  const sorted = [...deadlines].sort((a, b) => a.at - b.at);
  return [...sorted.slice(0, 1), ...sorted.slice(-1)];
}
