import { isOwnLaw, type Regulation } from '../regulation';
import { countsWorkingDays } from '../legal-rules';
import { isKnownCalendar, isKnownTimeZone } from './calendar';
import { calendarsOf, ruleOf, type ClockPlace, type ClockPolicy } from './due-dates';

/** What is wrong with the calendars that somebody chose: plain sentences, none where they are right. */
export function problemsOfCalendars({ calendars, laws }: ClockPolicy): readonly string[] {
  return (Object.entries(calendars) as [Regulation, ClockPlace][]).flatMap(([regulation, place]) => {
    const rule = ruleOf(regulation, laws);
    const name = `policy file: calendars.${regulation}`;
    if (rule === undefined) return [`${name}: laws does not define this law`];
    const chosen = calendarsOf(place);
    // A law of the company's own may go by weekends alone.
    const isMissing = chosen.length === 0 && countsWorkingDays(rule) && !isOwnLaw(regulation);
    const isWrong = !chosen.every((calendar) => isKnownCalendar(calendar, regulation));
    const example = isOwnLaw(regulation) ? 'DE' : (rule.calendars[0] ?? 'none: it counts no working days');
    return [
      ...(isKnownTimeZone(place.timeZone) ? [] : [`${name}.timeZone: expected an IANA name such as Europe/Berlin`]),
      ...(isMissing || isWrong ? [`${name}.calendar: expected a calendar of this law, such as ${example}`] : []),
    ];
  });
}
