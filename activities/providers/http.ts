/** The one place that speaks HTTP. What an answer means is for answers.ts and the tables of the adapters. */
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { brotliDecompress, unzip } from 'node:zlib';
import axios from 'axios';
import { HOUR_MS, SECOND_MS } from '../../domain/duration';
import type { Evidence } from '../../domain/leg/receipt';
import { type Agents, createAgents, proxyFailureOf } from '../../network/agents';
import { cancellationOf, throwIfCancelled } from './cancellation';
import type { CallGate } from './call-gate';
import { type AdapterCall, ProviderFailure, type Turn } from './provider';
import { watchedTransport } from './sending';

export interface HttpRequest {
  /** The provider's display name and what it is asked for, e.g. `the deletion`: for messages. */
  readonly to: string;
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Breaks the call off, and the waiting for its turn. Left out for an erasing call: a request that was taken on must not be lost. */
  readonly signal?: AbortSignal;
  /** Of an erasing call. */
  readonly turn?: Turn;
}

export interface Answer {
  readonly to: string;
  readonly what: string;
  readonly host: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Why there is no body to read although the status came, for a message. The status is not hidden by it. */
  readonly unreadable?: string;
}

export interface Http {
  /**
   * Whatever comes back is an answer, a 500 too, and one whose body breaks off. Throws `ProviderFailure` where none came, or
   * the request's cancellation.
   */
  send(request: HttpRequest): Promise<Answer>;
}

const TIMEOUT_MS = 20 * SECOND_MS;
const ANSWER_MAX_BYTES = 1024 * 1024;
const RETRY_AFTER_MAX_MS = 6 * HOUR_MS;
/** "Too many requests", and no word of when to come again. */
const TOO_MANY_PAUSE_MS = 5 * SECOND_MS;

export interface HttpOptions {
  readonly timeoutMs?: number;
  readonly answerMaxBytes?: number;
  readonly agents?: Agents | undefined;
  /** What every call waits for; without one none waits. */
  readonly gate?: Pick<CallGate, 'turn' | 'pause'>;
}

export function createHttp(options: HttpOptions = {}): Http {
  const { timeoutMs = TIMEOUT_MS, answerMaxBytes = ANSWER_MAX_BYTES, agents = createAgents(), gate } = options;
  const client = axios.create({
    adapter: 'http',
    httpAgent: agents.http,
    httpsAgent: agents.https,
    // A redirect would carry the token, and the subject, to a place nobody configured; so would a proxy from the environment.
    maxRedirects: 0,
    proxy: false,
    validateStatus: () => true,
    // As a stream and still encoded, so that the status is known when the body cannot be read.
    responseType: 'stream',
    decompress: false,
    transformRequest: (data: unknown) => data,
    transformResponse: (data: unknown) => data,
  });

  async function exchange(
    request: HttpRequest,
    { transport, signal }: { readonly transport: object; readonly signal: AbortSignal },
  ): Promise<Answer> {
    const { to, what, method, url, headers = {}, body } = request;
    const response = await client.request<Readable>({
      method,
      url,
      signal,
      transport,
      data: body,
      headers: {
        accept: 'application/json',
        'accept-encoding': 'gzip, br',
        // `false` keeps axios from inventing a form's content type for a body that does not exist.
        'content-type': false,
        'user-agent': 'erasure-orchestrator',
        ...headers,
      },
    });
    const { status } = response;
    const answer = { to, what, host: new URL(url).host, status, headers: textOnly(response.headers) };
    const text = await readText(response.data, { answer, maxBytes: answerMaxBytes });
    return typeof text === 'string' ? { ...answer, body: text } : { ...answer, body: '', ...text };
  }

  return {
    async send(request) {
      if (request.signal !== undefined) throwIfCancelled(request.signal);
      await gate?.turn(request.signal ?? request.turn?.signal);
      request.turn?.come();
      // Not AbortSignal.any and AbortSignal.timeout: Node 20 can lose a timeout that only a combined signal refers to.
      const end = new AbortController();
      const stop = () => end.abort();
      const timer = setTimeout(stop, timeoutMs);
      request.signal?.addEventListener('abort', stop, { once: true });
      const transport = watchedTransport();
      try {
        const answer = await exchange(request, { transport, signal: end.signal });
        const pauseMs = pauseAfter(answer);
        if (pauseMs !== undefined) gate?.pause(pauseMs);
        if (answer.unreadable !== undefined && request.signal?.aborted === true) throw cancellationOf(request.signal);
        return answer;
      } catch (error) {
        if (request.signal?.aborted === true) throw cancellationOf(request.signal);
        const noTunnel = proxyFailureOf(error);
        if (noTunnel !== undefined) {
          const message = `${request.to} could not be reached for ${request.what}. ${noTunnel.message}`;
          throw new ProviderFailure('ProviderUnavailable', message, { neverLeft: true });
        }
        // The error itself holds token and body: nothing of it goes on but Node's own code.
        const because = end.signal.aborted ? `within ${timeoutMs / SECOND_MS} s` : `(${codeOf(error)})`;
        throw transport.mayHaveLeft()
          ? new ProviderFailure(
              'ProviderUnavailable',
              `${request.to} gave no complete answer to ${request.what} ${because}; it may have received it.`,
            )
          : new ProviderFailure(
              'ProviderUnavailable',
              `${request.to} could not be reached for ${request.what} ${because}; it cannot have received it.`,
              { neverLeft: true },
            );
      } finally {
        clearTimeout(timer);
        request.signal?.removeEventListener('abort', stop);
      }
    },
  };
}

interface Unreadable {
  readonly unreadable: string;
}

async function readText(
  stream: Readable,
  { answer, maxBytes }: { readonly answer: Pick<Answer, 'status' | 'headers'>; readonly maxBytes: number },
): Promise<string | Unreadable> {
  const raw = await readBytes(stream, maxBytes);
  if (!Buffer.isBuffer(raw)) return raw;
  const decoded = await decode(raw, { answer, maxBytes });
  if (!Buffer.isBuffer(decoded)) return decoded;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(decoded);
  } catch {
    return { unreadable: 'in no UTF-8' };
  }
}

/** Leaving the loop closes the connection. */
async function readBytes(stream: Readable, maxBytes: number): Promise<Buffer | Unreadable> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return tooLong(maxBytes);
      chunks.push(chunk);
    }
  } catch {
    return { unreadable: 'broken off' };
  }
  return Buffer.concat(chunks);
}

async function decode(
  raw: Buffer,
  { answer, maxBytes }: { readonly answer: Pick<Answer, 'status' | 'headers'>; readonly maxBytes: number },
): Promise<Buffer | Unreadable> {
  const encoding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || (answer.status === 204 && raw.length === 0)) return raw;
  const decoder = decoders[encoding];
  if (decoder === undefined) return { unreadable: 'in an encoding that was not asked for' };
  try {
    return await decoder(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE'
      ? tooLong(maxBytes)
      : { unreadable: 'in an encoding it does not have' };
  }
}

const unzipAll = promisify<Buffer, { maxOutputLength: number }, Buffer>(unzip);
const decoders: Readonly<Record<string, typeof unzipAll>> = {
  gzip: unzipAll,
  'x-gzip': unzipAll,
  deflate: unzipAll,
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
};

function tooLong(maxBytes: number): Unreadable {
  return { unreadable: `longer than ${maxBytes} bytes` };
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

/** The media type in lower case, without its parameters; empty where none is given. */
export function contentTypeOf({ headers }: Answer): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** RFC 9110: seconds, or a date, which is measured against the answer's own clock. Ignored where it names no time to come. */
export function retryAfterOf({ headers }: Answer): number | undefined {
  const value = headers['retry-after']?.trim() ?? '';
  const waitMs = /^\d{1,12}(\.\d{1,9})?$/.test(value)
    ? Math.ceil(Number(value) * SECOND_MS)
    : httpDate(value) - (httpDate(headers['date'] ?? '') || Date.now());
  return waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_MAX_MS) : undefined;
}

/** How long all calls are to stay away after this answer. */
function pauseAfter(answer: Answer): number | undefined {
  if (answer.status === 429) return retryAfterOf(answer) ?? TOO_MANY_PAUSE_MS;
  return answer.status === 503 ? retryAfterOf(answer) : undefined;
}

function httpDate(value: string): number {
  // Date.parse alone would also read `-5` and `soon 1` as dates.
  return /^[A-Z][a-z]{2,8}, [\w :-]{15,25} GMT$/.test(value) ? Date.parse(value) : Number.NaN;
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
