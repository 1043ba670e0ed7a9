/** One erasure of the fault suite: submitted, moved through its windows, meddled with as planned, and followed to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import { RequestConflictError } from '../client';
import { DAY_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import type { LoggedCall } from '../local/simulator/call-log';
import { simulatedProviders } from '../local/simulator/simulator-registry';
import type { Sealer } from '../security/sealing';
import { sendCallback, type KnownCallbacks } from './callback-sender';
import type { ErasurePlan, PlannedEvent } from './erasure-plan';
import { lookAtRun, moveRun, type RunLook } from './run-clock';
import type { RunLog } from './run-log';
import { helpOut, takeDecision } from './staff';
import { submitAhead } from './submit-ahead';
import type { World } from './world';

export interface Stage {
  readonly world: World;
  readonly log: RunLog;
  /** The providers' time, epoch ms. */
  readonly simulatorNow: () => number;
  readonly sealer: () => Sealer;
  readonly callbacks: KnownCallbacks;
  /** Nothing more is broken: what is open is brought to its end. */
  readonly isEnding: () => boolean;
  /** A provider's brake is on: legs that wait for it would ask again every minute of virtual time. */
  readonly isBraked: () => boolean;
}

/** A run that is held up by a call goes on in the next step. */
const MOVE_WAIT_MS = 4 * SECOND_MS;
/** Shorter than any window: one that begins in the middle of a move is not over at the end of it. */
const MOVED_MS_MAX = DAY_MS;
const SUBMISSIONS_MAX = 20;
/** Staff come to what waits for them after some steps, as in life. */
const PATIENCE_STEPS = 3;
const LOOKS_KEPT = 5;
const LONGEST_MS = 120 * DAY_MS;
const LONGEST_WALL_MS = 30 * MINUTE_MS;

/** `lost`: accepted, and Temporal knows no such run. */
export type ErasureState = 'planned' | 'open' | 'over' | 'not-accepted' | 'lost';

export class Erasure {
  readonly plan: ErasurePlan;
  readonly #stage: Stage;
  state: ErasureState = 'planned';
  look: RunLook | undefined;
  /** By the providers' clock. */
  #startedAt = 0;
  #clockAheadMs: number;
  #events: PlannedEvent[];
  /** What the run's clock showed at the first look, and when that was. */
  #first: { readonly wallAt: number; readonly now: number } | undefined;
  /** For how many steps in a row it has waited for staff. */
  #waitedSteps = 0;
  #helped = 0;
  /** What the run's clock showed when, the newest last. */
  #looks: readonly { readonly wallAt: number; readonly now: number }[] = [];

  constructor(plan: ErasurePlan, stage: Stage) {
    this.plan = plan;
    this.#stage = stage;
    this.#events = [...plan.events];
    this.#clockAheadMs = plan.clockAheadMs;
  }

  /** Seeds the person at the providers, and submits until Temporal has said yes. */
  async submit(): Promise<void> {
    const { plan } = this;
    const { log, world } = this.#stage;
    await this.#seed();
    for (const fault of plan.faults) await this.#setFault(fault);
    if (plan.delivery) {
      await world.simulator.operate('setDelivery', { individualId: plan.subject.measureone ?? '', ...plan.delivery });
    }
    this.#startedAt = this.#stage.simulatorNow();
    const aheadMs = this.#startedAt - Date.now() + this.#clockAheadMs;
    // A first call can be made, and the providers' clock moved on meanwhile, before anybody looks at the run.
    this.#looks = [{ wallAt: Date.now(), now: this.#startedAt + this.#clockAheadMs }];
    const submission = submissionOf(plan, Date.now());
    let accepted = 0;
    for (let times = 1; times <= SUBMISSIONS_MAX && accepted < plan.submissions; times += 1) {
      const { requestId } = plan;
      const { regulation, submittedAt } = submission;
      log.add({
        kind: 'submitting',
        requestId,
        subject: plan.subject,
        regulation,
        submittedAt,
        clockAheadMs: this.#clockAheadMs,
        times,
      });
      try {
        const { workflowId, runId, duplicate } = await submitAhead(world, submission, {
          sealer: this.#stage.sealer(),
          aheadMs,
        });
        log.add({ kind: 'submitted', requestId, workflowId, runId, duplicate });
        this.state = 'open';
        accepted += 1;
      } catch (error) {
        log.add({ kind: 'submission-failed', requestId, error: nameOf(error) });
        await pause(500);
      }
    }
    if (accepted === 0) this.state = 'not-accepted';
    if (plan.conflicts && accepted > 0) await this.#submitConflict(submission, aheadMs);
  }

  /** One step: whatever is due happens, and the run's clock follows the providers'. */
  async step(): Promise<void> {
    const { world, isEnding, simulatorNow } = this.#stage;
    const lookedAt = Date.now();
    const look = await lookAtRun(world.connection, this.plan.requestId);
    if (look === undefined) {
      this.state = 'lost';
      return;
    }
    this.look = look;
    this.#looks = [...this.#looks.slice(-LOOKS_KEPT), { wallAt: lookedAt, now: look.now }];
    this.#first ??= { wallAt: lookedAt, now: look.now };
    if (look.status !== 'running') {
      this.state = 'over';
      return;
    }
    await this.#happen(look);
    await this.#call(look);
    const behindMs = simulatorNow() + this.#clockAheadMs - look.now;
    if (look.underWay.length > 0) {
      // It holds the run's clock up. From here on the run is behind for good: would it catch up with the providers at once, its
      // window would pass before theirs.
      this.#clockAheadMs = look.now - simulatorNow();
    } else if (behindMs >= SECOND_MS && look.state !== undefined && !this.#stage.isBraked()) {
      // Before its first task is done there is nothing to move.
      const { requestId } = this.plan;
      const byMs = Math.round(Math.min(behindMs, MOVED_MS_MAX));
      this.#stage.log.add({ kind: 'forward', requestId, byMs, from: look.now });
      await moveRun(world.connection, { requestId, byMs, waitMs: MOVE_WAIT_MS });
    }
    if (isEnding()) this.#events = [];
  }

  /**
   * A provider was asked to erase, which began a window by both clocks. A step moves the providers first, so the run may have
   * asked by an earlier time of its own than theirs, and would find its window over before theirs is: from here on it stays as far
   * behind them as it may have been then.
   */
  wasAsked(call: Pick<LoggedCall, 'at' | 'wallAt'>): void {
    const calledAt = Date.parse(call.wallAt);
    const before = this.#looks.findLast(({ wallAt }) => wallAt <= calledAt);
    if (before === undefined) return;
    const ranSince = calledAt - before.wallAt;
    this.#clockAheadMs = Math.min(this.#clockAheadMs, before.now + ranSince - Date.parse(call.at));
  }

  /** How long it has been going on, by the providers' clock. */
  #ageMs(): number {
    return this.#stage.simulatorNow() - this.#startedAt;
  }

  /**
   * By the run's own clock, which stands while a call is under way: the providers' goes on meanwhile, and what they name as
   * their window's end is further away by as much. And by ours, for one whose call never ends.
   */
  takesTooLong(): boolean {
    if (this.#first === undefined || this.look === undefined) return false;
    const ownAgeMs = this.look.now - this.#first.now;
    const behindMs = Math.max(0, -this.#clockAheadMs);
    return ownAgeMs > LONGEST_MS + behindMs || Date.now() - this.#first.wallAt > LONGEST_WALL_MS;
  }

  standing(): string {
    const { look } = this;
    if (this.state === 'lost') return 'Temporal knows no such run, although it was accepted';
    if (look === undefined) return 'never looked at';
    const waits = look.blockedOn.length > 0 ? `waits for ${look.blockedOn.join(', ')}` : 'waits for nobody';
    return `${look.state ?? 'no state yet'}; ${waits}; under way: ${look.pending.join('; ') || 'nothing'}`;
  }

  async #seed(): Promise<void> {
    const { log, world } = this.#stage;
    const createDate = new Date(Date.now() - 400 * DAY_MS).toISOString();
    for (const provider of this.plan.heldBy) {
      const id = this.plan.subject[provider] ?? '';
      await world.simulator.operate('seed', { provider, ...simulatedProviders[provider].sample.seed(id, createDate) });
      log.add({ kind: 'world', requestId: this.plan.requestId, provider, id, what: 'seeded' });
    }
  }

  async #setFault(fault: ErasurePlan['faults'][number]): Promise<void> {
    await this.#stage.world.simulator.addFault(fault);
    this.#stage.log.add({ kind: 'fault', requestId: this.plan.requestId, fault });
  }

  async #submitConflict(submission: ReturnType<typeof submissionOf>, aheadMs: number): Promise<void> {
    const { log, world } = this.#stage;
    const { requestId } = this.plan;
    try {
      const other = { ...submission, receivedVia: 'letter' };
      const { workflowId, runId, duplicate } = await submitAhead(world, other, {
        sealer: this.#stage.sealer(),
        aheadMs,
      });
      log.add({ kind: 'submitted', requestId, workflowId, runId, duplicate });
    } catch (error) {
      const conflicting = error instanceof RequestConflictError ? { conflicting: true as const } : {};
      log.add({ kind: 'submission-failed', requestId, error: nameOf(error), ...conflicting });
    }
  }

  async #happen(look: RunLook): Promise<void> {
    const ageMs = this.#ageMs();
    while (this.#events[0] !== undefined && this.#events[0].afterMs <= ageMs) {
      const event = this.#events.shift();
      if (event !== undefined) await this.#do(event, look);
    }
  }

  async #do(event: PlannedEvent, look: RunLook): Promise<void> {
    const { plan } = this;
    switch (event.does) {
      case 'decide':
        return takeDecision(this.#stage, { requestId: plan.requestId, runNow: look.now, ...event.decision });
      case 'call-back':
        return sendCallback(this.#stage, plan, event.how);
      case 'set-fault':
        return this.#setFault(event.fault);
      case 'shift-clock':
        this.#clockAheadMs += event.byMs;
        return undefined;
      case 'revive':
      case 'move-purge':
      case 'take-off-queue':
        return this.#changeRecord(event);
    }
  }

  /** What somebody else does to the person's record, where that is possible at all. */
  async #changeRecord(
    event: Extract<PlannedEvent, { does: 'revive' | 'move-purge' | 'take-off-queue' }>,
  ): Promise<void> {
    const { world, log, simulatorNow } = this.#stage;
    const { requestId, subject } = this.plan;
    const provider: Provider = event.does === 'revive' ? 'aptrinsic' : 'person';
    const id = subject[provider] ?? '';
    const changed = { kind: 'world', requestId, provider, id } as const;
    if (event.does === 'revive') {
      const before = await world.simulator.record('aptrinsic', id);
      await world.simulator.operate('liveTag', { identifyId: id });
      const after = await world.simulator.record('aptrinsic', id);
      log.add({ ...changed, what: after.records > before.records ? 'came-anew' : 'came-back' });
      return;
    }
    const held = await world.simulator.record('person', id);
    if (held.purge === undefined || held.purge.done) return;
    if (event.does === 'take-off-queue') {
      await world.simulator.operate('dequeuePurge', { personId: id });
      log.add({ ...changed, what: 'taken-off-queue' });
      return;
    }
    const purgeOn = Math.max(Date.parse(held.purge.purgeOn) + event.byMs, simulatorNow() + MINUTE_MS);
    await world.simulator.operate('movePurge', { personId: id, purgeOn });
    log.add({ ...changed, what: 'purge-moved' });
  }

  /** Staff come to what waits for them: at first to repeat it, at last to decide it for good. */
  async #call(look: RunLook): Promise<void> {
    const waits = look.blockedOn.filter(
      (one) => !['due-soon', 'overdue', 'cannot-make-it', 'unanswered'].includes(one),
    );
    if (waits.length === 0) {
      this.#waitedSteps = 0;
      return;
    }
    this.#waitedSteps += 1;
    if (this.#waitedSteps < PATIENCE_STEPS && !this.#stage.isEnding()) return;
    this.#waitedSteps = 0;
    this.#helped += 1;
    await helpOut(this.#stage, { plan: this.plan, look, times: this.#helped });
  }
}

/** The person asked before the run was started by this machine's clock, which is what its guard goes by: in a long run they are answered late. */
function submissionOf(plan: ErasurePlan, now: number) {
  const fields = { measureone: 'individualId', person: 'personId', aptrinsic: 'identifyId' } as const;
  return {
    requestId: plan.requestId,
    regulation: plan.regulation,
    submittedAt: new Date(now - plan.askedBeforeMs).toISOString(),
    receivedVia: 'web-form',
    filedBy: 'staff-0',
    subject: Object.fromEntries(
      providerKeys.flatMap((provider) => {
        const id = plan.subject[provider];
        return id === undefined ? [] : [[provider, { [fields[provider]]: id }]];
      }),
    ),
  };
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}
