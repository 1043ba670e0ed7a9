import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lastLines, supervise } from '../../../local/engine/supervised-process';
import { compiledEngine, isRunning, until } from './processes';

let directory: string;
let compiled: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'supervised-test-'));
  compiled = compiledEngine();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const logFile = () => path.join(directory, 'process.log');
const shell = (script: string) =>
  supervise({ command: '/bin/sh', args: ['-c', script], env: process.env, logFile: logFile() });

describe('supervise', () => {
  it('tells how the process ended and keeps what it said', async () => {
    const process = await shell('echo out; echo err >&2; exit 7');
    expect(await process.exited).toEqual({ code: 7, signal: null });
    expect(lastLines(logFile())).toBe('out\nerr');
  });

  it('fails for a command that is not there', async () => {
    const missing = supervise({ command: '/no/such/command', args: [], env: {}, logFile: logFile() });
    await expect(missing).rejects.toThrow('could not start /no/such/command: spawn /no/such/command ENOENT');
  });

  it('asks first and kills after the grace', async () => {
    // Asked before its trap is set, either would just end.
    const trapped = async (trap: string, mark: string) => {
      const markFile = path.join(directory, mark);
      const process = await shell(`trap "${trap}" TERM; touch ${markFile}; while :; do sleep 0.05; done`);
      await until(() => existsSync(markFile));
      return process;
    };
    const polite = await trapped('exit 0', 'polite');
    await polite.stop({ graceMs: 5000 });
    expect(await polite.exited).toEqual({ code: 0, signal: null });

    const stubborn = await trapped('', 'stubborn');
    await stubborn.stop({ graceMs: 200 });
    expect(await stubborn.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('ends what the process had started itself', async () => {
    const pidFile = path.join(directory, 'grandchild');
    const parent = await shell(`sleep 1000 & echo $! > ${pidFile}; wait`);
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const grandchild = Number(readFileSync(pidFile, 'utf8'));
    expect(isRunning(grandchild)).toBe(true);
    await parent.kill();
    await until(() => !isRunning(grandchild));
  });

  it.each([
    ['is killed', 'process.kill(process.pid, "SIGKILL")'],
    ['is terminated', 'process.kill(process.pid, "SIGTERM")'],
    ['is interrupted', 'process.kill(process.pid, "SIGINT")'],
    ['fails', 'throw new Error("on purpose")'],
    ['exits', 'process.exit(0)'],
    ['has nothing left to do', 'child.unref()'],
  ])('ends the process when ours %s', async (_, ending) => {
    const temporary = path.join(directory, 'temporary');
    mkdirSync(temporary, { recursive: true });
    writeFileSync(path.join(temporary, 'file'), '');
    const options = {
      command: 'sleep',
      args: ['1000'],
      env: { PATH: process.env['PATH'] },
      logFile: logFile(),
      removeIfOrphaned: [temporary],
    };
    const ours = spawn(process.execPath, [
      '-e',
      `require(${JSON.stringify(path.join(compiled, 'supervised-process.js'))})
         .supervise(${JSON.stringify(options)})
         .then((child) => { require('node:fs').writeSync(1, child.pid + '\\n'); setTimeout(() => { ${ending} }, 100); });`,
    ]);
    const gone = new Promise((resolve) => ours.once('exit', resolve));
    const pid = await new Promise<number>((resolve) => ours.stdout.once('data', (data) => resolve(Number(data))));
    expect(isRunning(pid)).toBe(true);
    await gone;
    await until(() => !isRunning(pid) && !existsSync(temporary));
  });
});
