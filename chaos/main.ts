/** `npm run chaos`: the fault suite. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { startPostgres } from '../local/engine/postgres';
import { toTheEnd } from '../local/to-the-end';
import { calm, stormy, type Trouble } from './erasure-plan';
import { FaultSuite, type SuiteClock, type SuiteSummary } from './fault-suite';
import { removals } from './removals';
import { RunLog } from './run-log';
import { prove } from './self-proof';
import { pronounce } from './verdict';
import { NAMESPACE, policies, startWorld } from './world';

interface Options {
  readonly seed: string;
  readonly erasures: number;
  readonly minutes: number;
  readonly kills: number;
  readonly atOnce: number;
  readonly workers: number;
  readonly long?: true;
  readonly calm?: true;
  readonly only?: string;
  readonly prove?: true;
  readonly postgres?: true;
  readonly directory?: string;
}

const long = { erasures: 10_000, minutes: 90, kills: 210, atOnce: 600 } as const;

/** So many show each of the guards' absence. */
const PROOF_ERASURES = 16;
const OFTEN = 0.9;

async function main(): Promise<void> {
  const program = new Command('npm run chaos --')
    .description(
      'Thousands of erasures on virtual time while everything around them breaks, and what must hold all the same.',
    )
    .option('--seed <text>', 'decides every random choice; printed, so that it can be given again')
    .option('--erasures <n>', 'how many requests', wholeNumber, 120)
    .option('--minutes <n>', 'how long things are broken: what is open then is brought to its end', wholeNumber, 10)
    .option('--kills <n>', 'how many processes are killed', wholeNumber, 8)
    .option('--at-once <n>', 'how many requests are open at the same time', wholeNumber, 60)
    .option('--workers <n>', 'how many processes for the workflows, and as many for the providers', wholeNumber, 2)
    .option('--long', `the long form: ${long.erasures} erasures and ${long.kills} kills in ${long.minutes} minutes`)
    .option('--calm', 'nothing is broken: shows that the suite itself finds nothing then')
    .option(
      '--only <kinds>',
      `of all that can be broken only this, and often: ${Object.keys(calm).join(', ')}, or nothing`,
    )
    .option('--prove', 'takes one guard after the other out of a copy of the product, and must find each missing')
    .option('--postgres', 'Temporal on PostgreSQL, which must be installed, instead of its file')
    .option('--directory <path>', 'where everything is kept that it takes to look into a finding')
    .parse();
  const given = program.opts<Options>();
  const options = {
    ...given,
    ...(given.long && { ...long, ...explicit(program) }),
    seed: given.seed ?? randomBytes(4).toString('hex'),
  };
  const directory =
    options.directory === undefined ? mkdtempSync(join(tmpdir(), 'erasure-chaos-')) : resolve(options.directory);
  mkdirSync(directory, { recursive: true });
  process.exitCode = await (options.prove ? proveAll : run)({ ...options, directory });
}

async function run(options: Options & { readonly directory: string }): Promise<number> {
  const { directory, seed, erasures, minutes, kills, atOnce } = options;
  tell(`Seed ${seed}. Everything is kept in ${directory}`);
  const clock: SuiteClock = { offsetMs: 0 };
  const log = new RunLog(directory, () => Date.now() + clock.offsetMs);
  const postgres = options.postgres ? await startPostgres({ report: tell }) : undefined;
  const world = await startWorld({
    directory,
    report: tell,
    log,
    workers: options.workers,
    ...(postgres && { postgres }),
  }).catch(async (error: unknown) => {
    await postgres?.stop();
    throw error;
  });
  try {
    log.add({
      kind: 'run-begun',
      seed,
      options: { erasures, minutes, kills, atOnce, calm: options.calm ?? false },
      namespace: NAMESPACE,
      temporalAddress: world.engine.address,
      policy: policies,
      keysDirectory: world.keysDirectory,
    });
    const trouble = options.only !== undefined ? onlyTrouble(options.only) : options.calm ? calm : stormy;
    const isStormy = trouble === stormy;
    const suite = await FaultSuite.create({
      world,
      log,
      options: { seed, erasures, minutes, kills: isStormy ? kills : 0, atOnce, trouble, changes: isStormy },
      report: tell,
      clock,
    });
    const summary = await suite.run();
    log.add({
      kind: 'run-over',
      numbers: { erasures: summary.erasures, ended: summary.ended, stuck: summary.stuck.length },
    });
    tellSummary(summary);
    const { findings } = await pronounce(directory, { seed, tell });
    if (summary.broken.length > 0) return 2;
    return findings.length === 0 ? 0 : 1;
  } finally {
    await world.stop();
    await postgres?.stop();
    log.close();
  }
}

async function proveAll({ directory, seed }: Options & { readonly directory: string }): Promise<number> {
  tell(`Seed ${seed}. Everything is kept in ${directory}`);
  let missed = 0;
  for (const removal of removals) {
    const { isCaught } = await prove(removal, { directory, seed, erasures: PROOF_ERASURES, tell });
    if (!isCaught) missed += 1;
  }
  return missed === 0 ? 0 : 1;
}

function onlyTrouble(kinds: string): Trouble {
  const named = kinds.split(',').filter((kind) => kind !== 'nothing');
  const unknown = named.filter((kind) => !(kind in calm));
  if (unknown.length > 0) throw new InvalidArgumentError(`There is no trouble called ${unknown.join(', ')}.`);
  return { ...calm, ...Object.fromEntries(named.map((kind) => [kind, OFTEN])) };
}

function tellSummary(summary: SuiteSummary): void {
  const counted = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .toSorted(([, one], [, other]) => other - one)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'none';
  tell('');
  tell(
    `${summary.accepted} of ${summary.erasures} erasures accepted, ${summary.ended} followed to their end in ${summary.seconds} s, ${summary.virtualDays} virtual days, ${summary.calls} calls of providers`,
  );
  tell(`Kills: ${counted(summary.kills)}`);
  tell(`Changes: ${counted(summary.changes)}`);
  tell(`Brakes released: ${counted(summary.brakes)}`);
  tell(`Calls with a fault: ${counted(summary.faults)}`);
  tell(`Connections: ${counted(summary.connections)}`);
  tell(`Outcomes: ${counted(summary.outcomes)}`);
  const cpu = Object.values(summary.cpu).reduce((sum, seconds) => sum + seconds, 0);
  tell(`CPU seconds: ${counted(summary.cpu)}; ${(cpu / Math.max(1, summary.ended)).toFixed(2)} for each erasure`);
  tell(`Ended by themselves: ${summary.endedByThemselves.join(', ') || 'no process'}`);
  tell(`Stuck: ${summary.stuck.length}`);
  for (const line of summary.stuck) tell(`  ${line}`);
}

/** What was typed wins over what `--long` brings. */
function explicit(program: Command): Record<string, unknown> {
  const typed = Object.entries(program.opts()).filter(([name]) => program.getOptionValueSource(name) === 'cli');
  return Object.fromEntries(typed);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('Expected a whole number.');
}

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function broke(why: string): void {
  process.stderr.write(`The fault suite broke: ${why}\n`);
  process.exitCode = 2;
}

toTheEnd(main(), () => broke('it ended in the middle')).catch((error: unknown) =>
  broke(error instanceof Error ? (error.stack ?? error.message) : String(error)),
);
