import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { freePorts } from '../../local/engine/ports';
import { Story } from '../support/story';
import { startWorkerProcess, type WorkerProcess } from '../worker/worker-process';
import { plantedIn } from './places';
import { findPlanted } from './scanner';

let story: Story;
let worker: WorkerProcess | undefined;
beforeEach(async () => {
  story = await Story.open();
  await story.stopWorker();
  await story.seed();
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  await story.close();
});

describe('a worker process at its most talkative', () => {
  it('neither logs nor measures an identifier or a secret', async () => {
    const [port = 0] = await freePorts(1);
    const METRICS_ADDRESS = `127.0.0.1:${port}`;
    worker = await startWorkerProcess(story, { METRICS_ADDRESS, LOG_LEVEL: 'trace' });
    const { individualId, personId, identifyId } = story.subject;
    const body = { error_code: personId, detail: [{ input: personId, loc: [individualId] }], message: identifyId };
    await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'status', status: 422, body });
    await story.simulator.addFault({ provider: 'aptrinsic', kind: 'status', status: 503, body, times: 1 });
    await story.submit();
    await story.until('person', 'attention');
    await story.simulator.clearFaults();
    const decision = { actor: 'staff-7', reason: { code: 'told-to', ticket: 'PRIV-1' } };
    await story.client.decide('retry', story.requestId, { provider: 'person', ...decision });
    await story.until('person', 'waiting-out-window');
    await story.forward(HOUR_MS);
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(8 * DAY_MS);
    expect(await story.outcomes()).toEqual({
      measureone: 'erased/confirmed',
      person: 'erased/verified',
      aptrinsic: 'erased/verified',
    });

    const metrics = await (await fetch(`http://${METRICS_ADDRESS}/metrics`)).text();
    expect(metrics).toContain('task_queue="erasure-person"');
    const { code, stdout, stderr } = await worker.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/"level":10,/);
    const shown = [
      { name: 'the metrics', content: metrics },
      { name: 'the log', content: stderr },
      { name: 'stdout', content: stdout },
    ];
    const planted = await plantedIn(story);
    expect(findPlanted(planted, shown)).toEqual([]);
    // The scan would have found it there.
    const all = JSON.stringify(planted.map(({ value }) => value));
    const found = findPlanted(
      planted,
      shown.map((place) => ({ ...place, content: `${place.content}\n${all}` })),
    );
    for (const { name } of planted) {
      expect(found).toEqual(expect.arrayContaining(shown.map((place) => `${name} as plain text in ${place.name}`)));
    }
  });
});
