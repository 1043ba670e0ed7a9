/** Test files that run at once must not share task queues, so each of jest's workers has a namespace of its own. */
export const TEST_WORKERS_MAX = 3;

export function testNamespace(jestWorkerId: number): string {
  return `test-${jestWorkerId}`;
}

export const ownNamespace = testNamespace(Number(process.env['JEST_WORKER_ID'] ?? '1'));
