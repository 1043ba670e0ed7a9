/** The one place that speaks HTTP, and the one where an answer becomes a failure: two functions, sending and judging. */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import axios from 'axios';
import type { z } from 'zod';
import { describeDuration, HOUR_MS, SECOND_MS } from '../../domain/duration';
import type { Evidence } from '../../domain/receipt';
import { cancellationOf, throwIfCancelled } from './cancellation';
import { type AdapterCall, ProviderFailure } from './provider';

export interface HttpRequest {
  /** The provider's display name and what it is asked for, e.g. `the purge request`: for messages. */
  readonly to: string;
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the call off. Left out for an erasing call: a request that was taken on must not be lost. */
  readonly signal?: AbortSignal;
  /** What this request carries and no message may show, should the answer repeat it. */
  readonly secrets: readonly string[];
}

export interface Answer {
  readonly to: string;
  readonly what: string;
  readonly host: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** A code of the answer that a message may show, or undefined: short, plain, and nothing we sent in confidence. */
  quote(code: unknown): string | undefined;
}

export interface Http {
  /** Whatever comes back is an answer, a 500 too. Throws `ProviderFailure` where none came, or the request's cancellation. */
  send(request: HttpRequest): Promise<Answer>;
}

const TIMEOUT_MS = 20 * SECOND_MS;
const ANSWER_MAX_BYTES = 1024 * 1024;
const RETRY_AFTER_MAX_MS = 6 * HOUR_MS;

export function createHttp(options: { readonly timeoutMs?: number; readonly answerMaxBytes?: number } = {}): Http {
  const { timeoutMs = TIMEOUT_MS, answerMaxBytes = ANSWER_MAX_BYTES } = options;
  const client = axios.create({
    adapter: 'http',
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
    // A redirect would carry the token, and the subject, to a place nobody configured; so would a proxy from the environment.
    maxRedirects: 0,
    proxy: false,
    validateStatus: () => true,
    // As a stream, so that the status is known when the body turns out too long. Counted after decompression.
    responseType: 'stream',
    transformRequest: (data: unknown) => data,
    transformResponse: (data: unknown) => data,
  });

  async function exchange(request: HttpRequest, signal: AbortSignal): Promise<Answer> {
    const { to, what, method, url, headers = {}, body, secrets } = request;
    const response = await client.request<Readable>({
      method,
      url,
      signal,
      data: body,
      // `false` keeps axios from inventing a form's content type for a body that does not exist.
      headers: { accept: 'application/json', 'content-type': false, 'user-agent': 'erasure-orchestrator', ...headers },
    });
    const text = await readText(response.data, answerMaxBytes);
    const isSuccess = response.status >= 200 && response.status < 300;
    if (text === undefined && isSuccess) {
      throw new ProviderFailure(
        'ProviderContractBroken',
        `${to} answered ${what} with HTTP ${response.status} and more than ${answerMaxBytes} bytes.`,
      );
    }
    return {
      to,
      what,
      host: new URL(url).host,
      status: response.status,
      headers: textOnly(response.headers),
      // Of an over-long refusal the status still counts.
      body: text ?? '',
      quote: (code) => quotable(code, secrets),
    };
  }

  return {
    async send(request) {
      if (request.signal !== undefined) throwIfCancelled(request.signal);
      // Not AbortSignal.any and AbortSignal.timeout: Node 20 can lose a timeout that only a combined signal refers to.
      const end = new AbortController();
      const stop = () => end.abort();
      const timer = setTimeout(stop, timeoutMs);
      request.signal?.addEventListener('abort', stop, { once: true });
      try {
        return await exchange(request, end.signal);
      } catch (error) {
        if (error instanceof ProviderFailure) throw error;
        if (request.signal?.aborted === true) throw cancellationOf(request.signal);
        // The error itself holds token and body: nothing of it goes on but Node's own code.
        const because = end.signal.aborted ? `within ${timeoutMs / SECOND_MS} s` : `(${codeOf(error)})`;
        throw new ProviderFailure(
          'ProviderUnavailable',
          `${request.to} gave no complete answer to ${request.what} ${because}; it may have received it.`,
        );
      } finally {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', stop);
      }
    },
  };
}

/** Undefined if it is longer than `maxBytes`; leaving the loop closes the connection. */
async function readText(stream: Readable, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function textOnly(headers: object): Record<string, string> {
  const texts = Object.entries(headers).filter((header): header is [string, string] => typeof header[1] === 'string');
  return Object.fromEntries(texts.map(([name, value]) => [name.toLowerCase(), value]));
}

/** `ECONNREFUSED`, `CERT_HAS_EXPIRED`: Node's word, not the provider's. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'no word why';
}

function quotable(code: unknown, secrets: readonly string[]): string | undefined {
  if (typeof code !== 'string' || !/^[A-Za-z0-9_.-]{1,64}$/.test(code)) return undefined;
  const said = letters(code);
  const isSecret = secrets
    .map(letters)
    .some((secret) => secret !== '' && (said.includes(secret) || secret.includes(said)));
  return isSecret ? undefined : code;
}

function letters(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/**
 * What an answer means as a failure, or undefined for a 2xx. `code`: the provider's own error code, shown if it can be.
 * Adapters ask for the answers that mean something else with them (a 404, an expired token) before they come here.
 */
export function failureOf(answer: Answer, code?: unknown): ProviderFailure | undefined {
  const { to, what, status } = answer;
  const quoted = answer.quote(code);
  const said = `HTTP ${status}${quoted === undefined ? '' : `, error code ${quoted}`}`;
  if (status >= 200 && status < 300) return undefined;
  if (status === 429 || (status >= 500 && status < 600)) {
    const retryAfterMs = retryAfterOf(answer);
    const wait = retryAfterMs === undefined ? '' : `, and asks us to wait ${describeDuration(retryAfterMs)}`;
    const message = `${to} could not serve ${what} now: ${said}${wait}.`;
    return new ProviderFailure('ProviderUnavailable', message, { retryAfterMs });
  }
  if (status === 401) {
    const message = `${to} refused our credentials for ${what}: ${said}. Check them in the worker's configuration.`;
    return new ProviderFailure('ProviderUnauthorized', message);
  }
  if (status >= 400 && status < 500) {
    return new ProviderFailure('ProviderRejected', `${to} refused ${what}: ${said}.`);
  }
  const message = `${to} answered ${what} with ${said}, which is neither success nor failure. Redirects are not followed: check its base URL.`;
  return new ProviderFailure('ProviderContractBroken', message);
}

/** RFC 9110: seconds, or a date, which is measured against the answer's own clock. Ignored where it names no time to come. */
function retryAfterOf({ headers }: Answer): number | undefined {
  const value = headers['retry-after']?.trim() ?? '';
  const waitMs = /^\d{1,12}(\.\d{1,9})?$/.test(value)
    ? Math.ceil(Number(value) * SECOND_MS)
    : httpDate(value) - (httpDate(headers['date'] ?? '') || Date.now());
  return waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_MAX_MS) : undefined;
}

function httpDate(value: string): number {
  // Date.parse alone would also read `-5` and `soon 1` as dates.
  return /^[A-Z][a-z]{2,8}, [\w :-]{15,25} GMT$/.test(value) ? Date.parse(value) : Number.NaN;
}

/** The body as JSON; undefined for anything else, also for none. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body) as unknown;
  } catch {
    return undefined;
  }
}

/** The body, as far as we rely on it. Names the fields that break the promise, never what stands in them. */
export function parseBody<T>(answer: Answer, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(jsonOf(answer));
  if (parsed.success) return parsed.data;
  // Paths are names of our own schema: it is tolerant of further fields.
  const fields = [...new Set(parsed.error.issues.map((issue) => issue.path.join('.') || 'the whole body'))].join(', ');
  throw broken(answer, `whose body is not what its documents promise (${fields})`);
}

export function broken({ to, what, status }: Answer, how: string): ProviderFailure {
  return new ProviderFailure('ProviderContractBroken', `${to} answered ${what} with HTTP ${status}, ${how}.`);
}

/** What an answer leaves behind as proof. `facts`: the provider's own times and codes. */
export function evidenceOf(answer: Answer, call: AdapterCall, facts: Evidence['facts'] = {}): Evidence {
  const bodyHmac = call.bodyHmac(answer.body);
  return {
    host: answer.host,
    httpStatus: answer.status,
    ...(bodyHmac !== undefined && { bodyHmac }),
    ...(Object.keys(facts).length > 0 && { facts }),
  };
}

/** A base URL from configuration and a path of ours, which begins with a slash. */
export function urlUnder(baseUrl: string, path: string): string {
  return `${baseUrl.replace(/\/+$/, '')}${path}`;
}
