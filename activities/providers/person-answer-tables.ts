/** What the person API's own answers to each call look like: bodies, codes, and one table for each call. */
import { z } from 'zod';
import { MAX_WINDOW_MS } from '../../domain/rules/patience';
import { type AnswerTable, clientErrors, fits, type Judging, notNow } from './answers';
import { blamesSomethingElse, isObject, saysFailure, valuesUnder } from './contradiction';
import { parseBelievable } from './provider-time';
import type { AdapterCall } from './provider';
import { loginSchema } from './token';

/** `{ auth_success, error_code, desc }`; descriptions are never read: they can hold the id. */
const ownErrorModel = z
  .looseObject({
    auth_success: z.boolean().optional(),
    error_code: z.string().min(1).optional(),
    desc: z.string().optional(),
  })
  .refine(
    ({ auth_success: authSuccess, error_code: code, desc }) =>
      authSuccess !== undefined || (code !== undefined && (desc !== undefined || isDocumented(code))),
  );
/** The web framework's own: `{ "detail": "Not Found" }`, or a list of what is invalid. */
const frameworkError = z.looseObject({ detail: z.union([z.string().min(1), z.array(z.unknown()).min(1)]) });
const ownError = fits(z.union([ownErrorModel, frameworkError]));

/**
 * Here an expired token is a 403, not a 401, and so is a real refusal. The token is at fault if `auth_success` is false or
 * the code is one of `auth_…`, also one the document does not list yet; `insufficient_permissions` is never about the token.
 */
const tokenError = fits(
  ownErrorModel.refine(
    ({ auth_success: authSuccess, error_code: code }) =>
      code !== 'insufficient_permissions' && (authSuccess === false || isTokenCode(code)),
  ),
);

/** A 404 that speaks of a token, of permissions or of a path is not about the person, and no list of what is invalid is a 404. */
const notFound = fits(
  z.union([
    z
      .looseObject({ error_code: z.string().min(1), desc: z.string() })
      .refine(({ auth_success: authSuccess, error_code: code }) => authSuccess !== false && !blamesSomethingElse(code)),
    frameworkError.refine(
      ({ error_code: code, detail }) =>
        code === undefined && typeof detail === 'string' && !blamesSomethingElse(detail),
    ),
  ]),
);

/** An error of its own beside what was asked for; a word in the record is none. */
const holdsOwnError = fits(
  z.union([
    z.looseObject({ auth_success: z.literal(false) }),
    z.looseObject({ error_code: z.string().min(1) }),
    frameworkError,
  ]),
);

function isTokenCode(code: string | undefined): boolean {
  return code !== undefined && code.startsWith('auth_');
}

const instant = z.union([z.string(), z.number()]).refine((value) => parseBelievable(value) !== undefined);
/** PurgeResponse. `purge_on` is the authority, whatever we wished for; `status` is a free word and never kept. */
export const purgeSchema = z.looseObject({
  person_id: z.string(),
  purge_on: instant,
  created_on: instant.optional().catch(undefined),
  last_modified_on: instant.optional().catch(undefined),
});

function isPurge(body: unknown): body is z.infer<typeof purgeSchema> {
  return purgeSchema.safeParse(body).success;
}

type Subject = Pick<AdapterCall, 'identifier' | 'now'>;

export interface PersonAnswers {
  readonly login: Judging<'token'>;
  readonly queue: (subject: Subject) => Judging<'queued' | 'conflict'>;
  readonly read: (subject: Subject) => Judging<'queued' | 'not-queued'>;
  readonly dequeue: Judging<'dequeued' | 'refused'>;
  readonly info: (subject: Subject) => Judging<'present' | 'absent' | 'unclear'>;
}

const refusedTokens: AnswerTable<never> = [
  { status: 403, content: 'json', shape: tokenError, means: 'token-refused' },
  // Undocumented, but the provider's own client logs in again at one.
  { status: 401, content: 'json', shape: ownError, means: 'token-refused' },
];

const loginTable: AnswerTable<'token'> = [
  { status: [200, 201], content: 'json', shape: fits(loginSchema), means: 'token' },
  { status: [400, 401, 403], content: 'json', shape: ownError, means: 'credentials-refused' },
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

/** A purge of this person at a time that can be believed, and what speaks of one otherwise. Its body says whose answer it is. */
const purgeRules = ({ identifier, now }: Subject, status: readonly number[]): AnswerTable<'queued'> => [
  {
    status,
    content: 'json',
    shape: (body) => saysFailure(body),
    means: 'broken',
    because: 'although its body says that it failed',
  },
  {
    status,
    content: 'json',
    shape: (body) => isAboutAnother(body, identifier),
    means: 'broken',
    because: 'for another person than the one we asked for',
  },
  {
    status,
    content: 'json',
    shape: (body) => isPurge(body) && (parseBelievable(body.purge_on) ?? Infinity) - now <= MAX_WINDOW_MS,
    means: 'queued',
  },
  {
    status,
    content: 'json',
    shape: (body) => isObject(body) && ('person_id' in body || 'purge_on' in body),
    means: 'broken',
    because: 'without a person_id and a purge_on that can be believed',
  },
];

const queueTable = (subject: Subject): AnswerTable<'queued' | 'conflict'> => [
  ...purgeRules(subject, [200, 201, 202]),
  {
    status: { from: 200, to: 299 },
    content: 'unreadable',
    means: 'broken',
    because: 'whose body could not be read',
  },
  ...refusedTokens,
  { status: 409, content: 'json', shape: ownError, means: 'conflict' },
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

const readTable = (subject: Subject): AnswerTable<'queued' | 'not-queued'> => [
  ...purgeRules(subject, [200]),
  ...refusedTokens,
  { status: 404, content: 'json', shape: notFound, means: 'not-queued' },
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

const dequeueTable: AnswerTable<'dequeued' | 'refused'> = [
  { status: 204, content: 'none', means: 'dequeued' },
  ...refusedTokens,
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'refused' },
];

/** It documents no 404 and no answer for a purged person: what it refuses, or says of nobody, tells us nothing. */
const infoTable = ({ identifier }: Subject): AnswerTable<'present' | 'absent' | 'unclear'> => [
  {
    status: 200,
    content: 'json',
    shape: (body) => isAboutAnother(body, identifier),
    means: 'broken',
    because: 'for another person than the one we asked for',
  },
  { status: 200, content: 'json', shape: (body) => isPerson(body) && holdsOwnError(body), means: 'unclear' },
  { status: 200, content: 'json', shape: isPerson, means: 'present' },
  { status: 200, content: 'json', shape: (body) => isObject(body) && body['person_id'] === null, means: 'unclear' },
  ...refusedTokens,
  { status: 404, content: 'json', shape: notFound, means: 'absent' },
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'unclear' },
];

function isPerson(body: unknown): boolean {
  return isObject(body) && typeof body['person_id'] === 'string';
}

/** UUIDs are compared as the provider reads them, in any case. */
function isAboutAnother(body: unknown, personId: string): boolean {
  return valuesUnder(body, ['personid']).some(
    (id) => typeof id === 'string' && id.toLowerCase() !== personId.toLowerCase(),
  );
}

/** The codes that the documents list. Any other could be a name. */
const documentedCodes: readonly string[] = [
  'auth_invalid_key_id',
  'auth_invalid_version',
  'auth_malformed_access',
  'auth_not_jwt',
  'auth_token_expired',
  'auth_token_format',
  'auth_token_invalid_claim',
  'auth_token_invalid_type',
  'auth_token_sig_invalid',
  'auth_token_unknown',
  'client_credentials_invalid',
  'insufficient_permissions',
];

function isDocumented(code: string): boolean {
  return isTokenCode(code) || documentedCodes.includes(code);
}

export function codeOf(body: unknown): string | undefined {
  const code = isObject(body) ? body['error_code'] : undefined;
  return typeof code === 'string' && documentedCodes.includes(code) ? `error code ${code}` : undefined;
}

export const personAnswers: PersonAnswers = {
  login: { table: loginTable, codeOf },
  queue: (subject) => ({ table: queueTable(subject), codeOf }),
  read: (subject) => ({ table: readTable(subject), codeOf }),
  dequeue: { table: dequeueTable, codeOf },
  info: (subject) => ({ table: infoTable(subject), codeOf }),
};
