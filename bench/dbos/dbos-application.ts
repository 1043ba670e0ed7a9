/**
 * The same job on DBOS, in one process as its guide has it: a workflow for each provider, started by the one for the request.
 * It takes MeasureOne's callback itself. Its windows are shortened, since DBOS has no clock that skips.
 */
import { createServer } from 'node:http';
import { DBOS, type WorkflowHandle } from '@dbos-inc/dbos-sdk';
import { answerParent } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';
import type { PlainOutcome, PlainRequest } from '../plain/plain-types';
import { createProviderCalls, type ProviderSettings } from '../plain/provider-calls';
import type { DbosQuestion, DbosResult } from './dbos-question';

const AT_ONCE = 8;
const PURGED = 'individual-purged';

const calls = createProviderCalls(JSON.parse(process.env['PLAIN_PROVIDERS'] ?? '') as ProviderSettings);
const windowMs = Number(process.env['WINDOW_MS']);
const retried = { retriesAllowed: true, maxAttempts: 10 } as const;

const measureoneErasure = DBOS.registerWorkflow(
  async (request: PlainRequest): Promise<PlainOutcome> => {
    const { isKnown } = await DBOS.runStep(() => calls.purgeIndividual(request), { name: 'ask', ...retried });
    if (!isKnown) return { provider: 'measureone', outcome: 'not-found' };
    await DBOS.sleep(windowMs);
    const callback = await DBOS.recv<string>(PURGED, { timeoutSeconds: windowMs / 1000 });
    return { provider: 'measureone', outcome: callback === null ? 'presumed-erased' : 'erased' };
  },
  { name: 'measureoneErasure' },
);

const personErasure = DBOS.registerWorkflow(
  async (request: PlainRequest): Promise<PlainOutcome> => {
    await DBOS.runStep(() => calls.queuePurge(request), { name: 'ask', ...retried });
    await DBOS.sleep(windowMs);
    const { isThere } = await DBOS.runStep(() => calls.lookUpPerson(request), { name: 'look', ...retried });
    return { provider: 'person', outcome: isThere ? 'still-there' : 'erased' };
  },
  { name: 'personErasure' },
);

const aptrinsicErasure = DBOS.registerWorkflow(
  async (request: PlainRequest): Promise<PlainOutcome> => {
    const { isKnown } = await DBOS.runStep(() => calls.deleteUser(request), { name: 'ask', ...retried });
    if (!isKnown) return { provider: 'aptrinsic', outcome: 'not-found' };
    await DBOS.sleep(windowMs);
    const { isThere } = await DBOS.runStep(() => calls.lookUpUser(request), { name: 'look', ...retried });
    return { provider: 'aptrinsic', outcome: isThere ? 'still-there' : 'erased' };
  },
  { name: 'aptrinsicErasure' },
);

const dbosErasure = DBOS.registerWorkflow(
  async (request: PlainRequest): Promise<DbosResult> => {
    const { requestId } = request;
    const legs: WorkflowHandle<PlainOutcome>[] = [
      await DBOS.startWorkflow(measureoneErasure, { workflowID: callbackWorkflow(requestId) })(request),
      await DBOS.startWorkflow(personErasure, { workflowID: `${requestId}-person` })(request),
      await DBOS.startWorkflow(aptrinsicErasure, { workflowID: `${requestId}-aptrinsic` })(request),
    ];
    const outcomes: PlainOutcome[] = [];
    for (const leg of legs) outcomes.push(await leg.getResult());
    const certificate = await DBOS.runStep(
      () => Promise.resolve(JSON.stringify({ requestId, outcomes, issuedAt: new Date().toISOString() })),
      { name: 'certificate' },
    );
    return { outcomes, certificate };
  },
  { name: 'dbosErasure' },
);

function callbackWorkflow(requestId: string): string {
  return `${requestId}-measureone`;
}

answerParent<DbosQuestion, readonly DbosResult[]>(async () => {
  DBOS.setConfig({
    name: 'dbos-erasures',
    systemDatabaseUrl: process.env['DATABASE_URL'] ?? '',
    // The same for each start of this process: what an earlier one left is taken up by the next.
    applicationVersion: 'bench',
    executorID: 'bench',
    logLevel: 'error',
  });
  await DBOS.launch();

  const server = createServer((request, response) => {
    const requestId = request.url?.slice(1) ?? '';
    DBOS.send(callbackWorkflow(requestId), 'purged', PURGED).then(
      () => response.writeHead(204).end(),
      () => response.writeHead(503).end(),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(Number(process.env['CALLBACK_PORT']), '127.0.0.1', resolve);
  });

  return async (question) => {
    if ('start' in question) {
      await atOnce(question.start, AT_ONCE, (request) =>
        DBOS.startWorkflow(dbosErasure, { workflowID: request.requestId })(request),
      );
      return [];
    }
    return atOnce(question.resultsOf, question.resultsOf.length, async (requestId) => {
      const result = await DBOS.retrieveWorkflow<DbosResult>(requestId).getResult();
      return result;
    });
  };
});
