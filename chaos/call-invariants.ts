/** Every call that a provider has seen, held against what was asked for, decided and broken. */
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import {
  callsOf,
  entriesOf,
  takenDecisions,
  type ErasureEvidence,
  type Interruption,
  type SeenCall,
} from './erasure-evidence';
import { finding, type Finding } from './suite-finding';
import { isErasing, isUndisturbed } from './heard';
import { confirms } from './reference-model';

const SECOND_MS = 1_000;
/** A call that was under way when something was decided arrives later: connections are delayed and stalled for seconds. */
export const UNDER_WAY_MS = 20 * SECOND_MS;
/** Until a result is durable: a worker reports it, and reports it again while Temporal is away. */
const REPORTING_MS = 60 * SECOND_MS;

export function callFindings(evidence: ErasureEvidence): Finding[] {
  return [
    ...beforeApproval(evidence),
    ...duringHold(evidence),
    ...afterDecision(evidence),
    ...providerKeys.flatMap((provider) => repeats(evidence, provider)),
    ...callbackFindings(evidence),
  ];
}

function erasingCalls(evidence: ErasureEvidence): readonly SeenCall[] {
  return evidence.calls.filter(({ call }) => isErasing(call));
}

function beforeApproval(evidence: ErasureEvidence): Finding[] {
  const isNeeded = evidence.history?.idle.some(({ state }) => state === 'awaiting-approval') === true;
  if (!isNeeded) return [];
  const approvedAt = Math.min(...takenDecisions(evidence, 'approve').map(({ deciding }) => deciding.wallAt));
  const early = erasingCalls(evidence).filter(({ wallAt }) => wallAt < approvedAt);
  return early.map((call) => finding('no-call-out-of-turn', `${call.provider} was asked before the approval`, [call]));
}

function duringHold(evidence: ErasureEvidence): Finding[] {
  const holds = takenDecisions(evidence, 'hold').filter(({ decided }) => decided.answer === 'taken');
  const releases = takenDecisions(evidence, 'release');
  return holds.flatMap(({ decided }) => {
    const from = decided.wallAt + UNDER_WAY_MS;
    const to = releases.find(({ deciding }) => deciding.wallAt >= decided.wallAt)?.deciding.wallAt ?? Infinity;
    return erasingCalls(evidence)
      .filter(({ wallAt }) => wallAt > from && wallAt < to)
      .map((call) => finding('no-call-out-of-turn', `${call.provider} was asked during a hold`, [decided, call]));
  });
}

/** Attested and waived legs are settled from then on. */
function afterDecision(evidence: ErasureEvidence): Finding[] {
  const settling = (['attest', 'waive'] as const).flatMap((kind) =>
    takenDecisions(evidence, kind).filter(({ decided }) => decided.answer === 'taken'),
  );
  return settling.flatMap(({ deciding, decided }) =>
    evidence.calls
      .filter(
        ({ provider, wallAt }) => provider === deciding.content['provider'] && wallAt > decided.wallAt + UNDER_WAY_MS,
      )
      .map((call) =>
        finding('no-call-out-of-turn', `${call.provider} was called after staff had settled it`, [decided, call]),
      ),
  );
}

/**
 * Each asking that the run's history holds accounts for one call; so does each call that failed or was spoilt, and each
 * that was under way when something broke.
 */
function repeats(evidence: ErasureEvidence, provider: Provider): Finding[] {
  const calls = callsOf(evidence, provider).filter(({ call }) => isErasing(call));
  const asks = (evidence.history?.activities ?? []).filter(({ name }) => name === `${provider}.requestErasure`);
  const whole = calls.filter(({ call }) => isUndisturbed(call));
  const cutShort = whole.filter((call) => evidence.interruptions.some((one) => mayHaveCutShort(one, call)));
  const allowed = asks.length + cutShort.length;
  if (evidence.history === undefined || whole.length <= allowed) return [];
  return [
    finding(
      'bounded-repeats',
      `${provider} was asked ${whole.length} times with a whole answer; the history has ${asks.length} askings, and ${cutShort.length} calls may have been cut short`,
      calls,
    ),
  ];
}

function mayHaveCutShort({ wallAt }: Interruption, call: SeenCall): boolean {
  return wallAt >= call.wallAt - UNDER_WAY_MS && wallAt <= call.wallAt + REPORTING_MS;
}

const HOUR_MS = 3_600_000;

function callbackFindings(evidence: ErasureEvidence): Finding[] {
  const sent = entriesOf(evidence, 'callback');
  const forged = sent.filter(
    ({ nature, status }) => nature !== 'genuine' && nature !== 'another-handle' && status !== 'failed' && status < 300,
  );
  const { history } = evidence;
  return [
    ...forged.map((callback) =>
      finding('forgery-refused', `a callback with ${callback.nature} was answered ${callback.status}`, [callback]),
    ),
    ...(history === undefined ? [] : signalFindings(evidence, history.signals.filter(isConfirmation))),
  ];
}

type Signal = NonNullable<ErasureEvidence['history']>['signals'][number];

function isConfirmation({ name }: Signal): boolean {
  return name === 'providerConfirmed';
}

/** Told once, and once more for each hour in which it was sent again: what is said again later may be news. */
function signalFindings(evidence: ErasureEvidence, signals: readonly Signal[]): Finding[] {
  const genuine = entriesOf(evidence, 'callback').filter((sent) => sent.nature === 'genuine' && confirms(sent));
  const begun = entriesOf(evidence, 'submitting')[0]?.wallAt ?? 0;
  const ended = entriesOf(evidence, 'ended')[0]?.wallAt ?? begun;
  const hours = 1 + Math.floor(ended / HOUR_MS) - Math.floor(begun / HOUR_MS);
  const handles = new Set(signals.map(({ content }) => content['handle']));
  return [
    ...(signals.length > handles.size * hours
      ? [
          finding(
            'callback-counts-once',
            `${genuine.length} callbacks became ${signals.length} signals under ${handles.size} handles`,
            [...signals, ...genuine],
          ),
        ]
      : []),
    ...(signals.length > 0 && genuine.length === 0
      ? [finding('forgery-refused', 'the run was told of a confirmation that its provider never sent', [...signals])]
      : []),
  ];
}
