/** A due date explained rule by rule, so that somebody can check it against the statute. */
import { calendarSource, comparedYears, type Day, type DayOff } from '../domain/law/counting/calendar';
import type { CountedClock, CountedDay } from '../domain/law/counting/due-dates';
import type { Deadline } from '../domain/law/legal-clock';
import type { LegalRule, Period } from '../domain/law/legal-rules';

const WIDTH = 12;

export function dueText({ rule, clock, receivedOn, startsOn, answer, acknowledge, extended }: CountedClock): string {
  const { reasons } = rule;
  return [
    line('Law', `${clock.rule}: ${rule.source}${rule.from === undefined ? '' : `; holds from ${rule.from}`}`),
    line(
      'Counted in',
      `${clock.timeZone}; ${clock.calendar === 'none' ? 'no public holidays are counted' : `public holidays of ${clock.calendar}`}`,
    ),
    line('Received', `${written(receivedOn)}, the day that it was there`),
    line('Starts', `${written(startsOn)}, which does not count`),
    why(reasons.start),
    ...(acknowledge === undefined || rule.acknowledgeWithin === undefined || clock.acknowledgeBy === undefined
      ? []
      : [
          ...counted('Confirm', rule.acknowledgeWithin, acknowledge, reasons.acknowledge),
          line('', `confirm its receipt to the person by ${until(acknowledge.day, clock.acknowledgeBy)}`),
        ]),
    ...counted('Answer', rule.answerWithin, answer, reasons.answer),
    ...lastDay(rule, rule.answerWithin),
    line('Due', until(answer.day, clock.answerBy)),
    ...(clock.internalAnswerBy.on === clock.answerBy.on
      ? []
      : [line('Aim at', clock.internalAnswerBy.on), why(reasons.aim ?? '')]),
    ...(extended === undefined || rule.extendedWithin === undefined || clock.extendedAnswerBy === undefined
      ? [line('Extension', 'none: its law gives no more time')]
      : [
          ...counted('Extension', rule.extendedWithin, extended, reasons.extension),
          line('', `due ${until(extended.day, clock.extendedAnswerBy)}`),
          line('', `only if the person was told of it by ${clock.extendBy?.on}`),
        ]),
  ].join('\n');
}

function counted(name: string, period: Period, { counted: last, passedOver }: CountedDay, reason = ''): string[] {
  return [
    line(name, 'businessDays' in period ? lengthOf(period) : `${lengthOf(period)}: ${written(last)}`),
    why(reason),
    ...passedOver.map(({ day, off }) => line('', `${written(day)} is passed over: ${describeOff(day, off)}`)),
  ];
}

function lastDay({ reasons: { lastDay: reason } }: LegalRule, period: Period): string[] {
  return reason === undefined || 'businessDays' in period ? [] : [why(reason)];
}

function describeOff(day: Day, off: DayOff): string {
  if (off.kind !== 'holiday') return `a ${off.kind === 'sunday' ? 'Sunday' : 'Saturday'}`;
  return off.calendars
    .map(({ calendar, name, correction }) => {
      const source = correction === undefined ? agreement(day) : `added by a correction: ${correction.source}`;
      return `${name}, a public holiday in ${calendar} (${source})`;
    })
    .join('; ');
}

function agreement(day: Day): string {
  const library = calendarSource.replace(', corrected', '');
  return day.year >= comparedYears.first && day.year <= comparedYears.last
    ? `${library} and ${comparedYears.with} agree`
    : `${library} alone: ${day.year} was not compared`;
}

function lengthOf(period: Period): string {
  if ('months' in period) return period.months === 1 ? 'one month' : `${period.months} months in all`;
  return 'days' in period ? `${period.days} days` : `${period.businessDays} business days`;
}

function until(day: Day, { at }: Deadline): string {
  return `${written(day)}, until ${new Date(at).toISOString()}`;
}

function written(day: Day): string {
  return day.toFormat('ccc yyyy-MM-dd', { locale: 'en' });
}

function line(name: string, text: string): string {
  return `${name.padEnd(WIDTH)}${text}`;
}

function why(reason: string): string {
  return line('', `[${reason}]`);
}
