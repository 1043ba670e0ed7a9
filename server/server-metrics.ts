/** What the server counts. Labels are names of operations and statuses, never ids. */
import { Counter, Histogram, Registry } from 'prom-client';

export function createServerMetrics() {
  const registry = new Registry();
  const calls = new Counter({
    name: 'erasure_server_calls_total',
    help: 'Calls of the API by operation and status.',
    labelNames: ['operation', 'status'],
    registers: [registry],
  });
  const handling = new Histogram({
    name: 'erasure_server_handling_seconds',
    help: 'Time from the start of a call to the end of its answer.',
    labelNames: ['operation'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    registry,
    called: (call: { readonly operation: string; readonly status: number; readonly elapsedMs: number }): void => {
      calls.inc({ operation: call.operation, status: String(call.status) });
      handling.observe({ operation: call.operation }, call.elapsedMs / 1_000);
    },
  };
}
