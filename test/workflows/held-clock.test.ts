/** A run dates what it does the same live and on every replay, also directly after a local activity. */
import { setTimeout as pause } from 'node:timers/promises';
import { progress } from '../../workflows/messages';
import { WORKFLOW_QUEUE } from '../../temporal/names';
import { accepted, eventually, WorkflowBench } from '../support/workflow-bench';

const RUNS = 12;
const QUERIES = 3;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

/**
 * Asked something while a local activity is under way, Temporal's SDK reports the activity's end by itself and lets the run go on
 * in its next task: later, by the run's own clock, than a replay does.
 */
it('asks its provider at the moment that a replay says it did', async () => {
  bench.providers.measureone.ask.set(accepted({}));
  await bench.stop(WORKFLOW_QUEUE);
  const handles = [];
  for (let index = 0; index < RUNS; index += 1) handles.push(await bench.startFor('measureone'));
  const asked = handles.flatMap((handle) => Array.from({ length: QUERIES }, () => handle.query(progress)));
  await pause(300);
  await bench.serve(WORKFLOW_QUEUE);
  await Promise.all(asked);
  await eventually(async () => (bench.providers.measureone.ask.calls.length === RUNS ? true : undefined));
  const live = new Map(
    bench.providers.measureone.ask.calls.map(({ requestId, firstAskedAt }) => [requestId, firstAskedAt]),
  );

  await bench.stop(WORKFLOW_QUEUE);
  await bench.serve(WORKFLOW_QUEUE);
  const replayed = new Map<string, number>();
  for (const handle of handles) {
    const { requestId, legs } = await handle.query(progress);
    replayed.set(requestId, Date.parse(legs[0]?.requestedAt ?? ''));
  }
  expect(Object.fromEntries(replayed)).toEqual(Object.fromEntries(live));
});
