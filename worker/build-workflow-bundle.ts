/** Build step: writes the workflow bundle beside the compiled worker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowBundlePath } from './workflow-bundle';

/**
 * The SDK takes a stack for every promise that workflow code makes, and looks each of its frames up in the source map: with the
 * usual ten of them a quarter of the thread's time. The first ones say where a bug is. On the first line, so that none moves.
 */
const shorterStacks = 'Error.stackTraceLimit = 4; ';

async function main(): Promise<void> {
  const workflowsPath = join(__dirname, '..', 'workflows');
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    // Loaded once for all runs: no module of ours keeps anything of a run. Otherwise each run in the cache has all of them
    // for itself, a megabyte of memory and its share of every start.
    preloadModules: [workflowsPath],
    // Or webpack leaves the line out that loads them, since package.json says that our modules have no side effects.
    webpackConfigHook: (config) => ({ ...config, optimization: { ...config.optimization, sideEffects: false } }),
    payloadConverterPath: join(__dirname, '..', 'workflows', 'payload-converter'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(workflowBundlePath, `${shorterStacks}${code}`);
}

main().catch((error: unknown) => {
  process.stderr.write(`The workflow bundle could not be built: ${String(error)}\n`);
  process.exitCode = 1;
});
