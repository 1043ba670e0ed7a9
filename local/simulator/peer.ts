/** What every simulated provider looks like to the server in front of it. */
import type { IncomingHttpHeaders } from 'node:http';

export interface PeerRequest {
  readonly method: string;
  /** As it came over the wire: an id holding `%2F` is one segment here. */
  readonly rawPath: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * What an answer means, for the call log: in the words of the provider's document, with the times that go with it. Instants in
 * epoch ms.
 */
export type Meaning = { readonly is: string } & Readonly<Record<string, string | number | boolean>>;

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The connection breaks in the middle of the body. */
  readonly cutOff?: true;
  /** Of an answer of the provider's own about a subject; absent for refusals. */
  readonly meaning?: Meaning;
}

/** What a call is about; `subject` is spelt as the provider stores it. */
export interface Identified {
  readonly operation: string;
  readonly subject?: string;
}

export type Refusal =
  | { readonly kind: 'token-expired'; readonly variant: TokenExpiredVariant }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'bad-credentials' };

export type TokenExpiredVariant = 'documented' | 'unknown-code' | 'plain-401';

export interface PeerOperations {
  readonly all: readonly string[];
  /** Those that present a token, and those that present lasting credentials: where such faults make sense. */
  readonly token: readonly string[];
  readonly credentials: readonly string[];
  readonly innerStatus?: true;
}

export interface Peer {
  identify(request: PeerRequest): Identified;
  /** Synchronous on purpose: one call is one atomic change, whatever else arrives. */
  answer(request: PeerRequest, about: Identified): Answer;
  error(status: number, about?: Identified): Answer;
  refuse(refusal: Refusal, request: PeerRequest): Answer;
  /** A success that names somebody else. */
  aboutSomeoneElse(about: Identified, otherSubject: string | undefined): Answer;
  /** HTTP success whose body says otherwise, where the provider's format can say so. */
  innerStatus?(statusCodeValue: number): Answer;
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isJson(headers: IncomingHttpHeaders): boolean {
  return /^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
}

export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

export function isBasicLogin(headers: IncomingHttpHeaders, client: ClientCredentials): boolean {
  const encoded = /^Basic +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return (
    encoded !== undefined && Buffer.from(encoded, 'base64').toString() === `${client.clientId}:${client.clientSecret}`
  );
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Answers differ from call to call, as they do where a document promises nothing. */
export function rotate<T>(): (choices: readonly T[]) => T {
  let turn = 0;
  return (choices) => {
    const choice = choices[turn++ % choices.length];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  };
}

export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
