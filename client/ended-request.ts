/** What an ended request still tells of its answer to the person. */
import { isRecord } from '../domain/text';
import type { LegalClockClaim } from '../domain/certificate/certificate';
import type { DecisionContents } from '../domain/decision/decision';
import type { TrailEntry } from '../domain/request/request-state';

/** The law's day as its certificate has it, not checked here (`erasure verify`). Undefined where it has none that can be read. */
export function certifiedClock(certificate: string): Omit<LegalClockClaim, 'calendarSource' | 'startsAt'> | undefined {
  const clock = payloadOf(certificate)?.['legalClock'];
  if (!isRecord(clock)) return undefined;
  const { answerBy, extended, rule, calendar, timeZone, source } = clock;
  const texts = [answerBy, rule, calendar, timeZone, source];
  if (!texts.every((text) => typeof text === 'string') || typeof extended !== 'boolean') return undefined;
  return { answerBy, extended, rule, calendar, timeZone, source } as LegalClockClaim;
}

/** What was told, to the person or a recipient, in the order in which it was recorded. */
export function noticesIn(trail: readonly TrailEntry[]): readonly DecisionContents['notice'][] {
  return trail.flatMap((entry) => (entry.kind === 'notice' ? [entry.content] : []));
}

function payloadOf(certificate: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload = ''] = certificate.split('.');
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return isRecord(claims) ? claims : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
