/** Tokens of the providers that want a login first: one login at a time, kept until shortly before it expires. */
import { z } from 'zod';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { throwIfCancelled, unlessCancelled } from './cancellation';
import { type AnswerTable, failureFor, judge, type Judging, ruleFor } from './answers';
import type { Answer } from './http';

export interface Login {
  readonly token: string;
  readonly lifetimeMs: number;
}

export interface TokenSource {
  /** A token that should be valid, from a login shared with everybody who waits for one. Rejects when `signal` fires. */
  token(signal: AbortSignal): Promise<string>;
  /** The provider refused this token. Unless a newer one is there already, the next caller logs in. */
  refused(token: string): void;
}

/** For a token that does not say, or says nonsense about, how long it lives. */
const UNKNOWN_LIFETIME_MS = 1 * MINUTE_MS;
const LIFETIME_MAX_MS = 1 * DAY_MS;
/** A token is not used so shortly before its end that it could expire on its way. */
const SPARE_MS = 30 * SECOND_MS;

export function createTokenSource(options: {
  /** Bounded in time by itself: no single waiting caller may break it off for the others. */
  readonly login: () => Promise<Login>;
  /** Milliseconds of a clock that is never set back; not the clock of the workflow, which skips days in tests. */
  readonly monotonicNow?: () => number;
}): TokenSource {
  const { login, monotonicNow = () => performance.now() } = options;
  let current: { readonly token: string; readonly freshUntil: number } | undefined;
  let loggingIn: Promise<string> | undefined;

  async function freshToken(): Promise<string> {
    const startedAt = monotonicNow();
    const { token, lifetimeMs } = await login();
    current = { token, freshUntil: startedAt + lifetimeMs - Math.min(SPARE_MS, lifetimeMs / 5) };
    return token;
  }

  return {
    async token(signal) {
      throwIfCancelled(signal);
      if (current !== undefined && monotonicNow() < current.freshUntil) return current.token;
      // A failed login is not kept: the next caller tries again.
      loggingIn ??= freshToken().finally(() => (loggingIn = undefined));
      return unlessCancelled(loggingIn, signal);
    },
    refused(token) {
      if (current?.token === token) current = undefined;
    },
  };
}

export const loginSchema = z.looseObject({
  // What fits into a header; anything else could not be sent back.
  access_token: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  expires_in: z.unknown().optional(),
  expires_at: z.unknown().optional(),
});

/**
 * Reads the answer to a login. They give `access_token` and `expires_in` (s), some `expires_at` (epoch ms) too.
 * A 200 without a token is not theirs: a page to sign in at, most of the time.
 */
export function loginFrom(answer: Answer, judging: Judging<'token'>): Login {
  const said = loginSchema.parse(judge(answer, judging).body);
  const lifetimes = [
    ...(said.expires_in === undefined ? [] : [Number(said.expires_in) * SECOND_MS]),
    ...(said.expires_at === undefined ? [] : [Number(said.expires_at) - Date.now()]),
  ].map((lifetimeMs) => (lifetimeMs > 0 ? lifetimeMs : UNKNOWN_LIFETIME_MS));
  const lifetimeMs = lifetimes.length === 0 ? UNKNOWN_LIFETIME_MS : Math.min(...lifetimes, LIFETIME_MAX_MS);
  return { token: said.access_token, lifetimeMs };
}

export function basicLogin(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

/**
 * Sends with a token, and once more with a fresh one where the provider refuses it: an expired token is no refusal of ours.
 * A 401 that is not the provider's own is handed on as it is; the next attempt logs in afresh all the same.
 */
export async function withToken(options: {
  readonly tokens: TokenSource;
  readonly signal: AbortSignal;
  readonly send: (token: string) => Promise<Answer>;
  readonly table: AnswerTable<string>;
}): Promise<Answer> {
  const { tokens, signal, send, table } = options;
  const sendWith = async (token: string): Promise<{ readonly answer: Answer; readonly isRefused: boolean }> => {
    const answer = await send(token);
    const isRefused = ruleFor(answer, table).rule?.means === 'token-refused';
    if (isRefused || answer.status === 401) tokens.refused(token);
    return { answer, isRefused };
  };
  const first = await sendWith(await tokens.token(signal));
  if (!first.isRefused) return first.answer;
  const second = await sendWith(await tokens.token(signal));
  if (second.isRefused) throw failureFor('token-refused', second.answer);
  return second.answer;
}
