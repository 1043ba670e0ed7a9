/** The example clients, ready to run. What that takes lies in the user's own caches: nothing enters the repository. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDirectory } from '../../local/engine/cache';

const examples = join(__dirname, '..', '..', 'examples');
const BUILD_MS_MAX = 10 * 60_000;

/** `missing`: why it cannot run on this machine. Anything that is the example's own fault is thrown. */
export type ExampleProgram =
  { readonly command: string; readonly args: readonly string[]; remove(): void } | { readonly missing: string };

/** Go keeps what it built: 75 s the first time on a small machine, then 2 s. */
export function goExample(): ExampleProgram {
  const { missing } = run('go', ['version']);
  if (missing !== undefined) return { missing };
  const directory = mkdtempSync(join(tmpdir(), 'erasure-example-go-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const command = join(directory, 'request');
  announce('building the example client in Go: seconds, or minutes the first time');
  const built = run('go', ['build', '-C', join(examples, 'go'), '-mod=readonly', '-o', command, '.'], {
    GOTOOLCHAIN: 'local',
  });
  if (built.missing === undefined) return { command, args: [], remove };
  remove();
  return { missing: built.missing };
}

/** As its documentation says, in a virtual environment of its own. */
export function pythonExample(): ExampleProgram {
  const version = run('python3', ['--version']);
  if (version.missing !== undefined) return { missing: version.missing };
  const requirements = join(examples, 'python', 'requirements.txt');
  const digest = createHash('sha256').update(version.said).update(readFileSync(requirements)).digest('hex');
  const environment = join(cacheDirectory(process.env), `example-python-${digest.slice(0, 16)}`);
  if (!existsSync(environment)) {
    const missing = makeEnvironment(environment, requirements);
    if (missing !== undefined) return { missing };
  }
  return {
    command: join(environment, 'bin', 'python'),
    args: ['-B', join(examples, 'python', 'request.py')],
    remove: () => undefined,
  };
}

/** Made under another name and then moved, so that what is there is whole. */
function makeEnvironment(environment: string, requirements: string): string | undefined {
  announce('installing what the example client in Python needs, once');
  mkdirSync(cacheDirectory(process.env), { recursive: true });
  const making = mkdtempSync(join(cacheDirectory(process.env), 'making-'));
  try {
    const made = run('python3', ['-m', 'venv', making]);
    if (made.missing !== undefined) return made.missing;
    const pip = ['-m', 'pip', 'install', '--quiet', '--require-hashes', '--requirement', requirements];
    const installed = run(join(making, 'bin', 'python'), pip);
    if (installed.missing === undefined && !existsSync(environment)) renameSync(making, environment);
    return installed.missing;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

/** What a machine may lack; whatever else goes wrong is a fault of the example. */
const lacks: readonly (readonly [sign: RegExp, what: string])[] = [
  [/dial tcp|no such host|i\/o timeout|TLS handshake|proxyconnect/, 'the Go module proxy cannot be reached'],
  [
    /NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name|from versions: none/,
    'PyPI cannot be reached',
  ],
  [/requires go >= [\d.]+ \(running go [\d.]+/, 'its Go is too old for the example'],
  [/Requires-Python|requires a different Python/, 'its Python is too old for the example'],
  [/ensurepip is not available|No module named (venv|pip|ensurepip)/, 'its Python has no venv or no pip'],
];

function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { readonly said: string; readonly missing?: string } {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    timeout: BUILD_MS_MAX,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    return { said: '', missing: `there is no ${command} on its PATH` };
  }
  if (error !== undefined) throw error;
  const said = `${stdout}${stderr}`;
  if (status === 0) return { said };
  const lack = lacks.find(([sign]) => sign.test(said));
  if (lack === undefined) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${said}`);
  return { said, missing: lack[1] };
}

export function announce(line: string): void {
  process.stderr.write(`${line}\n`);
}
