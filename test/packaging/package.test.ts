import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import * as library from '../../client';
import { ownNamespace } from '../support/test-namespace';
import { Packages, reachesRegistry, root, type Project } from './installed-package';

const isReachable = reachesRegistry();
if (!isReachable) {
  process.stderr.write('\nSKIPPED: no package registry can be reached, so nothing installs the packed package.\n\n');
}
const describeInstalled = isReachable ? describe : describe.skip;
const INSTALL_MS_MAX = 300_000;

const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  'dependencies' | 'optionalDependencies',
  Readonly<Record<string, string>>
>;

describeInstalled('the packed package', () => {
  const packages = new Packages();
  let client: Project;
  let whole: Project;
  beforeAll(() => {
    const tarball = packages.pack();
    client = packages.install('client', tarball, ['--omit=optional']);
    whole = packages.install('whole', tarball);
  }, INSTALL_MS_MAX);
  afterAll(() => packages.remove());

  const filesOf = (directory: string): readonly string[] =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1));

  it('holds the compiled programs and the documents, and nothing that is for a checkout only', () => {
    const files = filesOf(client.installed);
    const documents = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'docs/operations.md'];
    expect(files).toEqual(expect.arrayContaining([...documents, 'dist/worker/workflows.bundle.js']));
    const others = files.filter((file) => !/^dist\/|^docs\/[\w-]+\.md$/.test(file) && !documents.includes(file));
    expect(others).toEqual([]);
    expect(files.filter((file) => /^dist\/(local|test)\/|\.test\.|\.env|\.tgz$|keys\//.test(file))).toEqual([]);
    const leftovers = files
      .filter((file) => /^dist\/.*\.js$/.test(file) && !file.endsWith('workflows.bundle.js'))
      .filter((file) => {
        const [, path = ''] = /^dist\/(.*)\.js$/.exec(file) ?? [];
        const sources = path.startsWith('console/assets/') ? [`${path}.js`] : [`${path}.ts`, `${path}.tsx`];
        return !sources.some((source) => existsSync(join(root, source)));
      });
    expect(leftovers).toEqual([]);
  });

  it('needs no package but those it declares, and no file that it does not hold', () => {
    const declared = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
    const needs = filesOf(client.installed)
      .filter((file) => /^dist\/.*\.js$/.test(file) && !file.endsWith('workflows.bundle.js'))
      .flatMap((file) => {
        const text = readFileSync(join(client.installed, file), 'utf8');
        return [...text.matchAll(/\b(?:require|import)\(["']([^"']+)["']\)/g)].map(([, needed = '']) => ({
          file,
          needed,
        }));
      });
    expect(needs.length).toBeGreaterThan(100);
    const missing = needs.filter(({ file, needed }) => {
      if (needed.startsWith('.')) {
        const path = join(client.installed, dirname(file), needed);
        return ![path, `${path}.js`, join(path, 'index.js')].some((one) => one.endsWith('.js') && existsSync(one));
      }
      if (needed.startsWith('node:') || builtinModules.includes(needed)) return false;
      return !declared.includes(needed.split('/', needed.startsWith('@') ? 2 : 1).join('/'));
    });
    expect(missing).toEqual([]);
  });

  it('gives its library to TypeScript, with types', () => {
    client.write(
      'consumer.ts',
      `import { ErasureClient, parseSubmission, RequestNotFoundError, type RequestStatus } from 'erasure-orchestrator';
       export async function state(requestId: string): Promise<RequestStatus['state'] | undefined> {
         const erasure = await ErasureClient.connect();
         try {
           return (await erasure.get(requestId)).state;
         } catch (error) {
           if (error instanceof RequestNotFoundError) return undefined;
           throw error;
         } finally {
           await erasure.close();
         }
       }
       // @ts-expect-error this is no request
       const never: string = parseSubmission({}, Date.now());
       // @ts-expect-error nothing but the library can be imported
       export type { WorkerConfig } from 'erasure-orchestrator/dist/config/worker-config';
       export { never };`,
    );
    client.write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          module: 'node20',
          strict: true,
          skipLibCheck: true,
          noEmit: true,
          types: ['node'],
          typeRoots: [join(root, 'node_modules', '@types')],
        },
        files: ['consumer.ts'],
      }),
    );
    const checked = client.node([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.']);
    expect(checked).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('gives the same library to require and to import', () => {
    const names = Object.keys(library).toSorted();
    const required = `console.log(JSON.stringify(Object.keys(require('erasure-orchestrator')).toSorted()))`;
    expect(JSON.parse(client.node(['-e', required]).stdout)).toEqual(names);
    client.write(
      'consumer.mjs',
      `import { ErasureClient } from 'erasure-orchestrator';
       import * as all from 'erasure-orchestrator';
       const names = Object.keys(all).filter((name) => !['default', 'module.exports', '__esModule'].includes(name)).toSorted();
       console.log(JSON.stringify({ names, kind: typeof ErasureClient.connect }));`,
    );
    expect(JSON.parse(client.node(['consumer.mjs']).stdout)).toEqual({ names, kind: 'function' });
  });

  it('loads no worker and nothing native for its library, also where the worker is installed', () => {
    const script = `require('erasure-orchestrator');
      const loaded = [...Object.keys(require.cache), ...process.report.getReport().sharedObjects];
      console.log(JSON.stringify({
        count: loaded.length,
        unwanted: loaded.filter((file) => /@temporalio.(worker|core-bridge|testing|activity)|webpack|fastify|\\.node$/.test(file)),
      }));`;
    for (const project of [client, whole]) {
      const { count, unwanted } = JSON.parse(project.node(['-e', script]).stdout) as {
        count: number;
        unwanted: string[];
      };
      expect(count).toBeGreaterThan(100);
      expect(unwanted).toEqual([]);
    }
  });

  it('leaves the worker out of an installation without optional dependencies', () => {
    const has = (project: Project, name: string): boolean =>
      existsSync(join(project.directory, 'node_modules', '@temporalio', name));
    for (const name of ['worker', 'core-bridge'])
      expect([name, has(client, name), has(whole, name)]).toEqual([name, false, true]);
  });

  it.each(['dist/client/index.js', 'dist/worker/worker.js', 'dist/security/sealing', 'client', 'docs/operations.md'])(
    'refuses the import of %s',
    (path) => {
      const script = `try { require('erasure-orchestrator/${path}'); } catch (error) { console.log(error.code); }`;
      expect(client.node(['-e', script]).stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    },
  );

  it('gives the command, which helps, makes keys and seals', () => {
    const help = client.erasure(['--help']);
    expect({ code: help.code, usage: help.stdout.split('\n')[0] }).toEqual({
      code: 0,
      usage: 'Usage: erasure [options] [command]',
    });
    const keys = join(client.directory, 'keys');
    expect(client.erasure(['keys', 'init', '--dir', keys, '--environment', 'packaging'])).toMatchObject({ code: 0 });
    const requestId = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
    const subject = { person: { personId: '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11' } };
    client.write(
      'request.json',
      JSON.stringify({ requestId, regulation: 'gdpr', submittedAt: '2026-11-20T09:30:00Z', subject }),
    );
    const sealed = client.erasure(['seal', 'request.json'], { ERASURE_KEYS_DIR: keys });
    expect(sealed.code).toBe(0);
    expect(JSON.parse(sealed.stdout)).toMatchObject({ requestId });
    expect(sealed.stdout).not.toContain(subject.person.personId);
  });

  it('says what a worker lacks where it was left out', () => {
    const { code, stderr } = client.erasure(['worker'], workerSettings(client, {}));
    expect(code).toBe(1);
    expect(stderr).toContain('A worker needs the package @temporalio/worker: install without --omit=optional.\n');
  });

  it('runs a worker where it was not', () => {
    const settings = workerSettings(whole, { TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
    // Ends it as soon as it serves: a signal would reach npx only.
    const script = `const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, [${JSON.stringify(join(whole.installed, 'dist', 'cli', 'main.js'))}, 'worker']);
      let logged = '';
      child.stderr.on('data', (chunk) => {
        logged += chunk;
        if (logged.includes('The worker serves') && !child.stopped) child.stopped = child.kill('SIGTERM');
      });
      child.on('close', (code) => console.log(JSON.stringify({ code, logged })));`;
    const { code, logged } = JSON.parse(whole.node(['-e', script], settings).stdout) as {
      code: number;
      logged: string;
    };
    expect(logged).toContain('The worker has stopped');
    expect(code).toBe(0);
  });

  function workerSettings(project: Project, more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const keys = join(project.directory, 'worker-keys');
    expect(project.erasure(['keys', 'init', '--dir', keys])).toMatchObject({ code: 0 });
    return {
      ERASURE_KEYS_DIR: keys,
      ERASURE_PROVIDERS: 'aptrinsic',
      APTRINSIC_BASE_URL: 'https://provider.example',
      APTRINSIC_API_KEY: 'none',
      TEMPORAL_NAMESPACE: ownNamespace,
      ...more,
    };
  }
});
