/**
 * How a run takes decisions: each is judged when it comes, proven where the rules ask for that, and judged again in the
 * very step in which it counts. Of guarded decisions that come together one is taken.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { defined } from '../domain/defined';
import type { DecisionActivities, DecisionQuestion } from '../activities/decision-activities';
import {
  guardedKinds,
  readDecision,
  readRequestDecision,
  requestDecisionKinds,
  whyMoreThanADecision,
  whyNoDecision,
  whyNoRequestDecision,
  providerDecisionKinds,
  type DecisionKind,
  type DecisionProof,
  type ProviderDecision,
  type RequestDecisionKind,
  type Said,
} from '../domain/decision/decision';
import { describeInstant } from '../domain/duration';
import { refusalReason } from '../domain/leg/leg-decisions';
import {
  limitOfLeg,
  limitOfRequest,
  REFUSED_TOKENS_MAX,
  TRAIL_IN_ANSWER_MAX,
  type HistoryLength,
} from '../domain/request/limits';
import { legProgress, type LegProgress } from '../domain/leg/leg-progress';
import { providerName, type Provider } from '../domain/provider/provider-table';
import type { RequestProgress } from '../domain/request/request-progress';
import { providersDecisionProblem, requestDecisionProblem } from '../domain/request/decision-problem';
import { decisionOptions } from './activity-options';
import { providerDecisionUpdates, requestDecisionUpdates } from './messages';
import type { RequestRun } from './request-run';

const descriptions: Readonly<Record<DecisionKind | RequestDecisionKind, string>> = {
  retry: 'Repeat the step that did not succeed, now',
  waive: 'Release the request from this provider',
  attest: 'Vouch that this provider has erased',
  approve: 'Let it be carried out. Not by whoever filed it',
  reject: 'Refuse to carry it out, before anything is sent. Names the ground',
  hold: 'Legal hold: send nothing, withdraw what can be withdrawn. Names ground, owner and review',
  release: 'End the legal hold: what was held back goes on',
  withdraw: 'Withdraw it also where it was asked for already, and ask nobody any more',
  extend: 'Take more time. Holds once the person has been told (recordNotice, extended)',
  notice: 'Record that the person, or a recipient, was told',
  identity: 'Record that the person proved who they are',
};

export function listenForDecisions(run: RequestRun): void {
  const taken = new TakenDecisions();
  for (const kind of providerDecisionKinds) listenForProviderDecision(run, kind, taken);
  for (const kind of requestDecisionKinds) listenForRequestDecision(run, kind, taken);
}

function listenForProviderDecision(run: RequestRun, kind: DecisionKind, taken: TakenDecisions): void {
  const judge = (decision: unknown, ...more: readonly unknown[]): void => {
    refuseIf(whyNoDecision(decision) ?? whyMoreThanADecision('provider', [decision, ...more]));
    const { provider } = decision as ProviderDecision;
    const leg = run.leg(provider);
    if (leg === undefined) throw refusal(`${providerName(provider)} is not part of this request`);
    const notNow = refusalReason(leg.state, kind);
    refuseIf(notNow && `${providerName(provider)} ${notNow}`);
    refuseUnlessReady(providersDecisionProblem(run.state, kind), run);
    const tooMany = limitOfLeg(leg.state, kind, historyLength());
    refuseIf(tooMany && `${providerName(provider)} ${tooMany}`);
    refuseIf(whyNoToken(run, kind, decision as ProviderDecision) ?? whyTooManyTokens(run, kind, taken));
  };
  setHandler(
    providerDecisionUpdates[kind],
    async (sent: ProviderDecision): Promise<LegProgress> => {
      const decision = readDecision(sent);
      const leg = run.leg(decision.provider);
      if (leg === undefined) throw new TypeError('The validator lets only providers of this request pass');
      const seen = taken.about(decision.provider);
      const proof = needsTime(run, kind)
        ? await prove(run, { kind, content: decision, token: sent.token, taken, judge: () => judge(sent) })
        : undefined;
      taken.take({ kind, about: decision.provider, actor: decision.actor, seen, proof, judge: () => judge(sent) });
      leg.handle({ type: 'decided', kind, decision, ...defined({ proof }) });
      return legProgress(leg.state);
    },
    // Must stay synchronous: an asynchronous validator is not awaited and accepts everything.
    { description: descriptions[kind], validator: judge },
  );
}

function listenForRequestDecision(run: RequestRun, kind: RequestDecisionKind, taken: TakenDecisions): void {
  const judge = (sent: unknown, ...more: readonly unknown[]): void => {
    refuseIf(whyNoRequestDecision(kind, sent) ?? whyMoreThanADecision(kind, [sent, ...more]));
    const decision = readRequestDecision(kind, sent as Said);
    refuseUnlessReady(requestDecisionProblem(run.snapshot, decision), run);
    const tooMany = limitOfRequest(run.state, decision, historyLength());
    refuseIf(tooMany && `The request ${tooMany}`);
    refuseIf(whyNoToken(run, kind, sent as Said) ?? whyTooManyTokens(run, kind, taken));
  };
  const take = async (sent: Said): Promise<RequestProgress> => {
    const decision = readRequestDecision(kind, sent);
    const { content } = decision;
    const seen = taken.about('request');
    const proof = needsTime(run, kind)
      ? await prove(run, { kind, content, token: sent.token, taken, judge: () => judge(sent) })
      : undefined;
    taken.take({ kind, about: 'request', actor: content.actor, seen, proof, judge: () => judge(sent) });
    run.apply({ type: 'decided', decision, ...defined({ proof }) });
    if (kind === 'identity') await run.moveDueDates();
    const { trail, ...progress } = run.progress();
    return { ...progress, trail: trail.slice(-TRAIL_IN_ANSWER_MAX) };
  };
  setHandler(requestDecisionUpdates[kind] as never, take as never, {
    description: descriptions[kind],
    validator: judge as never,
  });
}

type Subject = Provider | 'request';

/** The guarded decisions that have counted, and the tokens that were used for them. */
class TakenDecisions {
  readonly #last = new Map<Subject, { readonly count: number; readonly what: string }>();
  /** A token is good for one decision; those that were used are remembered for as long as the run. */
  readonly #usedTokens = new Set<string>();
  refusedTokens = 0;

  /** How many have been taken about one provider, or about the request as a whole. */
  about(subject: Subject): number {
    return this.#last.get(subject)?.count ?? 0;
  }

  /**
   * Throws where the decision cannot be taken any more. Whatever it leads to has to follow at once: any wait in between
   * would let another decision be judged by the same state.
   */
  take(decision: {
    readonly kind: DecisionKind | RequestDecisionKind;
    readonly about: Subject;
    readonly actor: string;
    /** What `about` said when it came. */
    readonly seen: number;
    readonly proof: DecisionProof | undefined;
    readonly judge: () => void;
  }): void {
    const { kind, about, actor, seen, proof, judge } = decision;
    const isGuardedKind = guardedKinds.includes(kind);
    const last = this.#last.get(about);
    // Whoever decided did not know of it.
    if (isGuardedKind && last !== undefined && last.count > seen) {
      throw refusal(`Meanwhile this was decided: ${last.what}. Look at the request again; nothing else was decided`);
    }
    judge();
    if (proof !== undefined) {
      if (this.#usedTokens.has(proof.tokenId)) {
        this.refusedTokens += 1;
        throw refusal('The decision token has been used already');
      }
      this.#usedTokens.add(proof.tokenId);
    }
    if (!isGuardedKind) return;
    const what = `${kind}${about === 'request' ? '' : ` ${about}`} by ${actor} at ${describeInstant(Date.now())}`;
    this.#last.set(about, { count: seen + 1, what });
  }
}

/** Waits until the rules are known, and checks the token where they ask for one. */
async function prove(
  run: RequestRun,
  parts: Pick<DecisionQuestion, 'kind' | 'content'> & {
    readonly token: string | undefined;
    readonly taken: TakenDecisions;
    readonly judge: () => void;
  },
): Promise<DecisionProof | undefined> {
  const { kind, content, token, taken, judge } = parts;
  if (run.state.phase === 'starting') {
    await CancellationScope.nonCancellable(() => condition(() => run.state.phase !== 'starting'));
    judge();
  }
  if (!isGuarded(run, kind) || token === undefined) return undefined;
  try {
    return await checkToken(run, { kind, content, token });
  } catch (error) {
    taken.refusedTokens += 1;
    throw error;
  }
}

async function checkToken(
  run: RequestRun,
  { kind, content, token }: Pick<DecisionQuestion, 'kind' | 'content' | 'token'>,
): Promise<DecisionProof> {
  const { checkDecision } = proxyActivities<DecisionActivities>({
    ...decisionOptions,
    summary: `Check who decided: ${kind}`,
  });
  const verdict = await CancellationScope.nonCancellable(() =>
    checkDecision({ requestId: run.requestId, run: workflowInfo().originalExecutionRunId, token, kind, content }),
  ).catch((error: unknown) => {
    if (!(error instanceof ActivityFailure)) throw error;
    throw refusal('The decision token could not be checked in time. Nothing was decided; try again');
  });
  if (verdict.status === 'refused') throw refusal(verdict.why);
  return verdict.proof;
}

/** Whether a decision counts only after something else: otherwise it counts at once. */
function needsTime(run: RequestRun, kind: DecisionKind | RequestDecisionKind): boolean {
  return run.state.phase === 'starting' || isGuarded(run, kind);
}

function isGuarded(run: RequestRun, kind: DecisionKind | RequestDecisionKind): boolean {
  return run.state.terms?.rules.decisionMode === 'authenticated' && guardedKinds.includes(kind);
}

function whyNoToken(run: RequestRun, kind: DecisionKind | RequestDecisionKind, { token }: Said): string | undefined {
  return isGuarded(run, kind) && token === undefined
    ? 'token: this request takes decisions of this kind only with a signed decision token'
    : undefined;
}

/** Whoever has no key can have each of these checked, and each check makes the history longer. */
function whyTooManyTokens(run: RequestRun, kind: DecisionKind | RequestDecisionKind, taken: TakenDecisions) {
  return isGuarded(run, kind) && taken.refusedTokens >= REFUSED_TOKENS_MAX
    ? `The request was sent ${REFUSED_TOKENS_MAX} decision tokens that did not hold, which is the limit: somebody who may ` +
        'write to the namespace keeps it from being decided about'
    : undefined;
}

function historyLength(): HistoryLength {
  const { historyLength: events, historySize: bytes } = workflowInfo();
  return { events, bytes };
}

/** While a request is starting, a decision is let in and waits; it is judged as soon as the rules are known. */
function refuseUnlessReady(notNow: string | undefined, run: RequestRun): void {
  if (run.state.phase !== 'starting') refuseIf(notNow && `The request ${notNow}`);
}

function refuseIf(why: string | undefined): void {
  if (why !== undefined) throw refusal(why);
}

/** Staff read it in the Temporal UI: where in our code it was said is nothing to them. */
function refusal(message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, 'DecisionRefused');
  failure.stack = '';
  return failure;
}
