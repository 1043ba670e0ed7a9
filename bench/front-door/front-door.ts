/** What the server costs: a request that is filed through its API, beside the client library; and a page of its inbox. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ErasureSubmission } from '../../client';
import { startProcess } from '../../local/child-process';
import { freePorts } from '../../local/engine/ports';
import { newSubject, sampleSubmission } from '../../local/sample-request';
import type { Stack } from '../../local/stack';
import { addServiceKey } from '../../security/service-keys';
import { startAskedProcess, type AskedProcess } from '../frame/asked-process';
import { startCpuClock } from '../frame/cpu-time';
import { inTurn } from '../frame/interleave';
import { estimateText, target, type BenchContext, type Measurement, type Result } from '../frame/measurement';
import { meanOf, ratioOf, type Estimate } from '../frame/statistics';
import { startOwnWorld } from '../scale/own-world';
import type { FilingQuestion } from './filing-process';
import type { InboxAnswer, InboxQuestion } from './inbox-process';
import { startTokenIssuer } from './token-issuer';

const SERVICE = 'portal';
const OPEN = 100_000;
const RATIO_MAX = 1.5;
const PAGE_MS_MAX = 100;
/** Rounds that do not count: what is compiled first costs more. */
const WARM_UP = 4;
/** What Temporal still does once it has answered belongs to the batch that it was asked by. */
const AFTERWARDS_MS = 1_000;

/** In ms of CPU for each request, by process. */
type FilingCost = Readonly<Record<'library' | 'server' | 'caller' | 'temporal', number>>;
type Way = 'library' | 'key' | 'token';
type FilingRound = Readonly<Record<Way, FilingCost>>;

async function run(context: BenchContext): Promise<Result> {
  const world = await startOwnWorld({ name: 'front door', report: context.report });
  try {
    // Only the filing: nobody works on what was started.
    await world.stack.worker.stop();
    const filed = await measureFiling(world.stack, context);
    const inbox = await measureInbox(world.stack, context);
    return resultOf(filed, inbox, context);
  } finally {
    await world.stop();
  }
}

async function measureFiling(stack: Stack, { quick, report }: BenchContext): Promise<FilingRound[]> {
  const rounds = quick ? 2 : 8;
  const requests = requestsInBatch(quick);
  const undo: (() => Promise<void>)[] = [];
  const started = <Thing extends { stop(): Promise<void> }>(thing: Thing): Thing => {
    undo.push(() => thing.stop());
    return thing;
  };
  try {
    const issuer = started(await startTokenIssuer(SERVICE));
    const { key } = await addServiceKey({
      directory: stack.keysDirectory,
      service: SERVICE,
      roles: ['file'],
      now: Date.now(),
    });
    const { url, process: server } = await startServer(stack, issuer.settings);
    started(server);
    const library = started(await startFiling(stack));
    const caller = started(await startFiling(stack));
    const temporal = stack.engine.pid ?? 0;

    const measure = async (
      name: Way,
      by: AskedProcess<FilingQuestion, number>,
      at?: { readonly url: string; readonly bearer: string },
    ): Promise<FilingCost> => {
      const submissions: readonly ErasureSubmission[] = Array.from({ length: requests }, () => ({
        ...sampleSubmission(randomUUID(), newSubject()),
        filedBy: SERVICE,
      }));
      await by.ask({ do: 'take', submissions });
      const stopClock = startCpuClock({ library: library.pid, caller: caller.pid, server: server.pid, temporal });
      const filed = await by.ask({ do: 'file', ...(at === undefined ? {} : { at }) });
      await pause(AFTERWARDS_MS);
      const spent = stopClock();
      if (filed !== requests) throw new Error(`${filed} of ${requests} were filed`);
      const each = (process: keyof FilingCost): number => (spent[process] ?? NaN) / requests;
      const cost = {
        library: each('library'),
        server: each('server'),
        caller: each('caller'),
        temporal: each('temporal'),
      };
      report(
        `${name}: ${(name === 'library' ? cost.library : cost.server).toFixed(2)} ms, Temporal ${cost.temporal.toFixed(2)} ms`,
      );
      return cost;
    };
    const ways = {
      library: () => measure('library', library),
      key: () => measure('key', caller, { url, bearer: key }),
      token: () => measure('token', caller, { url, bearer: issuer.token }),
    };
    await inTurn<Way, FilingCost>(WARM_UP, ways);
    return await inTurn<Way, FilingCost>(rounds, ways);
  } finally {
    for (const step of undo.toReversed()) await step();
  }
}

async function startServer(stack: Stack, settings: Readonly<Record<string, string>>) {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    name: 'server',
    script: join(__dirname, '..', '..', 'cli', 'main.js'),
    args: ['server'],
    env: {
      ...stack.settings,
      ...settings,
      LOG_LEVEL: 'info',
      SERVER_PORT: String(port),
      // All come from one caller.
      SERVER_CALLS_PER_MINUTE: '1000000',
    },
    logDirectory: stack.logDirectory,
    isReady: (logged) => logged.includes('The server listens'),
  });
  return { url, process: started };
}

function startFiling({ settings }: Stack) {
  return startAskedProcess<FilingQuestion, number>({ script: join(__dirname, 'filing-process.js'), env: settings });
}

function requestsInBatch(quick: boolean): number {
  return quick ? 50 : 200;
}

const looks = {
  open: { address: '/', text: 'the first page', isAged: true },
  'open, counted before': { address: '/', text: 'the first page, counted less than 5 s before', isAged: false },
  'needs-staff': { address: '/?show=needs-staff', text: 'those that need a staff member', isAged: true },
  'third page': { address: '/?page=3', text: 'the third page', isAged: true },
} as const;
type Look = keyof typeof looks;

/** ms of CPU for each page. */
async function measureInbox(
  { settings }: Stack,
  { quick, report }: BenchContext,
): Promise<Readonly<Record<Look, number>>[]> {
  const pages = quick ? 5 : 20;
  const inbox = await startAskedProcess<InboxQuestion, InboxAnswer>({
    script: join(__dirname, 'inbox-process.js'),
    env: { ...settings, OPEN_REQUESTS: String(OPEN) },
  });
  try {
    const { url, cookie } = await inbox.ask({ do: 'where' });
    const measure = async ({ address, isAged }: (typeof looks)[Look]): Promise<number> => {
      const stopClock = startCpuClock({ inbox: inbox.pid });
      for (let page = 0; page < pages; page += 1) {
        if (isAged) await inbox.ask({ do: 'age' });
        const answer = await fetch(`${url}${address}`, { headers: { cookie }, redirect: 'manual' });
        const rows = (await answer.text()).match(/<tr class="/g)?.length;
        if (rows !== 100) throw new Error(`${address} was answered ${answer.status} with ${rows} rows`);
      }
      const each = (stopClock()['inbox'] ?? NaN) / pages;
      report(`${address}${isAged ? '' : ' again'}: ${each.toFixed(1)} ms`);
      return each;
    };
    const ways = Object.fromEntries(
      Object.entries(looks).map(([name, look]) => [name, () => measure(look)]),
    ) as Readonly<Record<Look, () => Promise<number>>>;
    await inTurn<Look, number>(WARM_UP, ways);
    return await inTurn<Look, number>(quick ? 2 : 8, ways);
  } finally {
    await inbox.stop();
  }
}

function resultOf(
  filed: readonly FilingRound[],
  inbox: readonly Readonly<Record<Look, number>>[],
  { quick }: BenchContext,
): Result {
  const mean = (of: (round: FilingRound) => number): string => estimateText(meanOf(filed.map(of)), 2);
  const own = ({ library, server }: FilingCost): number => library + server;
  const filedBy = (way: Way): string[] => [
    mean((round) => own(round[way])),
    mean((round) => round[way].temporal),
    mean((round) => own(round[way]) + round[way].temporal),
    way === 'library' ? '–' : mean((round) => round[way].caller),
  ];
  const overLibrary = (way: Way, of: (cost: FilingCost) => number): Estimate =>
    ratioOf(filed.map((round) => ({ over: of(round[way]), under: of(round.library) })));
  const withTemporal = (way: Way): string =>
    estimateText(
      overLibrary(way, (cost) => own(cost) + cost.temporal),
      2,
    );
  const shown = (Object.keys(looks) as Look[]).map((look) => ({
    look,
    costs: meanOf(inbox.map((round) => round[look])),
  }));
  const dearest = shown.toSorted((one, other) => other.costs.mean - one.costs.mean)[0];
  if (dearest === undefined) throw new Error('No page was looked at');
  return {
    tables: [
      {
        title: 'CPU for a request that is filed, ms',
        columns: ['', 'who files it', 'Temporal', 'both', 'the HTTP caller besides'],
        rows: [
          ['the client library, in the process that calls it', ...filedBy('library')],
          ['the server, called with a service key', ...filedBy('key')],
          ['the server, called with a token of the identity provider (RS256)', ...filedBy('token')],
        ],
      },
      {
        title: `CPU of the server for a page of the inbox with ${OPEN} open requests`,
        columns: ['', 'ms'],
        rows: shown.map(({ look, costs }) => [looks[look].text, estimateText(costs, 1)]),
      },
    ],
    plots: [],
    targets: [
      target(
        'CPU of the server for a request filed with a service key, over that of the client library',
        overLibrary('key', own),
        { atMost: RATIO_MAX },
      ),
      target('The same with a token', overLibrary('token', own), { atMost: RATIO_MAX }),
      target(
        `A page of the inbox with ${OPEN} open requests, the dearest (${looks[dearest.look].text})`,
        dearest.costs,
        { atMost: PAGE_MS_MAX },
        { unit: 'ms', digits: 1 },
      ),
    ],
    notes: [
      `${filed.length} interleaved batches of ${requestsInBatch(quick)} requests each way, 8 at once, after ${WARM_UP} of each that do not count. All are alike, and seal three identifiers. No worker runs.`,
      `With Temporal's part, the ratio is ${withTemporal('key')} with a service key and ${withTemporal('token')} with a token.`,
      "The HTTP caller is Node's `fetch` in a process of its own; what it costs is the caller's, and in no ratio. The server writes its log to a file, as always.",
      'The inbox is asked over HTTP in a process of its own, with the index as a stand-in: its answers are decoded from bytes for each look, but do not come over the network, and what the index itself does is not measured.',
    ],
  };
}

export const frontDoor: Measurement = {
  name: 'front-door',
  title: 'The front door',
  about:
    'The same requests are filed with the client library and through the HTTP API of `erasure server`, in turn, at a real Temporal server. Then pages of the console’s inbox are asked for.',
  run,
};
