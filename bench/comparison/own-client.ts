/** Our client library as a process: seals and submits what it is asked to. */
import { Client, Connection } from '@temporalio/client';
import { ErasureClient, type ErasureSubmission } from '../../client';
import { readClientKeys } from '../../security/key-files';
import { createSealer } from '../../security/sealing';
import { withVirtualTime } from '../../temporal/virtual-time';
import { answerParent } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';

const AT_ONCE = 8;

answerParent<readonly ErasureSubmission[], undefined>(async () => {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new ErasureClient({
    client: new Client({
      connection: withVirtualTime(connection),
      namespace: process.env['TEMPORAL_NAMESPACE'] ?? '',
    }),
    sealer: createSealer(await readClientKeys(process.env['ERASURE_KEYS_DIR'] ?? '')),
  });
  return async (submissions) => {
    await atOnce(submissions, AT_ONCE, (submission) => client.submit(submission));
    return undefined;
  };
});
