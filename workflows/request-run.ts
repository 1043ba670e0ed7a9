/** One run of an erasure request: its legs, what staff and time do to it, and what it shows of itself. */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  log,
  metricMeter,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { defined } from '../domain/defined';
import type { CallbackActivities, CallbackQuestion } from '../activities/callback-activities';
import type { CertificateActivities } from '../activities/certificate-activities';
import type { TermsActivities, TermsQuestion } from '../activities/terms-activities';
import { describeInstant } from '../domain/duration';
import { mayHaveErased } from '../domain/leg/leg';
import type { WithoutTime } from '../domain/without-time';
import { REMINDER_LABEL } from '../domain/sweep/finding';
import { dueOf, type LegalClock } from '../domain/law/legal-clock';
import { requestOutcome, type RequestOutcome } from '../domain/leg/outcome';
import { legProgress } from '../domain/leg/leg-progress';
import { completionEventOf, isProvider, type Provider } from '../domain/provider/provider-table';
import {
  callbackRemarks,
  type CallbackEvidence,
  type CallbackRemark,
  type CallbackReport,
} from '../domain/leg/receipt';
import type { Witness } from '../domain/certificate/fact';
import { parseErasureRequest, type ErasureRequest } from '../domain/request/request';
import {
  hasTodo,
  nextReminder,
  requestProgress,
  type Reminder,
  type RequestProgress,
  type RequestView,
} from '../domain/request/request-progress';
import {
  advanceRequest,
  approvalIn,
  answerOwed,
  isExtended,
  openRequest,
  type LateCallback,
  type ReminderKind,
  type RequestEvent,
  type RequestFacts,
  type RequestState,
} from '../domain/request/request-state';
import { gateOf, termsWithoutRules, type Terms } from '../domain/rules/rules';
import type { Statement } from '../domain/certificate/statement';
import { isRecord } from '../domain/text';
import { visibleOf } from '../domain/request/visibility';
import { callbackOptions, certificateOptions, dailyCertificateOptions, termsOptions } from './activity-options';
import { describeRequest } from './current-details';
import type { ErasureResult } from './erasure-request';
import {
  certificate as certificateQuery,
  deliverCallback,
  progress,
  providerConfirmed,
  providerReported,
} from './messages';
import { ProviderLeg } from './provider-leg';
import { listenForDecisions } from './request-decisions';
import { SearchAttributes } from './request-index';
import { requestIdOf } from '../temporal/names';

/** Refuses an input that is none, before anything is asked of anybody. The only way in which a run can fail. */
export function acceptRequest(input: unknown): ErasureRequest {
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

/** Each costs the run an event; whoever sends so many could as well terminate it. */
const UNPROVEN_CALLBACKS_MAX = 100;

export class RequestRun {
  readonly legs: readonly ProviderLeg[];
  readonly #request: ErasureRequest;
  /**
   * Cancelled when the request is withdrawn, rejected or cancelled: the legs end what they are at. Its parent is not the
   * workflow itself, or Temporal's cancellation would reach the legs where only a signed decision may.
   */
  readonly #legsScope = new CancellationScope({
    cancellable: true,
    parent: new CancellationScope({ cancellable: false }),
  });
  #state: RequestState = openRequest();
  #terms: Terms | undefined;
  /** The due dates again, once the proof of identity has moved them. */
  #laterTerms: Terms | undefined;
  #isCancelled = false;
  #unprovenCallbacks = 0;
  #certificate: string | undefined;
  #outcome: RequestOutcome | undefined;
  #index: SearchAttributes | undefined;
  /** Grows with every change. Conditions are asked after each signal and update, of which there may be thousands. */
  #version = 0;
  #isToBeShown = false;
  #reminder: { readonly version: number; readonly now: number; readonly next: Reminder | undefined } | undefined;
  #ignoredCallbacks = 0;

  constructor(request: ErasureRequest) {
    this.#request = request;
    const around = {
      policy: () => this.#rules.patience,
      gate: () => gateOf(this.#current),
      approval: () => approvalIn(this.#state),
      onChange: () => this.#show(),
    };
    this.legs = [...request.subject.keys()].map((provider) => new ProviderLeg(request, provider, around));
  }

  listen(): void {
    setHandler(progress, () => this.progress(), {
      description: 'What the request and each provider wait for, and until when',
    });
    setHandler(certificateQuery, () => this.#certificate ?? null, {
      description: 'The signed certificate, once there is one',
    });
    setHandler(providerConfirmed, (callback: unknown) => this.#calledBack(callback), {
      description: 'A provider reports that it has erased. Sent by the gateway',
    });
    setHandler(providerReported, (callback: unknown) => this.#calledBack(callback), {
      description: 'A callback of a provider that confirms nothing. Sent by the gateway',
    });
    setHandler(deliverCallback, (callback: unknown) => this.#calledBack(callback), {
      description: 'Either of these two, where the run takes no more signals. Sent by the gateway',
      validator: (callback: unknown) => this.#refuseForeign(callback),
    });
    listenForDecisions(this);
    CancellationScope.current().cancelRequested.catch(() => this.#cancelled());
    this.#show();
  }

  async determineTerms(): Promise<void> {
    this.#terms = await this.#lookUpRules();
    this.apply({ type: 'takenOn', approvalNeeded: this.#rules.approvalNeeded });
    if (this.#isCancelled) this.#cancelled();
    void this.#keepTime();
    if (this.#terms.isIndexed) {
      this.#index = new SearchAttributes({ read: () => this.#visible(), version: () => this.#version });
      void this.#index.keepTrue(() => this.#isAnswered());
    }
  }

  async approval(): Promise<void> {
    const isOpen = (): boolean => this.#state.phase === 'awaiting-approval' && this.#state.ended === undefined;
    if (isOpen()) await CancellationScope.nonCancellable(() => condition(() => !isOpen()));
  }

  async settleEveryProvider(): Promise<void> {
    await CancellationScope.nonCancellable(() =>
      this.#legsScope.run(() => Promise.all(this.legs.map((leg) => leg.run()))),
    );
  }

  /** From here on nothing changes any more: what the certificate says is what the run ends with. */
  #closeBooks(): Statement {
    this.apply({ type: 'legsSettled', mayHaveErased: this.legs.some(({ state }) => mayHaveErased(state)) });
    const { workflowId, runId, originalExecutionRunId, startTime } = workflowInfo();
    const { requestId, regulation, submittedAt, receivedVia, ground, verification, filedBy } = this.#request;
    const legs = this.legs.map((leg) => leg.state);
    const terms = this.#terms;
    if (terms === undefined) throw new TypeError('A request settles once its rules are known');
    this.#outcome = requestOutcome(
      legs.map((leg) => ({ ...leg, outcome: leg.outcome ?? 'unknown' })),
      { isRejected: this.#state.rejected !== undefined },
    );
    return {
      requestId,
      workflowId,
      runId,
      run: originalExecutionRunId,
      regulation,
      submittedAt,
      startedAt: startTime.getTime(),
      ...defined({ receivedVia, ground, verification, filedBy }),
      outcome: this.#outcome,
      legs,
      terms,
      ...defined({ laterTerms: this.#laterTerms }),
      isExtended: isExtended(this.#state),
      trail: this.#state.trail,
    };
  }

  /**
   * Signed only where its evidence holds. Where it does not, the request says so, and it is tried again once a day: the worker
   * may lack a key.
   */
  async certify(): Promise<string> {
    const statement = this.#closeBooks();
    try {
      return await proxyActivities<CertificateActivities>(certificateOptions).issueCertificate(statement);
    } catch (error) {
      const refusal = error instanceof ActivityFailure ? error.cause : undefined;
      if (!(refusal instanceof ApplicationFailure) || refusal.type !== 'EvidenceRefused') throw error;
      this.apply({ type: 'certificateRefused', why: refusal.message });
      return proxyActivities<CertificateActivities>(dailyCertificateOptions).issueCertificate(statement);
    }
  }

  async answerToPerson(certificate: string): Promise<void> {
    this.#certificate = certificate;
    this.apply({ type: 'certificateIssued' });
    this.#index?.update();
    const isOwed = (): boolean => answerOwed(this.#state, this.#rules) !== undefined;
    if (isOwed()) await condition(() => !isOwed());
    this.apply({ type: 'closed' });
  }

  result(certificate: string): ErasureResult {
    return {
      requestId: this.#request.requestId,
      outcome: this.#outcome ?? 'completed-with-exceptions',
      legs: this.legs.map((leg) => legProgress(leg.state)),
      certificate,
      trail: this.#state.trail,
    };
  }

  get state(): RequestState {
    return this.#state;
  }

  get requestId(): string {
    return this.#request.requestId;
  }

  /** What decisions are judged by; rules and due dates only once the request has been taken on. */
  get facts(): RequestFacts {
    const { submittedAt, filedBy, identityAskedAt, verification } = this.#request;
    const { clock } = this.#current;
    return {
      now: Date.now(),
      submittedAt,
      ...defined({ filedBy, identityAskedAt }),
      isVerified: verification !== undefined,
      ...defined({ clock }),
      rules: this.#rules,
    };
  }

  leg(provider: Provider): ProviderLeg | undefined {
    return this.legs.find((candidate) => candidate.provider === provider);
  }

  progress(): RequestProgress {
    const { requestId, regulation, submittedAt } = this.#request;
    const startedAt = workflowInfo().startTime.getTime();
    return requestProgress(this.#view, { requestId, regulation, submittedAt, startedAt });
  }

  apply(happening: WithoutTime<RequestEvent>): void {
    const before = this.#state;
    this.#state = advanceRequest(before, { ...happening, at: Date.now() } as RequestEvent);
    this.#tellLegs(before);
    this.#show();
  }

  /** The proof of identity may move the due dates: their start, never the calendar and the rule that were pinned. */
  async lookUpRulesAgain(): Promise<void> {
    const { clock: pinned } = this.#current;
    if (pinned === undefined) return;
    this.#laterTerms = await this.#lookUpRules(pinned);
    this.#show();
  }

  #lookUpRules(pinned?: LegalClock): Promise<Terms> {
    const { requestId, regulation, submittedAt, ownPolicy, identityAskedAt, verification } = this.#request;
    const provenAt = this.#state.identityConfirmedAt ?? (verification && Date.parse(verification.at));
    const informationReceivedAt = this.#state.informationReceivedAt ?? this.#request.informationReceivedAt;
    const question: TermsQuestion = {
      requestId,
      run: workflowInfo().originalExecutionRunId,
      regulation,
      submittedAt,
      policy: ownPolicy,
      ...(identityAskedAt === undefined
        ? {}
        : {
            identity: {
              askedAt: identityAskedAt,
              ...defined({ informationReceivedAt, provenAt }),
            },
          }),
      ...defined({ pinned }),
    };
    const { determineTerms } = proxyActivities<TermsActivities>(termsOptions);
    return CancellationScope.nonCancellable(() => determineTerms(question));
  }

  #tellLegs(before: RequestState): void {
    const { hold, ended, rejected } = this.#state;
    if (ended !== undefined || rejected !== undefined) {
      this.#legsScope.cancel();
      return;
    }
    if (hold !== undefined && before.hold === undefined) this.#tellEachLeg('held');
    if (hold === undefined && before.hold !== undefined) this.#tellEachLeg('released');
  }

  #tellEachLeg(type: 'held' | 'released'): void {
    for (const leg of this.legs) leg.tell({ type });
  }

  /** Temporal's own cancellation: whoever may write to the namespace can send one. */
  #cancelled(): void {
    this.#isCancelled = true;
    const { phase } = this.#state;
    if (phase !== 'awaiting-approval' && phase !== 'running') return;
    this.apply({ type: this.#rules.decisionMode === 'authenticated' ? 'cancelRefused' : 'cancelled' });
  }

  /** Reports each legal deadline and each review once, when it comes. Never holds the request up. */
  async #keepTime(): Promise<void> {
    await CancellationScope.nonCancellable(async () => {
      for (;;) {
        const reminder = this.#nextReminder();
        if (reminder === undefined) {
          await condition(() => this.#nextReminder() !== undefined);
        } else if (reminder.at <= Date.now()) {
          this.#remind(reminder);
        } else {
          await condition(() => !isSame(reminder, this.#nextReminder()), reminder.at - Date.now(), {
            summary: `${REMINDER_LABEL}: ${reminderWords[reminder.of]} (${describeInstant(reminder.due)})`,
          });
        }
      }
    });
  }

  #nextReminder(): Reminder | undefined {
    const [version, now] = [this.#version, Date.now()];
    if (this.#reminder?.version !== version || this.#reminder.now !== now) {
      this.#reminder = { version, now, next: nextReminder(this.#view) };
    }
    return this.#reminder.next;
  }

  #remind({ of, due }: Reminder): void {
    this.apply({ type: 'reminded', of, due });
    log.warn('A request has to be looked at', { reminder: of, due: new Date(due).toISOString() });
    metricMeter
      .createCounter('erasure_reminders', undefined, 'Deadlines and reviews that requests have reported')
      .add(1, { reminder: of, regulation: this.#request.regulation });
  }

  /**
   * Counts once a gateway's signature was found to hold: anybody who may write to the namespace can send a signal or an
   * update.
   */
  async #calledBack(message: unknown): Promise<void> {
    const callback = callbackIn(message);
    const leg = callback === undefined ? undefined : this.leg(callback.provider);
    if (callback === undefined || leg === undefined) return this.#ignoreCallback('it fits no provider of this request');
    const why = await this.#whyNotProven(callback);
    if (why !== null) return this.#ignoreCallback(why);
    const { provider, evidence } = callback;
    if (this.#outcome !== undefined) {
      const says = 'says' in evidence ? evidence.says : 'confirmed';
      return this.#calledBackLate({ provider, handle: evidence.handle, says });
    }
    leg.tell('says' in evidence ? { type: 'reported', report: evidence } : { type: 'calledBack', evidence });
  }

  #ignoreCallback(why: string): void {
    this.#ignoredCallbacks += 1;
    if (this.#ignoredCallbacks > IGNORED_LOGGED_MAX) return;
    log.warn('A callback was ignored', { why, ignored: this.#ignoredCallbacks });
  }

  #whyNotProven(callback: Pick<CallbackQuestion, 'provider' | 'evidence'>): Promise<string | null> {
    if (this.#unprovenCallbacks >= UNPROVEN_CALLBACKS_MAX) return Promise.resolve('too many came without a signature');
    const { checkCallback } = proxyLocalActivities<CallbackActivities>(callbackOptions);
    const { requestId } = this.#request;
    const run = workflowInfo().originalExecutionRunId;
    return CancellationScope.nonCancellable(async () => {
      const why = await checkCallback({ requestId, run, ...callback });
      if (why !== null) this.#unprovenCallbacks += 1;
      return why;
    });
  }

  /** The certificate says what was known then, and is not written anew. */
  #calledBackLate(late: { readonly provider: Provider; readonly handle: string; readonly says: LateCallback }): void {
    const before = this.#state;
    this.apply({ type: 'calledBackLate', ...late });
    if (this.#state === before) return;
    const { provider, says } = late;
    log.warn('A callback came after the certificate: kept in the record, and the certificate stays', {
      provider,
      says,
    });
  }

  /** Before anything of it is written to the history. */
  #refuseForeign(message: unknown): void {
    const callback = callbackIn(message);
    if (callback === undefined || this.leg(callback.provider) === undefined) {
      throw new Error('This is no callback of a provider of this request.');
    }
  }

  get #rules(): Terms['rules'] {
    return this.#current.rules;
  }

  /** The rules that were pinned first, and the due dates that hold now. */
  get #current(): Terms {
    const { clock: _clock, noClock: _none, ...pinned } = this.#terms ?? termsWithoutRules(this.#request.policy);
    const { clock, noClock }: Partial<Terms> = this.#laterTerms ?? this.#terms ?? {};
    return { ...pinned, ...defined({ clock, noClock }) };
  }

  get #view(): RequestView {
    return {
      state: this.#state,
      legs: this.legs.map((leg) => leg.state),
      submittedAt: this.#request.submittedAt,
      terms: this.#terms === undefined ? undefined : this.#current,
      outcome: this.#outcome,
      now: Date.now(),
    };
  }

  /** The certificate is there and the person has been told: the run ends now. */
  #isAnswered(): boolean {
    return this.#certificate !== undefined && answerOwed(this.#state, this.#rules) === undefined;
  }

  #visible() {
    const { clock } = this.#current;
    return visibleOf({
      ...this.#view,
      rules: this.#rules,
      // A certificate that is being signed changes nothing yet for whoever looks.
      outcome: this.#certificate === undefined ? undefined : this.#outcome,
      dueAt: clock === undefined ? undefined : dueOf(clock, { extended: isExtended(this.#state) }).at,
      // What an ended run carries stays as it was.
      hasTodo: !this.#isAnswered() && hasTodo(this.#view),
    });
  }

  /** Written once for whatever happens at once. */
  #show(): void {
    this.#version += 1;
    if (this.#isToBeShown) return;
    this.#isToBeShown = true;
    void Promise.resolve().then(() => {
      this.#isToBeShown = false;
      setCurrentDetails(describeRequest(this.progress(), describeInstant(Date.now())));
    });
  }
}

const reminderWords: Readonly<Record<ReminderKind, string>> = {
  'acknowledge-due': 'remind that the receipt is to be confirmed to the person',
  'extension-decision-due': 'remind that an extension would have to be decided',
  'due-soon': 'remind that the answer to the person is due soon',
  overdue: 'say so if the person has not been answered',
  'hold-review': 'remind that the legal hold is to be reviewed',
  unanswered: 'say so if the person has not been answered, without a due date',
  'cannot-make-it': 'say so if it can no longer make its due date',
};

function isSame(one: Reminder, other: Reminder | undefined): boolean {
  return other !== undefined && one.of === other.of && one.due === other.due && one.at === other.at;
}

/** Of signals that fit nothing the first are logged: whoever can send one can send thousands. */
const IGNORED_LOGGED_MAX = 10;

interface Callback {
  readonly provider: Provider;
  readonly evidence: CallbackEvidence | CallbackReport;
}

/** Signals have no validator, and anybody who may write to the namespace can send one. */
function callbackIn(value: unknown): Callback | undefined {
  if (!isRecord(value) || !isProvider(value['provider'])) return undefined;
  const { provider, handle, event, says, witness } = value;
  if (!isShort(handle) || !(witness === undefined || isRecord(witness))) return undefined;
  // What is no witness is refused where it is checked.
  const from = { handle, ...(witness === undefined ? {} : { witness: witness as unknown as Witness }) };
  if (says !== undefined) return isCallbackRemark(says) ? { provider, evidence: { ...from, says } } : undefined;
  return isShort(event) && event === completionEventOf(provider)
    ? { provider, evidence: { ...from, event } }
    : undefined;
}

function isCallbackRemark(value: unknown): value is CallbackRemark {
  return typeof value === 'string' && Object.hasOwn(callbackRemarks, value);
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(value);
}
