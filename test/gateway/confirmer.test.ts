import type { ConnectionLike } from '@temporalio/client';
import { createConfirmer } from '../../gateway/confirmer';
import { signalRequestIdOf } from '../../security/callback-capability';

const callback = {
  requestId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  provider: 'measureone',
  handle: 'h'.repeat(32),
  event: 'individual.purged',
} as const;
const NOT_FOUND = grpcError('5 NOT_FOUND', 'type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure');

/** A failure as the gRPC client throws it; `detail` is the type of the one detail the server attaches. */
function grpcError(code: string, detail?: string): Error {
  const any = detail === undefined ? Buffer.alloc(0) : Buffer.from([0x0a, detail.length, ...Buffer.from(detail)]);
  const status = Buffer.from([0x1a, any.length, ...any]);
  return Object.assign(new Error(`${code}: secret details`), {
    code: Number.parseInt(code, 10),
    details: 'secret details',
    metadata: { get: () => (detail === undefined ? [] : [status]) },
  });
}

function confirmerOf(answers: { readonly signal?: unknown; readonly describe?: unknown }) {
  const asked: { readonly call: string; readonly request: unknown }[] = [];
  const deadlines: number[] = [];
  const call = (name: string, answer: unknown) => async (request: unknown) => {
    asked.push({ call: name, request });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const connection = {
    workflowService: {
      signalWorkflowExecution: call('signal', answers.signal ?? {}),
      describeWorkflowExecution: call('describe', answers.describe),
    },
    withDeadline: (deadline: number, run: () => unknown) => {
      deadlines.push(deadline);
      return run();
    },
  } as unknown as ConnectionLike;
  return { confirmer: createConfirmer({ connection, namespace: 'here' }), asked, deadlines };
}

function requestOf(first: { readonly request: unknown } | undefined) {
  return (first as { readonly request: { readonly input: { readonly payloads: { data: Uint8Array }[] } } }).request;
}

describe('createConfirmer', () => {
  it('signals the request under the fixed request id of its capability, within five seconds', async () => {
    const { confirmer, asked, deadlines } = confirmerOf({});
    expect(await confirmer.confirm(callback)).toEqual({ outcome: 'confirmed' });
    const { input, ...rest } = requestOf(asked[0]);
    expect(rest).toEqual({
      namespace: 'here',
      workflowExecution: { workflowId: `erasure-${callback.requestId}` },
      signalName: 'providerConfirmed',
      identity: 'erasure-gateway',
      requestId: signalRequestIdOf(callback.handle),
    });
    expect(input.payloads.map(({ data }) => JSON.parse(Buffer.from(data).toString()))).toEqual([
      { provider: 'measureone', handle: callback.handle, event: 'individual.purged' },
    ]);
    expect(deadlines).toHaveLength(1);
    expect(Math.abs((deadlines[0] ?? 0) - Date.now() - 5_000)).toBeLessThan(1_000);
  });

  it.each([
    ['14 UNAVAILABLE'],
    ['4 DEADLINE_EXCEEDED'],
    ['8 RESOURCE_EXHAUSTED'],
    ['1 CANCELLED'],
    ['16 UNAUTHENTICATED'],
    ['7 PERMISSION_DENIED'],
    ['13 INTERNAL'],
    ['3 INVALID_ARGUMENT'],
  ])('promises nothing after %s, and passes on the code alone', async (code) => {
    const away = { outcome: 'temporal-away', reason: code };
    expect(await confirmerOf({ signal: grpcError(code) }).confirmer.confirm(callback)).toEqual(away);
    const atDescribe = confirmerOf({ signal: NOT_FOUND, describe: grpcError(code) });
    expect(await atDescribe.confirmer.confirm(callback)).toEqual(away);
  });

  it.each([
    ['of a proxy', grpcError('5 NOT_FOUND')],
    [
      'of the namespace',
      grpcError('5 NOT_FOUND', 'type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure'),
    ],
  ])('takes no "not found" %s for a request that is unknown', async (_whose, error) => {
    const away = { outcome: 'temporal-away', reason: '5 NOT_FOUND' };
    const { confirmer, asked } = confirmerOf({ signal: error, describe: {} });
    expect(await confirmer.confirm(callback)).toEqual(away);
    expect(asked.map(({ call }) => call)).toEqual(['signal']);
  });

  it('does not throw for what is no answer of Temporal', async () => {
    const { confirmer } = confirmerOf({ signal: new TypeError('secret') });
    expect(await confirmer.confirm(callback)).toEqual({ outcome: 'temporal-away', reason: 'TypeError' });
  });

  it.each([
    ['erasureRequest', 2, { outcome: 'already-over' }],
    ['erasureRequest', 5, { outcome: 'already-over' }],
    ['erasureRequest', 1, { outcome: 'temporal-away', reason: 'started just now' }],
    ['somethingElse', 2, { outcome: 'unknown' }],
    [undefined, 2, { outcome: 'unknown' }],
  ])('looks what a request is that takes no signal: %s in status %i', async (name, status, outcome) => {
    const describe = { workflowExecutionInfo: { type: { name }, status } };
    expect(await confirmerOf({ signal: NOT_FOUND, describe }).confirmer.confirm(callback)).toEqual(outcome);
  });
});
