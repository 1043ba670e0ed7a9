/**
 * Due dates worked out from the statutes by hand. `basis`: where the holidays are from, beside the articles that docs/legal-clock.md
 * names for each law; what was not read in its source is called our reading.
 */
import type { Regulation } from '../../../../domain/law/regulation';

export interface Vector {
  readonly law: Regulation;
  readonly receivedAt: string;
  readonly timeZone: string;
  readonly calendar: string;
  readonly identity?: {
    readonly askedAt: string;
    readonly informationReceivedAt?: string;
    readonly provenAt?: string;
  };
  readonly expected: {
    readonly answerOn?: string;
    readonly answerAt?: string;
    readonly aimOn?: string;
    readonly aimAt?: string;
    readonly extendedOn?: string;
    readonly acknowledgeOn?: string;
    /** By the later of two readings: ours must not be later than it. */
    readonly acknowledgeOnMondayToFriday?: string;
  };
  readonly why: string;
  readonly basis?: string;
}

export const vectors: readonly Vector[] = [
  {
    law: 'gdpr',
    receivedAt: '2026-03-05T10:00:00+01:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE',
    expected: { answerOn: '2026-04-07', extendedOn: '2026-06-05', answerAt: '2026-04-07T21:59:59.999Z' },
    why: '5 Apr is Easter Sunday, 6 Apr Easter Monday',
    basis:
      'EDPB Guidelines 01/2022, examples 5 March / 31 August (not re-read: our reading); second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-01-02T10:00:00+00:00',
    timeZone: 'Europe/Dublin',
    calendar: 'IE',
    expected: { answerOn: '2026-02-03', extendedOn: '2026-04-02' },
    why: "2 Feb 2026, first Monday: St Brigid's Day",
    basis:
      'Organisation of Working Time Act 1997 Sch. 2 as amended: St Brigid first Monday of February, or 1 February if a Friday (stbrigidscathedral.com, csna.ie)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-08-31T10:00:00+02:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE',
    expected: { answerOn: '2026-09-30', extendedOn: '2026-11-30' },
    why: 'No 31 September',
    basis:
      'EDPB Guidelines 01/2022, examples 5 March / 31 August (not re-read: our reading); second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2028-01-31T10:00:00+01:00',
    timeZone: 'Europe/Paris',
    calendar: 'FR',
    expected: { answerOn: '2028-02-29', extendedOn: '2028-05-02' },
    why: '1 May is a holiday in France',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-12-31T10:00:00+01:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE',
    expected: { answerOn: '2027-02-01', extendedOn: '2027-03-31' },
    why: '31 Jan 2027 is a Sunday',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-12-06T10:00:00+01:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE-BE',
    expected: { answerOn: '2027-01-06', extendedOn: '2027-03-09' },
    why: "No Epiphany in Berlin; 6 Mar 2027 Saturday, 8 Mar Women's Day in Berlin",
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-05-04T10:00:00+02:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE-BY',
    expected: { answerOn: '2026-06-05', extendedOn: '2026-08-04' },
    why: 'Corpus Christi 4 Jun 2026',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2028-07-08T10:00:00+02:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE-BY-A',
    expected: { answerOn: '2028-08-09', extendedOn: '2028-10-09' },
    why: 'Augsburg Peace Festival, 8 Aug; 8 Oct 2028 is a Sunday',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-03-06T10:00:00+01:00',
    timeZone: 'Europe/Madrid',
    calendar: 'ES-CT',
    expected: { answerOn: '2026-04-07', extendedOn: '2026-06-08' },
    why: 'Easter Monday in Catalonia; 6 Jun 2026 is a Saturday',
    basis: 'calldetenes.cat calendari 2026',
  },
  {
    law: 'gdpr',
    receivedAt: '2027-04-03T10:00:00+02:00',
    timeZone: 'Europe/Madrid',
    calendar: 'ES-CT',
    expected: { answerOn: '2027-05-03', extendedOn: '2027-07-05' },
    why: '1 May 2027 is a Saturday: no Monday in lieu',
    basis:
      'Catalonia: 1 May on a Saturday was not moved in 2021 (asscallico.com, calendari laboral 2021); ET Art. 37.2 moves Sundays only',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-06-28T10:00:00+02:00',
    timeZone: 'Europe/Madrid',
    calendar: 'ES-CB',
    expected: { answerOn: '2026-07-29', extendedOn: '2026-09-28' },
    why: '28 July 2026 is one',
    basis:
      'Cantabria 2026: 28 July, Dia de las Instituciones; 28 June is none (europapress.es 11.12.2025; cronicadecantabria.com for 2025)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-11-24T10:00:00+01:00',
    timeZone: 'Europe/Warsaw',
    calendar: 'PL',
    expected: { answerOn: '2026-12-28', extendedOn: '2027-02-24' },
    why: '24, 25 Dec holidays, then a weekend',
    basis: 'Ustawa o dniach wolnych od pracy as amended 6.12.2024: 24 December from 2025 (rp.pl, tvn24.pl)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-03-03T10:00:00+01:00',
    timeZone: 'Europe/Paris',
    calendar: 'FR-67',
    expected: { answerOn: '2026-04-07', extendedOn: '2026-06-03' },
    why: 'Alsace: Good Friday, then weekend and Easter Monday',
    basis: 'Code du travail L3134-13 (not read: our reading); second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-03-27T10:00:00+01:00',
    timeZone: 'Europe/Amsterdam',
    calendar: 'NL',
    expected: { answerOn: '2026-04-28', extendedOn: '2026-06-29' },
    why: "King's Day; 27 Jun 2026 is a Saturday",
    basis: 'Algemene termijnenwet (BWBR0002448) Art. 3(1) and 3(2)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-04-05T10:00:00+02:00',
    timeZone: 'Europe/Amsterdam',
    calendar: 'NL',
    expected: { answerOn: '2026-05-06', extendedOn: '2026-07-06' },
    why: '5 May is a generally recognised holiday every year; 5 Jul 2026 is a Sunday',
    basis: 'Algemene termijnenwet (BWBR0002448) Art. 3(1) and 3(2)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-05-19T10:00:00+02:00',
    timeZone: 'Europe/Stockholm',
    calendar: 'SE',
    expected: { answerOn: '2026-06-19', extendedOn: '2026-08-19' },
    why: 'Midsummer Eve is no allman helgdag: earlier date kept',
    basis:
      'Lag (1989:253) om allmänna helgdagar (riksdagen.se); lag (1930:173) 2 sec. treats Midsummer Eve alike, but is not a list of public holidays',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-12-06T10:00:00+01:00',
    timeZone: 'Europe/Stockholm',
    calendar: 'SE',
    expected: { answerOn: '2027-01-07', extendedOn: '2027-03-08' },
    why: 'Epiphany; 6 Mar 2027 is a Saturday',
    basis:
      'Lag (1989:253) om allmänna helgdagar (riksdagen.se); lag (1930:173) 2 sec. treats Midsummer Eve alike, but is not a list of public holidays',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-03-06T10:00:00+02:00',
    timeZone: 'Europe/Athens',
    calendar: 'GR',
    expected: { answerOn: '2026-04-06', extendedOn: '2026-06-08' },
    why: 'Western Easter Monday is none in Greece; 6 Jun is a Saturday',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-01-24T10:00:00+02:00',
    timeZone: 'Asia/Nicosia',
    calendar: 'CY',
    expected: { answerOn: '2026-02-24', extendedOn: '2026-04-24' },
    why: 'Tuesday 24 Feb 2026 is a working day in Cyprus; Green Monday was the day before',
    basis:
      'Green Monday is a Monday, Easter-48; Cyprus 2026: 23 Feb 2026, Kataklysmos Monday 1 Jun 2026 (holidayssky.com/?p=355, qppstudio.net)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-01-23T10:00:00+02:00',
    timeZone: 'Asia/Nicosia',
    calendar: 'CY',
    expected: { answerOn: '2026-02-24', extendedOn: '2026-04-23' },
    why: 'Green Monday 23 Feb 2026',
    basis:
      'Green Monday is a Monday, Easter-48; Cyprus 2026: 23 Feb 2026, Kataklysmos Monday 1 Jun 2026 (holidayssky.com/?p=355, qppstudio.net)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-04-15T10:00:00+02:00',
    timeZone: 'Europe/Vaduz',
    calendar: 'LI',
    expected: { answerOn: '2026-05-15', extendedOn: '2026-07-15' },
    why: 'The Friday after Ascension is no public holiday',
    basis:
      'Liechtenstein Arbeitsgesetz Art. 18(2) (gesetze.li 1986085000); notification under the European Convention on the Calculation of Time-Limits, Austrian BGBl. III 58/2021; OJ C 455/9 of 18.12.2014 (15 May 2015 not listed for LI)',
  },
  {
    law: 'gdpr',
    receivedAt: '2028-07-15T10:00:00+02:00',
    timeZone: 'Europe/Vaduz',
    calendar: 'LI',
    expected: { answerOn: '2028-08-16', extendedOn: '2028-10-16' },
    why: '15 Aug is the National Day; 15 Oct 2028 is a Sunday',
    basis:
      'Liechtenstein Arbeitsgesetz Art. 18(2) (gesetze.li 1986085000); notification under the European Convention on the Calculation of Time-Limits, Austrian BGBl. III 58/2021; OJ C 455/9 of 18.12.2014 (15 May 2015 not listed for LI)',
  },
  {
    law: 'gdpr',
    receivedAt: '2027-09-04T10:00:00+02:00',
    timeZone: 'Europe/Rome',
    calendar: 'IT',
    expected: { answerOn: '2027-10-05', extendedOn: '2027-12-06' },
    why: '4 Oct 2027 is a Monday; 4 Dec a Saturday',
    basis: 'Legge 260/1949 Art. 2 as amended by legge 151/2025: 4 October from 2026 (assolombarda.it)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-08-15T10:00:00+02:00',
    timeZone: 'Europe/Bratislava',
    calendar: 'SK',
    expected: { answerOn: '2026-09-15', extendedOn: '2026-11-16' },
    why: '15 Sep 2026 is a working day; 15 Nov 2026 a Sunday',
    basis:
      'Zakon 241/1993 as amended 2025: 17 November no day of rest for good, 8 May and 15 September not in 2026 (news.refresher.sk)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-04-25T10:00:00+03:00',
    timeZone: 'Europe/Sofia',
    calendar: 'BG',
    expected: { answerOn: '2026-05-26', extendedOn: '2026-07-27' },
    why: '24 May 2026 is a Sunday, Monday 25 May in lieu; 25 Jul is a Saturday',
    basis: 'Bulgarian Labour Code Art. 154(2); bulgaria.workingdays.org 2026',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-03-02T10:00:00+01:00',
    timeZone: 'Europe/Oslo',
    calendar: 'NO',
    expected: { answerOn: '2026-04-07', extendedOn: '2026-06-02' },
    why: 'Maundy Thursday to Easter Monday',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-10-02T10:00:00+03:00',
    timeZone: 'Europe/Vilnius',
    calendar: 'LT',
    expected: { answerOn: '2026-11-03', extendedOn: '2027-01-04' },
    why: "All Souls' Day 2 Nov; 2 Jan 2027 is a Saturday",
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-04-01T00:30:00+02:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE',
    expected: { answerOn: '2026-05-04', extendedOn: '2026-07-01' },
    why: '1 April in Berlin, 31 March in UTC',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-02-28T12:00:00+01:00',
    timeZone: 'Europe/Berlin',
    calendar: 'DE',
    expected: { answerOn: '2026-03-30', extendedOn: '2026-05-28', answerAt: '2026-03-30T21:59:59.999Z' },
    why: '28 Mar is a Saturday; summer time begins on the 29th',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'gdpr',
    receivedAt: '2026-12-31T23:30:00Z',
    timeZone: 'Europe/Athens',
    calendar: 'GR',
    expected: { answerOn: '2027-02-01', extendedOn: '2027-04-01' },
    why: '1 Jan in Athens',
    basis: 'second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-03-31T10:00:00+01:00',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    expected: { answerOn: '2026-04-30', extendedOn: '2026-06-30' },
    why: 'No 31 April',
    basis:
      'ICO guidance: day of receipt to corresponding date (eversheds 16.8.2019, mishcon.com); second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-10-30T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-SCT',
    expected: { answerOn: '2026-12-01', extendedOn: '2027-02-01' },
    why: "St Andrew's Day; 30 Jan 2027 is a Saturday",
    basis:
      'Banking and Financial Dealings Act 1971 Sch. 1; gov.uk bank holidays; second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-06-12T10:00:00+01:00',
    timeZone: 'Europe/London',
    calendar: 'GB-NIR',
    expected: { answerOn: '2026-07-14', extendedOn: '2026-09-14' },
    why: '12 Jul is a Sunday, 13 Jul in lieu; 12 Sep is a Saturday',
    basis:
      'Banking and Financial Dealings Act 1971 Sch. 1; gov.uk bank holidays; second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-03-06T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    expected: { answerOn: '2026-04-07', extendedOn: '2026-06-08' },
    why: 'Easter Monday',
    basis:
      'Banking and Financial Dealings Act 1971 Sch. 1; gov.uk bank holidays; second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-11-28T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    expected: { answerOn: '2026-12-29', extendedOn: '2027-03-01' },
    why: '28 Dec stands in for Boxing Day; 28 Feb 2027 is a Sunday',
    basis:
      'Banking and Financial Dealings Act 1971 Sch. 1; gov.uk bank holidays; second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2027-12-01T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-SCT',
    expected: { answerOn: '2028-01-05', extendedOn: '2028-03-01' },
    why: '3 and 4 Jan 2028 in lieu',
    basis:
      'Banking and Financial Dealings Act 1971 Sch. 1; gov.uk bank holidays; second source (python-holidays 0.109)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-05-15T10:00:00+01:00',
    timeZone: 'Europe/London',
    calendar: 'GB-SCT',
    expected: { answerOn: '2026-06-16', extendedOn: '2026-08-17' },
    why: 'World Cup bank holiday 15 Jun 2026; 15 Aug is a Saturday',
    basis: 'Royal Proclamation, BFDA 1971 s. 1(3): 15 June 2026 a bank holiday in Scotland (wired-gov.net 5.2.2026)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-03-05T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    identity: {
      askedAt: '2026-03-06T10:00:00Z',
      informationReceivedAt: '2026-03-20T10:00:00Z',
      provenAt: '2026-03-20T10:00:00Z',
    },
    expected: { answerOn: '2026-04-20', extendedOn: '2026-06-22' },
    why: 'Identity asked 6 Mar, information received (and found good) 20 Mar',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-03-02T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    identity: {
      askedAt: '2026-03-03T10:00:00Z',
      informationReceivedAt: '2026-03-16T10:00:00Z',
      provenAt: '2026-03-19T10:00:00Z',
    },
    expected: { answerOn: '2026-04-16', extendedOn: '2026-06-16' },
    why: 'Art. 12A(2)(b): when the controller RECEIVES the information (16 Mar), not when it has checked it (19 Mar)',
  },
  {
    law: 'uk-gdpr',
    receivedAt: '2026-03-02T10:00:00Z',
    timeZone: 'Europe/London',
    calendar: 'GB-ENG',
    identity: { askedAt: '2026-03-12T10:00:00Z', provenAt: '2026-03-09T10:00:00Z' },
    expected: { answerOn: '2026-04-02', extendedOn: '2026-06-02' },
    why: 'Checked by login on 9 Mar; asked on 12 Mar for more, which has not come: nothing was received in answer to the request for information',
  },
  {
    law: 'ccpa',
    receivedAt: '2026-03-05T10:00:00-08:00',
    timeZone: 'America/Los_Angeles',
    calendar: 'US-CA',
    expected: {
      answerOn: '2026-04-19',
      aimOn: '2026-04-18',
      extendedOn: '2026-06-03',
      acknowledgeOnMondayToFriday: '2026-03-19',
    },
    why: 'Monday to Friday; Sunday at the end stays',
  },
  {
    law: 'ccpa',
    receivedAt: '2026-03-05T10:00:00-08:00',
    timeZone: 'America/Los_Angeles',
    calendar: 'US-CA',
    expected: { acknowledgeOn: '2026-03-17' },
    why: 'The Civil Code, where the CCPA stands, counts Saturdays as business days: 6,7,9,10,11,12,13,14,16,17 March',
    basis:
      "Civil Code 7, 9: every day but Sundays and Government Code holidays is a business day 'for all purposes' (law.justia.com civ 2-21; law.onecle.com civil/9)",
  },
  {
    law: 'ccpa',
    receivedAt: '2026-02-05T10:00:00-08:00',
    timeZone: 'America/Los_Angeles',
    calendar: 'US-CA',
    expected: {
      answerOn: '2026-03-22',
      aimOn: '2026-03-21',
      extendedOn: '2026-05-06',
      acknowledgeOnMondayToFriday: '2026-02-24',
    },
    why: '12 Feb Lincoln Day, 16 Feb, 17 Feb Lunar New Year are holidays',
    basis: 'Government Code 6700, 6701 (legalfina.com; law.justia.com 2007)',
  },
  {
    law: 'ccpa',
    receivedAt: '2027-01-28T12:00:00-08:00',
    timeZone: 'America/Los_Angeles',
    calendar: 'US-CA',
    expected: {
      answerOn: '2027-03-14',
      aimOn: '2027-03-13',
      extendedOn: '2027-04-28',
      answerAt: '2027-03-15T06:59:59.999Z',
      aimAt: '2027-03-14T07:59:59.999Z',
      acknowledgeOnMondayToFriday: '2027-02-11',
    },
    why: 'Ends on the 23-hour day',
  },
  {
    law: 'ccpa',
    receivedAt: '2027-12-17T10:00:00-08:00',
    timeZone: 'America/Los_Angeles',
    calendar: 'US-CA',
    expected: {
      answerOn: '2028-01-31',
      aimOn: '2028-01-30',
      extendedOn: '2028-03-16',
      acknowledgeOnMondayToFriday: '2027-12-31',
    },
    why: 'Fridays before Saturday holidays are no Government Code holidays',
    basis: 'Government Code 6700, 6701 (legalfina.com; law.justia.com 2007)',
  },
];
