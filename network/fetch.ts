/** `fetch` as far as we need it, by our own agents: the one of Node may take a proxy from the environment. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Agents } from './agents';
import { isLoopback } from './loopback';

const BODY_BYTES_MAX = 1024 * 1024;

export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Headers | Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

/** Follows no redirect, and reads no body without end. */
export type Fetch = (url: string, options?: FetchOptions) => Promise<Response>;

export function createFetch(agents: Agents): Fetch {
  return async (address, { method = 'GET', headers, body, signal } = {}) => {
    const url = new URL(address);
    const isPlain = url.protocol === 'http:';
    if (isPlain && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1'))) {
      throw new TypeError('Plain HTTP goes to this machine itself only');
    }
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = (isPlain ? httpRequest : httpsRequest)(url, {
        method,
        agent: isPlain ? agents.http : agents.https,
        headers: { 'user-agent': 'erasure-orchestrator', ...Object.fromEntries(new Headers(headers)) },
        ...(signal && { signal }),
      });
      request.once('response', resolve);
      request.once('error', reject);
      request.end(textOf(body));
    });
    const { statusCode = 0 } = response;
    const bytes = await readBytes(response);
    const isBodiless = [204, 205, 304].includes(statusCode);
    return new Response(isBodiless ? null : new Uint8Array(bytes), {
      status: statusCode,
      headers: Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      ),
    });
  };
}

function textOf(body: unknown): string | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof URLSearchParams) return body.toString();
  throw new TypeError('Only texts and forms are sent');
}

async function readBytes(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) throw new TypeError('The answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
