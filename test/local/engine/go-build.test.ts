import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { build, findBuilt, type GoProgram } from '../../../local/engine/go-build';
import { tryLock } from '../../../local/engine/lock';

const program: GoProgram = { name: 'tiny', version: '1.2.3', package: 'example.org/tiny/server', duration: 'a moment' };

let directory: string;
let lines: string[];
const report = (line: string) => lines.push(line);

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'go-build-test-'));
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** An environment whose only command is this `go`; it notes its installs beside itself. */
function environment({ version = 'go1.26.8', install = ':' }: { version?: string; install?: string }) {
  const folder = path.join(directory, 'path');
  mkdirSync(folder);
  const script = `#!/bin/sh
case "$1" in
  version) echo "go version ${version} linux/amd64" ;;
  install) echo "$2" >> ${folder}/installs; ${install} ;;
esac
`;
  writeFileSync(path.join(folder, 'go'), script);
  chmodSync(path.join(folder, 'go'), 0o755);
  return { PATH: `${folder}:/usr/bin:/bin`, XDG_CACHE_HOME: path.join(directory, 'cache') };
}

const installs = () =>
  readFileSync(path.join(directory, 'path', 'installs'), 'utf8')
    .trim()
    .split('\n');
const cached = () => readdirSync(path.join(directory, 'cache', 'erasure-orchestrator'));
const writesServer = (version: string) =>
  `printf '#!/bin/sh\\necho tiny version ${version}\\n' > "$GOBIN/server"; chmod +x "$GOBIN/server"`;

describe('build', () => {
  it('puts the binary into the cache, once, however many ask at the same time', async () => {
    const env = environment({ install: `sleep 0.7; ${writesServer('1.2.3')}` });
    expect(await findBuilt(program, env)).toBeUndefined();

    const [first, second] = await Promise.all([build(program, { env, report }), build(program, { env, report })]);
    expect(first).toBe(path.join(directory, 'cache/erasure-orchestrator/tiny-1.2.3/server'));
    expect(second).toBe(first);
    expect(await findBuilt(program, env)).toBe(first);
    expect(installs()).toEqual(['example.org/tiny/server@v1.2.3']);
    expect(cached()).toEqual(['tiny-1.2.3']);
    expect(lines).toContainEqual('building tiny 1.2.3 from source with go1.26.8: a moment, once per user');
    expect(lines).toContainEqual(
      expect.stringContaining(`process ${process.pid} on ${hostname()} is building tiny 1.2.3`),
    );
  });

  it('takes over from a process that died while building', async () => {
    const env = environment({ install: writesServer('1.2.3') });
    const lockFile = path.join(directory, 'cache/erasure-orchestrator/tiny-1.2.3.lock');
    mkdirSync(path.dirname(lockFile), { recursive: true });
    writeFileSync(lockFile, JSON.stringify({ pid: deadPid(), host: hostname() }));
    await expect(build(program, { env, report })).resolves.toContain('tiny-1.2.3');
    expect(existsSync(lockFile)).toBe(false);
  });

  it('shows what go said when it fails, and leaves nothing behind', async () => {
    const env = environment({ install: 'echo "no route to proxy.golang.org" >&2; exit 1' });
    await expect(build(program, { env, report })).rejects.toThrow(
      '`go install example.org/tiny/server@v1.2.3` ended with 1: no route to proxy.golang.org',
    );
    expect(await findBuilt(program, env)).toBeUndefined();
    expect(cached()).toEqual(['tiny-1.2.3']);
  });

  it('does not pass off a binary of another version', async () => {
    const env = environment({ install: writesServer('9.9.9') });
    await expect(build(program, { env, report })).rejects.toThrow('does not run as version 1.2.3');
  });

  it('wants a Go that is new enough', async () => {
    const old = environment({ version: 'go1.25.9' });
    await expect(build(program, { env: old, report })).rejects.toThrow(
      '`go` on PATH is go1.25.9, and Go 1.26 or newer is needed',
    );
    expect(lines).toEqual([]);
  });
});

describe('tryLock', () => {
  const lockFile = () => path.join(directory, 'some.lock');

  it('gives the lock to one at a time', () => {
    const held = tryLock(lockFile());
    expect(tryLock(lockFile())).toEqual({ holder: { pid: process.pid, host: hostname() } });
    expect(held).toHaveProperty('release');
    if ('release' in held) held.release();
    expect(tryLock(lockFile())).toHaveProperty('release');
  });

  it('takes over the lock of a process that is gone', () => {
    writeFileSync(lockFile(), JSON.stringify({ pid: deadPid(), host: hostname() }));
    expect(tryLock(lockFile())).toHaveProperty('release');
    expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toEqual({ pid: process.pid, host: hostname() });
    expect(readdirSync(directory)).toEqual(['some.lock']);
  });

  it('trusts a holder elsewhere for as long as it shows signs of life', () => {
    const holder = { pid: deadPid(), host: 'another-host' };
    writeFileSync(lockFile(), JSON.stringify(holder));
    expect(tryLock(lockFile())).toEqual({ holder });

    const threeMinutesAgo = new Date(Date.now() - 180_000);
    utimesSync(lockFile(), threeMinutesAgo, threeMinutesAgo);
    expect(tryLock(lockFile())).toHaveProperty('release');
  });
});

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}
