/** The policy file: what one company has settled for all of its requests. Read by the workers; pinned to each request. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { defined } from '../domain/defined';
import { DAY_MS } from '../domain/duration';
import { defaultPatience, patienceBounds, type Patience } from '../domain/rules/patience';
import type { LegalRule } from '../domain/law/legal-rules';
import { isOwnLaw, regulations, type Regulation } from '../domain/law/regulation';
import { defaultLeads, type Rules } from '../domain/rules/rules';
import { parsedJson } from '../domain/text';
import { ConfigurationError } from './environment';

/** Whose days and holidays count under one law. */
export interface CalendarChoice {
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** e.g. `DE`, `DE-BY`, `GB-ENG`, `US-CA`; of several, those holidays only that are one in each. Absent where none are counted. */
  readonly calendar?: string | readonly string[];
}

export interface PolicyFile {
  readonly rules: Rules;
  readonly calendars: Readonly<Partial<Record<Regulation, CalendarChoice>>>;
  /** Laws of the company's own, by their name `own:<code>`. */
  readonly laws: Readonly<Partial<Record<Regulation, LegalRule>>>;
}

const wholeMs = (minMs: number, maxMs: number) => {
  const expected = `expected a whole number of milliseconds from ${minMs} to ${maxMs}`;
  return z.int(expected).min(minMs, expected).max(maxMs, expected);
};
const oneOf = <const Values extends readonly [string, ...string[]]>(values: Values) =>
  z.enum(values, `expected one of ${values.join(', ')}`);
const known = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has a setting other than ${Object.keys(shape).join(', ')}`
        : `expected an object with ${Object.keys(shape).join(', ')}`,
  });

const CALENDARS_MAX = 8;
const expectedCalendar = `expected a calendar such as DE, or a list of up to ${CALENDARS_MAX}`;
const calendarChoice = known({
  timeZone: z.string(),
  calendar: z.union([z.string(), z.array(z.string()).min(1).max(CALENDARS_MAX)], expectedCalendar).optional(),
});
const wholeDays = (max: number) => z.int(`expected a whole number from 1 to ${max}`).min(1).max(max);
const expectedPeriod = 'expected one of { "days": n }, { "months": n }, { "businessDays": n }';
const period = z.union(
  [
    z.strictObject({ days: wholeDays(400) }),
    z.strictObject({ months: wholeDays(12) }),
    z.strictObject({ businessDays: wholeDays(250) }),
  ],
  expectedPeriod,
);
const expectedDate = 'expected a day such as 2027-01-01';
const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
const expectedSource = 'expected 1 to 300 characters: where the law says so';
const ownLaw = known({
  source: z.string(expectedSource).trim().min(1, expectedSource).max(300, expectedSource),
  from: z.string(expectedDate).refine(isDay, expectedDate),
  answer: period,
  inAll: period.optional(),
  confirm: period.optional(),
  lastDay: oneOf(['stays', 'next-working-day']),
});
const lead = wholeMs(0, 60 * DAY_MS).optional();

const expectedLaws = 'expected an object with a name such as own:lgpd for each law';
const laws = z
  .record(z.string(), ownLaw, expectedLaws)
  .refine((named) => Object.keys(named).every(isOwnLaw), expectedLaws);

/** Every setting is optional. `ownLaws`: the names that the file defines. */
const policyFile = (ownLaws: readonly string[]) =>
  known({
    decisions: oneOf(['asserted', 'authenticated']).optional(),
    approval: oneOf(['needed', 'not-needed']).optional(),
    answer: oneOf(['tracked', 'untracked']).optional(),
    calendars: known(
      Object.fromEntries([...regulations, ...ownLaws].map((regulation) => [regulation, calendarChoice.optional()])),
    ).optional(),
    laws: laws.optional(),
    remindBefore: known({ acknowledgeMs: lead, extensionDecisionMs: lead, dueSoonMs: lead }).optional(),
    patience: known(
      Object.fromEntries(
        Object.entries(patienceBounds).map(([name, { minMs, maxMs }]) => [name, wholeMs(minMs, maxMs).optional()]),
      ),
    ).optional(),
  });

/** Only where there is one answer for everybody: a member state of the GDPR has to be chosen, and Texas and Florida have two time zones. */
const defaultCalendars: PolicyFile['calendars'] = {
  'uk-gdpr': { timeZone: 'Europe/London', calendar: 'GB-ENG' },
  ccpa: { timeZone: 'America/Los_Angeles', calendar: 'US-CA' },
  vcdpa: { timeZone: 'America/New_York' },
  ctdpa: { timeZone: 'America/New_York' },
};

/** Throws `ConfigurationError`, naming every setting that is wrong. */
export function parsePolicyFile(value: unknown): PolicyFile {
  const parsed = policyFile(ownLawsIn(value)).safeParse(value);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `policy file: ${path.join('.') || 'file'}: ${message}`),
    );
  }
  const { decisions, approval, answer, calendars, laws: ownLaws = {}, remindBefore, patience } = parsed.data;
  return {
    rules: {
      patience: { ...defaultPatience, ...(defined(patience ?? {}) as Partial<Patience>) },
      decisionMode: decisions ?? 'asserted',
      approvalNeeded: approval === 'needed',
      answerTracked: answer !== 'untracked',
      leads: { ...defaultLeads, ...defined(remindBefore ?? {}) },
    },
    calendars: { ...defaultCalendars, ...defined(calendars ?? {}) },
    laws: Object.fromEntries(Object.entries(ownLaws).map(([name, law]) => [name, legalRule(name, law)])),
  };
}

/** Counted as the built-in laws are; what a company says of its law is its own reading. */
function legalRule(name: string, law: z.output<typeof ownLaw>): LegalRule {
  const { source, from, answer, inAll, confirm, lastDay } = law;
  const ownReading = `${source} (as the policy file defines it)`;
  return {
    id: `${name}/${from}`,
    source,
    from,
    reasons: {
      start: `${ownReading}; the day of receipt does not count`,
      answer: ownReading,
      lastDay: ownReading,
      acknowledge: ownReading,
      extension: ownReading,
    },
    answerWithin: answer,
    ...defined({ acknowledgeWithin: confirm, extendedWithin: inAll }),
    endsOnWorkingDay: lastDay === 'next-working-day',
    saturdaysCount: false,
    aimsEarlierByDays: 0,
    waitsForIdentity: false,
    calendars: [],
  };
}

function ownLawsIn(value: unknown): readonly string[] {
  const named = z.object({ laws: z.record(z.string(), z.unknown()) }).safeParse(value);
  return named.success ? Object.keys(named.data.laws).filter(isOwnLaw) : [];
}

/** The built-in policy where no file is named. Throws `ConfigurationError`. */
export function readPolicyFile(path: string | undefined): PolicyFile {
  return parsePolicyFile(path === undefined ? {} : parseJsonFile(path));
}

function parseJsonFile(path: string): unknown {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    throw new ConfigurationError([`ERASURE_POLICY_FILE: ${path} cannot be read`]);
  }
  let text: string;
  try {
    // Leaves a byte order mark out.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ConfigurationError([`ERASURE_POLICY_FILE: ${path} is not UTF-8; save it as UTF-8`]);
  }
  const content = parsedJson(text);
  if (content === undefined) throw new ConfigurationError([`ERASURE_POLICY_FILE: ${path} is not JSON`]);
  return content;
}
