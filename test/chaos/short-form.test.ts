/** The fault suite itself, as the command runs it: a few erasures, with everything broken once or twice. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRunLog } from '../../chaos/run-log';

const MINUTES = 3;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-chaos-test-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | string | null | undefined;
  readonly told: string;
}

function chaos(args: readonly string[]): Promise<Ended> {
  const script = join(process.env['TEST_PROGRAMS'] ?? '', 'chaos', 'main.js');
  const bounds = ['--minutes', String(MINUTES), '--workers', '1', '--directory', directory];
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...bounds, ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, told: `${stdout}\n${stderr}` }),
    );
  });
}

it(
  'finds nothing while processes are killed, lines cut, keys changed and another build rolls out',
  async () => {
    const erasures = ['--erasures', '30', '--at-once', '30', '--kills', '4'];
    const { code, told } = await chaos([...erasures, '--seed', 'the short form']);
    expect(code === 0 ? 'nothing' : told).toBe('nothing');
    expect(told).toContain('30 of 30 erasures accepted');
    const log = readRunLog(directory);
    const count = (kind: string): number => log.filter((entry) => entry.kind === kind).length;
    expect(count('ended')).toBe(30);
    expect(count('killed')).toBeGreaterThanOrEqual(3);
    expect(count('connection')).toBeGreaterThan(0);
    expect(count('keys-rotated')).toBe(2);
    expect(log.some((entry) => entry.kind === 'process-started' && entry.build?.startsWith('changed 1'))).toBe(true);
    expect(log.some((entry) => entry.kind === 'callback' && entry.nature !== 'genuine')).toBe(true);
    expect(log.some((entry) => entry.kind === 'provider-call' && entry.call.fault !== undefined)).toBe(true);
  },
  (MINUTES + 8) * 60_000,
);
