import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connectControl } from '../../../local/simulator/control-client';
import { aptrinsic } from './calling';

const main = path.resolve(__dirname, '../../../local/simulator/main.ts');

/** Compiles on the way, so that the process under test needs no build. */
const start = `
  const { transformFileSync } = require(${JSON.stringify(require.resolve('@swc/core'))});
  const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
  require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
  require(${JSON.stringify(main)});
`;

let child: ChildProcess | undefined;
afterEach(() => child?.kill('SIGKILL'));

function run(args: string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  child = spawn(process.execPath, ['-e', start, '--', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  return child;
}

async function ready(process: ChildProcess): Promise<Record<string, string>> {
  const lines = createInterface({ input: process.stdout as NodeJS.ReadableStream });
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line) as Record<string, string>;
}

describe('the stand-alone simulator', () => {
  it('prints its addresses, can be controlled, and ends on SIGTERM', async () => {
    const process = run(['--time', '2031-01-01T00:00:00Z'], { SIMULATOR_APTRINSIC_API_KEY: 'from-environment' });
    const exited = once(process, 'exit');
    const { control: address = '' } = await ready(process);
    const control = await connectControl(address);
    expect(await control.time()).toMatch(/^2031-01-01/);
    await control.seed({ provider: 'aptrinsic', identifyId: 'jane' });
    expect(
      (await aptrinsic({ ...control, close: () => Promise.resolve() }, 'GET', 'jane', '', 'from-environment')).status,
    ).toBe(200);

    // A hanging call does not keep it.
    await control.addFault({ provider: 'aptrinsic', kind: 'hang' });
    const hanging = aptrinsic({ ...control, close: () => Promise.resolve() }, 'GET', 'jane').catch(() => 'broken');
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(await hanging).toBe('broken');
  });

  it('ends when its parent closes its stdin, if told so', async () => {
    const process = run(['--exit-with-parent']);
    const exited = once(process, 'exit');
    await ready(process);
    process.stdin?.end();
    expect(await exited).toEqual([0, null]);
  });

  it('runs on without a stdin otherwise, and ends on SIGINT', async () => {
    const process = run([]);
    const exited = once(process, 'exit');
    const { control = '' } = await ready(process);
    process.stdin?.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await connectControl(control);
    process.kill('SIGINT');
    expect(await exited).toEqual([0, null]);
  });

  it('names a bad argument and ends with an error', async () => {
    const process = run(['--person-port', 'ninety']);
    let errors = '';
    process.stderr?.on('data', (chunk) => (errors += String(chunk)));
    expect(await once(process, 'exit')).toEqual([1, null]);
    expect(errors).toContain('person-port');
  });
});
