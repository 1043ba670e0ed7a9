/**
 * The engineer on call: releases a provider's brake soon after it went on. Brakes live in this machine's time, requests here in
 * virtual time: days of theirs would pass while a brake waits some minutes for its next trial.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import { SECOND_MS } from '../domain/duration';
import { providerKeys } from '../domain/provider/provider-table';
import { BrakeCalls } from '../temporal/brake-calls';
import { grpcStatusOf } from '../temporal/temporal-failure';
import type { RunLog } from './run-log';
import { NAMESPACE, type World } from './world';

const LOOK_EVERY_MS = SECOND_MS;

export class OnCall {
  readonly #world: World;
  readonly #log: RunLog;
  /** How often each provider's brake was on. */
  readonly released: Record<string, number> = {};

  #on = 0;

  constructor(world: World, log: RunLog) {
    this.#world = world;
    this.#log = log;
  }

  get isOn(): boolean {
    return this.#on > 0;
  }

  async watch(signal: AbortSignal): Promise<void> {
    const client = new Client({ connection: this.#world.connection, namespace: NAMESPACE });
    while (!signal.aborted) {
      const on = new Set<string>();
      await Promise.all(
        providerKeys.map(async (provider) => {
          const brake = new BrakeCalls(client, provider);
          try {
            const { on: found } = await brake.read();
            if (found === undefined) return;
            on.add(provider);
            this.#on = on.size;
            await brake.release({ actor: 'staff-8', reason: 'fault-suite:CHAOS-3' });
            this.#log.add({ kind: 'brake-released', provider, reason: found.reason });
            on.delete(provider);
            this.released[provider] = (this.released[provider] ?? 0) + 1;
          } catch (error) {
            // Temporal or its worker was killed just now, or a trial has released it: the next look tells.
            if (grpcStatusOf(error) === undefined && !isAnswerOfTemporal(error)) throw error;
          }
        }),
      );
      this.#on = on.size;
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function isAnswerOfTemporal(error: unknown): boolean {
  const names = ['WorkflowUpdateFailedError', 'WorkflowUpdateRPCTimeoutOrCancelledError', 'WorkflowNotFoundError'];
  return error instanceof Error && (names.includes(error.name) || error.name.startsWith('Query'));
}
