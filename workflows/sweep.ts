/** The sweep: goes over every request that was received, and reports what would otherwise stay silent. Started by a Schedule. */
import {
  ActivityFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow';
import type { SweepActivities } from '../activities/sweep/sweep-activities';
import { MINUTE_MS, SECOND_MS } from '../domain/duration';
import { parseInstant } from '../domain/instant';
import {
  beginSweep,
  sweepOn,
  type SweepInput,
  type SweepResult,
  type SweepSoFar,
  type WebhookOutcome,
} from '../domain/sweep/sweep-result';
import { isRecord } from '../domain/text';
import { WORKFLOW_QUEUE } from '../temporal/names';

const retry = { initialInterval: SECOND_MS, backoffCoefficient: 2, maximumInterval: MINUTE_MS };

/** Tried for as long as the run may last: a sweep that gives up would itself be silent. */
const looking: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: 20 * MINUTE_MS,
  heartbeatTimeout: MINUTE_MS,
  retry,
};
/** Over before the next sweep begins, which is left out while this one runs. */
const calling: ActivityOptions = {
  taskQueue: WORKFLOW_QUEUE,
  startToCloseTimeout: MINUTE_MS,
  scheduleToCloseTimeout: 10 * MINUTE_MS,
  retry,
};

export async function erasureSweep(input: SweepInput = {}, handedOn?: SweepSoFar): Promise<SweepResult> {
  const steps = proxyActivities<SweepActivities>(looking);
  let soFar = handedOn ?? (await beginSweep(steps, { ...inputOf(input), ...lastOf(workflowInfo().lastResult) }));
  while (soFar.at !== 'over') {
    soFar = await sweepOn(steps, soFar);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof erasureSweep>(input, soFar);
  }
  const { summary } = soFar;
  await steps.publishSweep(summary);
  return { ...summary, webhook: await callWebhook(summary) };
}

/** A webhook that fails must not hide what log and metrics say. */
async function callWebhook(summary: SweepSoFar['summary']): Promise<WebhookOutcome> {
  const activities = proxyActivities<SweepActivities>(calling);
  try {
    return await activities.callWebhook(summary);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return 'failed';
  }
}

/** Anybody who may write to the namespace can start it with anything: what is none is left out. */
function inputOf(input: unknown): { readonly now: number; readonly looks?: number } {
  const given = isRecord(input) ? input : {};
  const { looks } = given;
  return {
    now: parseInstant(given['now']) ?? Date.now(),
    ...(typeof looks === 'number' && Number.isInteger(looks) && looks > 0 ? { looks } : {}),
  };
}

function lastOf(result: unknown): { readonly last?: SweepResult } {
  return isRecord(result) && typeof result['round'] === 'number' && parseInstant(result['at']) !== undefined
    ? { last: result as unknown as SweepResult }
    : {};
}
