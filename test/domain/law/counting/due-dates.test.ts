import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { problemsOfCalendars } from '../../../../domain/law/counting/chosen-calendars';
import { recomputedClock, legalClockFor, type ClockFacts } from '../../../../domain/law/counting/due-dates';
import { computeLegalClock } from '../../../support/legal-clock';
import { parsePolicyFile } from '../../../../config/policy-file';
import { DAY_MS, HOUR_MS } from '../../../../domain/duration';
import { currentDeadlines, type Deadline, type LegalClock } from '../../../../domain/law/legal-clock';
import { regulations, type Regulation } from '../../../../domain/law/regulation';
import {
  isNaiveHoliday,
  isWeekend,
  lastMillisecondOf,
  localDay,
  naiveCalendars,
  naiveDays,
  naiveOwnDay,
  text,
  walk,
} from './naive-law';

const RUNS = 400;

const zones = [
  'UTC',
  'Europe/Berlin',
  'Europe/Dublin',
  'Europe/London',
  'Atlantic/Azores',
  'America/Los_Angeles',
  'America/St_Johns',
  'America/Havana',
  'America/Santiago',
  'Africa/Cairo',
  'Asia/Kathmandu',
  'Asia/Beirut',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

/** Since the youngest of the laws has been in force everywhere. */
const day = fc
  .integer({ min: 0, max: 17 * 365 })
  .map((days) => text(walk({ year: 2024, month: 7, day: 3 }, days)))
  .filter((on) => on < '2040-09-01');
const regulation = fc.constantFrom(...regulations);
/** The ways of counting are the same everywhere; only California's holidays are no matter of a month's end. */
const placeUnder = (law: Regulation) =>
  fc.record({
    timeZone: fc.constantFrom(...zones),
    calendar: fc.constantFrom(...naiveCalendars.filter((calendar) => law === 'ccpa' || calendar !== 'US-CA')),
  });
/** Any instant, and those at the edges of local days. */
const receipt = regulation
  .chain((law) => fc.record({ regulation: fc.constant(law), where: placeUnder(law) }))
  .chain(({ regulation: law, where }) =>
    fc.record({
      where: fc.constant(where),
      regulation: fc.constant(law),
      submittedAt: fc.oneof(
        fc.integer({ min: Date.UTC(2024, 6, 3), max: Date.UTC(2040, 8) }),
        fc
          .tuple(day, fc.constantFrom(-HOUR_MS, -1, 0, 1, 2, HOUR_MS))
          .map(([on, aroundMs]) => lastMillisecondOf(on, where.timeZone) + aroundMs),
      ),
    }),
  );

const berlin = { timeZone: 'Europe/Berlin', calendar: 'DE' };
const london = { timeZone: 'Europe/London', calendar: 'GB-ENG' };
const california = { timeZone: 'America/Los_Angeles', calendar: 'US-CA' };

/** Noon in UTC is the same day in all of these places. */
const noonOf = (on: string): number => Date.parse(`${on}T12:00:00Z`);

const deadlinesOf = (clock: LegalClock): Deadline[] => [
  ...(clock.acknowledgeBy === undefined ? [] : [clock.acknowledgeBy]),
  clock.answerBy,
  clock.internalAnswerBy,
  ...(clock.extendedAnswerBy === undefined ? [] : [clock.extendedAnswerBy]),
  ...(clock.extendBy === undefined ? [] : [clock.extendBy]),
];

describe('computeLegalClock', () => {
  it.each([
    { regulation: 'gdpr', where: berlin, receivedOn: '2026-01-31', answer: '2026-03-02', extended: '2026-04-30' },
    { regulation: 'gdpr', where: berlin, receivedOn: '2026-03-05', answer: '2026-04-07', extended: '2026-06-05' },
    {
      regulation: 'gdpr',
      where: { timeZone: 'Europe/Lisbon', calendar: 'PT' },
      receivedOn: '2026-03-05',
      answer: '2026-04-06',
      extended: '2026-06-05',
    },
    { regulation: 'gdpr', where: berlin, receivedOn: '2027-01-31', answer: '2027-03-01', extended: '2027-04-30' },
    // A leap year's February; Whit Monday in 2028 is 5 June.
    { regulation: 'gdpr', where: berlin, receivedOn: '2028-01-31', answer: '2028-02-29', extended: '2028-05-02' },
    { regulation: 'gdpr', where: berlin, receivedOn: '2028-02-29', answer: '2028-03-29', extended: '2028-05-29' },
    // Epiphany is a holiday in Bavaria, and not in the rest of Germany.
    { regulation: 'gdpr', where: berlin, receivedOn: '2025-12-06', answer: '2026-01-06', extended: '2026-03-06' },
    {
      regulation: 'gdpr',
      where: { ...berlin, calendar: 'DE-BY' },
      receivedOn: '2025-12-06',
      answer: '2026-01-07',
      extended: '2026-03-06',
    },
    // Christmas Eve is a half-day in Germany's calendar, and moves nothing.
    { regulation: 'gdpr', where: berlin, receivedOn: '2026-11-24', answer: '2026-12-24', extended: '2027-02-24' },
    // Romania's New Year is one holiday of two days.
    {
      regulation: 'gdpr',
      where: { timeZone: 'Europe/Bucharest', calendar: 'RO' },
      receivedOn: '2024-12-02',
      answer: '2025-01-03',
      extended: '2025-03-03',
    },
    // Boxing Day is a Saturday, and Monday its substitute; in Scotland, 2 January too.
    { regulation: 'uk-gdpr', where: london, receivedOn: '2026-11-26', answer: '2026-12-29', extended: '2027-02-26' },
    { regulation: 'uk-gdpr', where: london, receivedOn: '2026-12-01', answer: '2027-01-04', extended: '2027-03-01' },
    {
      regulation: 'uk-gdpr',
      where: { ...london, calendar: 'GB-SCT' },
      receivedOn: '2026-12-01',
      answer: '2027-01-05',
      extended: '2027-03-01',
    },
    {
      regulation: 'uk-gdpr',
      where: { timeZone: 'Europe/London', calendar: 'GB-NIR' },
      receivedOn: '2026-06-12',
      answer: '2026-07-14',
      extended: '2026-09-14',
    },
  ] as const)(
    '$regulation, $where.calendar: received $receivedOn, answer by $answer, extended $extended',
    ({ regulation: law, where, receivedOn, answer, extended }) => {
      const clock = computeLegalClock({ regulation: law, submittedAt: noonOf(receivedOn) }, where);
      expect(clock.answerBy.on).toBe(answer);
      expect(clock.internalAnswerBy).toEqual(clock.answerBy);
      expect(clock.extendBy).toEqual(clock.answerBy);
      expect(clock.extendedAnswerBy?.on).toBe(extended);
      expect(clock).not.toHaveProperty('acknowledgeBy');
    },
  );

  it.each([
    {
      receivedOn: '2026-03-05',
      acknowledge: '2026-03-17',
      answer: '2026-04-19',
      aim: '2026-04-18',
      extended: '2026-06-03',
    },
    // Thanksgiving does not count, the Friday and the Saturday after it do; the weekend at the end stays.
    {
      receivedOn: '2026-11-20',
      acknowledge: '2026-12-03',
      answer: '2027-01-04',
      aim: '2027-01-03',
      extended: '2027-02-18',
    },
    // 4 July 2026 is a Saturday, and a holiday: the Friday before it is a business day.
    {
      receivedOn: '2026-06-24',
      acknowledge: '2026-07-07',
      answer: '2026-08-08',
      aim: '2026-08-07',
      extended: '2026-09-22',
    },
  ])('ccpa: received $receivedOn, confirm by $acknowledge, answer by $answer, extended $extended', (vector) => {
    const clock = computeLegalClock({ regulation: 'ccpa', submittedAt: noonOf(vector.receivedOn) }, california);
    expect(clock.acknowledgeBy?.on).toBe(vector.acknowledge);
    expect(clock.answerBy.on).toBe(vector.answer);
    expect(clock.internalAnswerBy.on).toBe(vector.aim);
    expect(clock.extendBy).toEqual(clock.internalAnswerBy);
    expect(clock.extendedAnswerBy?.on).toBe(vector.extended);
  });

  it('says by which rule, place and calendar it was computed', () => {
    expect(computeLegalClock({ regulation: 'gdpr', submittedAt: noonOf('2026-01-31') }, berlin)).toEqual({
      rule: 'gdpr/1',
      source: 'GDPR (Regulation (EU) 2016/679) Art. 12(3); Regulation (EEC, Euratom) No 1182/71 Art. 3',
      timeZone: 'Europe/Berlin',
      calendar: 'DE',
      calendarSource: expect.stringMatching(/^date-holidays \d+\.\d+\.\d+, corrected$/),
      startsAt: noonOf('2026-01-31'),
      answerBy: { on: '2026-03-02', at: Date.parse('2026-03-02T22:59:59.999Z') },
      internalAnswerBy: { on: '2026-03-02', at: Date.parse('2026-03-02T22:59:59.999Z') },
      extendedAnswerBy: { on: '2026-04-30', at: Date.parse('2026-04-30T21:59:59.999Z') },
      extendBy: { on: '2026-03-02', at: Date.parse('2026-03-02T22:59:59.999Z') },
    });
  });

  describe('identity', () => {
    const submittedAt = noonOf('2026-03-05');
    const fromReceipt = (facts: Omit<ClockFacts, 'submittedAt'>, where = london) =>
      computeLegalClock({ ...facts, submittedAt }, where);

    const receivedAt = noonOf('2026-03-20');

    it('starts the clock with the information that was received, not with its check, under uk-gdpr', () => {
      const clock = fromReceipt({
        regulation: 'uk-gdpr',
        identity: {
          askedAt: submittedAt + DAY_MS,
          informationReceivedAt: receivedAt,
          provenAt: receivedAt + 4 * DAY_MS,
        },
      });
      expect(clock.startsAt).toBe(receivedAt);
      expect(clock.answerBy.on).toBe('2026-04-20');
      expect(clock.extendedAnswerBy?.on).toBe('2026-06-22');
    });

    it.each<[string, NonNullable<ClockFacts['identity']>]>([
      ['it is not proven', { askedAt: submittedAt, informationReceivedAt: receivedAt }],
      ['nobody said when the information was received', { askedAt: submittedAt, provenAt: receivedAt }],
      [
        'the information came with the request',
        { askedAt: submittedAt - DAY_MS, informationReceivedAt: submittedAt - HOUR_MS, provenAt: receivedAt },
      ],
      [
        'it came before anybody asked',
        { askedAt: receivedAt + 1, informationReceivedAt: receivedAt, provenAt: receivedAt + DAY_MS },
      ],
      [
        'it came after it was found good',
        { askedAt: submittedAt, informationReceivedAt: receivedAt, provenAt: receivedAt - 1 },
      ],
    ])('counts from receipt where %s', (_, identity) => {
      const clock = fromReceipt({ regulation: 'uk-gdpr', identity });
      expect(clock).toEqual(fromReceipt({ regulation: 'uk-gdpr' }));
      expect(clock.startsAt).toBe(submittedAt);
    });

    it('gives no new time where it was asked for after the due date', () => {
      const dueAt = fromReceipt({ regulation: 'uk-gdpr' }).answerBy.at;
      const provenAt = dueAt + 3 * DAY_MS;
      const asked = (askedAt: number) =>
        fromReceipt({ regulation: 'uk-gdpr', identity: { askedAt, informationReceivedAt: provenAt, provenAt } });
      expect(asked(dueAt).startsAt).toBe(provenAt);
      expect(asked(dueAt + 1).startsAt).toBe(submittedAt);
    });

    it.each([
      ['gdpr', berlin],
      ['ccpa', california],
    ] as const)('changes nothing under %s', (law, where) => {
      const provenAt = submittedAt + 10 * DAY_MS;
      const identity = { askedAt: submittedAt, informationReceivedAt: provenAt, provenAt };
      expect(fromReceipt({ regulation: law, identity }, where)).toEqual(fromReceipt({ regulation: law }, where));
    });
  });

  describe('a clock that was given', () => {
    const submittedAt = noonOf('2026-03-05');
    const receivedAt = noonOf('2026-03-20');
    const facts = (regulation: Regulation): ClockFacts => ({
      regulation,
      submittedAt,
      identity: { askedAt: submittedAt, informationReceivedAt: receivedAt, provenAt: receivedAt },
    });
    const lawsWith = (days: number) =>
      parsePolicyFile({
        laws: { 'own:lgpd': { from: '2020-09-18', source: 'Art. 19', answer: { days }, lastDay: 'stays' } },
      }).laws;

    it.each([
      ['one calendar', london],
      ['several', { ...london, calendar: ['GB-ENG', 'GB-SCT'] }],
    ])('moves with the information on identity, and keeps its place: %s', (_, place) => {
      const pinned = computeLegalClock({ regulation: 'uk-gdpr', submittedAt }, place);
      expect(recomputedClock(facts('uk-gdpr'), pinned)).toEqual(computeLegalClock(facts('uk-gdpr'), place));
      expect(recomputedClock(facts('uk-gdpr'), pinned).startsAt).toBe(receivedAt);
    });

    it('stays where its rule has another version, or counts otherwise by now', () => {
      const pinned = computeLegalClock({ regulation: 'uk-gdpr', submittedAt }, london);
      const older = { ...pinned, rule: 'uk-gdpr/1' };
      expect(recomputedClock(facts('uk-gdpr'), older)).toBe(older);
      const otherHolidays = { ...pinned, answerBy: { on: '2026-04-02', at: pinned.answerBy.at - 3 * DAY_MS } };
      expect(recomputedClock(facts('uk-gdpr'), otherHolidays)).toBe(otherHolidays);
    });

    it('stays where the policy file defines its law otherwise by now, or no longer', () => {
      const place = { timeZone: 'America/Sao_Paulo' };
      const given = legalClockFor(
        { calendars: { 'own:lgpd': place }, laws: lawsWith(15) },
        facts('own:lgpd'),
      ) as LegalClock;
      expect(given.rule).toBe('own:lgpd/2020-09-18');
      expect(recomputedClock(facts('own:lgpd'), given, lawsWith(15))).toEqual(given);
      for (const laws of [lawsWith(30), {}]) expect(recomputedClock(facts('own:lgpd'), given, laws)).toEqual(given);
    });
  });

  it.each([
    [{ timeZone: 'Europe/Atlantis', calendar: 'DE' }, 'timeZone: expected an IANA name such as Europe/Berlin'],
    [{ timeZone: 'local', calendar: 'DE' }, 'timeZone: expected an IANA name such as Europe/Berlin'],
    [{ timeZone: 'UTC', calendar: 'XX' }, 'calendar: expected a code such as DE, DE-BY, GB-ENG or US-CA'],
    [{ timeZone: 'UTC', calendar: '' }, 'calendar: expected a code such as DE, DE-BY, GB-ENG or US-CA'],
  ])('refuses the place %j', (where, message) => {
    expect(() => computeLegalClock({ regulation: 'gdpr', submittedAt: 0 }, where)).toThrow(new RangeError(message));
  });

  it.each([NaN, Infinity, 0.5, 9e15])('refuses the instant %d', (submittedAt) => {
    expect(() => computeLegalClock({ regulation: 'gdpr', submittedAt }, berlin)).toThrow(
      new RangeError('submittedAt: expected an instant in epoch milliseconds'),
    );
  });

  it('agrees with the law written down a second time', () => {
    fc.assert(
      fc.property(receipt, ({ where, regulation: law, submittedAt }) => {
        const clock = computeLegalClock({ regulation: law, submittedAt }, where);
        const naive = naiveDays(law, localDay(submittedAt, where.timeZone), where.calendar);
        expect(clock.answerBy.on).toBe(naive.answerOn);
        expect(clock.internalAnswerBy.on).toBe(naive.aimOn);
        expect(clock.extendBy?.on).toBe(naive.aimOn);
        expect(clock.extendedAnswerBy?.on).toBe(naive.extendedOn);
        const acknowledgeOn = clock.acknowledgeBy?.on;
        // California has holidays that the calendar does not know: then ours is earlier.
        const isNeverLater = where.calendar === 'US-CA' && (acknowledgeOn ?? '') <= (naive.acknowledgeOn ?? '');
        expect(isNeverLater || acknowledgeOn === naive.acknowledgeOn).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('takes of several calendars the days that are free in each, which is never later than by one of them', () => {
    const some = fc.subarray(
      naiveCalendars.filter((calendar) => calendar !== 'US-CA'),
      { minLength: 2, maxLength: 3 },
    );
    fc.assert(
      fc.property(some, day, (calendars, on) => {
        const at = (calendar: string | readonly string[]) =>
          computeLegalClock({ regulation: 'gdpr', submittedAt: noonOf(on) }, { timeZone: 'UTC', calendar });
        const both = at(calendars);
        const naive = naiveDays('gdpr', localDay(noonOf(on), 'UTC'), calendars);
        expect([both.answerBy.on, both.extendedAnswerBy?.on]).toEqual([naive.answerOn, naive.extendedOn]);
        for (const calendar of calendars) expect(both.answerBy.at).toBeLessThanOrEqual(at(calendar).answerBy.at);
        expect(both.calendar).toBe(calendars.join(' and '));
      }),
      { numRuns: RUNS },
    );
  });

  it('counts a law of one’s own as it is defined, and gives it no date before it holds', () => {
    const period = fc.oneof(
      fc.record({ days: fc.integer({ min: 1, max: 120 }) }),
      fc.record({ months: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ businessDays: fc.integer({ min: 1, max: 40 }) }),
    );
    const own = fc.record({
      source: fc.constant('a law'),
      from: fc.constant('2026-01-01'),
      answer: period,
      inAll: fc.option(period, { nil: undefined }),
      confirm: fc.option(period, { nil: undefined }),
      lastDay: fc.constantFrom('stays', 'next-working-day'),
    });
    const chosen = fc.constantFrom<(readonly string[] | undefined)[]>(undefined, ['DE-BY'], ['PL'], ['NL', 'DE']);
    fc.assert(
      fc.property(own, chosen, day, (law, calendar, on) => {
        const timeZone = 'Europe/Berlin';
        const policy = parsePolicyFile(
          JSON.parse(JSON.stringify({ laws: { 'own:x': law }, calendars: { 'own:x': { timeZone, calendar } } })),
        );
        expect(problemsOfCalendars(policy)).toEqual([]);
        const clock = legalClockFor(policy, { regulation: 'own:x', submittedAt: noonOf(on) });
        expect(clock === 'not-in-force').toBe(on < law.from);
        if (typeof clock === 'string') return;
        const naive = (of: Parameters<typeof naiveOwnDay>[0]) =>
          naiveOwnDay(of, localDay(noonOf(on), timeZone), {
            calendars: calendar ?? [],
            stays: law.lastDay === 'stays',
          });
        expect(clock.answerBy.on).toBe(naive(law.answer));
        expect(clock.extendedAnswerBy?.on).toBe(law.inAll && naive(law.inAll));
        expect(clock.extendBy).toEqual(law.inAll && clock.answerBy);
        expect(clock.acknowledgeBy?.on).toBe(law.confirm && naive(law.confirm));
        expect(clock.rule).toBe('own:x/2026-01-01');
      }),
      { numRuns: RUNS },
    );
  });

  it.each([
    ['a law that nobody defined', 'own:nowhere', 'unknown-law'],
    ['a law without a calendar', 'gdpr', 'no-calendar'],
  ] as const)('gives %s no date, and says why', (_, law, why) => {
    expect(legalClockFor({ calendars: {} }, { regulation: law, submittedAt: 0 })).toBe(why);
  });

  it.each([
    ['vcdpa', '2023-01-01'],
    ['ctdpa', '2023-07-01'],
    ['tdpsa', '2024-07-01'],
    ['fdbr', '2024-07-01'],
  ] as const)('gives %s no date before %s', (law, from) => {
    const policy = { calendars: { [law]: { timeZone: 'UTC' } } };
    const first = noonOf(from);
    expect(legalClockFor(policy, { regulation: law, submittedAt: first - DAY_MS })).toBe('not-in-force');
    expect(legalClockFor(policy, { regulation: law, submittedAt: first })).toMatchObject({ calendar: 'none' });
  });

  it('ends each deadline with the last millisecond of its local day', () => {
    fc.assert(
      fc.property(receipt, ({ where, regulation: law, submittedAt }) => {
        for (const { on, at } of deadlinesOf(computeLegalClock({ regulation: law, submittedAt }, where))) {
          expect(at).toBe(lastMillisecondOf(on, where.timeZone));
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('counts by the local day: all instants of one give the same days', () => {
    fc.assert(
      fc.property(
        receipt,
        day,
        fc.integer({ min: 0, max: 20 * HOUR_MS }),
        ({ where, regulation: law }, on, earlierMs) => {
          const lastAt = lastMillisecondOf(on, where.timeZone);
          const daysFrom = (submittedAt: number) =>
            deadlinesOf(computeLegalClock({ regulation: law, submittedAt }, where)).map((deadline) => deadline.on);
          expect(daysFrom(lastAt - earlierMs)).toEqual(daysFrom(lastAt));
          const next = naiveDays(law, localDay(lastAt + 1, where.timeZone), where.calendar);
          expect(daysFrom(lastAt + 1)).toContain(next.answerOn);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('never moves a date back for a later receipt', () => {
    fc.assert(
      fc.property(receipt, fc.oneof(fc.nat(DAY_MS), fc.nat(100 * DAY_MS)), (first, laterMs) => {
        const { where, regulation: law, submittedAt } = first;
        const earlier = deadlinesOf(computeLegalClock({ regulation: law, submittedAt }, where));
        const later = deadlinesOf(computeLegalClock({ regulation: law, submittedAt: submittedAt + laterMs }, where));
        earlier.forEach(({ at }, index) => expect(later[index]?.at).toBeGreaterThanOrEqual(at));
      }),
      { numRuns: RUNS },
    );
  });

  it('keeps its dates in order, and ends on a working day where the law says so', () => {
    fc.assert(
      fc.property(receipt, ({ where, regulation: law, submittedAt }) => {
        const clock = computeLegalClock({ regulation: law, submittedAt }, where);
        expect(submittedAt).toBeLessThan(clock.internalAnswerBy.at);
        expect(clock.internalAnswerBy.at).toBeLessThanOrEqual(clock.answerBy.at);
        expect(clock.extendBy?.at).toBeLessThanOrEqual(clock.answerBy.at);
        expect(clock.answerBy.at).toBeLessThan(clock.extendedAnswerBy?.at ?? 0);
        for (const extended of [false, true]) {
          const { due, aim } = currentDeadlines(clock, { extended });
          expect(aim.at).toBeLessThanOrEqual(due.at);
        }
        expect(clock.acknowledgeBy?.at ?? submittedAt).toBeLessThan(clock.internalAnswerBy.at);
        const endsOnWorkingDay = law === 'gdpr' || law === 'uk-gdpr';
        for (const { at } of endsOnWorkingDay ? [clock.answerBy, clock.extendedAnswerBy ?? clock.answerBy] : []) {
          const last = localDay(at, where.timeZone);
          expect(isWeekend(last) || isNaiveHoliday(last, where.calendar)).toBe(false);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('costs milliseconds, also for a calendar and a year it has not met', () => {
    const before = performance.now();
    for (let month = 0; month < 12; month += 1) {
      computeLegalClock(
        { regulation: 'gdpr', submittedAt: Date.UTC(2041, month, 15) },
        { ...berlin, calendar: 'DE-SN' },
      );
    }
    // A generous limit for a machine under load: about 1 ms each is usual.
    expect((performance.now() - before) / 12).toBeLessThan(50);
  });
});

describe('docs/legal-clock.md', () => {
  const documentation = readFileSync(join(__dirname, '../../../../docs/legal-clock.md'), 'utf8');
  const examples = (documentation.split('## Worked examples')[1] ?? '')
    .split(/^## /m)[0]
    ?.split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''))
        .slice(1, -1),
    );

  it('has examples', () => expect(examples?.length).toBeGreaterThanOrEqual(8));

  it.each(examples ?? [])('%s, %s, %s: received %s', (law, calendar, timeZone, receivedOn, ...dates) => {
    const named = regulations.find((one) => one === law);
    if (named === undefined) throw new Error('The example names no regulation');
    const clock = computeLegalClock(
      { regulation: named, submittedAt: noonOf(receivedOn ?? '') },
      { timeZone: timeZone ?? '', ...(calendar === undefined || calendar === '–' ? {} : { calendar }) },
    );
    const weekday = (on: string) => ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][new Date(on).getUTCDay()];
    const said = (deadline: Deadline | undefined) =>
      deadline === undefined ? '–' : `${weekday(deadline.on)} ${deadline.on}`;
    expect(dates).toEqual(
      [clock.acknowledgeBy, clock.internalAnswerBy, clock.answerBy, clock.extendedAnswerBy].map(said),
    );
  });
});
