/** What whoever may write to the namespace can try without any key, against the real worker, gateway and server. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { ActivityExecutionFailedError } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { DAY_MS, HOUR_MS, SECOND_MS } from '../../domain/duration';
import type { LegCall } from '../../domain/leg/leg-call';
import { defaultPatience } from '../../domain/rules/patience';
import { createDecisionTokenIssuer } from '../../security/decision-token';
import { readServerDecisionKeys } from '../../security/key-files';
import { Story } from '../support/story';
import { ownNamespace } from '../support/test-namespace';
import type { ForgedStep } from './forger-workflows';
import { workflowIdOf } from '../../temporal/names';

const said = { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-1' } } as const;
const FORGER_QUEUE = 'forger';

let story: Story;
beforeEach(async () => {
  story = await Story.open({ policy: { decisions: 'authenticated', approval: 'needed' } });
  await story.seed();
});
afterEach(() => story.close());

/** The input of the run, as its history shows it to anybody who may read. */
async function sealedIn(): Promise<Readonly<Record<string, string>>> {
  const { events } = await story.handle.fetchHistory();
  const payload = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data;
  const { subject } = JSON.parse(Buffer.from(payload ?? []).toString()) as { subject: Record<string, string> };
  return subject;
}

async function begin(): Promise<LegCall> {
  await story.submit({ filedBy: 'staff-1' });
  const { runId } = await story.handle.describe();
  const { aptrinsic = '' } = await sealedIn();
  return {
    requestId: story.requestId,
    run: runId,
    provider: 'aptrinsic',
    sealed: aptrinsic,
    round: 1,
    firstAskedAt: Date.now(),
    askedBefore: false,
    approvalRule: { approvalNeeded: false, decisionMode: 'asserted' },
    tries: { mode: 'first', firstWaitMs: 10 * SECOND_MS, longestWaitMs: HOUR_MS },
    patience: defaultPatience,
  };
}

async function calls(): Promise<number> {
  return (await story.simulator.calls({ provider: 'aptrinsic' })).length;
}

async function startAlone(activity: string, queue: string, input: object): Promise<string> {
  const failure: unknown = await story.temporal.activity
    .execute(activity, {
      id: randomUUID(),
      taskQueue: queue,
      args: [input],
      startToCloseTimeout: 10_000,
      retry: { maximumAttempts: 1 },
    })
    .catch((error: unknown) => error);
  if (!(failure instanceof ActivityExecutionFailedError)) throw new Error('It was served', { cause: failure });
  return failure.cause?.message ?? '';
}

/** A worker of the forger's own, with a workflow of our type on another queue. */
async function forge(
  steps: readonly ForgedStep[],
  { workflowId = workflowIdOf(story.requestId), type = 'erasureRequest' } = {},
): Promise<readonly string[]> {
  const connection = await NativeConnection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
  const worker = await Worker.create({
    connection,
    namespace: ownNamespace,
    taskQueue: FORGER_QUEUE,
    workflowsPath: join(__dirname, 'forger-workflows.ts'),
  });
  try {
    return await worker.runUntil(
      story.temporal.workflow.execute(type, { taskQueue: FORGER_QUEUE, workflowId, args: [{ steps }] }),
    );
  } finally {
    await connection.close();
  }
}

async function approve(): Promise<void> {
  const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(story.keysDirectory));
  const run = await story.client.runOf(story.requestId);
  const subject = { requestId: story.requestId, run, kind: 'approve', content: said } as const;
  const { token } = await issuer.issue({ ...subject, now: Date.now() });
  await story.client.decide('approve', story.requestId, { ...said, token });
}

const statement = (call: LegCall) => ({
  requestId: call.requestId,
  workflowId: workflowIdOf(call.requestId),
  runId: call.run,
  run: call.run,
  regulation: 'gdpr',
  submittedAt: 0,
  startedAt: 0,
  outcome: 'completed',
  legs: [],
  terms: { rules: {}, isIndexed: false },
  isExtended: false,
  trail: [],
});

describe('whoever may write to the namespace', () => {
  it('cannot have an activity of ours do anything by starting it alone', async () => {
    const call = await begin();
    const alone = 'was refused: it was started by itself, outside a workflow.';
    for (const activity of ['requestErasure', 'observeErasure', 'withdrawErasure']) {
      expect(await startAlone(`aptrinsic.${activity}`, 'erasure-aptrinsic', call)).toBe(
        `aptrinsic.${activity} ${alone}`,
      );
    }
    for (const activity of ['issueCertificate', 'determineTerms', 'checkDecision', 'checkCallback']) {
      expect(await startAlone(activity, 'erasure', statement(call))).toBe(`${activity} ${alone}`);
    }
    expect(await calls()).toBe(0);
  });

  it('cannot have it done by a workflow of another type, nor for another request', async () => {
    const call = await begin();
    const ask = { queue: 'erasure-aptrinsic', activity: 'aptrinsic.requestErasure', input: call };
    expect(await forge([ask], { type: 'somethingElse', workflowId: randomUUID() })).toEqual([
      'NotItsOwnRun: aptrinsic.requestErasure was refused: it was scheduled by a workflow of another type.',
    ]);
    expect(await forge([ask], { workflowId: randomUUID() })).toEqual([
      'NotItsOwnRun: aptrinsic.requestErasure was refused: it was scheduled for another request.',
    ]);
    expect(await calls()).toBe(0);
  });

  it('cannot ask about a person again, nor make up a certificate, in a run of their own under the same id', async () => {
    const call = await begin();
    await story.handle.terminate('the forger wants the id for a run of their own');
    const ask = { queue: 'erasure-aptrinsic', activity: 'aptrinsic.requestErasure', input: call };
    const determineTerms = {
      queue: 'erasure',
      activity: 'determineTerms',
      input: { requestId: call.requestId, regulation: 'gdpr', submittedAt: Date.now(), policy: {} },
      asOwn: true,
    };
    const certify = { queue: 'erasure', activity: 'issueCertificate', input: statement(call) };
    const refusals = await forge(
      [ask, { ...ask, asOwn: true }, determineTerms, { ...ask, asOwn: true }, certify, { ...certify, asOwn: true }],
      { workflowId: workflowIdOf(story.requestId) },
    );
    const another = 'was refused: it was scheduled for another run of this request.';
    expect(refusals).toEqual([
      `NotItsOwnRun: aptrinsic.requestErasure ${another}`,
      'ApprovalMissing: Aptrinsic (Gainsight PX) was not asked: what says whether an approval is needed is not signed.',
      'done',
      'ApprovalMissing: Aptrinsic (Gainsight PX) was not asked: no approval came with it.',
      `NotItsOwnRun: issueCertificate ${another}`,
      'EvidenceRefused: No certificate was issued, since its evidence does not hold: the run was started with something else than an erasure request; the set of rules is not signed.',
    ]);
    expect(await calls()).toBe(0);
  });

  it('cannot have a request approved by whoever filed it, by writing another name into its input', async () => {
    const { aptrinsic } = story.submission().subject;
    const { workflowId, input } = await story.client.prepare(
      story.submission({ filedBy: 'staff-17', subject: { aptrinsic } }),
    );
    await story.temporal.workflow.start('erasureRequest', {
      taskQueue: 'erasure',
      workflowId,
      args: [{ ...input, filedBy: 'staff-1' }],
    });
    await approve();
    expect(await story.until('aptrinsic', 'attention')).toMatchObject({ attention: { reason: 'ApprovalMissing' } });
    expect(await calls()).toBe(0);
  });

  it('does not stand in the way of what was approved and signed for', async () => {
    const { aptrinsic } = story.submission().subject;
    await story.submit({ filedBy: 'staff-1', subject: { aptrinsic } });
    expect(await calls()).toBe(0);
    await approve();
    await story.until('aptrinsic', 'waiting-out-window');
    await story.forward(7 * DAY_MS + 2 * HOUR_MS);
    const { outcome, filedBy, decisions } = await story.certificate();
    expect({ outcome, filedBy }).toEqual({ outcome: 'completed', filedBy: 'staff-1' });
    expect(decisions).toMatchObject([{ kind: 'approve', actor: 'staff-17', proof: { token: expect.any(String) } }]);
  });

  it('cannot confirm a purge by a signal', async () => {
    await story.close();
    story = await Story.open();
    await story.seed();
    // Without an address for callbacks MeasureOne will say nothing by itself.
    await story.stopWorker();
    await story.startWorker({ GATEWAY_PUBLIC_URL: '' });
    await story.submit({ subject: { measureone: { individualId: story.subject.individualId } } });
    await story.until('measureone', 'waiting-out-window');
    const confirmation = { provider: 'measureone', handle: 'h1', event: 'individual.purged' };
    await story.handle.signal('providerConfirmed', confirmation);
    await story.handle.signal('providerConfirmed', {
      ...confirmation,
      witness: { keyId: 'made-up', at: 1, signature: 'AAAA' },
    });
    await story.forward(5 * DAY_MS + 2 * HOUR_MS);
    const claim = await story.claim('measureone');
    expect([claim.outcome, claim.callback]).toEqual(['presumed-erased', undefined]);
  });
});
