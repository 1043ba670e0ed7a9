/** What the gateway counts. Labels are words from the lists below and never ids, so there are few series, and none about anybody. */
import { Counter, Histogram, Registry } from 'prom-client';
import type { TokenProblem } from './callback-proof';

export const callbackResults = [
  'accepted',
  /** Confirms nothing, and was delivered as evidence. */
  'reported',
  'unreadable',
  'already-over',
  'not-proven',
  'too-many',
  'no-token',
  'unknown-request',
  'temporal-away',
  /** The run takes neither a signal nor an update. */
  'run-full',
  /** Too large, broken off, or a bug of ours. */
  'failed',
] as const;
export type CallbackResult = (typeof callbackResults)[number];

export const tokenResults = ['issued', 'refused', 'too-many', 'failed'] as const;
export type TokenResult = (typeof tokenResults)[number];

export const decisionTokenResults = [
  'issued',
  'not-authenticated',
  'too-many',
  'no-decision',
  'not-allowed',
  /** The identity provider. */
  'provider-away',
  'failed',
] as const;
export type DecisionTokenResult = (typeof decisionTokenResults)[number];

export const tokenProblems: readonly TokenProblem[] = [
  'missing',
  'malformed',
  'algorithm-not-allowed',
  'wrong-type',
  'unknown-key',
  'altered',
  'not-for-us',
  'expired',
  'another-callback',
];

export type MeasuredRoute = 'callback' | 'token' | 'decision-token';

export interface GatewayMetrics {
  readonly registry: Registry;
  callback(result: CallbackResult): void;
  token(result: TokenResult): void;
  decisionToken(result: DecisionTokenResult): void;
  /** The alarm: a callback had a true capability, and no true token. */
  callbackWithoutToken(problem: TokenProblem): void;
  handled(route: MeasuredRoute, ms: number): void;
}

/** With a registry of its own: several gateways in one process do not count for each other. */
export function createGatewayMetrics(): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const callbacks = new Counter({
    name: 'erasure_gateway_callbacks_total',
    help: 'Callbacks by what became of them. A repeated one counts as accepted each time.',
    labelNames: ['result'],
    registers,
  });
  const tokens = new Counter({
    name: 'erasure_gateway_tokens_total',
    help: 'Requests for a token by what became of them.',
    labelNames: ['result'],
    registers,
  });
  const decisionTokens = new Counter({
    name: 'erasure_gateway_decision_tokens_total',
    help: 'Requests for a decision token by what became of them.',
    labelNames: ['result'],
    registers,
  });
  const withoutToken = new Counter({
    name: 'erasure_gateway_callback_token_missing_total',
    help: 'Callbacks with a true capability but no true token, by what was wrong with it.',
    labelNames: ['reason'],
    registers,
  });
  const handling = new Histogram({
    name: 'erasure_gateway_handling_seconds',
    help: 'Time from the start of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  // Or a series would begin with its first event, and a rise from nothing is none to whoever watches the rate.
  for (const result of callbackResults) callbacks.inc({ result }, 0);
  for (const result of tokenResults) tokens.inc({ result }, 0);
  for (const result of decisionTokenResults) decisionTokens.inc({ result }, 0);
  for (const reason of tokenProblems) withoutToken.inc({ reason }, 0);

  return {
    registry,
    callback: (result) => callbacks.inc({ result }),
    token: (result) => tokens.inc({ result }),
    decisionToken: (result) => decisionTokens.inc({ result }),
    callbackWithoutToken: (reason) => withoutToken.inc({ reason }),
    handled: (route, ms) => handling.observe({ route }, ms / 1_000),
  };
}
