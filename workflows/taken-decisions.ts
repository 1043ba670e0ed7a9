/** Which guarded decisions have counted in a run, and the tokens that were used for them. */
import { isProviderDecision, type Decision, type DecisionProof } from '../domain/decision/decision';
import { decisionRow } from '../domain/decision/decision-table';
import { describeInstant } from '../domain/duration';
import type { Provider } from '../domain/provider/provider-table';
import { refusal } from './decision-refusal';
import type { RunClock } from './held-clock';

export class TakenDecisions {
  readonly #last = new Map<Provider | 'request', { readonly count: number; readonly what: string }>();
  /** A token is good for one decision; those that were used are remembered for as long as the run. */
  readonly #usedTokens = new Set<string>();
  refusedTokens = 0;
  readonly #clock: RunClock;

  constructor(clock: RunClock) {
    this.#clock = clock;
  }

  /** How many have been taken about the same provider, or about the request as a whole. */
  countBefore(decision: Decision): number {
    return this.#last.get(aboutWhat(decision))?.count ?? 0;
  }

  /**
   * Throws where the decision cannot be taken any more. Whatever it leads to has to follow at once: any wait in between
   * would let another decision be checked against the same state.
   */
  record(
    decision: Decision,
    {
      countBefore,
      proof,
      validate,
    }: {
      /** As it was when the decision came. */
      readonly countBefore: number;
      readonly proof: DecisionProof | undefined;
      readonly validate: () => void;
    },
  ): void {
    const { kind, content } = decision;
    const { isGuarded } = decisionRow(kind);
    const about = aboutWhat(decision);
    const last = this.#last.get(about);
    // Whoever decided did not know of it.
    if (isGuarded && last !== undefined && last.count > countBefore) {
      throw refusal(`Meanwhile this was decided: ${last.what}. Look at the request again; nothing else was decided`);
    }
    validate();
    if (proof !== undefined) {
      if (this.#usedTokens.has(proof.tokenId)) {
        this.refusedTokens += 1;
        throw refusal('The decision token has been used already');
      }
      this.#usedTokens.add(proof.tokenId);
    }
    if (!isGuarded) return;
    const what = `${kind}${about === 'request' ? '' : ` ${about}`} by ${content.actor} at ${describeInstant(this.#clock.now())}`;
    this.#last.set(about, { count: countBefore + 1, what });
  }
}

function aboutWhat(decision: Decision): Provider | 'request' {
  return isProviderDecision(decision) ? decision.content.provider : 'request';
}
