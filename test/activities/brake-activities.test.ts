/** How one leg waits at its provider's brake. */
import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ApplicationFailure } from '@temporalio/activity';
import { createBrakeActivities, type BrakeWait } from '../../activities/brake-activities';
import { noBrake, type BrakeGate } from '../../activities/brake-gate';
import { defined } from '../../domain/defined';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import type { LegBrake } from '../../domain/leg/failure';
import { byProvider } from '../../domain/provider/provider-table';
import { trialPlan } from '../../domain/brake/trip-state';

const REQUEST_ID = '3f2b8f0e-6c1d-4f53-9f6e-0000000000a1';
const RUN = '3f2b8f0e-6c1d-4f53-9f6e-0000000000b1';
const T0 = Date.UTC(2026, 10, 22, 9);
const shortage = { reason: 'allowance-spent', since: T0, until: T0 + HOUR_MS } as const;
const on = {
  reason: 'unauthorized',
  since: T0,
  requests: 5,
  requestIds: [REQUEST_ID],
  trials: 0,
  nextTrialAt: T0 + MINUTE_MS,
  plan: trialPlan,
} as const;

async function wait(
  gate: Partial<BrakeGate>,
  { attempt = 1, brake }: { readonly attempt?: number; readonly brake?: LegBrake } = {},
): Promise<ApplicationFailure | undefined> {
  const activities = createBrakeActivities({ gates: byProvider(() => ({ ...noBrake, ...gate })) });
  const environment = new MockActivityEnvironment(
    {
      workflowType: 'erasureRequest',
      workflowExecution: { workflowId: `erasure-${REQUEST_ID}`, runId: RUN },
      inWorkflow: true,
      attempt,
    },
    { logger: new DefaultLogger('ERROR', () => undefined) },
  );
  const asked = { requestId: REQUEST_ID, run: RUN, provider: 'person', ...defined({ brake }) } as const;
  return environment
    .run((about: BrakeWait) => activities.waitForBrake(about), asked)
    .then(
      () => undefined,
      (failure: unknown) => failure as ApplicationFailure,
    );
}

describe('a leg at the brake of its provider', () => {
  it('goes on where calls are left and the brake is off', async () => {
    expect(await wait({})).toBeUndefined();
  });

  it('waits for calls, and does not take the trial meanwhile', async () => {
    const passed: string[] = [];
    const failure = await wait({
      shortage: async () => ({ shortage, askAgainInMs: 7 * MINUTE_MS }),
      pass: async (requestId) => {
        passed.push(requestId);
        return 'go';
      },
    });
    expect(failure).toMatchObject({
      type: 'ProviderBraked',
      category: 'BENIGN',
      nonRetryable: false,
      nextRetryDelay: 7 * MINUTE_MS,
      message:
        'No calls are left to Person API: since 2026-11-22 09:00 UTC our allowance of calls for 24 hours is spent. ' +
        'Requests wait, and go on by themselves once there are calls again, from 2026-11-22 10:00 UTC on.',
      details: [{ mayHaveReached: false, brake: shortage }],
    });
    expect(passed).toEqual([]);
  });

  it('believes what its step met once, where nobody else knows of it yet, lest it be refused in a circle', async () => {
    const until = Date.now() + 2 * HOUR_MS;
    const brake = { reason: 'paused', since: Date.now(), until } as const;
    const failure = await wait({}, { brake });
    expect(failure).toMatchObject({ type: 'ProviderBraked', details: [{ brake }] });
    expect(failure?.nextRetryDelay).toBeGreaterThan(59 * MINUTE_MS);
    expect(failure?.nextRetryDelay).toBeLessThanOrEqual(HOUR_MS + 7 * MINUTE_MS);
    expect(await wait({}, { brake, attempt: 2 })).toBeUndefined();
    // The clock of whoever met it may be behind ours: to go on at once would be a circle, too.
    const over = await wait({}, { brake: { ...brake, until: Date.now() - HOUR_MS } });
    expect(over?.nextRetryDelay).toBeLessThanOrEqual(7 * MINUTE_MS);
    expect(over?.nextRetryDelay).toBeGreaterThanOrEqual(SECOND_MS);
    expect(await wait({}, { brake: { reason: 'unauthorized', since: Date.now() } })).toBeUndefined();
  });

  it('waits for the brake to be released', async () => {
    const failure = await wait({ pass: async () => ({ on, askAgainInMs: MINUTE_MS }) });
    expect(failure).toMatchObject({
      type: 'ProviderBraked',
      nextRetryDelay: MINUTE_MS,
      message: expect.stringContaining('The brake of Person API is on'),
      details: [{ mayHaveReached: false, brake: { reason: 'unauthorized', since: T0 } }],
    });
  });
});
