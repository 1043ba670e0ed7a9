/** The earliest and the latest day by which the people of a file have to be answered, in constant memory. */
import { defined } from '../../domain/defined';
import { clockUnder, type ClockFacts, type ClockPolicy } from '../../domain/law/counting/due-dates';
import type { ErasureSubmission } from '../../client/submission';
import type { Deadline, NoClock } from '../../domain/law/legal-clock';
import type { Regulation } from '../../domain/request/request';

export interface DueRange {
  readonly regulation: Regulation;
  readonly requests: number;
  /** Absent where none of them has a due date. */
  readonly earliest?: Deadline;
  readonly latest?: Deadline;
  /** Why some of them have no due date. */
  readonly noClock?: NoClock;
}

interface Span {
  requests: number;
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
  readonly #spans = new Map<Regulation, Span>();

  constructor(policy: ClockPolicy) {
    this.#policy = policy;
  }

  add(submission: ErasureSubmission): void {
    const facts = clockFactsOf(submission);
    const span: Span = this.#spans.get(facts.regulation) ?? { requests: 0, others: [] };
    this.#spans.set(facts.regulation, span);
    span.requests += 1;
    if (facts.identity !== undefined) {
      span.others = ends([...span.others, ...this.#dueOf(facts, span)]);
      return;
    }
    if (span.first === undefined || facts.submittedAt < span.first.submittedAt) span.first = facts;
    if (span.last === undefined || facts.submittedAt > span.last.submittedAt) span.last = facts;
  }

  ranges(): readonly DueRange[] {
    return [...this.#spans].map(([regulation, span]) => {
      const fromReceipt = [span.first, span.last].flatMap((facts) =>
        facts === undefined ? [] : this.#dueOf(facts, span),
      );
      const [earliest, latest] = ends([...fromReceipt, ...span.others]);
      return {
        regulation,
        requests: span.requests,
        ...(earliest === undefined ? {} : { earliest, latest: latest ?? earliest }),
        ...defined({ noClock: span.noClock }),
      };
    });
  }

  #dueOf(facts: ClockFacts, span: Span): readonly Deadline[] {
    const clock = clockUnder(this.#policy, facts);
    if (typeof clock !== 'string') return [clock.answerBy];
    span.noClock = clock;
    return [];
  }
}

/** What its due dates depend on, as its workflow will find it. */
export function clockFactsOf(submission: ErasureSubmission): ClockFacts {
  const { regulation, submittedAt, identityAskedAt, informationReceivedAt, verification } = submission;
  return {
    regulation,
    submittedAt: Date.parse(submittedAt),
    ...(identityAskedAt === undefined
      ? {}
      : {
          identity: {
            askedAt: Date.parse(identityAskedAt),
            ...(informationReceivedAt === undefined
              ? {}
              : { informationReceivedAt: Date.parse(informationReceivedAt) }),
            ...(verification === undefined ? {} : { provenAt: Date.parse(verification.at) }),
          },
        }),
  };
}

function ends(deadlines: readonly Deadline[]): readonly Deadline[] {
  const sorted = [...deadlines].sort((a, b) => a.at - b.at);
  const [first] = sorted;
  const last = sorted.at(-1);
  return first === undefined || last === undefined ? [] : [first, last];
}
