/** The sweep's steps as activities, and how it tells what it found: log, metrics, webhook. */
import type { Client } from '@temporalio/client';
import { CancelledFailure, Context } from '@temporalio/activity';
import type { MetricMeter } from '@temporalio/common';
import { SECOND_MS } from '../../domain/duration';
import { findingGuide, findingKinds, type Finding } from '../../domain/sweep/finding';
import {
  findingsInAll,
  type SweepSteps,
  type SweepSummary,
  type WebhookOutcome,
} from '../../domain/sweep/sweep-result';
import { createSweeper } from './sweeper';
import { createWebhook, type WebhookSettings } from './webhook';

export interface SweepActivities extends SweepSteps {
  /** The summary, in the log and as metrics of the worker that happens to do it. */
  publishSweep(summary: SweepSummary): Promise<void>;
  callWebhook(summary: SweepSummary): Promise<WebhookOutcome>;
}

/** Of a logger what is needed here. */
export interface SweepLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export function createSweepActivities(parts: {
  readonly client: Client;
  readonly looks: number;
  readonly log: SweepLog;
  readonly webhook?: WebhookSettings;
}): SweepActivities {
  const { log } = parts;
  const sweeper = createSweeper({ ...parts, report: (finding) => logFinding(log, finding), heartbeat });
  const webhook = parts.webhook && createWebhook(parts.webhook);
  return {
    ...sweeper,

    publishSweep: async (summary) => {
      const { at, round, open, lookedAt } = summary;
      const counts = Object.fromEntries(Object.entries(summary.counts).filter(([, count]) => count > 0));
      const found = findingsInAll(summary);
      log.info({ at, round, open, lookedAt, found, counts }, 'The sweep is over');
      measure(Context.current().metricMeter, summary);
    },

    callWebhook: async (summary) => {
      if (webhook === undefined) return 'none';
      // Of the attempt, so that a receiver that refuses old messages takes a late one.
      await webhook.send(summary, { id: `sweep_${Context.current().info.workflowExecution?.runId}`, now: Date.now() });
      return 'delivered';
    },
  };
}

function heartbeat(): void {
  const context = Context.current();
  context.heartbeat();
  if (context.cancellationSignal.aborted) throw new CancelledFailure('The sweep was broken off');
}

function logFinding(log: SweepLog, finding: Finding): void {
  const { kind, ...about } = finding;
  const { happened, todo } = findingGuide[kind];
  log.warn({ finding: kind, ...about, todo }, `Found by the sweep: ${happened}`);
}

/** Every kind, also those that were not found: a gauge would otherwise go on saying what was true once. */
function measure(meter: MetricMeter, { at, open, counts }: SweepSummary): void {
  const findings = meter.createGauge('erasure_findings', 'int', undefined, 'What the latest sweep found, by kind');
  for (const kind of findingKinds) findings.set(counts[kind], { kind });
  meter.createGauge('erasure_requests_open', 'int', undefined, 'Requests that are open').set(open);
  meter
    .createGauge('erasure_swept_at_seconds', 'int', undefined, 'When the latest sweep began, in epoch seconds')
    .set(Math.floor(Date.parse(at) / SECOND_MS));
}
