import type { DecisionBase } from '../decision/decision';
import type { Provider } from '../provider/provider-table';
import type { Patience } from '../rules/patience';
import type { ApprovalRule } from '../rules/terms';
import type { AttentionReason, StepMemory } from './failure';
import type { Evidence } from './receipt';

/** Input of each of a provider's three activities. Free of personal data. */
export interface LegCall {
  readonly requestId: string;
  /** The run that the request was started as; a reset keeps it. */
  readonly run: string;
  readonly provider: Provider;
  /** The identifier at this provider, sealed to the workers' key (compact JWE). */
  readonly sealed: string;
  readonly round: number;
  /** When this request first asked this provider for what is still there; epoch ms of the workflow's clock. */
  readonly firstAskedAt: number;
  /** An earlier activity of this leg may have reached the provider's erasing operation. */
  readonly askedBefore: boolean;
  /** The host that was asked, once one was: nothing else can say what became of it. */
  readonly host?: string;
  /** Of an asking only. */
  readonly approvalRule?: ApprovalRule;
  /** Of an asking: who approved the request, with the token that proves it; where one was needed. */
  readonly approval?: Approval;
  /** The provider's own words in its answer to our last asking, where it took that one on and it was not withdrawn since. */
  readonly acceptedFacts?: Evidence['facts'];
  /** What earlier activities of this step have left. */
  readonly memory?: StepMemory;
  readonly tries: CallTries;
  readonly patience: Patience;
}

/**
 * How the activity is tried. `first`: the step has not failed yet; `soon`: within minutes to hours; both end once the
 * request's patience with this kind of trouble is spent. `daily`: once a day, for as long as it takes.
 */
export interface CallTries {
  readonly mode: 'first' | 'soon' | 'daily';
  /** The wait after the first failed attempt, doubled after each further one up to the longest. */
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** The kind of failure that the leg knows of and shows; the activity ends to report another. */
  readonly knownFailure?: AttentionReason;
}

export interface Approval {
  readonly content: Pick<DecisionBase, 'actor' | 'reason'>;
  readonly token: string;
}
