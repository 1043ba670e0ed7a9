/** How a run takes decisions: each is judged when it comes, proven where the rules ask for that, and judged again before it counts. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
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
} from '../domain/decision';
import { whyNotNow } from '../domain/leg';
import {
  limitOfLeg,
  limitOfRequest,
  REFUSED_TOKENS_MAX,
  TRAIL_IN_ANSWER_MAX,
  type HistoryLength,
} from '../domain/limits';
import { legProgress, type LegProgress } from '../domain/progress';
import { providerName } from '../domain/provider';
import type { RequestProgress } from '../domain/request-progress';
import { whyNotNowOfProviders, whyNotNowOfRequest } from '../domain/request-state';
import { decisionOptions } from './activity-options';
import { providerDecisionUpdates, requestDecisionUpdates } from './messages';
import type { RequestRun } from './request-run';

const descriptions: Readonly<Record<DecisionKind | RequestDecisionKind, string>> = {
  retry: 'Repeat the step that did not succeed, now',
  waive: 'Release the request from this provider',
  attest: 'Vouch that this provider has erased',
  approve: 'Let it be carried out. Not by whoever filed it',
  reject: 'Refuse to carry it out, before anything is sent. Names the ground',
  hold: 'Legal hold: send nothing, undo what can be undone. Names ground, owner and review',
  release: 'End the legal hold: what was held back goes on',
  withdraw: 'Withdraw it: undo what can be undone, ask nobody any more',
  extend: 'Take more time. Holds once the person has been told (recordNotice, extended)',
  notice: 'Record that the person, or a recipient, was told',
  identity: 'Record that the person proved who they are',
};

/** Remembered for as long as the run. */
interface Tokens {
  /** A token is good for one decision. */
  readonly used: Set<string>;
  refused: number;
}

export function listenForDecisions(run: RequestRun): void {
  const tokens: Tokens = { used: new Set(), refused: 0 };
  for (const kind of providerDecisionKinds) listenForProviderDecision(run, kind, tokens);
  for (const kind of requestDecisionKinds) listenForRequestDecision(run, kind, tokens);
}

function listenForProviderDecision(run: RequestRun, kind: DecisionKind, tokens: Tokens): void {
  const judge = (decision: unknown, ...more: readonly unknown[]): void => {
    refuseIf(whyNoDecision(decision) ?? whyMoreThanADecision('provider', [decision, ...more]));
    const { provider } = decision as ProviderDecision;
    const leg = run.leg(provider);
    if (leg === undefined) throw refusal(`${providerName(provider)} is not part of this request`);
    const notNow = whyNotNow(leg.state, kind);
    refuseIf(notNow && `${providerName(provider)} ${notNow}`);
    refuseUnlessReady(whyNotNowOfProviders(run.state, kind), run);
    const tooMany = limitOfLeg(leg.state, kind, historyLength());
    refuseIf(tooMany && `${providerName(provider)} ${tooMany}`);
    refuseIf(whyNoToken(run, kind, decision as ProviderDecision) ?? whyTooManyTokens(run, kind, tokens));
  };
  setHandler(
    providerDecisionUpdates[kind],
    async (sent: ProviderDecision): Promise<LegProgress> => {
      const decision = readDecision(sent);
      const proof = needsTime(run, kind)
        ? await prove(run, { kind, content: decision, token: sent.token, tokens, judge: () => judge(sent) })
        : undefined;
      const leg = run.leg(decision.provider);
      if (leg === undefined) throw new TypeError('The validator lets only providers of this request pass');
      leg.tell({ type: 'decided', kind, decision, ...(proof === undefined ? {} : { proof }) });
      return legProgress(leg.state);
    },
    // Must stay synchronous: an asynchronous validator is not awaited and accepts everything.
    { description: descriptions[kind], validator: judge },
  );
}

function listenForRequestDecision(run: RequestRun, kind: RequestDecisionKind, tokens: Tokens): void {
  const judge = (sent: unknown, ...more: readonly unknown[]): void => {
    refuseIf(whyNoRequestDecision(kind, sent) ?? whyMoreThanADecision(kind, [sent, ...more]));
    const decision = readRequestDecision(kind, sent as Said);
    refuseUnlessReady(whyNotNowOfRequest(run.state, decision, run.facts), run);
    const tooMany = limitOfRequest(run.state, decision, { rules: run.facts.rules, history: historyLength() });
    refuseIf(tooMany && `The request ${tooMany}`);
    refuseIf(whyNoToken(run, kind, sent as Said) ?? whyTooManyTokens(run, kind, tokens));
  };
  const take = async (sent: Said): Promise<RequestProgress> => {
    const decision = readRequestDecision(kind, sent);
    const { content } = decision;
    const proof = needsTime(run, kind)
      ? await prove(run, { kind, content, token: sent.token, tokens, judge: () => judge(sent) })
      : undefined;
    run.apply({ type: 'decided', decision, ...(proof === undefined ? {} : { proof }) });
    if (kind === 'identity') await run.lookUpRulesAgain();
    const { trail, ...progress } = run.progress();
    return { ...progress, trail: trail.slice(-TRAIL_IN_ANSWER_MAX) };
  };
  setHandler(requestDecisionUpdates[kind] as never, take as never, {
    description: descriptions[kind],
    validator: judge as never,
  });
}

/** Waits until the rules are known, and checks the token where they ask for one. What may have changed meanwhile is judged anew. */
async function prove(
  run: RequestRun,
  parts: Pick<DecisionQuestion, 'kind' | 'content'> & {
    readonly token: string | undefined;
    readonly tokens: Tokens;
    readonly judge: () => void;
  },
): Promise<DecisionProof | undefined> {
  const { kind, content, token, tokens, judge } = parts;
  if (run.state.phase === 'taking-on') {
    await CancellationScope.nonCancellable(() => condition(() => run.state.phase !== 'taking-on'));
    judge();
  }
  if (!isGuarded(run, kind) || token === undefined) return undefined;
  try {
    return await checkToken(run, { kind, content, token, tokens, judge });
  } catch (error) {
    tokens.refused += 1;
    throw error;
  }
}

async function checkToken(
  run: RequestRun,
  { kind, content, token, tokens, judge }: Parameters<typeof prove>[1] & { readonly token: string },
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
  judge();
  if (tokens.used.has(verdict.proof.tokenId)) throw refusal('The decision token has been used already');
  tokens.used.add(verdict.proof.tokenId);
  return verdict.proof;
}

/** Whether a decision counts only after something else: otherwise it counts at once. */
function needsTime(run: RequestRun, kind: DecisionKind | RequestDecisionKind): boolean {
  return run.state.phase === 'taking-on' || isGuarded(run, kind);
}

function isGuarded(run: RequestRun, kind: DecisionKind | RequestDecisionKind): boolean {
  return run.facts.rules.decisionMode === 'authenticated' && guardedKinds.includes(kind);
}

function whyNoToken(run: RequestRun, kind: DecisionKind | RequestDecisionKind, { token }: Said): string | undefined {
  return isGuarded(run, kind) && token === undefined
    ? 'token: this request takes decisions of this kind only with a signed decision token'
    : undefined;
}

/** Whoever has no key can have each of these checked, and each check makes the history longer. */
function whyTooManyTokens(run: RequestRun, kind: DecisionKind | RequestDecisionKind, { refused }: Tokens) {
  return isGuarded(run, kind) && refused >= REFUSED_TOKENS_MAX
    ? `The request was sent ${REFUSED_TOKENS_MAX} decision tokens that did not hold, which is the limit: somebody who may ` +
        'write to the namespace keeps it from being decided about'
    : undefined;
}

function historyLength(): HistoryLength {
  const { historyLength: events, historySize: bytes } = workflowInfo();
  return { events, bytes };
}

/** While a request is being taken on, a decision is let in and waits; it is judged as soon as the rules are known. */
function refuseUnlessReady(notNow: string | undefined, run: RequestRun): void {
  if (run.state.phase !== 'taking-on') refuseIf(notNow && `The request ${notNow}`);
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
