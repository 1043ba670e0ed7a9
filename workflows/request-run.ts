/** One run of an erasure request: its legs, the messages it understands and what it shows of itself. */
import { ApplicationFailure, log, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { UpdateDefinition } from '@temporalio/common';
import { isRecord, whyNoDecision, type DecisionKind, type ProviderDecision } from '../domain/decision';
import { describeInstant } from '../domain/duration';
import { whyNotNow } from '../domain/leg';
import { requestOutcome, type RequestOutcome } from '../domain/outcome';
import { legProgress, type LegProgress, type RequestProgress } from '../domain/progress';
import { isProvider, providerName, type Provider } from '../domain/provider';
import type { CallbackEvidence } from '../domain/receipt';
import { parseErasureRequest, type ErasureRequest } from '../domain/request';
import type { Statement } from '../domain/statement';
import { describeRequest } from './current-details';
import { attestProvider, progress, providerConfirmed, retryProvider, waiveProvider } from './messages';
import { ProviderLeg } from './provider-leg';

/** Refuses an input that is none, before anything is asked of anybody. The only way in which a run can fail. */
export function acceptRequest(input: unknown): ErasureRequest {
  const { workflowId, startTime } = workflowInfo();
  const parsed = parseErasureRequest(input, { workflowId, now: startTime.getTime() });
  if ('request' in parsed) return parsed.request;
  throw ApplicationFailure.nonRetryable(
    `The input is no erasure request. ${parsed.problems.join('; ')}`,
    'InvalidRequest',
  );
}

export class RequestRun {
  readonly legs: readonly ProviderLeg[];
  readonly #request: ErasureRequest;
  #state: RequestProgress['state'] = 'running';

  constructor(request: ErasureRequest) {
    this.#request = request;
    this.legs = [...request.subject.keys()].map((provider) => new ProviderLeg(request, provider, () => this.#show()));
  }

  listen(): void {
    setHandler(progress, () => this.#progress(), { description: 'What each provider waits for, and until when' });
    setHandler(providerConfirmed, (confirmation: unknown) => this.#confirmed(confirmation), {
      description: 'A provider reports that it has erased. Sent by the gateway',
    });
    this.#takeDecisions(retryProvider, 'retry', 'Repeat the step that did not succeed, now');
    this.#takeDecisions(waiveProvider, 'waive', 'Release the request from this provider');
    this.#takeDecisions(attestProvider, 'attest', 'Vouch that this provider has erased');
    this.#show();
  }

  /** From here on nothing changes any more: what the certificate says is what the run ends with. */
  closeBooks(): Statement {
    this.#setState('issuing-certificate');
    const { workflowId, runId, startTime } = workflowInfo();
    const { requestId, regulation, submittedAt, receivedVia, ground, verification } = this.#request;
    const legs = this.legs.map((leg) => leg.state);
    return {
      requestId,
      workflowId,
      runId,
      regulation,
      submittedAt,
      startedAt: startTime.getTime(),
      ...(receivedVia === undefined ? {} : { receivedVia }),
      ...(ground === undefined ? {} : { ground }),
      ...(verification === undefined ? {} : { verification }),
      outcome: requestOutcome(legs.map((leg) => ({ ...leg, outcome: leg.outcome ?? 'unknown' }))),
      legs,
    };
  }

  finish(outcome: RequestOutcome): void {
    this.#setState(outcome);
  }

  #takeDecisions(
    update: UpdateDefinition<LegProgress, [ProviderDecision]>,
    kind: DecisionKind,
    description: string,
  ): void {
    setHandler(
      update,
      (decision) => {
        const leg = this.#leg(decision.provider);
        leg.tell({ type: 'decided', kind, decision });
        return legProgress(leg.state);
      },
      { description, validator: (decision) => this.#refuseUnlessPossible(kind, decision) },
    );
  }

  /** Must stay synchronous: an asynchronous validator is not awaited and accepts everything. */
  #refuseUnlessPossible(kind: DecisionKind, decision: unknown): void {
    const malformed = whyNoDecision(decision);
    if (malformed !== undefined) throw refusal(malformed);
    const { provider } = decision as ProviderDecision;
    const leg = this.legs.find((candidate) => candidate.provider === provider);
    if (leg === undefined) throw refusal(`${providerName(provider)} is not part of this request`);
    const notNow = whyNotNow(leg.state, kind);
    if (notNow !== undefined) throw refusal(`${providerName(provider)} ${notNow}`);
  }

  #confirmed(confirmation: unknown): void {
    const leg = isConfirmation(confirmation)
      ? this.legs.find((candidate) => candidate.provider === confirmation.provider)
      : undefined;
    if (leg === undefined || !isConfirmation(confirmation)) {
      log.warn('A confirmation that fits no provider of this request was ignored');
      return;
    }
    if (this.#state !== 'running') return;
    const { handle, event } = confirmation;
    leg.tell({ type: 'calledBack', evidence: { handle, ...(event === undefined ? {} : { event }) } });
  }

  #leg(provider: Provider): ProviderLeg {
    const leg = this.legs.find((candidate) => candidate.provider === provider);
    if (leg === undefined) throw new TypeError('The validator lets only providers of this request pass');
    return leg;
  }

  #progress(): RequestProgress {
    const { requestId, regulation, submittedAt } = this.#request;
    return {
      requestId,
      regulation,
      submittedAt: new Date(submittedAt).toISOString(),
      startedAt: workflowInfo().startTime.toISOString(),
      state: this.#state,
      legs: this.legs.map((leg) => legProgress(leg.state)),
    };
  }

  #setState(state: RequestProgress['state']): void {
    this.#state = state;
    this.#show();
  }

  #show(): void {
    setCurrentDetails(describeRequest(this.#progress(), describeInstant(Date.now())));
  }
}

function refusal(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, 'DecisionRefused');
}

/** Signals have no validator, and anybody who may write to the namespace can send one. */
function isConfirmation(value: unknown): value is CallbackEvidence & { readonly provider: Provider } {
  if (!isRecord(value) || !isProvider(value['provider'])) return false;
  const { handle, event } = value;
  return isShort(handle) && (event === undefined || isShort(event));
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value);
}
