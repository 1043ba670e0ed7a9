/** Receives what providers call back to say, once it is found to be signed by a gateway. */
import { CancellationScope, log, proxyLocalActivities, setHandler, workflowInfo } from '@temporalio/workflow';
import type { CallbackActivities, CallbackQuestion } from '../activities/callback-activities';
import type { Witness } from '../domain/fact/fact';
import { defined } from '../domain/defined';
import { callbackRemarks, type CallbackRemark } from '../domain/leg/receipt';
import { completionEventOf, isProvider, type Provider } from '../domain/provider/provider-table';
import type { LateCallback } from '../domain/request/request-state';
import { isRecord } from '../domain/text';
import { callbackOptions } from './activity-options';
import { deliverCallback, providerConfirmed, providerReported } from './messages';
import type { ProviderLeg } from './provider-leg';
import type { RunClock } from './held-clock';

export interface CalledBackRequest {
  readonly requestId: string;
  readonly clock: RunClock;
  readonly leg: (provider: Provider) => ProviderLeg | undefined;
  /** The certificate says what was known then, and is not written anew. */
  readonly isSettled: () => boolean;
  readonly onLateCallback: (callback: LateCallback) => void;
}

/** Each costs the run an event; whoever sends so many could as well terminate it. */
const UNPROVEN_CALLBACKS_MAX = 100;
/** Of signals that fit nothing the first are logged: whoever can send one can send thousands. */
const IGNORED_LOGGED_MAX = 10;

type Callback = Pick<CallbackQuestion, 'provider' | 'evidence'>;

export function listenForCallbacks(request: CalledBackRequest): void {
  const run = workflowInfo().originalExecutionRunId;
  const { checkCallback } = proxyLocalActivities<CallbackActivities>(callbackOptions);
  let unproven = 0;
  let ignored = 0;

  const ignore = (why: string): void => {
    ignored += 1;
    if (ignored <= IGNORED_LOGGED_MAX) log.warn('A callback was ignored', { why, ignored });
  };
  const signatureProblem = (callback: Callback): Promise<string | null> => {
    if (unproven >= UNPROVEN_CALLBACKS_MAX) return Promise.resolve('too many came without a signature');
    return CancellationScope.nonCancellable(async () => {
      const problem = await request.clock.around(() =>
        checkCallback({ requestId: request.requestId, run, ...callback }),
      );
      if (problem !== null) unproven += 1;
      return problem;
    });
  };
  /** Counts once its signature was found to hold: anybody who may write to the namespace can send a signal or an update. */
  const receive = async (message: unknown): Promise<void> => {
    const callback = callbackIn(message);
    const leg = callback && request.leg(callback.provider);
    if (callback === undefined || leg === undefined) return ignore('it fits no provider of this request');
    const problem = await signatureProblem(callback);
    if (problem !== null) return ignore(problem);
    const { provider, evidence } = callback;
    if (request.isSettled()) {
      const says = 'says' in evidence ? evidence.says : 'confirmed';
      return request.onLateCallback({ provider, handle: evidence.handle, says });
    }
    leg.handle('says' in evidence ? { type: 'reported', report: evidence } : { type: 'calledBack', evidence });
  };

  setHandler(providerConfirmed, receive, {
    description: 'A provider reports that it has erased. Sent by the gateway',
  });
  setHandler(providerReported, receive, {
    description: 'A callback of a provider that confirms nothing. Sent by the gateway',
  });
  setHandler(deliverCallback, receive, {
    description: 'Either of these two, where the run takes no more signals. Sent by the gateway',
    // Before anything of it is written to the history.
    validator: (message: unknown) => {
      const callback = callbackIn(message);
      if (callback === undefined || request.leg(callback.provider) === undefined) {
        throw new Error('This is no callback of a provider of this request.');
      }
    },
  });
}

/** Signals have no validator, and anybody who may write to the namespace can send one. */
function callbackIn(value: unknown): Callback | undefined {
  if (!isRecord(value) || !isProvider(value['provider'])) return undefined;
  const { provider, handle, event, says, witness } = value;
  if (!isShort(handle) || !(witness === undefined || isRecord(witness))) return undefined;
  // What is no witness is refused where it is checked.
  const from = { handle, ...defined({ witness: witness as Witness | undefined }) };
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
