/** One run of an erasure request: turns its steps into Temporal calls, and what happens to it into its state. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  patched,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CertificateActivities } from '../activities/certificate-activities';
import type { TermsActivities, TermsQuestion } from '../activities/terms-activities';
import { statementOf } from '../domain/certificate/statement';
import { defined } from '../domain/defined';
import { describeInstant } from '../domain/duration';
import type { LegalClock } from '../domain/law/legal-clock';
import { settled } from '../domain/leg/leg-state';
import { mayHaveErased } from '../domain/leg/rounds';
import { requestOutcome } from '../domain/leg/outcome';
import type { Provider } from '../domain/provider/provider-table';
import { erasureResult, type ErasureResult } from '../domain/request/erasure-result';
import { isDone } from '../domain/request/owed-to-person';
import { parseErasureRequest, type ErasureRequest } from '../domain/request/request';
import { priorityKeyOf } from '../domain/request/priority';
import { requestProgress, type RequestProgress } from '../domain/request/request-progress';
import {
  advanceRequest,
  approvalIn,
  clockOf,
  isUnderWay,
  openRequest,
  rulesOf,
  type LateCallback,
  type RequestEvent,
  type RequestState,
} from '../domain/request/request-state';
import type { RequestSnapshot } from '../domain/request/snapshot';
import { approvalRuleOf, type Terms } from '../domain/rules/terms';
import { requestIdOf } from '../temporal/names';
import type { WithoutTime } from '../domain/without-time';
import { certificateOptions, dailyCertificateOptions, onceLocally, termsOptions } from './activity-options';
import { listenForCallbacks } from './callbacks';
import { describeRequest } from './current-details';
import { localFirst } from './local-first';
import { madeWhenRead } from './made-when-read';
import { certificate, progress } from './messages';
import { ProviderLeg } from './provider-leg';
import { reportDeadlines } from './reminders';
import { listenForDecisions } from './request-decisions';
import { RunClock } from './held-clock';
import { SearchAttributes } from './request-search-attributes';
import { WebhookMessages } from './webhook-messages';

/** Refuses an input that is none, before any provider is asked. The only way in which a run can fail. */
export function checkedRequest(input: unknown): ErasureRequest {
  const { workflowId, startTime } = workflowInfo();
  const parsed = parseErasureRequest(input, {
    requestIdOfWorkflow: requestIdOf(workflowId),
    now: startTime.getTime(),
  });
  if ('request' in parsed) return parsed.request;
  throw ApplicationFailure.nonRetryable(
    `The input is no erasure request. ${parsed.problems.join('; ')}`,
    'InvalidRequest',
  );
}

export class RequestRun {
  readonly #request: ErasureRequest;
  readonly #legs: readonly ProviderLeg[];
  /**
   * Cancelled when the request is withdrawn, rejected or cancelled: the legs end what they are at. Its parent is not the
   * workflow itself, or Temporal's cancellation would reach the legs where only a signed decision may.
   */
  readonly #legsScope = new CancellationScope({
    cancellable: true,
    parent: new CancellationScope({ cancellable: false }),
  });
  readonly #searchAttributes = new SearchAttributes(this);
  /** Absent where nobody asked to be told. */
  readonly #webhook: WebhookMessages | undefined;
  /** Whether the run began under release 0.4 or a later one. Asked once, here: what an older run did is done the older way. */
  readonly beganUnder04 = patched('0.4');
  readonly clock = new RunClock({ holds: this.beganUnder04 });
  #state: RequestState = openRequest();
  #version = 0;
  #isToBeTold = false;

  constructor(request: ErasureRequest) {
    this.#request = request;
    this.#webhook = request.webhookUrl === undefined ? undefined : new WebhookMessages(request.webhookUrl);
    const requestOfLeg = {
      patience: () => rulesOf(this.#state).patience,
      approvalRule: () => approvalRuleOf(this.#terms),
      approval: () => approvalIn(this.#state),
      priorityKey: () =>
        priorityKeyOf(this.#state, { now: this.clock.now(), startedWith: workflowInfo().priority?.priorityKey }),
      asksAnew: () => this.beganUnder04,
      clock: this.clock,
      onChange: () => this.#onChange(),
    };
    this.#legs = [...request.subject.keys()].map((provider) => new ProviderLeg(request, provider, requestOfLeg));
  }

  listen(): void {
    setHandler(progress, () => this.progress(), {
      description: 'What the request and each provider wait for, and until when',
    });
    setHandler(certificate, () => this.#state.certificate?.signed ?? null, {
      description: 'The signed certificate, once there is one',
    });
    listenForCallbacks({
      requestId: this.requestId,
      clock: this.clock,
      leg: (provider) => this.leg(provider),
      isSettled: () => this.#state.outcome !== undefined,
      onLateCallback: (callback) => this.#keepLateCallback(callback),
    });
    listenForDecisions(this);
    setCurrentDetails(madeWhenRead(() => describeRequest(this.progress(), describeInstant(this.clock.now()))));
    // Temporal's own cancellation: whoever may write to the namespace can send one.
    CancellationScope.current().cancelRequested.catch(() => {
      if (this.#state.phase === 'starting' || isUnderWay(this.#state)) this.apply({ type: 'cancelled' });
    });
    this.#onChange();
  }

  async determineTerms(): Promise<void> {
    const terms = await this.#lookUpTerms();
    this.apply({ type: 'termsDetermined', terms });
    void reportDeadlines(this);
    if (terms.isIndexed) void this.#searchAttributes.keepTrue();
  }

  async waitForApproval(): Promise<void> {
    const isOpen = (): boolean => this.#state.phase === 'awaiting-approval' && this.#state.ended === undefined;
    if (isOpen()) await CancellationScope.nonCancellable(() => condition(() => !isOpen()));
  }

  async settleEveryProvider(): Promise<void> {
    await CancellationScope.nonCancellable(() =>
      this.#legsScope.run(() => Promise.all(this.#legs.map((leg) => leg.run()))),
    );
    const legs = this.#legs.map(({ state }) => settled(state));
    const outcome = requestOutcome(legs, { isRejected: this.#state.rejected !== undefined });
    this.apply({ type: 'legsSettled', outcome, mayHaveErased: legs.some(mayHaveErased) });
  }

  /**
   * Signed only where its evidence holds. Where it does not, the request says so, and it is tried again once a day: the worker
   * may lack a key.
   */
  async issueCertificate(): Promise<void> {
    const { workflowId, runId, originalExecutionRunId: run } = workflowInfo();
    const statement = statementOf(this.snapshot, { workflowId, runId, run });
    const { issueCertificate } = proxyActivities<CertificateActivities>(certificateOptions);
    const { certify } = proxyLocalActivities<CertificateActivities>({
      ...onceLocally,
      summary: certificateOptions.summary,
    });
    const asActivity = (): Promise<string> => issueCertificate(statement);
    const issued = this.beganUnder04
      ? localFirst(this.clock, async () => (await certify(statement)).certificate, asActivity)
      : asActivity();
    const signed = await issued.catch((error: unknown) => {
      const refusal = error instanceof ActivityFailure ? error.cause : undefined;
      if (!(refusal instanceof ApplicationFailure) || refusal.type !== 'EvidenceRefused') throw error;
      this.apply({ type: 'certificateRefused', why: refusal.message });
      return proxyActivities<CertificateActivities>(dailyCertificateOptions).issueCertificate(statement);
    });
    this.apply({ type: 'certificateIssued', signed });
    if (this.#terms.isIndexed) this.#searchAttributes.update();
  }

  async waitForAnswerToPerson(): Promise<void> {
    if (!isDone(this.#state)) await condition(() => isDone(this.#state));
    this.apply({ type: 'closed' });
    if (this.#webhook === undefined) return;
    this.#tellFiler(this.progress());
    await this.#webhook.handed();
  }

  result(): ErasureResult {
    return erasureResult(this.snapshot);
  }

  get requestId(): string {
    return this.#request.requestId;
  }

  get state(): RequestState {
    return this.#state;
  }

  get snapshot(): RequestSnapshot {
    return {
      request: this.#request,
      startedAt: workflowInfo().startTime.getTime(),
      state: this.#state,
      legs: this.#legs.map(({ state }) => state),
      now: this.clock.now(),
    };
  }

  /** Grows with every change of the snapshot. */
  get version(): number {
    return this.#version;
  }

  leg(provider: Provider): ProviderLeg | undefined {
    return this.#legs.find((candidate) => candidate.provider === provider);
  }

  progress(): RequestProgress {
    return requestProgress(this.snapshot);
  }

  apply(event: WithoutTime<RequestEvent>): void {
    const before = this.#state;
    this.#state = advanceRequest(before, { ...event, at: this.clock.stamp() } as RequestEvent);
    this.#informLegs(before);
    this.#onChange();
  }

  /** The proof of identity may move the due dates: their start, never the calendar and the rule that were pinned. */
  async moveDueDates(): Promise<void> {
    const pinned = clockOf(this.#state);
    if (pinned !== undefined) this.apply({ type: 'dueDatesMoved', terms: await this.#lookUpTerms(pinned) });
  }

  readonly onReminder = ({ of, due }: Pick<RequestEvent & { readonly type: 'reminded' }, 'of' | 'due'>): void =>
    this.apply({ type: 'reminded', of, due });

  #lookUpTerms(pinned?: LegalClock): Promise<Terms> {
    const { requestId, regulation, submittedAt, patience, identityAskedAt, verification } = this.#request;
    const provenAt = this.#state.identityConfirmedAt ?? (verification && Date.parse(verification.at));
    const informationReceivedAt = this.#state.informationReceivedAt ?? this.#request.informationReceivedAt;
    const identity = identityAskedAt !== undefined && {
      identity: { askedAt: identityAskedAt, ...defined({ informationReceivedAt, provenAt }) },
    };
    const question: TermsQuestion = {
      requestId,
      run: workflowInfo().originalExecutionRunId,
      regulation,
      submittedAt,
      policy: patience,
      ...identity,
      ...defined({ pinned }),
    };
    const activity = proxyActivities<TermsActivities>(termsOptions);
    if (!this.beganUnder04) return CancellationScope.nonCancellable(() => activity.determineTerms(question));
    const local = proxyLocalActivities<TermsActivities>({ ...onceLocally, summary: termsOptions.summary });
    return CancellationScope.nonCancellable(() =>
      localFirst(
        this.clock,
        () => local.determineTerms({ ...question, at: this.clock.now() }),
        () => activity.determineTerms(question),
      ),
    );
  }

  #informLegs(before: RequestState): void {
    const { hold, ended, rejected } = this.#state;
    if (ended !== undefined || rejected !== undefined) this.#legsScope.cancel();
    else if (hold !== undefined && before.hold === undefined)
      for (const leg of this.#legs) leg.handle({ type: 'held' });
    else if (hold === undefined && before.hold !== undefined)
      for (const leg of this.#legs) leg.handle({ type: 'released' });
  }

  #keepLateCallback(callback: LateCallback): void {
    const before = this.#state;
    this.apply({ type: 'calledBackLate', ...callback });
    if (this.#state === before) return;
    const { provider, says } = callback;
    log.warn('A callback came after the certificate: kept in the record, and the certificate stays', {
      provider,
      says,
    });
  }

  get #terms(): Terms {
    const { terms } = this.#state;
    if (terms === undefined) throw new TypeError('No provider is asked before the terms are known');
    return terms;
  }

  /** The filer is told once of whatever happens at once. */
  #onChange(): void {
    this.#version += 1;
    if (this.#webhook === undefined || this.#isToBeTold) return;
    this.#isToBeTold = true;
    void Promise.resolve().then(() => {
      this.#isToBeTold = false;
      this.#tellFiler(this.progress());
    });
  }

  #tellFiler(progress: RequestProgress): void {
    this.#webhook?.tell(progress, { isCertified: this.#state.certificate !== undefined, at: this.clock.now() });
  }
}
