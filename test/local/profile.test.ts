/** The local stack is for whoever works with Temporal elsewhere too: what leads there must not lead it astray. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { environmentFile } from '../../local/local-directory';
import { startForwardProxy } from '../support/forward-proxy';

const run = promisify(execFile);

/** As the demo does. It is up once the worker serves and the gateway has reached Temporal. */
const program = `
const { startStack } = require(process.argv[1] + '/local/stack.js');
startStack({ report: () => undefined })
  .then((stack) => stack.stop())
  .then(() => console.log('it ran'), (error) => console.log(error.message));
`;

let home: string;
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'erasure-home-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

it("reads no profile of the user, none of their other settings, and takes nobody's proxy", async () => {
  const folder = join(home, '.config', 'temporalio');
  mkdirSync(folder, { recursive: true });
  const profile = ['address = "planted.example:7233"', 'namespace = "planted"', 'api_key = "planted-key"'].join('\n');
  const tls = 'server_name = "planted.example"\nclient_cert_path = "/nonexistent/planted.pem"';
  for (const name of ['default', 'cloud']) {
    const file = join(folder, 'temporal.toml');
    writeFileSync(file, `[profile.${name}]\n${profile}\n[profile.${name}.tls]\n${tls}\n`, { flag: 'a' });
  }
  const proxy = await startForwardProxy({ answer: 403 });
  try {
    const { stdout } = await run(process.execPath, ['-e', program, process.env['TEST_PROGRAMS'] ?? ''], {
      cwd: home,
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
        ERASURE_ENGINE: process.env['ERASURE_ENGINE'],
        TEMPORAL_PROFILE: 'cloud',
        TEMPORAL_API_KEY: 'planted-key',
        TEMPORAL_TLS: 'true',
        http_proxy: proxy.url,
        https_proxy: proxy.url,
      },
    });
    expect(stdout).toBe('it ran\n');
    expect(proxy.asked).toEqual([]);
  } finally {
    await proxy.close();
  }
});

it('hands a shell its settings without those that belong to another server', async () => {
  const file = join(home, 'local.env');
  const own = { TEMPORAL_ADDRESS: '127.0.0.1:7233', TEMPORAL_CONFIG_FILE: join(home, 'temporal.toml') };
  writeFileSync(file, environmentFile(own));
  const env = { TEMPORAL_API_KEY: 'planted', TEMPORAL_PROFILE: 'planted', TEMPORAL_TLS: 'true', HOME: home };
  const { stdout } = await run('/bin/sh', ['-c', `set -a; . '${file}'; env`], { env });
  expect(stdout).not.toContain('planted');
  expect(stdout).not.toContain('TEMPORAL_TLS');
  expect(stdout).toContain(`TEMPORAL_CONFIG_FILE=${own.TEMPORAL_CONFIG_FILE}`);
});
