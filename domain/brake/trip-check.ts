/** Whether what the brake is told is of the right shape: anybody who may write to the namespace can tell it anything. */
import { DAY_MS } from '../duration';
import { isMatch, isRecord, isUuid, opaquePattern } from '../text';
import { brakeReasons } from './brake-reason';
import { REQUESTS_NAMED_MAX } from './streak';

const says = ['refuses', 'knows-nobody', 'answers', 'serves', 'nothing'];

export function reportProblem(report: unknown): string | undefined {
  return isRecord(report) && isReport(report) ? undefined : 'This is nothing that a worker tells a brake';
}

function isReport(report: Record<string, unknown>): boolean {
  switch (report['type']) {
    case 'tripped':
      return isTrip(report['trip']) && (report['plan'] === undefined || isPlan(report['plan']));
    case 'trialTaken':
      return isRequest(report['requestId']);
    case 'called': {
      const { sign } = report;
      return isRequest(report['requestId']) && isRecord(sign) && isOneOf(says, sign['says']) && hasReason(sign);
    }
    default:
      return false;
  }
}

function isTrip(trip: unknown): boolean {
  if (!isRecord(trip)) return false;
  const { reason, since, requests, requestIds } = trip;
  return (
    isOneOf(brakeReasons, reason) &&
    isInstant(since) &&
    isCount(requests) &&
    Array.isArray(requestIds) &&
    requestIds.length > 0 &&
    requestIds.length <= REQUESTS_NAMED_MAX &&
    requestIds.every(isRequest)
  );
}

function isPlan(plan: unknown): boolean {
  return isRecord(plan) && isLength(plan['firstAfterMs']) && isLength(plan['longestMs']);
}

function hasReason(sign: Record<string, unknown>): boolean {
  return sign['says'] !== 'refuses' || isOneOf(brakeReasons, sign['reason']);
}

function isOneOf(words: readonly string[], word: unknown): boolean {
  return words.some((one) => one === word);
}

function isRequest(id: unknown): boolean {
  return typeof id === 'string' && isUuid(id);
}

function isInstant(at: unknown): boolean {
  return typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < 8.64e15;
}

function isCount(count: unknown): boolean {
  return typeof count === 'number' && Number.isInteger(count) && count > 0;
}

function isLength(ms: unknown): boolean {
  return typeof ms === 'number' && Number.isInteger(ms) && ms > 0 && ms <= DAY_MS;
}

export function releaseProblem(release: unknown): string | undefined {
  if (!isRecord(release)) return 'Say { "actor": …, "reason": … }';
  const wrong = ['actor', 'reason'].filter((field) => !isMatch(release[field], opaquePattern));
  return wrong.length === 0 ? undefined : `${wrong.join(' and ')}: expected an id, a code or a ticket, no free text`;
}
