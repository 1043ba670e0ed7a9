/**
 * How a run takes decisions: each is checked when it comes, its token is checked where the rules ask for one, and it is checked
 * again in the very step in which it counts. Of guarded decisions that come together one is taken.
 */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import type { DecisionActivities, DecisionQuestion } from '../activities/decision-activities';
import {
  decisionShape,
  isProviderDecision,
  readDecision,
  sentProblem,
  type Decision,
  type DecisionContent,
  type DecisionProof,
  type RequestDecision,
} from '../domain/decision/decision';
import {
  decisionKinds,
  decisionRow,
  type DecisionKind,
  type ProviderDecisionKind,
} from '../domain/decision/decision-table';
import { defined } from '../domain/defined';
import { refusalReason } from '../domain/leg/leg-decisions';
import { legProgress } from '../domain/leg/leg-progress';
import { providerName, type Provider } from '../domain/provider/provider-table';
import {
  limitOfLeg,
  limitOfRequest,
  REFUSED_TOKENS_MAX,
  TRAIL_IN_ANSWER_MAX,
  type HistoryLength,
} from '../domain/request/limits';
import type { RequestProgress } from '../domain/request/request-progress';
import { providersDecisionProblem, requestDecisionProblem } from '../domain/request/decision-problem';
import type { RequestEvent, RequestState } from '../domain/request/request-state';
import type { RequestSnapshot } from '../domain/request/snapshot';
import type { WithoutTime } from '../domain/without-time';
import { decisionOptions, onceLocally } from './activity-options';
import { TakenDecisions } from './taken-decisions';
import { refusal } from './decision-refusal';
import { localFirst } from './local-first';
import { decisionUpdates, type DecisionAnswer } from './messages';
import type { ProviderLeg } from './provider-leg';
import type { RunClock } from './held-clock';

/** What decisions are about. */
export interface DecidableRun {
  readonly requestId: string;
  readonly beganUnder04: boolean;
  readonly clock: RunClock;
  readonly state: RequestState;
  readonly snapshot: RequestSnapshot;
  leg(provider: Provider): ProviderLeg | undefined;
  progress(): RequestProgress;
  apply(event: WithoutTime<RequestEvent>): void;
  moveDueDates(): Promise<void>;
}

export function listenForDecisions(run: DecidableRun): void {
  const ledger = new TakenDecisions(run.clock);
  for (const kind of decisionKinds) listenFor(kind, run, ledger);
}

function listenFor(kind: DecisionKind, run: DecidableRun, ledger: TakenDecisions): void {
  const update: UpdateDefinition<DecisionAnswer, [DecisionContent]> = decisionUpdates[kind];
  const validate = (sent: DecisionContent, ...more: readonly unknown[]): void => {
    refuseIf(sentProblem(kind, [sent, ...more]));
    refuseIf(problemNow(run, readDecision(kind, sent)) ?? tokenProblem(run, kind, { token: sent.token, ledger }));
  };
  const take = async (sent: DecisionContent): Promise<DecisionAnswer> => {
    const decision = readDecision(kind, sent);
    const countBefore = ledger.countBefore(decision);
    if (isStarting(run)) await CancellationScope.nonCancellable(() => condition(() => !isStarting(run)));
    let proof: DecisionProof | undefined;
    if (isGuarded(run, kind) && sent.token !== undefined) {
      // It may have waited until the rules were known.
      validate(sent);
      proof = await checkToken(run, decision, { token: sent.token, ledger });
    }
    ledger.record(decision, { countBefore, proof, validate: () => validate(sent) });
    return isProviderDecision(decision) ? applyToLeg(run, decision, proof) : applyToRequest(run, decision, proof);
  };
  const { description } = decisionRow(kind);
  setHandler(update, take, {
    description: `${description.charAt(0).toUpperCase()}${description.slice(1)}. Input: ${decisionShape(kind)}`,
    // Must stay synchronous: an asynchronous validator is not awaited and accepts everything.
    validator: validate,
  });
}

function applyToLeg(
  run: DecidableRun,
  { kind, content }: Decision<ProviderDecisionKind>,
  proof: DecisionProof | undefined,
): DecisionAnswer {
  const leg = run.leg(content.provider);
  if (leg === undefined) throw new TypeError('The validator lets only providers of this request pass');
  leg.handle({ type: 'decided', kind, decision: content, ...defined({ proof }) });
  return legProgress(leg.state);
}

async function applyToRequest(
  run: DecidableRun,
  decision: RequestDecision,
  proof: DecisionProof | undefined,
): Promise<DecisionAnswer> {
  run.apply({ type: 'decided', decision, ...defined({ proof }) });
  if (decision.kind === 'identity') await run.moveDueDates();
  const { trail, ...progress } = run.progress();
  return { ...progress, trail: trail.slice(-TRAIL_IN_ANSWER_MAX) };
}

/** Why the decision cannot be taken now. While a request is starting it is let in and waits, until the rules are known. */
function problemNow(run: DecidableRun, decision: Decision): string | undefined {
  const history = historyLength();
  if (isProviderDecision(decision)) {
    const { kind, content } = decision;
    const name = providerName(content.provider);
    const leg = run.leg(content.provider);
    if (leg === undefined) return `${name} is not part of this request`;
    return (
      sentence(name, refusalReason(leg.state, kind)) ??
      sentence('The request', isStarting(run) ? undefined : providersDecisionProblem(run.state, kind)) ??
      sentence(name, limitOfLeg(leg.state, kind, history))
    );
  }
  return sentence(
    'The request',
    (isStarting(run) ? undefined : requestDecisionProblem(run.snapshot, decision)) ??
      limitOfRequest(run.state, decision, history),
  );
}

function sentence(subject: string, problem: string | undefined): string | undefined {
  return problem && `${subject} ${problem}`;
}

function tokenProblem(
  run: DecidableRun,
  kind: DecisionKind,
  { token, ledger }: { readonly token: string | undefined; readonly ledger: TakenDecisions },
): string | undefined {
  if (!isGuarded(run, kind)) return undefined;
  if (token === undefined) return 'token: this request takes decisions of this kind only with a signed decision token';
  // Whoever has no key can have each of these checked, and each check makes the history longer.
  return ledger.refusedTokens >= REFUSED_TOKENS_MAX
    ? `The request was sent ${REFUSED_TOKENS_MAX} decision tokens that did not hold, which is the limit: somebody who may ` +
        'write to the namespace keeps it from being decided about'
    : undefined;
}

async function checkToken(
  { requestId, beganUnder04, clock }: DecidableRun,
  { kind, content }: Decision,
  { token, ledger }: { readonly token: string; readonly ledger: TakenDecisions },
): Promise<DecisionProof> {
  const summary = `Check who decided: ${kind}`;
  const activity = proxyActivities<DecisionActivities>({ ...decisionOptions, summary });
  const local = proxyLocalActivities<DecisionActivities>({ ...onceLocally, summary });
  const question: DecisionQuestion = { requestId, run: workflowInfo().originalExecutionRunId, token, kind, content };
  const asActivity = () => activity.checkDecision(question);
  try {
    const verdict = await CancellationScope.nonCancellable(() =>
      beganUnder04 ? localFirst(clock, () => local.checkDecision(question), asActivity) : asActivity(),
    );
    if (verdict.status === 'proven') return verdict.proof;
    throw refusal(verdict.why);
  } catch (error) {
    ledger.refusedTokens += 1;
    if (!(error instanceof ActivityFailure)) throw error;
    throw refusal('The decision token could not be checked in time. Nothing was decided; try again');
  }
}

function isStarting({ state }: DecidableRun): boolean {
  return state.phase === 'starting';
}

function isGuarded({ state }: DecidableRun, kind: DecisionKind): boolean {
  return state.terms?.rules.decisionMode === 'authenticated' && decisionRow(kind).isGuarded;
}

function historyLength(): HistoryLength {
  const { historyLength: events, historySize: bytes } = workflowInfo();
  return { events, bytes };
}

function refuseIf(problem: string | undefined): void {
  if (problem !== undefined) throw refusal(problem);
}
