/** The same job on DBOS with PostgreSQL: what it costs, and what a SIGKILL in the middle makes of it, there and with us. */
import { setTimeout as pause } from 'node:timers/promises';
import { newSubject, seed } from '../../local/sample-request';
import type { Subject } from '../../local/scenarios';
import type { Stack } from '../../local/stack';
import { inTurn } from '../frame/interleave';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, ratioOf } from '../frame/statistics';
import { ALL_WINDOWS_MS, deniedIn, endAll, erasedIn, runBatch, untilAsked } from './batch';
import { startWorld, type World } from './compared-world';
import { startDbosWorld, type DbosWorld } from './dbos-world';

/** All of a batch must have been asked by then, and the world moved on; and nobody waits for nothing. */
const WINDOW_MS = 20_000;
const PROVIDERS = 3;
const CALLS_WITHIN_MS = 60_000;
/** A call whose worker has died is made again by then. */
const MISSED_WITHIN_MS = 20_000;

const sizes = {
  full: { rounds: 4, erasures: 8, killed: 30 },
  quick: { rounds: 2, erasures: 5, killed: 10 },
} as const;

type Size = (typeof sizes)[keyof typeof sizes];

interface Cost {
  readonly worker: number;
  readonly server: number;
  readonly totalMs: number;
}

async function run(context: BenchContext): Promise<Result> {
  const size = sizes[context.quick ? 'quick' : 'full'];
  const world = await startWorld(context);
  try {
    const dbos = await startDbosWorld(world.stack, context, WINDOW_MS);
    try {
      const costs = await compareCosts(world, dbos, { ...size, context });
      context.report(`SIGKILL in the middle of ${size.killed} erasures: DBOS, then ours`);
      const killed = {
        dbos: await killInTheMiddle(world.stack, size.killed, killedDbos(dbos)),
        own: await killInTheMiddle(world.stack, size.killed, killedOwn(world)),
      };
      return resultOf(costs, killed, size);
    } finally {
      await dbos.stop();
    }
  } finally {
    await world.stop();
  }
}

type Rounds = Readonly<Record<'own' | 'dbos', Cost>>[];

async function compareCosts(
  { stack, own }: World,
  dbos: DbosWorld,
  { rounds, erasures, context }: { readonly rounds: number; readonly erasures: number; readonly context: BenchContext },
): Promise<Rounds> {
  const batches = {
    own: async (): Promise<Cost> => {
      const { roles, totalMs } = await runBatch(stack, own, erasures);
      return { worker: totalMs - (roles['server'] ?? 0), server: roles['server'] ?? 0, totalMs };
    },
    dbos: () => dbosBatch(stack, dbos, erasures),
  };
  const told = (name: 'own' | 'dbos') => async (): Promise<Cost> => {
    const cost = await batches[name]();
    context.report(`${name}: ${cost.totalMs.toFixed(0)} ms of CPU for an erasure`);
    return cost;
  };
  for (const name of ['own', 'dbos'] as const) await told(name)();
  return inTurn(rounds, { own: told('own'), dbos: told('dbos') });
}

async function dbosBatch(stack: Stack, dbos: DbosWorld, erasures: number): Promise<Cost> {
  const subjects = await newSubjects(stack, erasures);
  const before = dbos.cpuMs();
  const requestIds = await dbos.submit(subjects);
  await untilAsked(stack, erasures);
  await stack.simulator.advance(ALL_WINDOWS_MS);
  await assertErased(dbos, requestIds);
  const after = dbos.cpuMs();
  const worker = (after.worker - before.worker) / erasures;
  const server = (after.server - before.server) / erasures;
  return { worker, server, totalMs: worker + server };
}

async function newSubjects({ simulator }: Stack, count: number): Promise<Subject[]> {
  const subjects = Array.from({ length: count }, newSubject);
  for (const subject of subjects) await seed(simulator, subject);
  await simulator.clearCalls();
  return subjects;
}

async function assertErased(dbos: DbosWorld, requestIds: readonly string[]): Promise<void> {
  const other = (await dbos.resultsOf(requestIds)).find((result) => erasedIn(result) !== PROVIDERS);
  if (other !== undefined) throw new Error(`DBOS did not erase everywhere: ${JSON.stringify(other)}`);
}

interface AfterKill {
  /** Erasures that were taken on and never ended. */
  readonly lost: number;
  /** Ended with less than "erased" of a provider, and truly so: `presumed-erased`, for example. */
  readonly weaker: number;
  /** Ended with a provider as one that knew nobody, though it had taken the request on. */
  readonly untrue: number;
  /** Calls that erase beyond one for each provider and person. */
  readonly repeated: number;
  readonly callsBefore: number;
  /** From the kill until every provider had been asked about everybody. */
  readonly secondsToResume: number;
}

interface Killed {
  submit(subjects: readonly Subject[]): Promise<readonly string[]>;
  killAndRestart(): Promise<void>;
  /** Once everything has been asked: until what the dead process was calling has been called again. */
  untilAllAreMissed(): Promise<void>;
  /** What each of them ended with. */
  resultsOf(ids: readonly string[]): Promise<readonly unknown[]>;
}

async function killInTheMiddle(stack: Stack, erasures: number, killed: Killed): Promise<AfterKill> {
  const subjects = await newSubjects(stack, erasures);
  const ids = await killed.submit(subjects);
  const callsBefore = await untilHalfAsked(stack, erasures);
  const killedAt = performance.now();
  await killed.killAndRestart();
  await untilAsked(stack, erasures);
  const secondsToResume = (performance.now() - killedAt) / 1000;
  await killed.untilAllAreMissed();
  await stack.simulator.advance(ALL_WINDOWS_MS);
  const results = await killed.resultsOf(ids);
  return {
    lost: erasures - results.length,
    weaker: results.filter((result) => erasedIn(result) !== PROVIDERS && deniedIn(result) === 0).length,
    untrue: results.filter((result) => deniedIn(result) > 0).length,
    repeated: (await erasingCalls(stack)) - PROVIDERS * erasures,
    callsBefore,
    secondsToResume,
  };
}

function killedDbos(dbos: DbosWorld): Killed {
  return {
    submit: (subjects) => dbos.submit(subjects),
    async killAndRestart() {
      dbos.kill();
      await dbos.start();
    },
    // It takes up at once, when it starts.
    untilAllAreMissed: () => Promise.resolve(),
    resultsOf: (ids) => dbos.resultsOf(ids),
  };
}

function killedOwn({ stack, own }: World): Killed {
  return {
    submit: (subjects) => own.submit(subjects),
    async killAndRestart() {
      await stack.worker.kill();
      await stack.startWorker();
    },
    untilAllAreMissed: () => untilNoneAsks(stack),
    resultsOf: (ids) => endAll(stack, ids),
  };
}

/** Half of the calls that erase have been made: many requests are in the middle of theirs. */
async function untilHalfAsked(stack: Stack, erasures: number): Promise<number> {
  const until = performance.now() + CALLS_WITHIN_MS;
  for (;;) {
    const count = await erasingCalls(stack);
    if (count >= (PROVIDERS * erasures) / 2) return count;
    if (performance.now() > until) throw new Error(`Only ${count} calls were made`);
    await pause(5);
  }
}

/**
 * A call that was answered to a process that had just died is made again, once the process is missed. After the providers' clock
 * was advanced it would begin a window of its own there.
 */
async function untilNoneAsks(stack: Stack): Promise<void> {
  let calls = await erasingCalls(stack);
  let since = performance.now();
  while (performance.now() - since < MISSED_WITHIN_MS) {
    await pause(500);
    const now = await erasingCalls(stack);
    if (now !== calls) since = performance.now();
    calls = now;
  }
}

async function erasingCalls({ simulator }: Stack): Promise<number> {
  const calls = await Promise.all([
    simulator.calls({ provider: 'measureone', operation: 'purge' }),
    simulator.calls({ provider: 'person', operation: 'purge' }),
    simulator.calls({ provider: 'aptrinsic', operation: 'delete' }),
  ]);
  // A call with an expired token erases nothing, and is made again with a new one.
  return calls.flat().filter(({ status }) => status !== 401 && status !== 403).length;
}

function resultOf(rounds: Rounds, killed: Readonly<Record<'own' | 'dbos', AfterKill>>, size: Size): Result {
  const ratio = ratioOf(rounds.map(({ own, dbos }) => ({ over: own.totalMs, under: dbos.totalMs })));
  const kinds = [
    ['ours, on Temporal with SQLite', 'own'],
    ['DBOS with PostgreSQL', 'dbos'],
  ] as const;
  const cost = (of: 'own' | 'dbos', part: keyof Cost) => meanOf(rounds.map((round) => round[of][part]));
  const ms = (of: 'own' | 'dbos', part: keyof Cost): string => `${estimateText(cost(of, part), 0)} ms`;
  return {
    tables: [
      {
        title: 'CPU for an erasure',
        columns: ['', 'application', 'server or database', 'total'],
        rows: kinds.map(([name, of]) => [name, ms(of, 'worker'), ms(of, 'server'), ms(of, 'totalMs')]),
      },
      {
        title: `After a SIGKILL in the middle of ${size.killed} erasures`,
        columns: [
          '',
          'calls before it',
          'lost',
          'weaker ends',
          'untrue ends',
          'calls that erase, repeated',
          'all asked again after',
        ],
        rows: kinds.map(([name, of]) => {
          const { callsBefore, lost, weaker, untrue, repeated, secondsToResume } = killed[of];
          return [
            name,
            ...[callsBefore, lost, weaker, untrue, repeated].map(String),
            `${secondsToResume.toFixed(0)} s`,
          ];
        }),
      },
    ],
    plots: [
      {
        name: 'cpu',
        title: 'CPU for an erasure',
        kind: 'bars',
        y: 'ms of CPU',
        series: kinds.map(([name, of]) => ({
          name,
          points: (['worker', 'server', 'totalMs'] as const).map((part) => {
            const { mean, low, high } = cost(of, part);
            return { x: labels[part], y: mean, low, high };
          }),
        })),
      },
    ],
    targets: [target("Total CPU, ours over DBOS's", ratio, { atMost: 4 })],
    notes: [
      `${size.rounds} interleaved batches of ${size.erasures} erasures of each, after one of each that does not count.`,
      `DBOS has no clock that skips: its windows are ${WINDOW_MS / 1000} s, in real time, and ours the true ones on virtual time. What DBOS would spend in days of waiting is not in its figure, nor is what Temporal would.`,
      'DBOS keeps its state in PostgreSQL, Temporal here in SQLite; DBOS runs worker, client and callback in one process.',
      'A call that is repeated after a crash is answered "not found" by a provider that hides the record at once. An application that does not remember that it may have asked takes that for an answer about the person and ends with "not found": an untrue end. Ours waits the window out, looks, and says `presumed-erased` where it does not know that the record was ever there: a weaker end.',
      'What was being called when the process died is missed by Temporal only when its time-out is over; DBOS takes it up at once when its process starts again, on the same machine under the same name.',
      'One kill of each, at half of the calls: the counts show what kinds of trouble there are, not how often.',
    ],
  };
}

const labels = { worker: 'application', server: 'server or database', totalMs: 'total' } as const;

export const dbos: Measurement = {
  name: 'dbos',
  title: 'Against the same job on DBOS',
  about:
    'The [same job](../bench/dbos/dbos-application.ts) on DBOS with a PostgreSQL of its own: a workflow for the request, one for each provider, steps for the calls, durable sleeps, the callback as a message; as plain as the plain Temporal application. Interleaved batches at the same simulated providers. Then the process that works is killed with SIGKILL while half of the calls are made, and started again: the simulator says what it was asked twice.',
  run,
};
