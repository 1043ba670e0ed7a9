import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheDirectory, type Environment, executableName } from './cache';
import { heartbeat, type Report, run, versionOnPath } from './go-build';
import { lastLines, supervise } from './supervised-process';
import { dynamicConfig } from './temporal-server';

const CLI_VERSION = '1.9.1';
const CLI_VERSION_MIN = [1, 9] as const;
const DOWNLOAD_MS_MAX = 5 * 60_000;

/** The first CLI whose dev server can skip time is 1.9. Throws when there is none on PATH. */
export async function cliOnPath(env: Environment): Promise<string> {
  await versionOnPath('temporal', '--version', { min: CLI_VERSION_MIN, title: 'version', env });
  return 'temporal';
}

function downloadDirectory(env: Environment): string {
  return path.join(cacheDirectory(env), `temporal-cli-${CLI_VERSION}`);
}

/** The name under which @temporalio/testing keeps a download of a fixed version. */
function downloadPath(env: Environment): string {
  return path.join(downloadDirectory(env), executableName(`temporal-v${CLI_VERSION}`));
}

export async function findDownloaded(env: Environment): Promise<string | undefined> {
  const binary = downloadPath(env);
  if (!existsSync(binary)) return undefined;
  const { stdout } = await run(binary, ['--version'], env).catch(() => ({ stdout: '' }));
  return stdout.includes(CLI_VERSION) ? binary : undefined;
}

const DOWNLOAD = `
const [testing, version, downloadDir] = process.argv.slice(1);
const { TestWorkflowEnvironment } = require(testing);
TestWorkflowEnvironment.createLocal({ server: { executable: { type: 'cached-download', version, downloadDir } } }).then(
  (environment) => environment.teardown(),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
`;

/**
 * Lets @temporalio/testing download the CLI into our cache. In a process of its own: the call cannot be cancelled, and
 * it starts a server of its own, in memory, which we do not want.
 */
export async function download(options: { env: Environment; report: Report }): Promise<string> {
  const { env, report } = options;
  const testing = resolveTesting();
  const directory = downloadDirectory(env);
  mkdirSync(directory, { recursive: true });
  const logFile = path.join(directory, `download-${process.pid}.log`);
  report(`downloading the Temporal CLI ${CLI_VERSION} (about 60 MB, once per user)`);
  const stopHeartbeat = heartbeat(report, `still downloading the Temporal CLI ${CLI_VERSION}`);
  try {
    const downloading = await supervise({
      command: process.execPath,
      args: ['-e', DOWNLOAD, testing, `v${CLI_VERSION}`, directory],
      env,
      logFile,
    });
    const timer = setTimeout(() => void downloading.kill(), DOWNLOAD_MS_MAX);
    const { code } = await downloading.exited;
    clearTimeout(timer);
    if (code === null) throw new Error(`not finished after ${DOWNLOAD_MS_MAX / 60_000} minutes`);
    if (code !== 0) throw new Error(lastLines(logFile, 3) || `ended with ${code}`);
  } finally {
    stopHeartbeat();
    rmSync(logFile, { force: true });
  }
  const binary = await findDownloaded(env);
  if (!binary) throw new Error(`${downloadPath(env)} is not there or does not run after the download`);
  return binary;
}

function resolveTesting(): string {
  try {
    return require.resolve('@temporalio/testing');
  } catch {
    throw new Error('the development dependency @temporalio/testing is not installed');
  }
}

export function devServerArguments(options: {
  databaseFile: string;
  frontendPort: number;
  uiPort: number | undefined;
}): string[] {
  return [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    String(options.frontendPort),
    '--db-filename',
    options.databaseFile,
    '--log-level',
    'warn',
    ...(options.uiPort === undefined ? ['--headless'] : ['--ui-port', String(options.uiPort)]),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
  ];
}
