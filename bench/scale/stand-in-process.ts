/** Makes stand-ins for erasures that wait, as a process: their worker, and the client that starts them. */
import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { searchAttributes, workflowIdOf, WORKFLOW_TYPE } from '../../temporal/names';
import { answerParent } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';

const AT_ONCE = 16;
const QUEUE = 'stand-ins';

/** Asked for so many, answers once all of them wait. */
answerParent<number, undefined>(async () => {
  const address = process.env['TEMPORAL_ADDRESS'] ?? '';
  const namespace = process.env['TEMPORAL_NAMESPACE'] ?? '';
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('./stand-in-workflow'), logger });
  const worker = await Worker.create({
    connection: await NativeConnection.connect({ address }),
    namespace,
    taskQueue: QUEUE,
    workflowBundle,
    // They never wake while anybody looks.
    maxCachedWorkflows: 10,
  });
  void worker.run();
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  return async (count) => {
    await atOnce(
      Array.from({ length: count }, () => workflowIdOf(randomUUID())),
      AT_ONCE,
      async (workflowId) => {
        const handle = await client.workflow.start(WORKFLOW_TYPE, {
          workflowId,
          taskQueue: QUEUE,
          searchAttributes: {
            [searchAttributes.state.name]: ['running'],
            [searchAttributes.providers.name]: ['measureone', 'person', 'aptrinsic'],
            [searchAttributes.dueAt.name]: [new Date(Date.now() + 30 * 24 * 3_600_000)],
          },
        });
        await handle.query('standsIn');
      },
    );
    return undefined;
  };
});
