import { legalClockFor, type ClockFacts, type ClockPlace } from '../../domain/law/counting/due-dates';
import type { LegalClock } from '../../domain/law/legal-clock';

/** The due dates of a request whose law counts at this place, for tests of requests that have some. */
export function computeLegalClock(facts: ClockFacts, place: ClockPlace): LegalClock {
  const clock = legalClockFor({ calendars: { [facts.regulation]: place } }, facts);
  if (typeof clock === 'string') throw new Error(`no due dates: ${clock}`);
  return clock;
}
