/**
 * Whether a provider's brake is on, since the provider refuses everyone. Then one call at a time is let through as a trial,
 * and the first that the provider serves releases it. Pure; the provider's brake keeps it for all workers.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../duration';
import { defined } from '../defined';
import type { BrakeReason } from './brake-reason';
import { REQUESTS_NAMED_MAX, type BrakeLimits, type Sign, type Trip } from './streak';

/** When trials are made: the first so long after the brake went on, each further one after twice as long, up to the longest. */
export interface TrialPlan {
  readonly firstAfterMs: number;
  readonly longestMs: number;
}

export const trialPlan: TrialPlan = { firstAfterMs: 1 * MINUTE_MS, longestMs: 15 * MINUTE_MS };

/** Each trial of unknown ids may settle one more request as not found: they come so many times more slowly. */
const UNKNOWN_IDS_SLOWER = 15;
/** When a provider's brake goes on, and when it tries whether the provider serves again. */
export interface BrakeSettings {
  readonly limits: BrakeLimits;
  readonly plan: TrialPlan;
}

export const defaultBrakeSettings: BrakeSettings = { limits: { refusals: 5, unknownIds: 20 }, plan: trialPlan };

/** A trial that nothing is heard of by then was lost with its worker. Above the time-out of one attempt. */
export const TRIAL_LASTS_MS = 3 * MINUTE_MS;
/** So long unknown ids do not put the brake on again after a staff member has said that these people are unknown there. */
export const UNKNOWN_IDS_BELIEVED_MS = DAY_MS;

export interface BrakeOn extends Trip {
  readonly nextTrialAt: number;
  /** How many trials have failed. */
  readonly trials: number;
  readonly trial?: { readonly requestId: string; readonly until: number };
  readonly plan: TrialPlan;
}

/** How it was released last, for those who ask what has happened. */
export interface ReleasedBrake {
  readonly reason: BrakeReason;
  readonly since: number;
  /** Those to be looked into still, the latest first: they were told that nobody knows them, before this or an earlier release. */
  readonly requestIds?: readonly string[];
  readonly at: number;
  readonly by: { readonly request: string } | { readonly actor: string; readonly reason: string };
}

export interface TripState {
  readonly on?: BrakeOn;
  readonly unknownIdsBelievedUntil?: number;
  readonly last?: ReleasedBrake;
}

export const notTripped: TripState = {};

export type TripEvent = { readonly at: number } & TripReport;

/** What workers and staff tell the brake. */
export type TripReport =
  | { readonly type: 'tripped'; readonly trip: Trip; readonly plan?: TrialPlan }
  | { readonly type: 'trialTaken'; readonly requestId: string }
  /** What a call said that was made while the brake was on: the trial, or one that was under way before or is let through. */
  | { readonly type: 'called'; readonly requestId: string; readonly sign: Sign }
  | { readonly type: 'releasedByStaff'; readonly actor: string; readonly reason: string };

export function tripStateAfter(brake: TripState, event: TripEvent): TripState {
  const { at } = event;
  switch (event.type) {
    case 'tripped':
      return tripped(brake, event);
    case 'trialTaken':
      return brake.on !== undefined && canTry(brake.on, event.requestId, at)
        ? { ...brake, on: { ...brake.on, trial: { requestId: event.requestId, until: at + TRIAL_LASTS_MS } } }
        : brake;
    case 'called':
      return called(brake, event);
    case 'releasedByStaff': {
      if (brake.on === undefined) return brake;
      const { actor, reason } = event;
      return {
        ...release(brake.on, { ...brake, at, by: { actor, reason } }),
        ...defined({
          unknownIdsBelievedUntil:
            brake.on.reason === 'unknown-ids' ? at + UNKNOWN_IDS_BELIEVED_MS : brake.unknownIdsBelievedUntil,
        }),
      };
    }
  }
}

/** What lies ahead for longer than it was ever set for, and this, was set by a clock that is right no more. */
const CLOCKS_DIFFER_MS = 1 * MINUTE_MS;

/** Whether this request's step may be the trial now; the one that has it already may be told so again. */
export function canTry(on: BrakeOn, requestId: string, at: number): boolean {
  const { trial, nextTrialAt } = on;
  if (trial !== undefined && isAhead(trial.until, at, TRIAL_LASTS_MS)) return trial.requestId === requestId;
  return !isAhead(nextTrialAt, at, waitBeforeTrialMs(on));
}

function isAhead(until: number, at: number, setForMs: number): boolean {
  return at < until && until - at <= setForMs + CLOCKS_DIFFER_MS;
}

export function isTrialOf({ on }: TripState, requestId: string, at: number): boolean {
  return on?.trial !== undefined && on.trial.requestId === requestId && at < on.trial.until;
}

/** Several workers see the same: the brake goes on once, and more requests are named. */
function tripped(
  brake: TripState,
  { trip, plan = trialPlan, at }: TripEvent & { readonly type: 'tripped' },
): TripState {
  const { on, unknownIdsBelievedUntil = 0 } = brake;
  if (trip.reason === 'unknown-ids' && at < unknownIdsBelievedUntil) return brake;
  if (on === undefined) {
    const next = { ...trip, requestIds: named(trip.requestIds), plan, trials: 0 };
    return { ...brake, on: { ...next, nextTrialAt: at + waitBeforeTrialMs(next) } };
  }
  if (trip.reason !== on.reason && trip.reason === 'unknown-ids') {
    // It answers, so what the brake was on for is over; and these people are to be named.
    const { on: _on, ...off } = brake;
    return tripped(off, { type: 'tripped', trip, plan, at });
  }
  // These were refused, and not told that nobody knows them.
  if (trip.reason !== on.reason && on.reason === 'unknown-ids') return brake;
  const isNew = trip.requestIds.some((id) => !on.requestIds.includes(id));
  if (!isNew) return brake;
  const requestIds = named([...on.requestIds, ...trip.requestIds]);
  const requests = on.requests + trip.requests;
  return { ...brake, on: { ...on, requestIds, requests, since: Math.min(on.since, trip.since) } };
}

function called(brake: TripState, { requestId, sign, at }: TripEvent & { readonly type: 'called' }): TripState {
  const { on } = brake;
  if (on === undefined) return brake;
  if (releases(on.reason, sign)) {
    return {
      ...release(on, { ...brake, at, by: { request: requestId } }),
      ...defined({ unknownIdsBelievedUntil: brake.unknownIdsBelievedUntil }),
    };
  }
  if (!isTrialOf(brake, requestId, at))
    return isLikeTheOthers(on, sign) ? { ...brake, on: naming(on, requestId) } : brake;
  const { trial: _trial, ...rest } = on;
  // It said nothing about the provider, so the next may try at once.
  if (sign.says === 'nothing') return { ...brake, on: rest };
  const trials = on.trials + 1;
  const reason = sign.says === 'refuses' && on.reason !== 'unknown-ids' ? sign.reason : on.reason;
  const next = { ...rest, reason, trials };
  const after = { ...next, nextTrialAt: at + waitBeforeTrialMs(next) };
  return { ...brake, on: isLikeTheOthers(on, sign) ? naming(after, requestId) : after };
}

/** It may have been told too soon that nobody knows the person. */
function isLikeTheOthers({ reason }: BrakeOn, { says }: Sign): boolean {
  return reason === 'unknown-ids' && says === 'knows-nobody';
}

function naming(on: BrakeOn, requestId: string): BrakeOn {
  if (on.requestIds.includes(requestId)) return on;
  return { ...on, requests: on.requests + 1, requestIds: named([...on.requestIds, requestId]) };
}

function waitBeforeTrialMs({ reason, plan, trials }: Pick<BrakeOn, 'reason' | 'plan' | 'trials'>): number {
  const waitMs = Math.min(plan.firstAfterMs * 2 ** trials, plan.longestMs);
  return reason === 'unknown-ids' ? waitMs * UNKNOWN_IDS_SLOWER : waitMs;
}

function named(requestIds: readonly string[]): readonly string[] {
  return [...new Set(requestIds)].slice(0, REQUESTS_NAMED_MAX);
}

/** That a provider answers again does not say that it knows anybody. */
function releases(reason: BrakeReason, { says }: Sign): boolean {
  if (reason === 'unknown-ids') return says === 'serves';
  return says === 'serves' || says === 'answers' || says === 'knows-nobody';
}

/** Whoever is to be looked into stays named, also where the brake went on for something else since. */
function release(on: BrakeOn, { last, at, by }: TripState & Pick<ReleasedBrake, 'at' | 'by'>): TripState {
  const { reason, since } = on;
  const requestIds = named([...(reason === 'unknown-ids' ? on.requestIds : []), ...(last?.requestIds ?? [])]);
  return { last: { reason, since, at, by, ...(requestIds.length > 0 && { requestIds }) } };
}

/** How often one that waits asks again while a trial is under way. */
const DURING_TRIAL_MS = MINUTE_MS / 2;
/** Those who wait spread over this, so that the first of them is the trial and the others find what came of it. */
const SPREAD_MS = 1 * MINUTE_MS;
/** After a long time on, those who wait ask less often: after this part of it, at most so late. */
const PATIENT_PART = 1 / 10;
const PATIENT_MS_MAX = HOUR_MS;

/** When a step that waits for the brake asks again. `random`: at least 0, below 1. */
export function askAgainInMs(on: BrakeOn, at: number, random: number): number {
  const { trial, nextTrialAt, since, plan } = on;
  const isUnderWay = trial !== undefined && isAhead(trial.until, at, TRIAL_LASTS_MS);
  const beforeTrialMs = Math.min(Math.max(0, nextTrialAt - at), waitBeforeTrialMs(on));
  const untilTrialMs = isUnderWay ? Math.min(DURING_TRIAL_MS, plan.firstAfterMs) : beforeTrialMs;
  // Staff may release it long before the next trial of unknown ids, which is hours away.
  const waitMs = Math.min(Math.max(untilTrialMs, (at - since) * PATIENT_PART), PATIENT_MS_MAX);
  return Math.ceil(waitMs + random * Math.min(SPREAD_MS, plan.firstAfterMs));
}
