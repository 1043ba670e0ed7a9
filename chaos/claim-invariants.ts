/** What a certificate claims, held against the reference model and against the server's own times. */
import type { Claim, ReadCertificate } from './claim-read';
import { claimOf } from './claim-read';
import { callsOf, entriesOf, subjectOf, takenDecisions, type ErasureEvidence, type SeenCall } from './erasure-evidence';
import { finding, type Finding } from './suite-finding';
import { isErasing, mayHaveSaid } from './heard';
import {
  allowedClaims,
  claimsByStrength,
  MARGIN_MS,
  strongestClaim,
  untruth,
  WINDOW_MS,
  type ProviderStory,
} from './reference-model';
import type { RunActivity } from './run-history';
import { runTimeOf } from './run-time';

/** Times are spelt with and without fractions, and two servers write them. */
const TOLERANCE_MS = 2_000;
const windowless = ['withdrawn', 'never-asked', 'unknown', 'attested', 'waived'];

export function claimFindings(evidence: ErasureEvidence, certificate: ReadCertificate): Finding[] {
  return certificate.providers.flatMap((claim) => {
    const story = storyOf(evidence, claim);
    return [...strengthFindings(evidence, claim, story), ...timeFindings(evidence, claim, story)];
  });
}

function storyOf(evidence: ErasureEvidence, { provider, decisions }: Claim): ProviderStory {
  const of = (kind: 'attest' | 'waive'): boolean =>
    takenDecisions(evidence, kind).some(({ deciding }) => deciding.content['provider'] === provider) &&
    decisions.some((decision) => decision.kind === kind);
  const isEnded = (['withdraw', 'cancel', 'reject'] as const).some((kind) => takenDecisions(evidence, kind).length > 0);
  return {
    provider,
    calls: callsOf(evidence, provider),
    callbacks: provider === 'measureone' ? entriesOf(evidence, 'callback') : [],
    changes: entriesOf(evidence, 'world').filter((change) => change.provider === provider),
    decided: new Set([
      ...(of('attest') ? (['attest'] as const) : []),
      ...(of('waive') ? (['waive'] as const) : []),
      ...(isEnded ? (['end'] as const) : []),
    ]),
    record: entriesOf(evidence, 'record').find((found) => found.provider === provider)?.record,
  };
}

function strengthFindings(evidence: ErasureEvidence, claim: Claim, story: ProviderStory): Finding[] {
  const claimed = claimOf(claim);
  const isAllowed = allowedClaims(story).some((allowed) => allowed.claim === claimed);
  const shown = [claim.outcome, ...story.calls.map(({ call }) => shownCall(call)), ...story.callbacks];
  if (!claimsByStrength.some((known) => known === claimed) || !isAllowed) {
    const strongest = strongestClaim(story);
    return [
      finding(
        'not-too-strong',
        `${claim.provider} is claimed to be ${claimed}; what it did and said bears out ${strongest}`,
        shown,
      ),
    ];
  }
  if (!claimed.startsWith('erased')) return [];
  const simulatorAt = entriesOf(evidence, 'record').at(-1)?.simulatorAt ?? Infinity;
  const problem = untruth(story, simulatorAt + runTimeOf(evidence).shiftedMs + TOLERANCE_MS);
  return problem === undefined
    ? []
    : [finding('not-too-strong', `${claim.provider} is claimed to be ${claimed}, and ${problem}`, shown)];
}

function timeFindings(evidence: ErasureEvidence, claim: Claim, story: ProviderStory): Finding[] {
  const { provider } = claim;
  const claimed = claimOf(claim);
  if (windowless.includes(claimed) || (claimed === 'not-found' && provider === 'measureone')) return [];
  return [...earlyByServer(evidence, claim, story), ...earlyByProvider(evidence, claim, story)];
}

/** By the times that Temporal's server wrote into the history: exact to the second. */
function earlyByServer({ history }: ErasureEvidence, claim: Claim, story: ProviderStory): Finding[] {
  if (history === undefined) return [];
  const { provider } = claim;
  const over = (name: string): RunActivity | undefined =>
    history.activities.findLast((activity) => activity.name === name && activity.end === 'completed');
  const asked = over(`${provider}.requestErasure`);
  const looked = over(`${provider}.observeErasure`);
  const claimedAt = Math.min(claim.settledAt, history.endedAt ?? Infinity);
  const madeAt = provider === 'measureone' ? claimedAt : (looked?.scheduledAt ?? claimedAt);
  const overAt = windowOverAt(story, asked?.closedAt);
  if (overAt === undefined || madeAt >= overAt - TOLERANCE_MS) return [];
  return [
    finding(
      'not-too-early',
      `${provider}: the claim rests on ${iso(madeAt)}, and by the server's own times its window and margin are over at ${iso(overAt)}`,
      [asked, looked, claim],
    ),
  ];
}

function windowOverAt({ provider, calls }: ProviderStory, askedAt: number | undefined): number | undefined {
  if (provider !== 'person') return askedAt && askedAt + WINDOW_MS[provider] + MARGIN_MS;
  const told = calls.findLast(({ call }) => call.said?.is === 'queued' && call.said['done'] !== true);
  const purgeOn = told?.call.said?.['purgeOn'];
  return typeof purgeOn === 'number' ? purgeOn + MARGIN_MS : undefined;
}

/** By the provider's own clock and the run's as the suite moved it: coarser, and needs nothing that the product had a hand in. */
function earlyByProvider(evidence: ErasureEvidence, claim: Claim, story: ProviderStory): Finding[] {
  const { provider } = claim;
  if (provider === 'person') return [];
  const time = runTimeOf(evidence);
  const lastAsk = story.calls.findLast(({ call }) => isErasing(call) && call.did !== undefined);
  const proof = provider === 'aptrinsic' ? lastLook(story.calls) : undefined;
  const ended = entriesOf(evidence, 'ended')[0];
  const madeAt = proof?.wallAt ?? ended?.wallAt;
  if (lastAsk === undefined || madeAt === undefined) return [];
  const elapsedMs = time.bounds(madeAt).to - time.bounds(lastAsk.wallAt).from;
  const neededMs = WINDOW_MS[provider];
  const byClock = proof === undefined ? Infinity : proof.at - lastAsk.at + time.shiftedMs + STEP_MS;
  if (Math.min(elapsedMs, byClock) >= neededMs) return [];
  return [
    finding(
      'not-too-early',
      `${provider}: at most ${Math.round(Math.min(elapsedMs, byClock) / 3_600_000)} h lie between its asking and what the claim rests on, and its window takes ${neededMs / 3_600_000} h`,
      [lastAsk, proof ?? ended],
    ),
  ];
}

/** By so much a run may lag behind the providers when it is asked: the longest step of the suite, and a little. */
const STEP_MS = 72 * 3_600_000;

function lastLook(calls: readonly SeenCall[]): SeenCall | undefined {
  return calls.findLast(({ call }) => call.operation === 'read' && mayHaveSaid(call, 'unknown'));
}

function shownCall(call: SeenCall['call']): object {
  const { at, operation, status, did, said, fault } = call;
  return { at, operation, status, did: did?.is, said: said?.is, fault };
}

/** The certificate is about the providers that were asked for, and its outcome follows from theirs. */
export function coherenceFindings(evidence: ErasureEvidence, certificate: ReadCertificate): Finding[] {
  const asked = Object.keys(subjectOf(evidence)).toSorted().join(', ');
  const told = certificate.providers.map(({ provider }) => provider).toSorted();
  const findings: Finding[] = [];
  if (told.join(', ') !== asked) {
    findings.push(finding('certificate-holds', `it is about ${told.join(', ')}, and the request is about ${asked}`));
  }
  const isComplete = certificate.providers.every(({ outcome }) => ['erased', 'not-found'].includes(outcome));
  if (certificate.outcome === 'completed' && !isComplete) {
    findings.push(
      finding('not-too-strong', 'the request is called completed, and not every provider is', [certificate]),
    );
  }
  return findings;
}

function iso(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : String(at);
}
