/**
 * Tokens of the providers that want a login first: one login at a time, kept until shortly before it expires. Where a provider
 * keeps one token for each client, the login of another process ends ours, so a refused token is no refusal of our credentials:
 * only a refused login is.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import { throwIfCancelled, unlessCancelled } from './cancellation';
import { type AnswerTable, failureFor, judge, type Judging, ruleFor } from './answers';
import { numberIn } from './contradiction';
import type { Answer } from './http';

export interface Login {
  readonly token: string;
  readonly lifetimeMs: number;
}

export interface TokenSource {
  /** A token that should be valid, from a login shared with everybody who waits for one. Rejects when `signal` fires. */
  token(signal: AbortSignal): Promise<string>;
  /**
   * The provider refused this token. Unless a newer one is there already, the next caller logs in; where tokens are refused
   * soon after their logins, after a pause, in which another process can use its own.
   */
  refused(token: string): void;
}

/** For a token that does not say, or says nonsense about, how long it lives. */
const UNKNOWN_LIFETIME_MS = 1 * MINUTE_MS;
const LIFETIME_MAX_MS = 1 * DAY_MS;
/** A token is not used so shortly before its end that it could expire on its way. */
const SPARE_MS = 30 * SECOND_MS;

/** Refused within this time after its login: another process has probably logged in since. */
const SOON_REFUSED_MS = 10 * SECOND_MS;
/**
 * Pauses before a login: a random part of this, twice as much for each further token that is refused soon. So the processes
 * take turns of seconds, and what waits in one of them is sent in its turn.
 */
const FIRST_PAUSE_MS = SECOND_MS / 2;
const LONGEST_PAUSE_MS = 8 * SECOND_MS;
/** A refused call is repeated so often, and begun so late, at most. With the last pause, login and call it ends well within the activity's time. */
const TRIES_MAX = 6;
const TRY_AGAIN_FOR_MS = 20 * SECOND_MS;

export interface Pausing {
  readonly pause: (ms: number) => Promise<unknown>;
  /** At least 0, below 1. */
  readonly random: () => number;
}

/** A process that shuts down does not wait for it. */
const realPausing: Pausing = { pause: (ms) => wait(ms, undefined, { ref: false }), random: Math.random };

export function createTokenSource(options: {
  /** Bounded in time by itself: no single waiting caller may break it off for the others. */
  readonly login: () => Promise<Login>;
  /** Milliseconds of a clock that is never set back; not the clock of the workflow, which skips days in tests. */
  readonly monotonicNow?: () => number;
  readonly pausing?: Pausing | undefined;
}): TokenSource {
  const { login, monotonicNow = () => performance.now(), pausing: { pause, random } = realPausing } = options;
  let current: { readonly token: string; readonly since: number; readonly freshUntil: number } | undefined;
  let loggingIn: Promise<string> | undefined;
  let refusedSoonInARow = 0;

  async function freshToken(): Promise<string> {
    const longestPauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (refusedSoonInARow - 1), LONGEST_PAUSE_MS);
    if (refusedSoonInARow > 0) await pause(random() * longestPauseMs);
    const since = monotonicNow();
    const { token, lifetimeMs } = await login();
    current = { token, since, freshUntil: since + lifetimeMs - Math.min(SPARE_MS, lifetimeMs / 5) };
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
      if (current?.token !== token) return;
      refusedSoonInARow = monotonicNow() - current.since < SOON_REFUSED_MS ? refusedSoonInARow + 1 : 0;
      current = undefined;
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
    ...(said.expires_in === undefined ? [] : [numberIn(said.expires_in) * SECOND_MS]),
    ...(said.expires_at === undefined ? [] : [numberIn(said.expires_at) - Date.now()]),
  ].map((lifetimeMs) => (lifetimeMs > 0 ? lifetimeMs : UNKNOWN_LIFETIME_MS));
  const lifetimeMs = lifetimes.length === 0 ? UNKNOWN_LIFETIME_MS : Math.min(...lifetimes, LIFETIME_MAX_MS);
  return { token: said.access_token, lifetimeMs };
}

export function basicLogin(clientId: string, clientSecret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

/**
 * Sends with a token, and again with a fresh one where the provider refuses it: the token may have expired, or another
 * process may have logged in with the same client. Safe to repeat also for an erasing call, since the provider did nothing.
 * A 401 that is not the provider's own is handed on as it is; the next attempt logs in afresh all the same.
 */
export async function withToken(options: {
  readonly tokens: TokenSource;
  readonly signal: AbortSignal;
  readonly send: (token: string) => Promise<Answer>;
  readonly table: AnswerTable<string>;
  readonly monotonicNow?: () => number;
}): Promise<Answer> {
  const { tokens, signal, send, table, monotonicNow = () => performance.now() } = options;
  let firstRefusedAt: number | undefined;
  for (let tries = 1; ; tries += 1) {
    const token = await tokens.token(signal);
    const answer = await send(token);
    const isRefused = ruleFor(answer, table).rule?.means === 'token-refused';
    if (isRefused || answer.status === 401) tokens.refused(token);
    if (!isRefused) return answer;
    const now = monotonicNow();
    firstRefusedAt ??= now;
    const isTimeUp = now - firstRefusedAt >= TRY_AGAIN_FOR_MS;
    if (tries === TRIES_MAX || isTimeUp) throw failureFor('token-refused', answer);
  }
}
