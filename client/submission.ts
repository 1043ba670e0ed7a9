/** The request file: what a person asks for, with their identifiers in the clear. It never leaves this process unsealed. */
import { z } from 'zod';
import { identifierProblem, identifierWarnings, isPlaceholder } from '../domain/provider/identifier';
import { DAY_MS } from '../domain/duration';
import { parseInstant } from '../domain/instant';
import { patienceBounds, type Patience } from '../domain/rules/patience';
import { identifierFields, providerKeys, type Provider } from '../domain/provider/provider-table';
import { isRequestId, pastProblem, problemOfInformationReceived, type Verification } from '../domain/request/request';
import { webhookUrlProblem } from '../domain/request/webhook-url';
import { expectedRegulation, isRegulation, type Regulation } from '../domain/law/regulation';
import { isCode, isRecord, opaquePattern } from '../domain/text';
import { InvalidSubmissionError, type FieldProblem } from './errors';

/** By then a person must be answered under each of these laws, also where the time was extended. */
const LONG_PAST_MS = 90 * DAY_MS;

/** One person's request for erasure. */
export interface ErasureSubmission {
  /** UUID, lower case: the idempotency key. Made up where absent, and then every submission is a new request. */
  readonly requestId?: string | undefined;
  readonly regulation: Regulation;
  /** When the person made the request: RFC 3339 instant with a zone, not in the future. */
  readonly submittedAt: string;
  /** Code of the channel the request came through, e.g. `web-form`. */
  readonly receivedVia?: string | undefined;
  /** Code of the legal ground, e.g. `consent-withdrawn`. */
  readonly ground?: string | undefined;
  /** How and when the person's identity was checked: codes and references only. */
  readonly verification?: Verification | undefined;
  /** When the person was asked to prove who they are, where that was needed: RFC 3339 instant. */
  readonly identityAskedAt?: string | undefined;
  /** When the information they were asked for arrived: RFC 3339 instant. Only beside `verification`, which says that it was good. */
  readonly informationReceivedAt?: string | undefined;
  /** Opaque id of whoever filed the request: where the rules ask for approval, somebody else must give it. */
  readonly filedBy?: string | undefined;
  /** Where its changes are to be told: an https URL of a host that the workers' settings allow, without query. */
  readonly webhookUrl?: string | undefined;
  /** The person's identifier at each provider that is to be asked, by what its field is called there; at least one. */
  readonly subject: {
    readonly [P in Provider]?: { readonly [Field in (typeof identifierFields)[P]]: string } | undefined;
  };
  /** Settings that differ from the defaults, in milliseconds. */
  readonly policy?: { readonly [Setting in keyof Patience]?: number | undefined } | undefined;
}

/** Unknown members are refused without naming them: a name, too, may be personal data. */
function onlyKnown<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `has a field other than ${known}` : `expected an object with ${known}`,
  });
}

function text(holds: (value: string) => boolean, expected: string) {
  return z.string(`expected ${expected}`).refine(holds, `expected ${expected}`);
}

const code = (example: string) => text((value) => isCode(value) && !isPlaceholder(value), `a code such as ${example}`);
const reference = (what: string) => text((value) => opaquePattern.test(value) && !isPlaceholder(value), what);

/** In UTC, so that one instant written in two ways is one content. */
const instant = text(
  (value) => parseInstant(value) !== undefined,
  'an RFC 3339 instant with a zone, e.g. 2026-11-22T09:30:00Z',
).transform((value) => new Date(parseInstant(value) ?? 0).toISOString());

const identifier = (provider: Provider) =>
  z.string('expected an identifier, as text').superRefine((value, context) => {
    const problem = identifierProblem(provider, value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const subject = onlyKnown(
  Object.fromEntries(
    providerKeys.map((provider) => [
      provider,
      onlyKnown({ [identifierFields[provider]]: identifier(provider) }).optional(),
    ]),
  ),
).refine(
  (given) => Object.values(given).some((value) => value !== undefined),
  `expected the identifier of at least one provider (${providerKeys.join(', ')})`,
);

const policy = onlyKnown(
  Object.fromEntries(
    Object.entries(patienceBounds).map(([setting, { minMs, maxMs }]) => {
      const expected = `expected a whole number of milliseconds from ${minMs} to ${maxMs}`;
      return [setting, z.int(expected).min(minMs, expected).max(maxMs, expected).optional()];
    }),
  ),
);

/** The shape alone: `parseSubmission` also checks the times against each other. */
export const submissionSchema = onlyKnown({
  requestId: text((value) => isRequestId(value) && !isPlaceholder(value), 'a lower case UUID').optional(),
  regulation: z.string(expectedRegulation).refine(isRegulation, expectedRegulation),
  submittedAt: instant,
  receivedVia: code('web-form').optional(),
  ground: code('consent-withdrawn').optional(),
  verification: onlyKnown({
    method: code('account-login'),
    by: reference('an opaque staff id (no e-mail address, no name)'),
    at: instant,
    reference: reference('a ticket reference'),
  }).optional(),
  identityAskedAt: instant.optional(),
  informationReceivedAt: instant.optional(),
  filedBy: reference('an opaque id of a staff member or service (no e-mail address, no name)').optional(),
  webhookUrl: z
    .string('expected text')
    .superRefine((value, context) => {
      const problem = webhookUrlProblem(value);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .optional(),
  subject,
  policy: policy.optional(),
});

/** Parses what somebody else wrote. Throws `InvalidSubmissionError`, which names the paths of fields and no values. */
export function parseSubmission(value: unknown, now: number): ErasureSubmission {
  const parsed = submissionSchema.safeParse(value, { reportInput: false });
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    field: path.join('.') || 'request',
    problem: message,
  }));
  // Beside the schema, which is made once: making it for each request takes longer than all else together.
  if (isRecord(value)) problems.push(...problemsOfInstants(value, now));
  if (parsed.success && problems.length === 0) return parsed.data as ErasureSubmission;
  throw new InvalidSubmissionError(
    problems.filter(
      (one, index) =>
        index === problems.findIndex((other) => one.field === other.field && one.problem === other.problem),
    ),
  );
}

function problemsOfInstants(value: Readonly<Record<string, unknown>>, now: number): FieldProblem[] {
  const { submittedAt, identityAskedAt, verification } = value;
  const verifiedAt = isRecord(verification) ? verification['at'] : undefined;
  const problemsByField = {
    ...Object.fromEntries(
      Object.entries({ submittedAt, identityAskedAt, 'verification.at': verifiedAt }).map(([field, given]) => {
        const at = parseInstant(given);
        return [field, at === undefined ? undefined : pastProblem(at, now)];
      }),
    ),
    informationReceivedAt: problemOfInformationReceived(value, now),
  };
  return Object.entries(problemsByField).flatMap(([field, problem]) =>
    problem === undefined ? [] : [{ field, problem }],
  );
}

/** What looks wrong in a valid request: check it before it is submitted. */
export function submissionWarnings(submission: ErasureSubmission, now: number): readonly FieldProblem[] {
  const isLongPast = Date.parse(submission.submittedAt) < now - LONG_PAST_MS;
  return [
    ...(isLongPast ? [{ field: 'submittedAt', problem: 'lies more than 90 days back' }] : []),
    ...[...identifiersOf(submission)].flatMap(([provider, value]) =>
      identifierWarnings(provider, value).map((problem) => ({
        field: `subject.${provider}.${identifierFields[provider]}`,
        problem,
      })),
    ),
  ];
}

/** The identifiers that are to be sealed, by provider. */
export function identifiersOf(submission: ErasureSubmission): ReadonlyMap<Provider, string> {
  return new Map(
    providerKeys.flatMap((provider) => {
      const given = submission.subject[provider] as Readonly<Record<string, string>> | undefined;
      const value = given?.[identifierFields[provider]];
      return value === undefined ? [] : [[provider, value] as const];
    }),
  );
}
