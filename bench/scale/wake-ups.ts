/** Many erasures whose window ends in the same second, in real time. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { newSubject, sampleSubmission, seed } from '../../local/sample-request';
import { atOnce } from '../frame/at-once';
import { startCpuClock } from '../frame/cpu-time';
import { type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { quantile } from '../frame/statistics';
import { startOwnWorld } from './own-world';

const FULL = 10_000;
const CHOSEN = 300;
const CHUNK = 25;
const AT_ONCE = 8;
/** For taking each on, on a machine that does other things too. */
const MS_FOR_EACH = 150;
const ENDED_WITHIN_MS = 3_600_000;

async function run({ quick, full, report }: BenchContext): Promise<Result> {
  const count = full ? FULL : quick ? 40 : CHOSEN;
  const world = await startOwnWorld({ name: 'wake-ups', report });
  const { stack, application } = world;
  try {
    const { simulator, client } = stack;
    const wakeAt = Date.now() + 20_000 + count * MS_FOR_EACH;
    const ids: string[] = [];
    for (let done = 0; done < count; done += CHUNK) {
      const chunk = Array.from({ length: Math.min(CHUNK, count - done) }, newSubject);
      for (const subject of chunk) await seed(simulator, subject);
      await simulator.configure({ person: { defaultDelayMs: wakeAt - Date.now() } });
      await simulator.clearCalls();
      await atOnce(chunk, AT_ONCE, async (subject) => {
        const { subject: asked, ...rest } = sampleSubmission(randomUUID(), subject);
        const { person } = asked;
        const submitted = await client.submit({ ...rest, subject: { person }, policy: { marginMs: 0 } });
        ids.push(submitted.workflowId);
      });
      const askedBy = performance.now() + 120_000;
      while ((await simulator.calls({ provider: 'person', operation: 'purge' })).length < chunk.length) {
        if (performance.now() > askedBy) throw new Error('The requests were not taken on in time');
        await pause(100);
      }
    }
    const earlyMs = wakeAt - Date.now();
    if (earlyMs < 0) throw new Error(`Taking ${count} on took ${-earlyMs} ms longer than was allowed`);
    report(`${count} wait; they wake in ${Math.round(earlyMs / 1000)} s`);
    await pause(Math.max(0, earlyMs - 3_000));
    const stopClock = startCpuClock(application.roles());
    const temporal = new Client({ connection: stack.connection, namespace: stack.namespace });
    const until = Date.now() + ENDED_WITHIN_MS;
    const lateMs = await atOnce(ids, AT_ONCE, async (workflowId) => {
      const handle = temporal.workflow.getHandle(workflowId);
      const result = (await temporal.withDeadline(until, () => handle.result())) as { readonly outcome: string };
      if (result.outcome === 'withdrawn') throw new Error(`${workflowId} ended as ${result.outcome}`);
      return ((await handle.describe()).closeTime?.getTime() ?? NaN) - wakeAt;
    });
    const spent = stopClock();
    const cpuMs = ['worker', 'server'].map((role) => (spent[role] ?? 0) / count);
    const late = (at: number): string => (quantile(lateMs, at) / 1000).toFixed(1);
    return {
      tables: [
        {
          title: `${count} windows that end in the same second`,
          columns: ['', ''],
          rows: [
            ['ended with a certificate', `${lateMs.length} of ${count}`],
            ['CPU of the worker for each, ms', cpuMs[0]!.toFixed(0)],
            ['CPU of the server for each, ms', cpuMs[1]!.toFixed(0)],
            ['half ended within, s after the window', late(0.5)],
            ['the last ended, s after the window', late(1)],
            ['ended before their window was over', String(lateMs.filter((ms) => ms < 0).length)],
          ],
        },
      ],
      plots: [
        {
          name: 'late',
          title: 'How long after the window erasures ended',
          y: 'ended, %',
          x: 'seconds after the window',
          kind: 'lines',
          series: [
            {
              name: `${count} at once`,
              points: [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((at) => ({ x: quantile(lateMs, at) / 1000, y: at * 100 })),
            },
          ],
        },
      ],
      targets: [
        {
          what: `${count} wake-ups at the same instant`,
          target: 'all end, none before its window',
          measured: `${lateMs.length} ended, ${lateMs.filter((ms) => ms < 0).length} of them too early, the last after ${late(1)} s`,
          verdict: lateMs.length === count && lateMs.every((ms) => ms >= 0) ? 'met' : 'not met',
        },
      ],
      notes: [
        'Each asks the person API only, whose window ends at a time that it names: the same second for all. Real time, one worker, no limit of calls a second; the look at the provider and the certificate are in it. The seconds depend on what else the machine does.',
        ...(count < FULL
          ? [`${FULL} at once were not measured: \`npm run bench -- --only wake-ups --full\` does it.`]
          : []),
      ],
    };
  } finally {
    await world.stop();
  }
}

export const wakeUps: Measurement = {
  name: 'wake-ups',
  title: 'Waking at the same instant',
  about: 'Many erasures wait, and all their windows end in the same second.',
  run,
};
