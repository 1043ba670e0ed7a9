import { randomUUID } from 'node:crypto';
import { ApplicationFailure, WorkflowFailedError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { PROVIDERS, requestInput, sealedLike, WorkflowBench } from '../support/workflow-bench';
import { WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
afterAll(() => bench.close());

const planted = 'jane.doe@example.org';
const valid = requestInput();

/** As anybody with the Temporal UI could start it. */
async function problemsOf(workflowId: string, args: unknown[]): Promise<string> {
  const handle = await bench.client.workflow.start(WORKFLOW_TYPE, { workflowId, taskQueue: WORKFLOW_QUEUE, args });
  const error: unknown = await handle.result().catch((failed: unknown) => failed);
  if (!(error instanceof WorkflowFailedError)) throw new Error('The run did not fail', { cause: error });
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) throw new Error('The run failed otherwise', { cause });
  expect([cause.type, cause.nonRetryable]).toEqual(['InvalidRequest', true]);

  const { events = [] } = await handle.fetchHistory();
  expect(
    events?.filter((event) => event.activityTaskScheduledEventAttributes ?? event.timerStartedEventAttributes),
  ).toEqual([]);
  // The input itself is in the first event; nothing of it may be repeated in what the guard says.
  const said = historyToJSON({ events: events?.slice(1) ?? [] });
  expect(said).not.toContain(planted);
  return cause.message;
}

describe('the guard of erasureRequest', () => {
  it.each<[string, unknown[], string]>([
    ['no input', [], 'input: expected one JSON object'],
    ['null', [null], 'input: expected one JSON object'],
    ['a string', [planted], 'input: expected one JSON object'],
    ['an array', [[valid]], 'input: expected one JSON object'],
    ['an empty object', [{}], 'requestId: expected a lower case UUID'],
    ['a field that it does not know', [{ ...valid, [planted]: 1 }], 'input: has a field other than'],
    [
      'a plain identifier',
      [{ ...valid, subject: { person: planted } }],
      'subject.person: expected a sealed identifier',
    ],
    ['a provider that it does not know', [{ ...valid, subject: { [planted]: sealedLike('x') } }], 'subject: expected'],
    ['no provider', [{ ...valid, subject: {} }], 'subject: expected'],
    ['another law', [{ ...valid, regulation: planted }], 'regulation: expected one of gdpr, uk-gdpr, ccpa'],
    [
      'a request from the future',
      [{ ...valid, submittedAt: '2999-01-01T00:00:00Z' }],
      'submittedAt: lies in the future',
    ],
    ['no instant', [{ ...valid, submittedAt: planted }], 'submittedAt: expected an RFC 3339 instant'],
    ['free text', [{ ...valid, receivedVia: `mail of ${planted}` }], 'receivedVia: expected a code'],
    ['a policy out of bounds', [{ ...valid, policy: { marginMs: -1 } }], 'policy.marginMs: expected a whole number'],
    [
      'a verification by an address',
      [{ ...valid, verification: { method: 'login', by: planted, at: valid.submittedAt, reference: 'T-1' } }],
      'verification.by: expected an opaque staff id',
    ],
  ])('refuses %s before any activity, and says why without a value', async (_name, args, problem) => {
    const requestId = randomUUID();
    const hostile = args.map((arg) =>
      typeof arg === 'object' && arg !== null && 'requestId' in arg ? { ...arg, requestId } : arg,
    );
    const message = await problemsOf(`erasure-${requestId}`, hostile);
    expect(message).toContain('The input is no erasure request.');
    expect(message).toContain(problem);
  });

  it('refuses a workflow id that is not of this request', async () => {
    expect(await problemsOf(`erasure-${randomUUID()}`, [valid])).toBe(
      "The input is no erasure request. requestId: the workflow's id must be erasure-<requestId>",
    );
    expect(await problemsOf(planted.replace('@', '-'), [{ ...valid, requestId: planted }])).toContain('requestId: ');
  });

  it('asks nobody', () => {
    expect(PROVIDERS.map((provider) => bench.providers[provider].ask.calls.length)).toEqual([0, 0, 0]);
  });

  it('lets a request typed by hand pass', async () => {
    const requestId = randomUUID();
    const handle = await bench.client.workflow.start(WORKFLOW_TYPE, {
      workflowId: `erasure-${requestId}`,
      taskQueue: WORKFLOW_QUEUE,
      args: [
        {
          requestId,
          regulation: 'ccpa',
          submittedAt: '2024-02-29T23:59:59+05:30',
          subject: { person: sealedLike('p') },
        },
      ],
    });
    await bench.forward(handle, 1_000);
    expect(bench.providers.person.ask.calls).toHaveLength(1);
    await handle.terminate();
  });
});
