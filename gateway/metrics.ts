/** What the gateway counts. Labels are words from the lists below and never ids, so there are few series, and none about anybody. */
import { Counter, Histogram, Registry } from 'prom-client';
import type { TokenProblem } from './callback-verifier';

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

export type MeasuredRoute = 'callback' | 'token';
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** With a registry of its own: several gateways in one process do not count for each other. */
export function createGatewayMetrics() {
  const registry = new Registry();
  const handling = new Histogram({
    name: 'erasure_gateway_handling_seconds',
    help: 'Time from the start of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    registry,
    callback: countEach(registry, 'result', callbackResults, {
      name: 'erasure_gateway_callbacks_total',
      help: 'Callbacks by what became of them. A repeated one counts as accepted each time.',
    }),
    token: countEach(registry, 'result', tokenResults, {
      name: 'erasure_gateway_tokens_total',
      help: 'Requests for a token by what became of them.',
    }),
    /** The alarm: a callback had a true capability, and no true token. */
    callbackWithoutToken: countEach(registry, 'reason', tokenProblems, {
      name: 'erasure_gateway_callback_token_missing_total',
      help: 'Callbacks with a true capability but no true token, by what was wrong with it.',
    }),
    handled: (route: MeasuredRoute, ms: number): void => handling.observe({ route }, ms / 1_000),
  };
}

/** A counter with one series for each value of its only label. */
function countEach<Value extends string>(
  registry: Registry,
  label: string,
  values: readonly Value[],
  { name, help }: { readonly name: string; readonly help: string },
): (value: Value) => void {
  const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
  // Or a series would begin with its first event, and a rise from nothing is none to whoever watches the rate.
  for (const value of values) counter.inc({ [label]: value }, 0);
  return (value) => counter.inc({ [label]: value });
}
