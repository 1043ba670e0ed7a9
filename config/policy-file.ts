/** The policy file: what one company has settled for all of its requests. Read by the workers; pinned to each request. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DAY_MS } from '../domain/duration';
import { defaultPolicy, policyBounds, type Policy } from '../domain/policy';
import { regulations, type Regulation } from '../domain/request';
import { defaultLeads, type Rules } from '../domain/rules';
import { ConfigurationError } from './environment';

/** Whose days and holidays count under one law. */
export interface CalendarChoice {
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string;
  /** e.g. `DE`, `DE-BY`, `GB-ENG`, `US-CA`. */
  readonly calendar: string;
}

export interface PolicyFile {
  readonly rules: Rules;
  readonly calendars: Readonly<Partial<Record<Regulation, CalendarChoice>>>;
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

const calendarChoice = known({ timeZone: z.string(), calendar: z.string() });
const lead = wholeMs(0, 60 * DAY_MS).optional();

/** Every setting is optional. */
const policyFile = known({
  decisions: oneOf(['asserted', 'authenticated']).optional(),
  approval: oneOf(['needed', 'not-needed']).optional(),
  answer: oneOf(['tracked', 'untracked']).optional(),
  calendars: known(
    Object.fromEntries(regulations.map((regulation) => [regulation, calendarChoice.optional()])),
  ).optional(),
  remindBefore: known({ acknowledgeMs: lead, extensionDecisionMs: lead, dueSoonMs: lead }).optional(),
  patience: known(
    Object.fromEntries(
      Object.entries(policyBounds).map(([name, { minMs, maxMs }]) => [name, wholeMs(minMs, maxMs).optional()]),
    ),
  ).optional(),
});

/** Only where there is one answer for everybody: a member state of the GDPR has to be chosen. */
const defaultCalendars: PolicyFile['calendars'] = {
  'uk-gdpr': { timeZone: 'Europe/London', calendar: 'GB-ENG' },
  ccpa: { timeZone: 'America/Los_Angeles', calendar: 'US-CA' },
};

/** Throws `ConfigurationError`, naming every setting that is wrong. */
export function parsePolicyFile(value: unknown): PolicyFile {
  const parsed = policyFile.safeParse(value);
  if (!parsed.success) {
    throw new ConfigurationError(
      parsed.error.issues.map(({ path, message }) => `policy file: ${path.join('.') || 'file'}: ${message}`),
    );
  }
  const { decisions, approval, answer, calendars, remindBefore, patience } = parsed.data;
  return {
    rules: {
      patience: { ...defaultPolicy, ...given<Policy>(patience) },
      decisionMode: decisions ?? 'asserted',
      approvalNeeded: approval === 'needed',
      answerTracked: answer !== 'untracked',
      leads: { ...defaultLeads, ...given<Rules['leads']>(remindBefore) },
    },
    calendars: { ...defaultCalendars, ...given<Record<Regulation, CalendarChoice>>(calendars) },
  };
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
  try {
    return JSON.parse(text);
  } catch {
    throw new ConfigurationError([`ERASURE_POLICY_FILE: ${path} is not JSON`]);
  }
}

function given<T extends object>(values: object | undefined): Partial<T> {
  return Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined)) as Partial<T>;
}
