/** Starts many requests in a process of its own: from a file, one by one, or as bare starts. */
import { Client, Connection } from '@temporalio/client';
import { ErasureClient } from '../../client';
import { checkedRows } from '../../client/bulk/checked-rows';
import { bulkRows } from '../../client/bulk/bulk-rows';
import { rowIdsOf } from '../../client/bulk/row-ids';
import { checkBulk, submitBulk } from '../../client/bulk/submit-bulk';
import { prepareRequest, type PreparedRequest } from '../../client/prepared-request';
import { startOptions } from '../../client/submitting';
import { readClientKeys } from '../../security/key-files';
import { createSealer } from '../../security/sealing';
import { WORKFLOW_TYPE } from '../../temporal/names';
import { answerParent } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';

/**
 * `prepare`: seals the file's rows and keeps them, for `bare`, which only starts. `bulk`: checks and submits the file.
 * `seal`: as `bulk`, with everything but the call to Temporal.
 */
export interface IntakeQuestion {
  readonly do: 'prepare' | 'bare' | 'bulk' | 'seal';
  readonly file: string;
  readonly concurrency: number;
}

export interface IntakeAnswer {
  readonly started: number;
  /** The most that the process has ever held. */
  readonly memoryMb: number;
}

answerParent<IntakeQuestion, IntakeAnswer>(async () => {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const temporal = new Client({ connection, namespace: process.env['TEMPORAL_NAMESPACE'] ?? '' });
  const sealer = createSealer(await readClientKeys(process.env['ERASURE_KEYS_DIR'] ?? ''));
  const client = new ErasureClient({ client: temporal, sealer });
  let prepared: PreparedRequest[] = [];

  const prepare = async (file: string): Promise<number> => {
    prepared = [];
    const options = { ids: await rowIdsOf(sealer), now: Date.now() };
    for await (const row of checkedRows(bulkRows(file), options)) {
      if (row.verdict === 'good') prepared.push(await prepareRequest(row.submission, sealer));
    }
    return prepared.length;
  };
  const bare = async (concurrency: number): Promise<number> => {
    await atOnce(prepared, concurrency, (request) => temporal.workflow.start(WORKFLOW_TYPE, startOptions(request)));
    return prepared.length;
  };
  const bulk = async (file: string, concurrency: number, isStarted: boolean): Promise<number> => {
    const options = { ids: await rowIdsOf(sealer), now: Date.now() };
    const check = await checkBulk(file, options);
    const { accepted } = await submitBulk(file, {
      ...options,
      check,
      concurrency,
      submit: isStarted
        ? (submission) => client.submit(submission)
        : async (submission) => {
            const { requestId, workflowId } = await prepareRequest(submission, sealer);
            return { requestId, workflowId, runId: '', duplicate: false, warnings: [] };
          },
    });
    return accepted;
  };

  return async ({ do: what, file, concurrency }) => {
    const started =
      what === 'prepare'
        ? await prepare(file)
        : what === 'bare'
          ? await bare(concurrency)
          : await bulk(file, concurrency, what === 'bulk');
    return { started, memoryMb: process.resourceUsage().maxRSS / 1024 };
  };
});
