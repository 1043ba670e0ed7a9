/** Whether a request came to exactly one end, and what it waited for at every moment until then. */
import { unpackedJws, type ReadCertificate } from './claim-read';
import { entriesOf, subjectOf, takenDecisions, type ErasureEvidence } from './erasure-evidence';
import { finding, type Finding } from './suite-finding';
import { isRecord, type IdleMoment, type RunHistory } from './run-history';

export function endFindings(evidence: ErasureEvidence): Finding[] {
  const submitted = entriesOf(evidence, 'submitted');
  const ended = entriesOf(evidence, 'ended');
  const runs = new Set(submitted.map(({ runId }) => runId));
  const { history } = evidence;
  const last = ended[0];
  const findings: Finding[] = [];
  if (runs.size > 1) {
    findings.push(finding('one-end', `the same request became ${runs.size} runs`, [...submitted]));
  }
  const isConflict = entriesOf(evidence, 'submission-failed').some(({ conflicting }) => conflicting === true);
  if (!isConflict && submitted.length > entriesOf(evidence, 'submitting').length) {
    findings.push(finding('one-end', 'another content under the same id was let in', [...submitted]));
  }
  if (submitted.length > 0 && last === undefined) {
    findings.push(finding('nothing-lost', 'it was accepted, and nothing more was heard of it', [...submitted]));
  }
  if (last === undefined || history === undefined) return findings;
  const wasTerminated = takenDecisions(evidence, 'terminate').length > 0;
  if (history.refusals.length > 0) {
    findings.push(
      finding('certificate-holds', 'the product refused its own evidence before it signed', history.refusals),
    );
  }
  if (last.status === 'stuck') return [...findings, ...standingFindings(history, last.standing)];
  if (last.status === 'terminated' && wasTerminated) return findings;
  if (history.end !== 'completed' || certificateIn(history) === undefined) {
    findings.push(finding('one-end', `it ended as ${last.status}, without a certificate`, [last]));
  }
  return findings;
}

/** Given up by the suite: then a person must be called by name. */
function standingFindings({ idle }: RunHistory, standing: string | undefined): Finding[] {
  const { blockedOn = [] } = idle.at(-1) ?? {};
  return blockedOn.length > 0
    ? []
    : [
        finding('nothing-lost', `it does not end, and calls nobody: ${standing ?? 'no word of where it stands'}`, [
          idle.at(-1),
        ]),
      ];
}

export function certificateIn({ result }: Pick<RunHistory, 'result'>): string | undefined {
  const certificate = isRecord(result) ? result['certificate'] : undefined;
  return typeof certificate === 'string' ? unpackedJws(certificate) : undefined;
}

/** What counts on the law's calendar moves nothing forward. */
const legalTimer = /^Legal clock/;
const outcomes = ['completed', 'completed-with-exceptions', 'withdrawn', 'rejected'];

export function attendanceFindings(evidence: ErasureEvidence, certificate: ReadCertificate | undefined): Finding[] {
  const { history } = evidence;
  if (history === undefined) return [];
  const unattended = history.idle.find((moment) => isUnattended(moment, history, evidence, certificate));
  const silent = history.idle.find(isSilent);
  return [
    ...(unattended
      ? [finding('never-unattended', 'providers are open, and fewer of them wait for something', [unattended])]
      : []),
    ...(silent
      ? [
          finding('answer-never-silent', 'the certificate is there, the request is open, and nobody is called', [
            silent,
          ]),
        ]
      : []),
  ];
}

/** Each provider that has not settled needs an activity or a timer, or a word to staff. */
function isUnattended(
  { at, activities, timers, blockedOn, state }: IdleMoment,
  { fired }: RunHistory,
  evidence: ErasureEvidence,
  certificate: ReadCertificate | undefined,
): boolean {
  if (blockedOn.some((one) => ['approval', 'hold', 'staff', 'certificate', 'todo'].includes(one))) return false;
  if (state !== undefined && outcomes.includes(state)) return false;
  const providers = Object.keys(subjectOf(evidence));
  const open = providers.filter((provider) => {
    const claim = certificate?.providers.find((one) => one.provider === provider);
    // It had settled without its callback, which came after all.
    const wasPresumed = fired.some((timer) => timer.at <= at && isLastWait(timer.label, provider));
    return !blockedOn.includes(provider) && !wasPresumed && (claim === undefined || claim.settledAt > at);
  });
  const waiting = [...activities, ...timers.filter((label) => !legalTimer.test(label))];
  // Before the first asking one activity looks up what all are held to.
  const isStarting = activities.some((name) => !name.includes('.'));
  // Without a certificate nobody outside knows which of them have settled.
  const neededMin = certificate === undefined ? 1 : open.length;
  return !isStarting && open.length > 0 && waiting.length < neededMin;
}

function isLastWait(label: string, provider: string): boolean {
  return provider === 'measureone' && label.startsWith('MeasureOne: wait for the callback');
}

function isSilent({ state, blockedOn, activities }: IdleMoment): boolean {
  return state !== undefined && outcomes.includes(state) && blockedOn.length === 0 && activities.length === 0;
}
