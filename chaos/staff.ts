/** The staff of the fault suite: decisions taken at random, and those without which a run would wait for ever. */
import { DecisionRefusedError, RequestNotFoundError, RequestOverError } from '../client';
import type { DecisionKind } from '../domain/decision/decision-table';
import { decisionRow } from '../domain/decision/decision-table';
import { DAY_MS } from '../domain/duration';
import { isProvider } from '../domain/provider/provider-table';
import type { Stage } from './erasure';
import type { ErasurePlan } from './erasure-plan';
import { randomStream } from './random';
import type { RunLook } from './run-clock';

interface Decision {
  readonly requestId: string;
  /** By the run's clock, epoch ms. */
  readonly runNow: number;
  readonly kind: DecisionKind | 'cancel';
  readonly content: Readonly<Record<string, unknown>>;
}

type Answer = 'taken' | 'refused' | 'unknown';

export async function takeDecision(stage: Stage, decision: Decision): Promise<void> {
  await decided(stage, decision);
}

async function decided({ world, log }: Stage, { requestId, runNow, kind, content }: Decision): Promise<Answer> {
  const full = kind === 'cancel' ? content : { ...content, ...instantsOf(kind, runNow) };
  log.add({ kind: 'deciding', requestId, decision: kind, content: full });
  try {
    await (kind === 'cancel'
      ? world.client.withdraw(requestId)
      : world.client.decide(kind, requestId, full as unknown as Parameters<typeof world.client.decide>[2]));
    log.add({ kind: 'decided', requestId, decision: kind, answer: 'taken' });
    return 'taken';
  } catch (error) {
    const isRefused =
      error instanceof DecisionRefusedError ||
      error instanceof RequestOverError ||
      error instanceof RequestNotFoundError;
    const answer = isRefused ? 'refused' : 'unknown';
    const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    log.add({ kind: 'decided', requestId, decision: kind, answer, error: words });
    return answer;
  }
}

function instantsOf(kind: DecisionKind, runNow: number): Readonly<Record<string, string>> {
  const names = Object.keys(decisionRow(kind).fields);
  return {
    ...(names.includes('reviewAt') && { reviewAt: new Date(runNow + 90 * DAY_MS).toISOString() }),
    ...(names.includes('at') && { at: new Date(runNow).toISOString() }),
  };
}

/** `times`: how often staff have come to this run already, this time included. */
export async function helpOut(
  stage: Stage,
  { plan, look, times }: { readonly plan: ErasurePlan; readonly look: RunLook; readonly times: number },
): Promise<void> {
  const random = randomStream(plan.requestId, `help ${times}`);
  const common = { actor: 'staff-7', reason: { code: 'fault-suite', ticket: 'CHAOS-2' } };
  const take = (kind: DecisionKind, fields: Readonly<Record<string, unknown>> = {}): Promise<Answer> =>
    decided(stage, { requestId: plan.requestId, runNow: look.now, kind, content: { ...common, ...fields } });
  const notice = (which: string): Promise<Answer> =>
    take('notice', { notice: which, channel: 'email', reference: 'CHAOS-MAIL-2' });
  const waits = new Set(look.blockedOn);

  // While it is on hold nothing else is taken, an approval no more than a retry; to release it waits for nothing.
  if (waits.has('hold')) {
    if (waits.has('notice-of-hold') && random.chance(0.5)) await notice('refused');
    await take('release');
    return;
  }
  if (waits.has('approval')) {
    await (random.chance(0.85) ? take('approve') : take('reject', { ground: 'unverified' }));
    return;
  }
  if (waits.has('answer')) {
    if ((await notice('outcome')) === 'refused') await notice('refused');
    return;
  }
  const providers = look.blockedOn.filter(isProvider);
  for (const provider of providers) {
    if (times <= 2 && !stage.isEnding()) await take('retry', { provider });
    else await take(random.chance(0.5) ? 'waive' : 'attest', { provider });
  }
  if (providers.length > 0) return;
  if (waits.has('todo')) {
    await notice('acknowledged');
    return;
  }
  // A cancellation in Temporal says nothing of whose wish it was; a rejected request owes its notice.
  if (waits.has('staff') && (await take('withdraw', { wantedBy: 'subject' })) === 'refused') await notice('refused');
}
