/** The plain application's client as a process: starts erasures, and takes MeasureOne's callbacks and signals them on. */
import { createServer } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import { answerParent } from '../frame/asked-process';
import { withVirtualTime } from '../../temporal/virtual-time';
import { atOnce } from '../frame/at-once';
import { individualPurged, type plainErasure } from './plain-workflow';
import { PLAIN_QUEUE, plainWorkflowId, type PlainRequest } from './plain-types';

const AT_ONCE = 8;

answerParent<readonly PlainRequest[], undefined>(async () => {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new Client({
    connection: withVirtualTime(connection),
    namespace: process.env['TEMPORAL_NAMESPACE'] ?? '',
  });

  const server = createServer((request, response) => {
    const requestId = request.url?.slice(1) ?? '';
    client.workflow
      .getHandle(plainWorkflowId(requestId))
      .signal(individualPurged)
      .then(
        () => response.writeHead(204).end(),
        () => response.writeHead(503).end(),
      );
  });
  await new Promise<void>((resolve) => server.listen(Number(process.env['PLAIN_CALLBACK_PORT']), '127.0.0.1', resolve));

  return async (requests) => {
    await atOnce(requests, AT_ONCE, (request) =>
      client.workflow.start<typeof plainErasure>('plainErasure', {
        workflowId: plainWorkflowId(request.requestId),
        taskQueue: PLAIN_QUEUE,
        args: [request],
      }),
    );
    return undefined;
  };
});
