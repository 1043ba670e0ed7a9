import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startUi } from '../../../local/engine/ui';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'ui-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Stands in for the UI's binary (36 MB, a build): it answers every request with the configuration it was given. */
function fakeUi(onStart: string) {
  const folder = path.join(directory, 'erasure-orchestrator', 'temporal-ui-2.54.1');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'server');
  writeFileSync(
    file,
    `#!${process.execPath}
if (process.argv[2] === '--version') return console.log('Temporal UI version 2.54.1');
${onStart}`,
  );
  chmodSync(file, 0o755);
  return { ...process.env, XDG_CACHE_HOME: directory };
}

describe('startUi', () => {
  it('serves the UI of a Temporal server on loopback until it is stopped', async () => {
    const env = fakeUi(`
      const [, root, , environment] = process.argv.slice(2);
      const text = require('node:fs').readFileSync(root + '/config/' + environment + '.yaml', 'utf8');
      const { host, port } = JSON.parse(text);
      require('node:http').createServer((_, answer) => answer.end(text)).listen(port, host);`);
    const lines: string[] = [];
    const ui = await startUi({
      temporalAddress: '127.0.0.1:7233',
      defaultNamespace: 'erasure',
      env,
      report: (line) => lines.push(line),
    });
    const { host, ...config } = (await (await fetch(ui.url)).json()) as Record<string, unknown>;
    expect(host).toBe('127.0.0.1');
    expect(config).toMatchObject({
      temporalGrpcAddress: '127.0.0.1:7233',
      enableUi: true,
      defaultNamespace: 'erasure',
    });
    expect(lines).toEqual([`Temporal UI 2.54.1: ready at ${ui.url}`]);

    await ui.stop();
    await expect(fetch(ui.url)).rejects.toThrow('fetch failed');
  });

  it('says why when it does not start', async () => {
    const env = fakeUi('console.log("bad config"); process.exit(2);');
    await expect(startUi({ temporalAddress: '127.0.0.1:7233', env })).rejects.toThrow(
      /did not start at .*\nbad config/,
    );
  });
});
