/** The plain application's worker as a process: its workflows, and a queue for each provider. */
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { certificateActivities } from './plain-activities';
import { createProviderCalls, type ProviderSettings } from './provider-calls';
import { PLAIN_QUEUE, plainQueues } from './plain-types';

async function main(): Promise<void> {
  const settings = JSON.parse(process.env['PLAIN_PROVIDERS'] ?? '') as ProviderSettings;
  const namespace = process.env['TEMPORAL_NAMESPACE'] ?? '';
  const logger = new DefaultLogger('WARN');
  Runtime.install({ logger });
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: require.resolve('./plain-workflow'), logger });
  const { purgeIndividual, queuePurge, lookUpPerson, deleteUser, lookUpUser } = createProviderCalls(settings);
  const workers = await Promise.all([
    Worker.create({
      connection,
      namespace,
      taskQueue: PLAIN_QUEUE,
      workflowBundle,
      activities: certificateActivities,
    }),
    Worker.create({ connection, namespace, taskQueue: plainQueues.measureone, activities: { purgeIndividual } }),
    Worker.create({ connection, namespace, taskQueue: plainQueues.person, activities: { queuePurge, lookUpPerson } }),
    Worker.create({ connection, namespace, taskQueue: plainQueues.aptrinsic, activities: { deleteUser, lookUpUser } }),
  ]);
  process.stdout.write('The plain worker serves\n');
  await Promise.all(workers.map((worker) => worker.run()));
  await connection.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
