/** Once for all test files: the compiled programs, one real Temporal server, one workflow bundle. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import { ensureSearchAttributes } from '../../temporal/search-attributes';
import { startEngine } from '../../local/engine/engine';
import { prepareNamespace } from '../../local/engine/namespace';
import { assertVirtualTimeSupported } from '../../temporal/virtual-time';
import { handles } from './global-handles';
import { testNamespace, TEST_WORKERS_MAX } from './test-namespace';

const root = join(__dirname, '..', '..');

export default async function globalSetup(config: { readonly collectCoverage: boolean }): Promise<void> {
  // Some tests start real processes, and kill them.
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const engine = await startEngine({ namespace: testNamespace(1), report });
  handles.engine = engine;
  for (let worker = 2; worker <= TEST_WORKERS_MAX; worker += 1) {
    await prepareNamespace({
      connectionOptions: engine.connectionOptions,
      namespace: testNamespace(worker),
      deadline: Date.now() + 30_000,
      signal: new AbortController().signal,
    });
  }
  const connection = await Connection.connect(engine.connectionOptions);
  await assertVirtualTimeSupported(connection, testNamespace(1));
  for (let worker = 1; worker <= TEST_WORKERS_MAX; worker += 1) {
    await ensureSearchAttributes({ connection, namespace: testNamespace(worker) });
  }
  await connection.close();

  process.env['TEST_TEMPORAL_ADDRESS'] = engine.address;
  process.env['TEST_PROGRAMS'] = join(root, 'dist');
  process.env['TEST_WORKFLOW_BUNDLE'] = config.collectCoverage
    ? await measuredBundle()
    : join(root, 'dist', 'worker', 'workflows.bundle.js');
  process.env['TEST_COVERAGE'] = String(config.collectCoverage);
}

/** Workflow code runs in a sandbox of its own, where jest's instrumentation does not reach. */
async function measuredBundle(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-test-'));
  handles.directory = directory;
  const bundlePath = join(directory, 'workflow-bundle.js');
  // Its sign that somebody measures; jest does so in the processes of the tests, and this one has none of it.
  (globalThis as { __coverage__?: object }).__coverage__ ??= {};
  const { code } = await bundleWorkflowCode(
    new WorkflowCoverage().augmentBundleOptions({
      workflowsPath: join(root, 'workflows'),
      payloadConverterPath: join(root, 'workflows', 'payload-converter'),
      logger: new DefaultLogger('WARN'),
      webpackConfigHook: (config) => measureWorkflowsOnly(config),
    }),
  );
  await writeFile(bundlePath, code);
  return bundlePath;
}

/** `domain/` is measured where its own tests run it, and one file cannot be measured in two translations. */
function measureWorkflowsOnly<Config extends { module?: { rules?: unknown } }>(config: Config): Config {
  const rules = (config.module?.rules ?? []) as { enforce?: string; include?: string; exclude?: unknown }[];
  const instrumenter = rules.find(({ enforce }) => enforce === 'post');
  if (instrumenter === undefined) throw new Error('The workflow bundle is not measured');
  instrumenter.include = join(root, 'workflows');
  instrumenter.exclude = join(root, 'workflows', 'messages.ts');
  return config;
}
