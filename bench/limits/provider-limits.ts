/** Whether all workers together keep to a provider's rate, and use it: through kills and restarts, by the provider's own log. */
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startProcess, type OwnProcess } from '../../local/child-process';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import { startStack, type Stack } from '../../local/stack';
import type { BenchContext, Measurement, Plot, Result, Target } from '../frame/measurement';
import { mostInAnySecond, refusedBy, secondsOf, type Second } from './calls-per-second';
import type { CallingOptions } from './calling-process';

const SECOND_MS = 1_000;
/** After this a killed process's share is with the others, and a new process has its own. */
const SETTLED_AFTER_S = 15;
const CALLS_PER_SECOND = 200;

/** What is done to the processes, in seconds since the start. */
interface Plan {
  readonly processes: number;
  readonly seconds: number;
  readonly steps: readonly {
    readonly at: number;
    readonly does: 'kill' | 'start' | 'restart' | 'kill and start' | 'restart brake';
  }[];
}

const plans = (quick: boolean): readonly Plan[] => [
  {
    processes: 1,
    seconds: quick ? 60 : 120,
    steps: [
      { at: quick ? 12 : 30, does: 'restart' },
      { at: quick ? 24 : 60, does: 'restart brake' },
      { at: quick ? 36 : 90, does: 'kill and start' },
    ],
  },
  {
    processes: 4,
    seconds: quick ? 60 : 150,
    steps: [
      { at: quick ? 15 : 30, does: 'kill' },
      { at: quick ? 35 : 60, does: 'start' },
      { at: quick ? 48 : 100, does: 'restart brake' },
    ],
  },
];

interface Observed {
  readonly plan: Plan;
  readonly seconds: readonly Second[];
  readonly calls: number;
  readonly achieved: number;
  /** Without the seconds in which a share that nobody uses is not handed out yet. */
  readonly achievedSettled: number;
  readonly mostByClock: number;
  readonly mostInAny: number;
  readonly refused: number;
}

class Callers {
  readonly #stack: Stack;
  readonly #options: Omit<CallingOptions, 'name'>;
  readonly #running: { readonly name: string; readonly process: OwnProcess }[] = [];
  #names = 0;
  #worker: OwnProcess;

  constructor(stack: Stack, callsPerSecond: number) {
    this.#stack = stack;
    this.#worker = stack.worker;
    this.#options = {
      address: stack.engine.address,
      namespace: stack.namespace,
      url: stack.simulator.addresses.aptrinsic,
      apiKey: defaultCredentials.aptrinsic.apiKey,
      callsPerSecond,
    };
  }

  async start(name = `caller-${(this.#names += 1)}`): Promise<void> {
    const options: CallingOptions = { ...this.#options, name };
    const process = await startProcess({
      name: 'caller',
      script: join(__dirname, 'calling-process.js'),
      args: [JSON.stringify(options)],
      env: {},
      logDirectory: this.#stack.logDirectory,
      isReady: (logged) => logged.includes('calling'),
    });
    this.#running.push({ name, process });
  }

  async do(step: Plan['steps'][number]['does']): Promise<void> {
    const ended = step === 'start' || step === 'restart brake' ? undefined : this.#running.shift();
    if (step === 'kill' || step === 'kill and start') await ended?.process.kill();
    if (step === 'restart') await ended?.process.stop();
    // As whatever starts a process again does, under the same name.
    if (step === 'restart' || step === 'kill and start' || step === 'start') await this.start(ended?.name);
    if (step === 'restart brake') {
      await this.#worker.stop();
      this.#worker = await this.#stack.startWorker();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((caller) => caller.process.stop()));
  }
}

async function observe(stack: Stack, plan: Plan, { report }: BenchContext): Promise<Observed> {
  const callers = new Callers(stack, CALLS_PER_SECOND);
  await Promise.all(Array.from({ length: plan.processes }, () => callers.start()));
  // Until all have their shares.
  await pause(15 * SECOND_MS);
  await stack.simulator.clearCalls();
  const from = Date.now();
  for (const { at, does } of plan.steps) {
    await pause(Math.max(0, from + at * SECOND_MS - Date.now()));
    report(`${plan.processes} processes, second ${at}: ${does}`);
    await callers.do(does);
  }
  await pause(Math.max(0, from + plan.seconds * SECOND_MS - Date.now()));
  const calls = await stack.simulator.calls({ provider: 'aptrinsic' });
  await callers.stop();
  const times = calls.map(({ wallAt }) => Date.parse(wallAt));
  const seconds = secondsOf(times, from, from + plan.seconds * SECOND_MS);
  report(`calls in each second: ${seconds.map((second) => second.calls).join(' ')}`);
  const within = seconds.reduce((sum, second) => sum + second.calls, 0);
  const settled = seconds.filter(({ at }) =>
    plan.steps.every((step) => at < step.at || at >= step.at + SETTLED_AFTER_S),
  );
  const inSettled = settled.reduce((sum, second) => sum + second.calls, 0);
  return {
    plan,
    seconds,
    calls: within,
    achieved: within / (CALLS_PER_SECOND * seconds.length),
    achievedSettled: inSettled / (CALLS_PER_SECOND * settled.length),
    mostByClock: Math.max(...seconds.map((second) => second.calls)) / CALLS_PER_SECOND,
    mostInAny: mostInAnySecond(times) / CALLS_PER_SECOND,
    refused: refusedBy(CALLS_PER_SECOND, seconds) / within,
  };
}

async function run(context: BenchContext): Promise<Result> {
  const stack = await startStack({ report: context.report, namespace: 'erasure-bench' });
  const observed: Observed[] = [];
  try {
    for (const plan of plans(context.quick)) {
      observed.push(await observe(stack, plan, context));
      // A lease of the measurement before must be over.
      await pause(12 * SECOND_MS);
    }
  } finally {
    await stack.stop();
  }
  return {
    tables: [tableOf(observed)],
    plots: observed.map(plotOf),
    targets: observed.flatMap(targetsOf),
    notes: [
      'Counted by the time at which the simulated provider took a call up. The processes are the gate and the HTTP client of the workers, without activities: so many erasures a second are more than two cores and SQLite do.',
      'What is started again has the name of the process before it (`ERASURE_WORKER_NAME`), as in the manifests for Kubernetes. Without one a killed process keeps its share for 10 s.',
      '"Would be refused": by a provider that lets 200 calls pass in each second of its own clock and no more.',
    ],
  };
}

function tableOf(observed: readonly Observed[]): Result['tables'][number] {
  return {
    title: `Calls at ${CALLS_PER_SECOND} a second`,
    columns: [
      'processes',
      'done to them',
      'calls',
      'achieved / allowed',
      `the same, but for the ${SETTLED_AFTER_S} s after each`,
      'most in a second of the clock',
      'most in any second',
      'would be refused',
    ],
    rows: observed.map(({ plan, calls, achieved, achievedSettled, mostByClock, mostInAny, refused }) => [
      String(plan.processes),
      plan.steps.map(({ at, does }) => `${does} at ${at} s`).join(', '),
      String(calls),
      achieved.toFixed(3),
      achievedSettled.toFixed(3),
      mostByClock.toFixed(3),
      mostInAny.toFixed(3),
      refused.toFixed(5),
    ]),
  };
}

function plotOf({ plan, seconds }: Observed): Plot {
  const { processes } = plan;
  return {
    name: processes === 1 ? 'one-process' : `${processes}-processes`,
    title: `Calls by ${processes === 1 ? 'one process' : `${processes} processes`}: ${plan.steps.map(({ at, does }) => `${does} at ${at} s`).join(', ')}`,
    y: 'calls in each second',
    x: 'seconds',
    kind: 'lines',
    series: [
      { name: 'calls', points: seconds.map(({ at, calls }) => ({ x: Math.round(at), y: calls })) },
      { name: 'allowed', points: seconds.map(({ at }) => ({ x: Math.round(at), y: CALLS_PER_SECOND })) },
    ],
  };
}

function targetsOf({ plan, achieved, achievedSettled, mostByClock, refused }: Observed): readonly Target[] {
  const by = plan.processes === 1 ? 'one process' : `${plan.processes} processes`;
  const verdict = (isMet: boolean): Target['verdict'] => (isMet ? 'met' : 'not met');
  return [
    {
      what: `Achieved of allowed, ${by}`,
      target: 'at least 0.95',
      measured: achieved.toFixed(3),
      verdict: verdict(achieved >= 0.95),
    },
    {
      what: `The same, but for the ${SETTLED_AFTER_S} s after what was done to the processes, ${by}`,
      target: 'at least 0.95',
      measured: achievedSettled.toFixed(3),
      verdict: verdict(achievedSettled >= 0.95),
    },
    {
      what: `Most in a second, ${by}`,
      target: 'at most 1.05',
      measured: mostByClock.toFixed(3),
      verdict: verdict(mostByClock <= 1.05),
    },
    {
      what: `Would be refused, ${by}`,
      target: 'at most 0.001',
      measured: refused.toFixed(5),
      verdict: verdict(refused <= 0.001),
    },
  ];
}

export const providerLimits: Measurement = {
  name: 'provider-limits',
  title: "A provider's limits",
  about:
    'Processes call a simulated provider as fast as their gates let them, while one of them is killed, another started, and the worker that runs the brake is restarted. The provider allows 200 calls a second; how many came in each second is told by its own log.',
  run,
};
