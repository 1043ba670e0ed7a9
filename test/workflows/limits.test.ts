/** What a run can be sent is bounded, and what must be decided still can be: on the real server. */
import type { WorkflowHandle } from '@temporalio/client';
import {
  RECIPIENT_NOTICES_MAX,
  REFUSED_TOKENS_MAX,
  RETRIES_MAX,
  TRAIL_IN_ANSWER_MAX,
} from '../../domain/request/limits';
import type { erasureRequest } from '../../workflows';
import { decisionUpdates, progress } from '../../workflows/messages';
import { eventually, expectReplays, failure, OVER_MS, rulesFor, WorkflowBench } from '../support/workflow-bench';

const said = { actor: 'staff-7', reason: { code: 'by-the-book', ticket: 'PRIV-1' } } as const;
let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

type Handle = WorkflowHandle<typeof erasureRequest>;

const noticedAt = new Date(Date.now() - 60_000).toISOString();

function notice(
  handle: Handle,
  reference: string,
  { recipient, at = noticedAt }: { readonly recipient?: string; readonly at?: string } = {},
) {
  return handle.executeUpdate(decisionUpdates.notice, {
    args: [
      {
        ...said,
        notice: 'outcome',
        at,
        channel: 'email',
        reference,
        ...(recipient === undefined ? {} : { recipient }),
      },
    ],
  });
}

/** The words of each refusal, and how many there were. */
async function refusalsOf(times: number, send: (index: number) => Promise<unknown>): Promise<Map<string, number>> {
  const refusals = new Map<string, number>();
  for (let index = 0; index < times; index += 1) {
    try {
      await send(index);
    } catch (error) {
      const words = String((error as { cause?: Error }).cause?.message);
      refusals.set(words, (refusals.get(words) ?? 0) + 1);
    }
  }
  return refusals;
}

describe('a request that is sent too much', () => {
  it('refuses what it can do without, and still records the outcome', async () => {
    bench.terms = (question) => ({ rules: rulesFor(question), isIndexed: true });
    const handle = await bench.startFor('person');
    await bench.settle(handle);
    const refusals = await refusalsOf(RECIPIENT_NOTICES_MAX + 20, (index) =>
      notice(handle, `M-${index}`, { recipient: 'platform' }),
    );
    expect([...refusals]).toEqual([[expect.stringContaining('holds 200 notices to recipients'), 20]]);
    await bench.forward(handle, OVER_MS);
    await eventually(async () => ((await handle.query(progress)).state === 'awaiting-answer' ? true : undefined));
    const { trail, state } = await notice(handle, 'M-outcome', {
      at: new Date(await bench.now(handle)).toISOString(),
    });
    expect(trail).toHaveLength(TRAIL_IN_ANSWER_MAX);
    expect(trail.at(-1)).toMatchObject({ kind: 'notice', content: { reference: 'M-outcome' } });
    expect(state).toBe('completed');
    expect((await handle.result()).trail).toHaveLength(RECIPIENT_NOTICES_MAX + 1);
    const { raw } = await handle.describe();
    expect(Number(raw.workflowExecutionInfo?.historySizeBytes)).toBeLessThan(4 * 1024 * 1024);
    await expectReplays(handle);
  });

  it('is retried so often and no more, and can be withdrawn, or cancelled, after it', async () => {
    bench.terms = (question) => ({ rules: rulesFor(question, { answerTracked: false }), isIndexed: true });
    bench.providers.person.ask.set(failure('ProviderRejected', { nonRetryable: true }));
    const handle = await bench.startFor('person');
    const retry = async () => {
      await eventually(async () => ((await bench.leg(handle)).state === 'attention' ? true : undefined));
      await handle.executeUpdate(decisionUpdates.retry, { args: [{ provider: 'person', ...said }] });
    };
    expect([...(await refusalsOf(RETRIES_MAX + 2, retry))]).toEqual([
      [expect.stringContaining('has been retried 100 times, which is the limit: attest or waive it'), 2],
    ]);
    await handle.cancel();
    expect(await handle.result()).toMatchObject({ outcome: 'withdrawn' });
  });

  it('has so many tokens checked and no more, and what needs none goes on', async () => {
    bench.terms = (question) => ({
      rules: rulesFor(question, { answerTracked: false, approvalNeeded: true, decisionMode: 'authenticated' }),
      isIndexed: true,
    });
    const handle = await bench.start({ filedBy: 'staff-1' });
    await bench.settle(handle);
    const forged = { ...said, token: 'a.b.c' };
    const approve = () => handle.executeUpdate(decisionUpdates.approve, { args: [forged] });
    expect([...(await refusalsOf(REFUSED_TOKENS_MAX + 3, approve))].map(([, times]) => times)).toEqual([
      REFUSED_TOKENS_MAX,
      3,
    ]);
    const withdraw = () =>
      handle.executeUpdate(decisionUpdates.withdraw, { args: [{ ...forged, wantedBy: 'subject' }] });
    expect([...(await refusalsOf(1, withdraw)).keys()].join()).toContain('300 decision tokens that did not hold');
    await notice(handle, 'M-1', { recipient: 'platform' });
    await handle.cancel();
    await eventually(async () =>
      (await handle.query(progress)).todo.some((line) => line.includes('CancelRequested')) ? true : undefined,
    );
  });

  it('lets nothing into its history that is not of the decision', async () => {
    const handle = await bench.startFor('person');
    const planted = { ...said, provider: 'person', note: 'planted@customer.example' } as const;
    const retry = () => handle.executeUpdate(decisionUpdates.retry, { args: [planted] });
    expect([...(await refusalsOf(1, retry)).keys()]).toEqual([expect.stringContaining('has a field other than actor')]);
    const { events } = await handle.fetchHistory();
    expect(events?.some((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toBe(false);
  });
});
