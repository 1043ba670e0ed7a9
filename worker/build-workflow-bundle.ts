/** Build step: writes the workflow bundle beside the compiled worker. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { workflowBundlePath } from './workflow-bundle';

async function main(): Promise<void> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, '..', 'workflows'),
    payloadConverterPath: join(__dirname, '..', 'workflows', 'payload-converter'),
    logger: new DefaultLogger('WARN'),
  });
  await writeFile(workflowBundlePath, code);
}

main().catch((error: unknown) => {
  process.stderr.write(`The workflow bundle could not be built: ${String(error)}\n`);
  process.exitCode = 1;
});
