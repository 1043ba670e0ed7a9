import { defined } from '../defined';
import { MINUTE_MS } from '../duration';
import { parseInstant } from '../instant';
import { expectedRegulation, isRegulation, type Regulation } from '../law/regulation';
import { patienceBounds, type Patience } from '../rules/patience';
import { isProvider, providerKeys, type Provider } from '../provider/provider-table';
import { isCode, isMatch, isRecord, opaquePattern } from '../text';
import { webhookUrlProblem } from './webhook-url';

/** How and when the person's identity was checked. Codes and references only. */
export interface Verification {
  readonly method: string;
  /** Opaque id of the staff member or service that checked. */
  readonly by: string;
  /** RFC 3339 instant. */
  readonly at: string;
  readonly reference: string;
}

/**
 * Input of the workflow `erasureRequest`: flat JSON, also typed by hand into the Temporal UI or sent by another language.
 * Contains no personal data: the identifiers are sealed (`erasure seal`, or the client library).
 */
export interface ErasureRequestInput {
  /** UUID, lower case; the idempotency key. The workflow's id must be `erasure-<requestId>`. */
  readonly requestId: string;
  readonly regulation: Regulation;
  /** When the person made the request: RFC 3339 instant with a zone, not in the future. */
  readonly submittedAt: string;
  /** The sealed identifier at each provider that is to be asked (compact JWE); at least one. */
  readonly subject: Readonly<Partial<Record<Provider, string>>>;
  /** Settings that differ from the defaults. */
  readonly policy?: Readonly<Partial<Patience>>;
  /** Code of the channel the request came through, e.g. `web-form`. */
  readonly receivedVia?: string;
  /** Code of the legal ground, e.g. `consent-withdrawn`. */
  readonly ground?: string;
  readonly verification?: Verification;
  /** When the person was asked to prove who they are, where that was needed: RFC 3339 instant. */
  readonly identityAskedAt?: string;
  /** When the information they were asked for arrived: RFC 3339 instant. Only beside `verification`, which says that it was good. */
  readonly informationReceivedAt?: string;
  /** Opaque id of the staff member or service that filed the request: whoever approves it must be somebody else. */
  readonly filedBy?: string;
  /** Where its changes are to be told: an https URL of a host that the workers' settings allow, without query. */
  readonly webhookUrl?: string;
}

/** An input that passed the guard. */
export interface ErasureRequest {
  readonly requestId: string;
  readonly regulation: Regulation;
  /** Epoch ms. */
  readonly submittedAt: number;
  readonly subject: ReadonlyMap<Provider, string>;
  /** Its own settings, over those of the rules. */
  readonly patience: Readonly<Partial<Patience>>;
  readonly receivedVia?: string;
  readonly ground?: string;
  readonly verification?: Verification;
  /** Epoch ms. */
  readonly identityAskedAt?: number;
  /** Epoch ms. */
  readonly informationReceivedAt?: number;
  readonly filedBy?: string;
  readonly webhookUrl?: string;
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const sealedPattern = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){4}$/;
const SEALED_LENGTH_MAX = 8_192;
/** The clock of whoever dates a request or a notice may be a little ahead of ours. */
export const SENDER_CLOCK_SKEW_MS = 5 * MINUTE_MS;
/** The GDPR applies from 25 May 2018, in its first time zone; the other laws are younger. Programs write earlier dates for a missing one. */
const FIRST_REQUEST_AT = Date.UTC(2018, 4, 24, 10);

/** Why something that has happened about a request cannot have happened then. */
export function pastProblem(at: number, now: number): string | undefined {
  if (at > now + SENDER_CLOCK_SKEW_MS) return 'lies in the future';
  return at < FIRST_REQUEST_AT ? 'lies before the first of these laws applied, as a placeholder does' : undefined;
}

export function isRequestId(value: unknown): value is string {
  return isMatch(value, uuidPattern);
}

/**
 * The guard of the workflow: it may be started by anybody who can write to the namespace, with any input.
 * Hand-written, since a schema library in workflow code costs ten times the memory per cached workflow.
 * Problems name known fields only: neither values nor unknown keys, which may themselves be personal data.
 */
export function parseErasureRequest(
  input: unknown,
  context: { readonly requestIdOfWorkflow: string | undefined; readonly now: number },
): { readonly request: ErasureRequest } | { readonly problems: readonly string[] } {
  if (!isRecord(input)) return { problems: ['input: expected one JSON object'] };
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };

  const { requestId, regulation, receivedVia, ground, verification, filedBy, webhookUrl } = input;
  const submittedAt = parseInstant(input['submittedAt']);
  const identityAskedAt = parseInstant(input['identityAskedAt']);
  const informationReceivedAt = parseInstant(input['informationReceivedAt']);
  expect(
    Object.keys(input).every((key) => knownFields.includes(key)),
    `input: has a field other than ${knownFields.join(', ')}`,
  );
  expect(isRequestId(requestId), 'requestId: expected a lower case UUID');
  if (isRequestId(requestId)) {
    expect(context.requestIdOfWorkflow === requestId, "requestId: the workflow's id must be erasure-<requestId>");
  }
  expect(isRegulation(regulation), `regulation: ${expectedRegulation}`);
  expect(submittedAt !== undefined, 'submittedAt: expected an RFC 3339 instant with a zone, e.g. 2026-11-22T09:30:00Z');
  expect(receivedVia === undefined || isCode(receivedVia), 'receivedVia: expected a code such as web-form');
  expect(ground === undefined || isCode(ground), 'ground: expected a code such as consent-withdrawn');
  expect(filedBy === undefined || isMatch(filedBy, opaquePattern), 'filedBy: expected an opaque id');
  const webhookProblem = webhookUrl === undefined ? undefined : webhookUrlProblem(webhookUrl);
  expect(webhookProblem === undefined, `webhookUrl: ${webhookProblem}`);
  expect(
    input['identityAskedAt'] === undefined || identityAskedAt !== undefined,
    'identityAskedAt: expected an RFC 3339 instant with a zone',
  );
  const informationReceived = problemOfInformationReceived(input, context.now);
  expect(informationReceived === undefined, `informationReceivedAt: ${informationReceived}`);
  problems.push(...problemsOfSubject(input['subject']));
  problems.push(...problemsOfPolicy(input['policy']));
  problems.push(...problemsOfVerification(verification));
  const verifiedAt = parseInstant(isRecord(verification) ? verification['at'] : undefined);
  for (const [field, at] of Object.entries({ submittedAt, identityAskedAt, 'verification.at': verifiedAt })) {
    const problem = at === undefined ? undefined : pastProblem(at, context.now);
    if (problem !== undefined) problems.push(`${field}: ${problem}`);
  }
  if (problems.length > 0) return { problems };

  const valid = input as unknown as ErasureRequestInput;
  return {
    request: {
      requestId: valid.requestId,
      regulation: valid.regulation,
      submittedAt: submittedAt ?? 0,
      subject: new Map(
        providerKeys.flatMap((provider) => {
          const sealed = valid.subject[provider];
          return sealed === undefined ? [] : [[provider, sealed] as const];
        }),
      ),
      patience: valid.policy ?? {},
      ...defined({
        receivedVia: valid.receivedVia,
        ground: valid.ground,
        verification: valid.verification,
        identityAskedAt,
        informationReceivedAt,
        filedBy: valid.filedBy,
        webhookUrl: valid.webhookUrl,
      }),
    },
  };
}

const knownFields: readonly string[] = [
  'requestId',
  'regulation',
  'submittedAt',
  'subject',
  'policy',
  'receivedVia',
  'ground',
  'verification',
  'identityAskedAt',
  'informationReceivedAt',
  'filedBy',
  'webhookUrl',
] satisfies (keyof ErasureRequestInput)[];

/** What is wrong with when the information on identity arrived; undefined where that is not said, or right. */
export function problemOfInformationReceived(
  input: { readonly [Field in 'identityAskedAt' | 'informationReceivedAt' | 'verification']?: unknown },
  now: number,
): string | undefined {
  if (input.informationReceivedAt === undefined) return undefined;
  const receivedAt = parseInstant(input.informationReceivedAt);
  if (receivedAt === undefined) return 'expected an RFC 3339 instant with a zone';
  const askedAt = parseInstant(input.identityAskedAt);
  const checkedAt = isRecord(input.verification) ? parseInstant(input.verification['at']) : undefined;
  return informationProblem(receivedAt, { now, askedAt, checkedAt });
}

/** Why the information cannot have arrived at that time: the same when a request is filed and when a proof is recorded. */
export function informationProblem(
  receivedAt: number,
  facts: { readonly now: number; readonly askedAt: number | undefined; readonly checkedAt: number | undefined },
): string | undefined {
  if (facts.askedAt === undefined) return 'needs identityAskedAt: information that nobody asked for starts no clock';
  if (facts.checkedAt === undefined) return 'needs verification: only information that was found good starts the clock';
  const past = pastProblem(receivedAt, facts.now);
  if (past !== undefined) return past;
  if (receivedAt < facts.askedAt) return 'lies before it was asked for';
  return receivedAt > facts.checkedAt ? 'lies after it was checked' : undefined;
}

function problemsOfSubject(subject: unknown): string[] {
  const expected = `subject: expected the sealed identifier of at least one provider (${providerKeys.join(', ')})`;
  if (!isRecord(subject) || Object.keys(subject).length === 0) return [expected];
  if (!Object.keys(subject).every(isProvider)) return [`${expected}, and nothing else`];
  return Object.entries(subject)
    .filter(([, sealed]) => !(isMatch(sealed, sealedPattern) && sealed.length <= SEALED_LENGTH_MAX))
    .map(([provider]) => `subject.${provider}: expected a sealed identifier (see erasure seal), not a plain one`);
}

function problemsOfPolicy(policy: unknown): string[] {
  if (policy === undefined) return [];
  const known = Object.keys(patienceBounds) as (keyof Patience)[];
  if (!isRecord(policy)) return ['policy: expected an object'];
  if (!Object.keys(policy).every((key) => known.some((name) => name === key))) {
    return [`policy: has a field other than ${known.join(', ')}`];
  }
  return known
    .filter((key) => Object.hasOwn(policy, key) && !isWholeNumberWithin(policy[key], patienceBounds[key]))
    .map(
      (key) =>
        `policy.${key}: expected a whole number of milliseconds from ${patienceBounds[key].minMs} to ${patienceBounds[key].maxMs}`,
    );
}

function isWholeNumberWithin(value: unknown, bounds: { readonly minMs: number; readonly maxMs: number }): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= bounds.minMs && value <= bounds.maxMs;
}

function problemsOfVerification(verification: unknown): string[] {
  if (verification === undefined) return [];
  if (!isRecord(verification)) return ['verification: expected an object { method, by, at, reference }'];
  const problems: string[] = [];
  if (!Object.keys(verification).every((key) => ['method', 'by', 'at', 'reference'].includes(key))) {
    problems.push('verification: has a field other than method, by, at, reference');
  }
  if (!isCode(verification['method'])) problems.push('verification.method: expected a code such as account-login');
  if (!isMatch(verification['by'], opaquePattern)) problems.push('verification.by: expected an opaque staff id');
  if (parseInstant(verification['at']) === undefined) problems.push('verification.at: expected an RFC 3339 instant');
  if (!isMatch(verification['reference'], opaquePattern)) {
    problems.push('verification.reference: expected a ticket reference');
  }
  return problems;
}
