/** "Using it" in docs/getting-started.md, carried out command by command against the whole system, with its own request. */
import { spawn } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DAY_MS } from '../../domain/duration';
import { fastForward } from '../../temporal/virtual-time';
import { Story } from '../support/story';
import { ownNamespace } from '../support/test-namespace';
import { eventually } from '../support/workflow-bench';
import { erasureWords } from './commands';
import { commandsOf, fencedBlocks, root } from './markdown';
import { workflowIdOf } from '../../temporal/names';

/** Run by others: the global set-up builds, and services never end by themselves. */
const leftOut = [/^npm /, / worker$/, / gateway$/];

interface Ended {
  readonly command: string;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let story: Story;
let directory: string;

beforeAll(async () => {
  story = await Story.open();
  directory = await mkdtemp(join(tmpdir(), 'erasure-walkthrough-'));
  await symlink(process.env['TEST_PROGRAMS'] ?? '', join(directory, 'dist'));
  await cp(join(root, '.env.example'), join(directory, '.env.example'));
});
afterAll(async () => {
  await story.close();
  await rm(directory, { recursive: true, force: true });
});

/** As it stands there, in a shell. */
function run(command: string): Promise<Ended> {
  const child = spawn('sh', ['-c', command], {
    cwd: directory,
    env: { PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, HOME: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ command, code, stdout, stderr }));
  });
}

async function succeed(command: string): Promise<Ended> {
  const ended = await run(command);
  if (ended.code !== 0) throw new Error(`${command} ended with ${ended.code}: ${ended.stdout}${ended.stderr}`);
  return ended;
}

it('leads from the keys to a certificate that holds', async () => {
  const blocks = fencedBlocks('docs/getting-started.md');
  const request = JSON.parse(blocks.find(({ language }) => language === 'json')?.content ?? '');
  const { requestId, subject } = request;
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(commandsOf)
    .filter((command) => command.startsWith('cp ') || erasureWords(command) !== undefined)
    .filter((command) => !leftOut.some((pattern) => pattern.test(command)));
  const subcommands = commands.map((command) => erasureWords(command)?.[0] ?? 'cp');
  expect(subcommands).toEqual(['keys', 'cp', 'submit', 'watch', 'list', 'certificate', 'verify']);
  const [keys = '', copy = '', submit = '', watch = '', ...rest] = commands;

  await succeed(keys);
  await succeed(copy);
  // The system that is there has keys of its own.
  await rm(join(directory, 'keys'), { recursive: true });
  await symlink(story.keysDirectory, join(directory, 'keys'));
  const settings = { ...story.environment, ERASURE_KEYS_DIR: './keys' };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await appendFile(join(directory, '.env'), lines.join(''));

  await story.simulator.seed({ provider: 'measureone', ...subject.measureone });
  await story.simulator.seed({ provider: 'person', ...subject.person });
  await story.simulator.seed({ provider: 'aptrinsic', ...subject.aptrinsic, createDate: '2024-01-01T00:00:00Z' });
  const yesterday = new Date(Date.now() - DAY_MS).toISOString();
  const dated = { ...request, submittedAt: yesterday, verification: { ...request.verification, at: yesterday } };
  await writeFile(join(directory, 'request.json'), JSON.stringify(dated));

  const submitted = await succeed(submit);
  expect(submitted.stdout + submitted.stderr).toContain(requestId);
  const watching = succeed(watch);
  await eventually(async () => {
    const { legs } = await story.client.progress(requestId);
    return legs.every(({ state }) => state === 'waiting-out-window') || undefined;
  });
  await story.simulator.advance(9 * DAY_MS);
  await fastForward(story.connection, {
    namespace: ownNamespace,
    workflowId: workflowIdOf(requestId),
    byMs: 9 * DAY_MS,
  });
  expect((await watching).stdout).toContain('completed');
  for (const command of rest) await succeed(command);
  expect((await succeed(rest.at(-1) ?? '')).stdout).toContain('ERASURE CERTIFICATE');
});
