/**
 * Where the holiday library is corrected. A day that is taken away makes a date earlier, so it goes as soon as the second source
 * (docs/legal-clock.md, "Calendars") does not have it. A day is added only with a source that names it.
 */
export interface Correction {
  /** The calendar, and what lies within it. */
  readonly calendar: string;
  readonly holiday: string;
  readonly change: 'add' | 'remove';
  /** Single days; the same day of every year; or, to take away, whatever comes from this rule of the library. */
  readonly days: readonly string[] | { readonly everyYear: string } | { readonly rule: string };
  readonly source: string;
}

const listed = (days: string): readonly string[] => days.trim().split(/\s+/);

const NOT_IN_SECOND_SOURCE = 'not in the second source: the earlier date is kept';
const PARTS_ONLY = 'a holiday in some of its municipalities only: the earlier date is kept';

/** Galicia and Navarre, in all years but 2026. */
const sanJoseAtWork = listed(`
  2025-03-19 2027-03-19 2028-03-19 2029-03-19 2030-03-19 2031-03-19 2032-03-19
`);

const remove = (
  calendar: string,
  holiday: string,
  days: Correction['days'],
  source = NOT_IN_SECOND_SOURCE,
): Correction => ({ calendar, holiday, change: 'remove', days, source });

export const corrections: readonly Correction[] = [
  {
    calendar: 'BG',
    holiday: 'day in lieu of a public holiday at a weekend',
    change: 'add',
    days: listed(`
      2025-05-26 2025-09-08 2026-05-25 2026-09-07 2027-05-04 2028-01-03 2028-05-08 2029-03-05
      2029-05-07 2029-09-24 2030-03-04 2030-09-23 2031-05-26 2031-09-08 2032-05-04
    `),
    source: 'Bulgarian Labour Code Art. 154(2), read in a secondary source (workingdays.org, 2026)',
  },
  remove('CY', 'Green Monday', { rule: 'orthodox -47' }, 'the library has the Tuesday after it'),
  {
    calendar: 'CY',
    holiday: 'Green Monday',
    change: 'add',
    days: listed(`
      2025-03-03 2026-02-23 2027-03-15 2028-02-28 2029-02-19 2030-03-11 2031-02-24 2032-03-15
    `),
    source:
      'the Monday 48 days before Orthodox Easter; lists for 2026 in secondary sources (holidayssky.com, qppstudio.net)',
  },
  {
    calendar: 'CY',
    holiday: 'Kataklysmos (Monday after Pentecost)',
    change: 'add',
    days: listed(`
      2025-06-09 2026-06-01 2027-06-21 2028-06-05 2029-05-28 2030-06-17 2031-06-02 2032-06-21
    `),
    source: '50 days after Orthodox Easter; lists for 2026 in secondary sources (holidayssky.com, qppstudio.net)',
  },
  remove('DE-SN-BZ', 'Corpus Christi', { rule: 'easter 60' }, PARTS_ONLY),
  remove('DE-TH-UH', 'Corpus Christi', { rule: 'easter 60' }, PARTS_ONLY),
  remove('DE-TH-WAK', 'Corpus Christi', { rule: 'easter 60' }, PARTS_ONLY),
  remove(
    'ES-CB',
    'Día de las Instituciones',
    { rule: '06-28' },
    'it is on 28 July (europapress.es, 11.12.2025; cronicadecantabria.com for 2025: secondary sources)',
  ),
  {
    calendar: 'ES-CB',
    holiday: 'Día de las Instituciones',
    change: 'add',
    days: ['2025-07-28', '2026-07-28'],
    source:
      'Cantabria, working calendars of 2025 and 2026 (cronicadecantabria.com; europapress.es, 11.12.2025: secondary sources)',
  },
  remove('ES-CB', 'La Bien Aparecida, in lieu', { rule: 'substitutes 09-15 if Sunday then next Monday' }),
  remove('ES-CE', 'Eid al-Adha', { rule: '9 Dhu al-Hijjah' }),
  remove('ES-CE', 'Día de Ceuta', ['2025-09-02']),
  remove('ES-CE', 'Nuestra Señora de África, in lieu', { rule: 'substitutes 08-05 if Sunday then next Monday' }),
  remove('ES-CE', 'Día de Ceuta, in lieu', { rule: 'substitutes 09-02 if Sunday then next Monday' }),
  remove('ES-CN-EH', 'Nuestra Señora de los Reyes', { rule: '09-24' }),
  remove('ES-CN-FU', 'Nuestra Señora de la Peña', { rule: '09-18' }),
  remove('ES-CN-GC', 'Nuestra Señora del Pino', { rule: '09-08' }),
  remove('ES-CN-LA', 'Nuestra Señora de los Dolores', { rule: '09-15' }),
  remove('ES-CN-LG', 'Nuestra Señora de Guadalupe', { rule: '10-05' }),
  remove('ES-CN-LP', 'Nuestra Señora de las Nieves', { rule: '08-05' }),
  remove('ES-CN-TE', 'La Bajada de la Virgen del Socorro', { rule: '09-07' }),
  remove(
    'ES-CT',
    'Día del Trabajador, in lieu of a Saturday',
    { rule: 'substitutes 05-01 if Saturday, Sunday then next Monday' },
    'Estatuto de los Trabajadores Art. 37(2) moves Sundays only; Catalonia moved no Saturday in 2021 (asscallico.com: a secondary source)',
  ),
  remove('ES-GA', 'San José', sanJoseAtWork),
  remove('ES-IB', 'Lunes de Pascua', ['2025-04-21']),
  remove('ES-NC', 'San José', sanJoseAtWork),
  remove('ES-PV', 'San José', ['2025-03-19', '2028-03-19', '2029-03-19', '2031-03-19']),
  remove('FR-MF', 'Abolition de l’esclavage', { rule: '05-27' }),
  remove('FR-MQ', 'Vendredi saint', { rule: 'easter -2' }),
  {
    calendar: 'GB-SCT',
    holiday: 'World Cup bank holiday',
    change: 'add',
    days: ['2026-06-15'],
    source: 'Royal Proclamation under the Banking and Financial Dealings Act 1971 s. 1(3) (wired-gov.net, 5.2.2026)',
  },
  remove('IT-32', 'Whit Monday', { rule: 'easter 50' }, 'a holiday in South Tyrol only: the earlier date is kept'),
  ...[
    ['Karfreitag', 'easter -2'],
    ['Friday after Ascension', 'easter 40'],
    ['Friday after Corpus Christi', 'easter 61'],
  ].map(([holiday = '', rule = '']) =>
    remove('LI', holiday, { rule }, 'none by Liechtenstein Arbeitsgesetz Art. 18(2); not in the second source'),
  ),
  {
    calendar: 'LI',
    holiday: 'Staatsfeiertag',
    change: 'add',
    days: { everyYear: '08-15' },
    source:
      'Liechtenstein Arbeitsgesetz Art. 18(2); Austrian BGBl. III 58/2021 (European Convention on the Calculation of Time-Limits)',
  },
  {
    calendar: 'NL',
    holiday: 'Bevrijdingsdag',
    change: 'add',
    days: { everyYear: '05-05' },
    source: 'Algemene termijnenwet (BWBR0002448) Art. 3(1)',
  },
];
