import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { HOUR_MS } from '../../domain/duration';
import { progress } from '../../workflows/messages';
import { ownNamespace } from '../support/test-namespace';
import { WorkflowBench } from '../support/workflow-bench';
import { workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const noJson = { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"half of it') }] };
const noEncoding = { payloads: [{ metadata: { encoding: Buffer.from('x/unheard-of') }, data: Buffer.from([1, 2]) }] };

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

describe('what cannot be read at all', () => {
  it.each([
    ['half a JSON object', noJson],
    ['an unknown encoding', noEncoding],
  ])('as a signal, %s, is ignored and the run goes on', async (_name, input) => {
    const handle = await bench.start();
    await bench.connection.workflowService.signalWorkflowExecution({
      namespace: ownNamespace,
      workflowExecution: { workflowId: handle.workflowId },
      signalName: 'providerConfirmed',
      input,
    });
    await bench.forward(handle, HOUR_MS);
    const { legs } = await handle.query(progress);
    expect(legs.map(({ state }) => state)).toEqual(Array(3).fill('waiting-out-window'));
    expect(legs.every(({ callbackAt }) => callbackAt === undefined)).toBe(true);
    await bench.forward(handle, 200 * HOUR_MS);
    expect((await handle.result()).outcome).toBe('completed');
  });

  it('as an input fails the run as InvalidRequest before anybody is asked', async () => {
    const workflowId = workflowIdOf(randomUUID());
    const asked = bench.providers.person.ask.calls.length;
    await bench.connection.workflowService.startWorkflowExecution({
      namespace: ownNamespace,
      workflowId,
      workflowType: { name: WORKFLOW_TYPE },
      taskQueue: { name: WORKFLOW_QUEUE },
      requestId: randomUUID(),
      input: noJson,
    });
    const failure: unknown = await bench.client.workflow.result(workflowId).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WorkflowFailedError);
    expect((failure as WorkflowFailedError).cause).toMatchObject({ type: 'InvalidRequest' });
    expect(bench.providers.person.ask.calls.length).toBe(asked);
  });
});
