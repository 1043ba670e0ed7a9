/**
 * What a provider's own answers to one call look like, as a table, and the one judge that reads it. An answer that is in
 * no row was given by something between us and the provider: it says nothing about the person.
 */
import type { z } from 'zod';
import { describeDuration } from '../../domain/duration';
import { givesNameTwice, parsedJson } from '../../domain/text';
import { contentTypeOf, type Answer, retryAfterOf } from './http';
import { ProviderFailure } from './provider';

/**
 * What an answer carries. `page` is anything that is labelled or begins like HTML or XML, which no provider here sends.
 * `json` also without a label; `other` is text, JSON under another label or with a name given twice, and what does not parse.
 */
export type Content = 'none' | 'json' | 'page' | 'other' | 'unreadable';

/** Meanings that are the same for every call. Each is a failure. */
export type FailingMeaning =
  /** Our token is at fault: a fresh login may mend it, unless another one ends it again. */
  | 'token-refused'
  /** Our credentials are at fault. */
  | 'credentials-refused'
  /** The provider refuses the call for good. */
  | 'rejected'
  /** Not now: the same call may work later. */
  | 'unavailable'
  /** The provider's own answer, and not what it promises: `because` says how. */
  | 'broken';

export interface AnswerRule<Meaning extends string> {
  /** One status, several, or a range with both its ends. */
  readonly status: number | readonly number[] | { readonly from: number; readonly to: number };
  readonly content: Content | readonly Content[];
  /** What the JSON must look like. */
  readonly shape?: (body: unknown) => boolean;
  readonly means: Meaning | FailingMeaning;
  /** Of a `broken` one, for the message: `with …`, `although …`. */
  readonly because?: string;
}

/** The first row that fits decides. */
export type AnswerTable<Meaning extends string> = readonly AnswerRule<Meaning>[];

/** What a call of a provider needs to be judged, beside its table. */
export interface Judging<Meaning extends string> {
  readonly table: AnswerTable<Meaning>;
  /** A code of the body that its documents name, in words for a message. Any other could be somebody's name. */
  readonly codeOf: (body: unknown) => string | undefined;
}

export interface Judged<Meaning extends string> {
  readonly means: Meaning;
  /** The JSON, where there was any. */
  readonly body: unknown;
}

const any: readonly Content[] = ['none', 'json', 'page', 'other', 'unreadable'];

/**
 * Whoever says so, the same call may work later, and nothing is claimed of anybody. 407 and 511 are missing on purpose: they
 * are a proxy's and a network's by definition.
 */
export const notNow: AnswerTable<never> = [
  { status: [408, 425, 429], content: any, means: 'unavailable' },
  { status: { from: 500, to: 510 }, content: any, means: 'unavailable' },
  { status: { from: 512, to: 599 }, content: any, means: 'unavailable' },
];

/** Every 4xx but 407, which is a proxy's whatever its body. */
export const clientErrors: readonly number[] = Array.from({ length: 100 }, (_, index) => 400 + index).filter(
  (status) => status !== 407,
);

/** HTTP's own reasons as providers spell them in their bodies: words that can be nobody's name. */
export const httpReasons: readonly string[] = [
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CONFLICT',
  'PAYLOAD_TOO_LARGE',
  'UNPROCESSABLE_ENTITY',
  'TOO_MANY_REQUESTS',
  'INTERNAL_SERVER_ERROR',
  'BAD_GATEWAY',
  'SERVICE_UNAVAILABLE',
  'GATEWAY_TIMEOUT',
];

/** A schema as a shape. */
export function fits(schema: z.ZodType): (body: unknown) => boolean {
  return (body) => schema.safeParse(body).success;
}

export function contentOf(answer: Answer): Content {
  return readingOf(answer).content;
}

function readingOf(answer: Answer): { readonly content: Content; readonly body?: unknown } {
  const type = contentTypeOf(answer);
  if (/^(text\/html|[^;]*xml)$/.test(type)) return { content: 'page' };
  if (answer.unreadable !== undefined) return { content: 'unreadable' };
  const text = answer.body.trimStart();
  if (text === '') return { content: 'none' };
  if (text.startsWith('<')) return { content: 'page' };
  const isLabelled = type === '' || /^application\/([\w.-]+\+)?json$/.test(type);
  if (!isLabelled) return { content: 'other' };
  const body = parsedJson(text);
  return body === undefined || givesNameTwice(text) ? { content: 'other' } : { content: 'json', body };
}

export function ruleFor<Meaning extends string>(
  answer: Answer,
  table: AnswerTable<Meaning>,
): { readonly rule: AnswerRule<Meaning> | undefined; readonly body: unknown } {
  const { content, body } = readingOf(answer);
  const rule = table.find(
    (each) =>
      hasStatus(each, answer.status) &&
      [each.content].flat().includes(content) &&
      (each.shape === undefined || (content === 'json' && each.shape(body))),
  );
  return { rule, body };
}

/** What the answer means for this call. Throws where it is a failure, and where it is not the provider's own. */
export function judge<Meaning extends string>(answer: Answer, judging: Judging<Meaning>): Judged<Meaning> {
  const { rule, body } = ruleFor(answer, judging.table);
  if (rule === undefined) throw unrecognized(answer);
  if (isFailing(rule.means))
    throw failureFor(rule.means, answer, { code: judging.codeOf(body), because: rule.because });
  return { means: rule.means, body };
}

export function failureFor(
  means: FailingMeaning,
  answer: Answer,
  { code, because }: { readonly code?: string | undefined; readonly because?: string | undefined } = {},
): ProviderFailure {
  const { to, what } = answer;
  const said = `HTTP ${answer.status}${code === undefined ? '' : `, ${code}`}`;
  switch (means) {
    case 'unavailable': {
      const retryAfterMs = retryAfterOf(answer);
      const wait = retryAfterMs === undefined ? '' : `, and asks us to wait ${describeDuration(retryAfterMs)}`;
      const message = `${to} could not serve ${what} now: ${said}${wait}.`;
      return new ProviderFailure('ProviderUnavailable', message, { retryAfterMs, isPaceOnly: answer.status === 429 });
    }
    case 'token-refused':
      return new ProviderFailure(
        'TokenRefused',
        `${to} took our login, and refused every token that it gave us for ${what}: ${said}. Another process may be logging in ` +
          'with the same client, or the client lacks the right.',
      );
    case 'credentials-refused':
      return new ProviderFailure(
        'ProviderUnauthorized',
        `${to} refused our credentials for ${what}: ${said}. Check them in the worker's configuration.`,
      );
    case 'rejected':
      return new ProviderFailure('ProviderRejected', `${to} refused ${what}: ${said}.`);
    case 'broken':
      return new ProviderFailure(
        'ProviderContractBroken',
        `${to} answered ${what} with ${said}, ${because ?? 'which is not what its documents promise'}.`,
      );
  }
}

/** Names status and kind of content and nothing else: what stands in the body is a stranger's, and could be about anybody. */
export function unrecognized(answer: Answer): ProviderFailure {
  const { to, what, status } = answer;
  const redirect = status >= 300 && status < 400 ? ' Redirects are not followed: check its base URL.' : '';
  return new ProviderFailure(
    'UnrecognizedAnswer',
    `${what[0]?.toUpperCase()}${what.slice(1)} was answered with HTTP ${status} and ${describeContent(answer)}, which is none of ` +
      `${to}'s own answers: something between us and it may have answered.${redirect}`,
  );
}

/** The types that a message may name: a type is free text too. */
const namedTypes = [
  'application/json',
  'application/problem+json',
  'application/octet-stream',
  'application/xhtml+xml',
];
const moreNamedTypes = [
  'application/xml',
  'text/html',
  'text/plain',
  'text/xml',
  'image/png',
  'image/gif',
  'image/jpeg',
];

function describeContent(answer: Answer): string {
  const type = contentTypeOf(answer);
  const label =
    type === '' ? 'no content type' : [...namedTypes, ...moreNamedTypes].includes(type) ? type : 'another content type';
  if (answer.unreadable !== undefined) return `${label}, ${answer.unreadable}`;
  return answer.body.trim() === '' ? `an empty body (${label})` : label;
}

function isFailing<Meaning extends string>(means: Meaning | FailingMeaning): means is FailingMeaning {
  return (['token-refused', 'credentials-refused', 'rejected', 'unavailable', 'broken'] as string[]).includes(means);
}

function hasStatus({ status }: AnswerRule<string>, given: number): boolean {
  if (typeof status === 'number') return status === given;
  return 'from' in status ? status.from <= given && given <= status.to : status.includes(given);
}
