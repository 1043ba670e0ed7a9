/** The suite proves itself: with one of the product's guards removed, it must find that something is wrong, and what. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWithout, type Removal } from './removals';
import type { Finding } from './suite-finding';
import { FINDINGS } from './verdict';

export interface SelfProof {
  readonly removal: Removal;
  readonly isCaught: boolean;
  /** How many findings of each invariant. */
  readonly findings: Readonly<Record<string, number>>;
  readonly seconds: number;
}

export interface ProofOptions {
  readonly directory: string;
  readonly seed: string;
  readonly erasures: number;
  readonly tell: (line: string) => void;
}

const RUN_MINUTES = 4;
const RUN_MS_MAX = 10 * 60_000;

export async function prove(removal: Removal, options: ProofOptions): Promise<SelfProof> {
  const begunAt = Date.now();
  const root = join(options.directory, removal.name.replaceAll(' ', '-'));
  await mkdir(root, { recursive: true });
  const programs = await buildWithout(removal, join(root, 'build'));
  const output = await suite(programs, root, removal, options);
  const file = join(root, FINDINGS);
  if (!existsSync(file)) options.tell(`Without ${removal.name} the suite came to no verdict:\n${output}`);
  const { findings } = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as { readonly findings: readonly Finding[] })
    : { findings: [] };
  const counts: Record<string, number> = {};
  for (const { invariant } of findings) counts[invariant] = (counts[invariant] ?? 0) + 1;
  const isCaught = (counts[removal.caughtBy] ?? 0) > 0;
  const seconds = Math.round((Date.now() - begunAt) / 1000);
  options.tell(
    `Without ${removal.name}: ${isCaught ? 'caught' : 'NOT CAUGHT'} by ${removal.caughtBy}; findings ${JSON.stringify(counts)}, ${seconds} s`,
  );
  return { removal, isCaught, findings: counts, seconds };
}

/** It is to end with findings, so its exit code says nothing new. */
function suite(programs: string, root: string, removal: Removal, { seed, erasures }: ProofOptions): Promise<string> {
  const given = {
    seed,
    erasures: String(erasures),
    'at-once': String(erasures),
    minutes: String(RUN_MINUTES),
    only: removal.trouble.join(',') || 'nothing',
    directory: root,
  };
  const options = Object.entries(given).flatMap(([name, value]) => [`--${name}`, value]);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(programs, 'chaos', 'main.js'), ...options],
      { timeout: RUN_MS_MAX, maxBuffer: 16_777_216 },
      (_error, stdout, stderr) => resolve(`${stdout}${stderr}`),
    );
  });
}
