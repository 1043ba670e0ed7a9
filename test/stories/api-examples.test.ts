/** The examples of docs/api.md, run as a reader would: curl, TypeScript and Python, against the real server. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { readServerConfig } from '../../config/server-config';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { addServiceKey } from '../../security/service-keys';
import { startServer } from '../../server/server-process';
import type { Listening } from '../../temporal/temporal-behind';
import { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';

const root = join(__dirname, '..', '..');
let story: Story;
let server: Listening;
let environment: Record<string, string>;

beforeEach(async () => {
  story = await Story.open();
  await story.seed();
  const { key } = await addServiceKey({
    directory: story.keysDirectory,
    service: 'portal',
    roles: ['file', 'view'],
    now: Date.now(),
  });
  const config = readServerConfig({ ...story.environment, SERVER_PORT: '0' });
  server = await startServer(config, { logger: story.logger, version: '0.0.0' });
  environment = { PATH: process.env['PATH'] ?? '', ERASURE_API: server.url, ERASURE_API_KEY: key };
});
afterEach(async () => {
  await server.close();
  await story.close();
});

function run(command: string, args: readonly string[]) {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = Promise.all([text(child.stdout), once(child, 'exit')]).then(([stdout, [code]]) => ({
    code: code as number | null,
    stdout,
    stderr: said,
  }));
  return { said: () => said, ended };
}

/** Moves the world and the request that the example has filed through the person API's window. */
async function seeThrough(filed: { readonly said: () => string }): Promise<void> {
  const requestId = await eventually(async () => /^Filed (\S+)$/m.exec(filed.said())?.[1]);
  story.follow(requestId);
  await story.until('person', 'waiting-out-window');
  await story.forward(3 * DAY_MS + 2 * HOUR_MS);
}

/** As it is on the machine of whoever has Node alone: without the types. */
function compiled(): string {
  const source = readFileSync(join(root, 'examples', 'api', 'file-and-follow.ts'), 'utf8');
  const { code } = transformSync(source, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  });
  const path = join(story.keysDirectory, '..', 'file-and-follow.js');
  writeFileSync(path, code);
  return path;
}

/** Not everybody who has Node has the others. */
const isThere = (command: string): boolean => spawnSync(command, ['--version']).status === 0;
const hasPython = isThere('python3');
const hasCurl = isThere('curl');

describe('the examples of the HTTP API', () => {
  async function expectCertificate(command: string, args: readonly string[]): Promise<void> {
    const running = run(command, [...args, story.subject.personId]);
    await seeThrough(running);
    const { code, stdout } = await running.ended;
    expect([code, stdout.trim()]).toEqual([0, await story.signed()]);
  }

  it('file a request and print its certificate in TypeScript', async () => {
    await expectCertificate(process.execPath, [compiled()]);
  });

  (hasPython ? it : it.skip)('file a request and print its certificate in Python', async () => {
    await expectCertificate('python3', [join(root, 'examples', 'api', 'file_and_follow.py')]);
  });

  async function expectFiledTwice(): Promise<void> {
    const document = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
    const [, block = ''] = /```sh\n(curl [\s\S]*?)```/.exec(document) ?? [];
    const command = block.replace('3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11', story.requestId);
    const first = await run('bash', ['-c', command]).ended;
    const second = await run('bash', ['-c', command]).ended;
    expect([first.code, second.code]).toEqual([0, 0]);
    const answers = [first, second].map(({ stdout }) => JSON.parse(stdout) as { duplicate: boolean });
    expect(answers.map(({ duplicate }) => duplicate)).toEqual([false, true]);
    await story.handle.terminate('The test is over');
  }

  (hasCurl ? it : it.skip)('file a request by curl, twice without harm', expectFiledTwice);
});
