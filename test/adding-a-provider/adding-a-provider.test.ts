/** Carries docs/adding-a-provider.md out on a copy of the code, and erases somebody with what came of it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HOUR_MS } from '../../domain/duration';

const root = join(__dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'adding-a-provider.md'), 'utf8');
const TEST_MS_MAX = 900_000;
/** The programs are compiled here, and the demo starts a Temporal server of its own, as that of TEST_TEMPORAL_ADDRESS. */
const programs = (copy: string) => ({ compiler: join(root, 'node_modules', '.bin', 'tsc'), dist: join(copy, 'dist') });

interface Step {
  readonly file: string;
  /** Absent where the file is new. */
  readonly above?: string;
  readonly code: string;
}

const steps: readonly Step[] = [
  ...text.matchAll(
    /^(?:Create `([^`]+)`|In `([^`]+)`, above the line `([^`]+)`, add):\n\n```typescript\n([\s\S]*?)^```$/gm,
  ),
].map(([, created, changed = '', above = '', code = '']) =>
  created === undefined ? { file: changed, above, code } : { file: created, code },
);

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'adding-a-provider-'));
  const left = ['node_modules', 'dist', '.git', 'certificates', 'coverage', 'test'];
  for (const name of readdirSync(root).filter((one) => !left.includes(one))) {
    cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function carryOut({ file, above, code }: Step): void {
  const path = join(copy, file);
  if (above === undefined) return writeFileSync(path, code, { flag: 'wx' });
  const before = readFileSync(path, 'utf8');
  expect([file, above, before.split(`\n${above}\n`).length]).toEqual([file, above, 2]);
  writeFileSync(
    path,
    before.replace(`\n${above}\n`, () => `\n${code}${above}\n`),
  );
}

describe('docs/adding-a-provider.md', () => {
  it('has every block of its code as a step, in the files that it promises', () => {
    expect(steps).toHaveLength([...text.matchAll(/^```typescript$/gm)].length);
    expect([...new Set(steps.map(({ file }) => file))]).toEqual([
      'domain/provider/provider-table.ts',
      'activities/providers/tidydesk.ts',
      'activities/providers/adapter-registry.ts',
      'local/simulator/simulated-tidydesk.ts',
      'local/simulator/simulator-registry.ts',
    ]);
  });

  it(
    'takes an erasure at the new provider to its certificate, through its true window',
    () => {
      for (const step of steps) carryOut(step);
      // These two know each provider's documents for themselves, so that they can judge the product.
      for (const judging of ['bench', 'chaos']) rmSync(join(copy, judging), { recursive: true, force: true });
      const { compiler, dist } = programs(copy);
      const run = (program: string, args: readonly string[]): string => {
        const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: 'utf8' });
        // What the compiler finds wrong with the documented steps is what has to be read.
        if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
        return stdout;
      };
      run(compiler, ['-p', 'tsconfig.build.json']);
      run(process.execPath, [join(dist, 'worker', 'build-workflow-bundle.js')]);

      const { requestId, outcome, providers } = JSON.parse(
        run(process.execPath, [join(dist, 'local', 'demo.js'), '--json']),
      ) as {
        readonly requestId: string;
        readonly outcome: string;
        readonly providers: readonly Readonly<Record<string, string>>[];
      };
      expect(outcome).toBe('completed');
      const erased = providers.find(({ provider }) => provider === 'tidydesk');
      expect(erased).toMatchObject({ outcome: 'erased', assurance: 'verified', rounds: 1 });
      const { answeredAt = '', windowEndsAt = '', settledAt = '' } = erased ?? {};
      expect(Date.parse(windowEndsAt) - Date.parse(answeredAt)).toBe(48 * HOUR_MS);
      expect(Date.parse(settledAt)).toBeGreaterThanOrEqual(Date.parse(windowEndsAt) + HOUR_MS);

      const file = join(copy, 'certificates', requestId);
      const keys = ['--key', `${file}.public.jwk`, '--fact-keys', `${file}.fact-keys.json`];
      const verified = run(process.execPath, [join(dist, 'cli', 'main.js'), 'verify', `${file}.jws`, ...keys]);
      expect(verified).toMatch(/TidyDesk[\s\S]*erased/);
    },
    TEST_MS_MAX,
  );
});
