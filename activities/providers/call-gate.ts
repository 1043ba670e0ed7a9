/** The gate in front of every HTTP call to one provider, its logins too: one for each provider in a worker process. */
import { Pacing } from '../../domain/brake/pacing';
import { shortageGuide, TURN_MS_MAX, type ShortageReason } from '../../domain/brake/shortage';
import { approximateDuration, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import type { LegBrake } from '../../domain/leg/failure';
import { CallAllowance, type CallAllowanceParts, type Permit } from './call-allowance';
import { cancellationOf } from './cancellation';
import { ProviderFailure } from './provider';

export interface CallGate {
  /** Resolves when a call may leave. Rejects when `signal` fires, or with a `ProviderFailure` where that would take too long. */
  turn(signal?: AbortSignal): Promise<void>;
  /** The provider asks to be left alone: by all calls. */
  pause(forMs: number): void;
  /** The worker ends: what it has not used is given back. */
  leave(): Promise<void>;
}

/** Of a logger what is needed here. */
export interface GateLog {
  warn(fields: object, message: string): void;
}

/** Whoever was refused a turn comes back at different times. */
const COME_BACK_SPREAD = 0.1;

type Why = Extract<Permit, { readonly why: string }>['why'];

interface Waiting {
  readonly since: number;
  readonly goOn: () => void;
  readonly refuse: (error: Error) => void;
}

export interface CallGateParts extends CallAllowanceParts {
  /** For messages. */
  readonly name: string;
  readonly log: GateLog;
  /** Milliseconds of a clock that is never set back. */
  readonly monotonicNow?: () => number;
}

export function createCallGate(parts: CallGateParts): CallGate {
  const { name, log, monotonicNow: clock = () => performance.now() } = parts;
  const allowance = new CallAllowance(parts, clock());
  const pacing = new Pacing();
  const waiting = new Set<Waiting>();
  let timer: NodeJS.Timeout | undefined;
  let told: { readonly why: Why; readonly since: number } | undefined;
  let isUnansweredTold = false;

  function goOn(): void {
    clearTimeout(timer);
    const again = [letGo(), ask()].filter((at) => at !== undefined);
    if (again.length === 0) return;
    const waitMs = Math.min(Math.max(Math.min(...again) - clock(), 0), MINUTE_MS);
    timer = setTimeout(goOn, waitMs);
    // Nobody waits for the renewal of a lease: it keeps no process alive.
    if (waiting.size === 0) timer.unref();
  }

  /** Lets all go whose turn it is, and says when to look again. */
  function letGo(): number | undefined {
    for (const one of waiting) {
      const now = clock();
      const permit = allowance.permit(now, waiting.size);
      tell(permit, now);
      if ('callsPerSecond' in permit) {
        const at = pacing.nextAt(permit.callsPerSecond);
        if (at > now) return refuseLate(now, at);
        allowance.call(now);
        pacing.left(now, permit.callsPerSecond);
        waiting.delete(one);
        one.goOn();
      } else {
        if (permit.why !== 'slow' && permit.until - now > TURN_MS_MAX) return refuseAll(permit, now);
        return refuseLate(now, permit.until);
      }
    }
    return undefined;
  }

  /** They wait at the provider's brake, where that uses up none of their patience. */
  function refuseAll({ until, why }: { readonly until: number; readonly why: Why }, now: number): undefined {
    const reason: ShortageReason = why === 'paused' ? 'paused' : 'allowance-spent';
    const forMs = until - now;
    const message = `${name} was not called: ${shortageGuide[reason].happened}, for ${approximateDuration(forMs)}.`;
    const brake = { reason, since: told?.since ?? Date.now(), until: Math.ceil(Date.now() + forMs) };
    for (const one of waiting) refuse(one, 'ProviderBraked', { message, retryAfterMs: forMs, brake });
    return undefined;
  }

  /** Those who have waited for too long; and says when the next of them has. */
  function refuseLate(now: number, at: number): number | undefined {
    for (const one of waiting) {
      const lateAt = one.since + TURN_MS_MAX;
      if (now < lateAt) return Math.min(at, lateAt);
      const message = `${name} was not called: too many calls wait for their turn.`;
      refuse(one, 'ProviderUnavailable', { message, retryAfterMs: TURN_MS_MAX });
    }
    return undefined;
  }

  function refuse(
    one: Waiting,
    type: 'ProviderBraked' | 'ProviderUnavailable',
    {
      message,
      retryAfterMs,
      ...more
    }: { readonly message: string; readonly retryAfterMs: number; readonly brake?: LegBrake },
  ): void {
    waiting.delete(one);
    const spreadMs = retryAfterMs * (1 + COME_BACK_SPREAD * Math.random());
    const options = { neverLeft: true, isPaceOnly: true, retryAfterMs: spreadMs, ...more };
    one.refuse(new ProviderFailure(type, message, options));
  }

  function ask(): number | undefined {
    const now = clock();
    const at = allowance.askAt(now, waiting.size);
    if (at === undefined || at > now) return at;
    void allowance.ask(clock).then(() => (tellUnanswered(), goOn()));
    return undefined;
  }

  function tellUnanswered(): void {
    const isUnanswered = allowance.isUnanswered(clock());
    if (isUnanswered && !isUnansweredTold) {
      log.warn({ provider: name }, 'The brake of the provider has not answered for a minute: calls go on slowly');
    }
    isUnansweredTold = isUnanswered;
  }

  function tell(permit: Permit, now: number): void {
    if ('callsPerSecond' in permit || permit.why === 'slow') {
      if (!('why' in permit)) told = undefined;
      return;
    }
    if (told?.why === permit.why) return;
    told = { why: permit.why, since: Date.now() };
    const forSeconds = Math.round((permit.until - now) / SECOND_MS);
    log.warn(
      { provider: name, forSeconds },
      permit.why === 'paused'
        ? 'The provider asked to be left alone: no call is made to it meanwhile'
        : "The provider's allowance of calls for 24 hours is spent: its legs wait until some of it is there again",
    );
  }

  return {
    turn(signal) {
      return new Promise<void>((resolve, reject) => {
        if (signal?.aborted === true) {
          reject(cancellationOf(signal));
          return;
        }
        const now = clock();
        const over = (): void => signal?.removeEventListener('abort', stop);
        const one: Waiting = {
          since: now,
          goOn: () => (over(), resolve()),
          refuse: (error) => (over(), reject(error)),
        };
        const stop = (): void => {
          waiting.delete(one);
          reject(cancellationOf(signal as AbortSignal));
        };
        signal?.addEventListener('abort', stop, { once: true });
        if (waiting.size === 0) pacing.rested(now);
        waiting.add(one);
        goOn();
      });
    },
    pause(forMs) {
      allowance.pause(forMs, clock());
      goOn();
    },
    async leave() {
      clearTimeout(timer);
      await allowance.leave(clock);
    },
  };
}
