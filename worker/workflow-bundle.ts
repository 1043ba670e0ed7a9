/** The workflow code as one prebuilt bundle: built once by `npm run build`, the same for every worker. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowBundleOption } from '@temporalio/worker';

export const workflowBundlePath = join(__dirname, 'workflows.bundle.js');

export function prebuiltWorkflowBundle(): WorkflowBundleOption {
  if (!existsSync(workflowBundlePath)) {
    throw new Error('The workflow bundle is missing. Run "npm run build" first.');
  }
  return { codePath: workflowBundlePath };
}
