/** The figures of a report. What each one means is in docs/reports.md. */
import { defined } from '../../domain/defined';
import type { RejectionGround } from '../../domain/decision/decision-table';
import type { LegOutcome } from '../../domain/leg/outcome';
import { DayCounts, type DayFigures } from './day-counts';
import type { RequestFacts } from './request-facts';

export interface Figures {
  readonly received: number;
  /** With a certificate. */
  readonly completed: number;
  readonly open: number;
  readonly withoutCertificate: number;
  readonly byOutcome: Readonly<Record<string, number>>;
  /** Legs by outcome, `erased` with its assurance. */
  readonly legs: Readonly<Record<string, number>>;
  readonly openByState: Readonly<Record<string, number>>;
  readonly endedWithoutCertificate: Readonly<Record<string, number>>;
  readonly answered: { readonly recorded: number; readonly elsewhere: number };
  /** From receipt to the answer; absent where nobody was answered yet. */
  readonly daysToAnswer?: DayFigures;
  readonly overdue: { readonly answeredLate: number; readonly unansweredPastDue: number };
  /** Neither can be told of these. */
  readonly withoutDueDate: number;
  /** In the terms of 11 CCR 7102(a). */
  readonly deletion: {
    readonly received: number;
    readonly compliedInWhole: number;
    readonly compliedInPart: number;
    readonly denied: number;
    readonly deniedBy: Readonly<Record<DenialGround, number>>;
    readonly withdrawn: number;
    readonly undecided: number;
  };
}

export type DenialGround = 'unverified' | 'exempt' | 'other';
type Deletion = 'compliedInWhole' | 'compliedInPart' | 'withdrawn' | 'undecided' | DenialGround;

/** Where somebody or something says that the data are gone, with more or less proof. */
const complied: readonly LegOutcome[] = ['erased', 'presumed-erased', 'not-found', 'attested'];

/** Counts one request after the other, in constant memory. */
export class FigureCounts {
  readonly #byOutcome = new Counts();
  readonly #legs = new Counts();
  readonly #openByState = new Counts();
  readonly #withoutCertificate = new Counts();
  readonly #answered = new Counts();
  readonly #deletion = new Counts();
  readonly #days = new DayCounts();
  #received = 0;
  #answeredLate = 0;
  #unansweredPastDue = 0;
  #withoutDueDate = 0;

  add(request: RequestFacts, now: number): void {
    const { outcome, openAs, endedAs, legs, answered, submittedAt } = request;
    this.#received += 1;
    if (outcome !== undefined) this.#byOutcome.add(outcome);
    if (openAs !== undefined) this.#openByState.add(openAs);
    if (endedAs !== undefined) this.#withoutCertificate.add(endedAs);
    for (const leg of legs)
      this.#legs.add(leg.assurance === undefined ? leg.outcome : `${leg.outcome} (${leg.assurance})`);
    if (answered !== undefined) {
      this.#answered.add(answered.how);
      this.#days.add(answered.at - submittedAt);
    }
    this.#addToDeadlines(request, now);
    this.#deletion.add(deletionOf(request));
  }

  #addToDeadlines({ answered, dueAt, outcome, openAs }: RequestFacts, now: number): void {
    // A withdrawn request that is over owes no answer.
    if (answered === undefined && outcome === 'withdrawn' && openAs === undefined) return;
    if (dueAt === undefined) this.#withoutDueDate += 1;
    else if (answered === undefined) this.#unansweredPastDue += now > dueAt ? 1 : 0;
    else this.#answeredLate += answered.at > dueAt ? 1 : 0;
  }

  figures(): Figures {
    const days = this.#days.figures();
    const deletion = this.#deletion;
    const deniedBy = {
      unverified: deletion.of('unverified'),
      exempt: deletion.of('exempt'),
      other: deletion.of('other'),
    };
    return {
      received: this.#received,
      completed: this.#byOutcome.total,
      open: this.#openByState.total,
      withoutCertificate: this.#withoutCertificate.total,
      byOutcome: this.#byOutcome.all(),
      legs: this.#legs.all(),
      openByState: this.#openByState.all(),
      endedWithoutCertificate: this.#withoutCertificate.all(),
      answered: { recorded: this.#answered.of('recorded'), elsewhere: this.#answered.of('elsewhere') },
      ...defined({ daysToAnswer: days }),
      overdue: { answeredLate: this.#answeredLate, unansweredPastDue: this.#unansweredPastDue },
      withoutDueDate: this.#withoutDueDate,
      deletion: {
        received: this.#received,
        compliedInWhole: deletion.of('compliedInWhole'),
        compliedInPart: deletion.of('compliedInPart'),
        denied: deniedBy.unverified + deniedBy.exempt + deniedBy.other,
        deniedBy,
        withdrawn: deletion.of('withdrawn'),
        undecided: deletion.of('undecided'),
      },
    };
  }
}

function deletionOf({ outcome, rejectedFor, legs }: RequestFacts): Deletion {
  if (outcome === undefined) return 'undecided';
  switch (outcome) {
    case 'completed':
      return 'compliedInWhole';
    case 'completed-with-exceptions':
      // Every provider waived, or none of which anything is known: nothing was complied with.
      return legs.some((leg) => complied.includes(leg.outcome)) ? 'compliedInPart' : 'other';
    case 'withdrawn':
      return 'withdrawn';
    case 'rejected':
      return denialGround(rejectedFor);
  }
}

function denialGround(ground: RejectionGround | undefined): DenialGround {
  if (ground === 'unverified') return 'unverified';
  return ground?.startsWith('exempt-') === true ? 'exempt' : 'other';
}

class Counts {
  readonly #counts = new Map<string, number>();
  total = 0;

  add(what: string): void {
    this.#counts.set(what, this.of(what) + 1);
    this.total += 1;
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}
