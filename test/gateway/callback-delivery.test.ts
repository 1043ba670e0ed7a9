import type { ConnectionLike } from '@temporalio/client';
import { createCallbackDelivery } from '../../gateway/callback-delivery';
import type { Witness } from '../../domain/fact/fact';
import type { Provider } from '../../domain/provider/provider-table';
import { deliveryIdOf } from '../../security/callback-capability';
import { createFactChecker, createFactSigner, type FactChecker, type FactSigner } from '../../security/facts';
import { readFactKeys } from '../../security/key-files';
import { makeKeys } from './callback-bench';

const callback = {
  requestId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  runId: '6f9619ff-8b86-4d01-b42d-00cf4fc964f0',
  receivedAt: Date.parse('2026-11-25T22:00:00Z'),
  provider: 'measureone',
  handle: 'h'.repeat(32),
  event: 'individual.purged',
} as const;
let signer: FactSigner;
let checker: FactChecker;
beforeAll(async () => {
  const keys = await makeKeys();
  signer = createFactSigner(keys.gateway);
  checker = createFactChecker(await readFactKeys(keys.directory));
  await keys.remove();
});

/** What a signal or an update carries, with the signature checked and taken out. */
function contentsOf(payloads: { data: Uint8Array }[]): object[] {
  return payloads.map(({ data }) => {
    const { provider, witness, ...content } = JSON.parse(Buffer.from(data).toString()) as {
      provider: Provider;
      witness: Witness;
    };
    const { requestId, runId: run } = callback;
    expect(checker.problem({ kind: 'callback', requestId, run, provider, content }, witness)).toBeUndefined();
    expect(checker.problem({ kind: 'callback', requestId, run: requestId, provider, content }, witness)).toBeDefined();
    expect(witness.at).toBe(callback.receivedAt);
    return { provider, ...content };
  });
}

const NOT_FOUND = grpcError('5 NOT_FOUND', 'type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure');

/** A failure as the gRPC client throws it; `detail` is the type of the one detail the server attaches. */
function grpcError(code: string, detail?: string, details = 'secret details'): Error {
  const any = detail === undefined ? Buffer.alloc(0) : Buffer.from([0x0a, detail.length, ...Buffer.from(detail)]);
  const status = Buffer.from([0x1a, any.length, ...any]);
  return Object.assign(new Error(`${code}: secret details`), {
    code: Number.parseInt(code, 10),
    details,
    metadata: { get: () => (detail === undefined ? [] : [status]) },
  });
}

function confirmerOf(answers: { readonly signal?: unknown; readonly update?: unknown; readonly describe?: unknown }) {
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
      updateWorkflowExecution: call('update', answers.update),
      describeWorkflowExecution: call('describe', answers.describe),
    },
    withDeadline: (deadline: number, run: () => unknown) => {
      deadlines.push(deadline);
      return run();
    },
  } as unknown as ConnectionLike;
  return { delivery: createCallbackDelivery({ connection, namespace: 'here', signer }), asked, deadlines };
}

function requestOf(first: { readonly request: unknown } | undefined) {
  return (first as { readonly request: { readonly input: { readonly payloads: { data: Uint8Array }[] } } }).request;
}

describe('createCallbackDelivery', () => {
  it('signals the request under the fixed request id of its capability, within five seconds', async () => {
    const { delivery, asked, deadlines } = confirmerOf({});
    expect(await delivery.deliver(callback)).toEqual({ outcome: 'delivered' });
    const { input, ...rest } = requestOf(asked[0]);
    expect(rest).toEqual({
      namespace: 'here',
      workflowExecution: { workflowId: `erasure-${callback.requestId}` },
      signalName: 'providerConfirmed',
      identity: 'erasure-gateway',
      requestId: deliveryIdOf(callback),
    });
    expect(contentsOf(input.payloads)).toEqual([
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
    expect(await confirmerOf({ signal: grpcError(code) }).delivery.deliver(callback)).toEqual(away);
    const atDescribe = confirmerOf({ signal: NOT_FOUND, describe: grpcError(code) });
    expect(await atDescribe.delivery.deliver(callback)).toEqual(away);
  });

  it.each([
    ['of a proxy', grpcError('5 NOT_FOUND')],
    [
      'of the namespace',
      grpcError('5 NOT_FOUND', 'type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure'),
    ],
  ])('takes no "not found" %s for a request that is unknown', async (_whose, error) => {
    const away = { outcome: 'temporal-away', reason: '5 NOT_FOUND' };
    const { delivery, asked } = confirmerOf({ signal: error, describe: {} });
    expect(await delivery.deliver(callback)).toEqual(away);
    expect(asked.map(({ call }) => call)).toEqual(['signal']);
  });

  it('reports what confirms nothing by another signal, under another request id', async () => {
    const { event: _, ...from } = callback;
    const report = { ...from, says: 'failure' } as const;
    const { delivery, asked } = confirmerOf({});
    expect(await delivery.deliver(report)).toEqual({ outcome: 'delivered' });
    const { input, ...rest } = requestOf(asked[0]);
    expect(rest).toMatchObject({ signalName: 'providerReported', requestId: deliveryIdOf(report) });
    expect(deliveryIdOf(report)).not.toBe(deliveryIdOf(callback));
    expect(contentsOf(input.payloads)).toEqual([{ provider: 'measureone', handle: callback.handle, says: 'failure' }]);
  });

  describe('where the run takes no more signals', () => {
    const FULL = grpcError('3 INVALID_ARGUMENT', undefined, 'exceeded workflow execution limit for signal events');

    it('delivers by an update of the same id', async () => {
      const { delivery, asked } = confirmerOf({ signal: FULL, update: { outcome: { success: {} } } });
      expect(await delivery.deliver(callback)).toEqual({ outcome: 'delivered' });
      expect(asked.map(({ call }) => call)).toEqual(['signal', 'update']);
      expect(asked[1]?.request).toMatchObject({
        namespace: 'here',
        workflowExecution: { workflowId: `erasure-${callback.requestId}` },
        request: { meta: { updateId: deliveryIdOf(callback) }, input: { name: 'deliverCallback' } },
      });
    });

    it.each([
      ['a refusal', { outcome: { failure: { message: 'secret' } } }, 'run-full', 'update refused'],
      ['no outcome', {}, 'run-full', 'update refused'],
      ['too many updates', grpcError('8 RESOURCE_EXHAUSTED'), 'run-full', '8 RESOURCE_EXHAUSTED'],
      ['no worker', grpcError('4 DEADLINE_EXCEEDED'), 'temporal-away', '4 DEADLINE_EXCEEDED'],
    ])('promises nothing after %s', async (_what, update, outcome, reason) => {
      expect(await confirmerOf({ signal: FULL, update }).delivery.deliver(callback)).toEqual({ outcome, reason });
    });
  });

  it('does not throw for what is no answer of Temporal', async () => {
    const { delivery } = confirmerOf({ signal: new TypeError('secret') });
    expect(await delivery.deliver(callback)).toEqual({ outcome: 'temporal-away', reason: 'TypeError' });
  });

  it.each([
    ['erasureRequest', 2, { outcome: 'already-over' }],
    ['erasureRequest', 5, { outcome: 'already-over' }],
    ['erasureRequest', 1, { outcome: 'temporal-away', reason: 'started just now' }],
    ['somethingElse', 2, { outcome: 'unknown' }],
    [undefined, 2, { outcome: 'unknown' }],
  ])('looks what a request is that takes no signal: %s in status %i', async (name, status, outcome) => {
    const describe = { workflowExecutionInfo: { type: { name }, status } };
    expect(await confirmerOf({ signal: NOT_FOUND, describe }).delivery.deliver(callback)).toEqual(outcome);
  });
});
