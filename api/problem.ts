/** What goes wrong at the API: each kind has a code that stays, a status and a title (RFC 9457). */
import type { FieldProblem } from '../client/errors';

export const problems = {
  'not-json': { status: 400, title: 'The body is not JSON' },
  'invalid-filter': { status: 400, title: 'A parameter of the query is wrong' },
  'not-authenticated': { status: 401, title: 'No credentials, or none that hold' },
  'not-allowed': { status: 403, title: 'None of your roles allows this' },
  'not-found': { status: 404, title: 'There is no such thing here' },
  'request-not-found': { status: 404, title: 'There is no such request, or none any more' },
  'not-acceptable': { status: 406, title: 'It cannot be given in that form' },
  'request-exists': { status: 409, title: 'The request id is taken by another content' },
  'decision-refused': { status: 409, title: 'The decision was not taken' },
  'no-certificate-yet': { status: 409, title: 'There is no certificate yet' },
  'no-certificate': { status: 409, title: 'The request ended without a certificate' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body is of a type that is not taken here' },
  'invalid-request': { status: 422, title: 'The content is not valid' },
  'too-many-calls': { status: 429, title: 'Too many calls' },
  internal: { status: 500, title: 'A bug of ours' },
  'not-set-up': { status: 503, title: 'The namespace lacks the search attributes' },
  'temporal-unavailable': { status: 503, title: 'Temporal does not answer' },
  'no-worker': { status: 503, title: 'No worker answers for this request' },
  'identity-provider-unavailable': { status: 503, title: 'The identity provider does not answer' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type ProblemCode = keyof typeof problems;

export interface ProblemParts {
  /** One or two sentences about this very case. Repeats nothing of what was sent. */
  readonly detail?: string;
  /** What is wrong, field by field. */
  readonly errors?: readonly FieldProblem[];
  /** When it is worth trying again. */
  readonly retryAfterS?: number;
}

/** Thrown by whatever handles a call; answered as `application/problem+json`. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: ProblemCode;
  readonly parts: ProblemParts;

  constructor(code: ProblemCode, parts: ProblemParts = {}, options: { readonly cause?: unknown } = {}) {
    super(parts.detail ?? problems[code].title, options);
    this.code = code;
    this.parts = parts;
  }
}

/** The body of the answer. */
export function problemDocument(code: ProblemCode, { detail, errors }: ProblemParts, callId: string): object {
  const { status, title } = problems[code];
  return {
    type: `urn:erasure:problem:${code}`,
    title,
    status,
    code,
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    callId,
  };
}
