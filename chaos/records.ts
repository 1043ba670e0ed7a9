/** Carries what the world itself has noted into the run log: the simulator's calls and callbacks, and each run's history when it is over. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { eventsOf, type HistoryEvent } from '../temporal/history';
import { workflowIdOf } from '../temporal/names';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import type { Provider } from '../domain/provider/provider-table';
import type { LoggedCall } from '../local/simulator/call-log';
import type { CallbackDelivery } from '../local/simulator/measureone-callbacks';
import type { KnownCallbacks } from './callback-sender';
import type { Erasure } from './erasure';
import { HISTORIES, type RunLog } from './run-log';
import { NAMESPACE, type World } from './world';

/** The calls with which each provider is asked to erase. */
const askings: readonly string[] = ['purge', 'delete'];

export class Records {
  readonly #world: World;
  readonly #log: RunLog;
  readonly #callbacks: KnownCallbacks;
  /** Whose an id is. */
  readonly #erasureOf = new Map<string, Erasure>();
  /** Status or fault of calls, counted. */
  readonly faults: Record<string, number> = {};
  readonly outcomes: Record<string, number> = {};
  calls = 0;

  constructor(world: World, log: RunLog, callbacks: KnownCallbacks) {
    this.#world = world;
    this.#log = log;
    this.#callbacks = callbacks;
  }

  async open(): Promise<void> {
    await mkdir(join(this.#world.directory, HISTORIES), { recursive: true });
  }

  expect(erasure: Erasure): void {
    for (const id of Object.values(erasure.plan.subject)) this.#erasureOf.set(id, erasure);
  }

  /** What providers were asked and said since the last time. */
  async takeOver(): Promise<void> {
    const { simulator } = this.#world;
    for (const call of await simulator.takeCalls()) this.#called(call);
    for (const delivery of (await simulator.operate('takeCallbacks', {})) as CallbackDelivery[]) {
      const { individualId, at, cause, attempt, body, status, fault } = delivery;
      const requestId = this.#erasureOf.get(individualId)?.plan.requestId;
      this.#log.add({
        kind: 'callback',
        nature: 'genuine',
        ...(requestId !== undefined && { requestId }),
        at,
        cause,
        attempt,
        body,
        status,
        ...(fault !== undefined && { fault }),
      });
    }
  }

  /** After the run has ended, or was given up. */
  async close(erasure: Erasure, status: 'stuck' | 'ended'): Promise<void> {
    const { plan, look } = erasure;
    const { requestId } = plan;
    await this.takeOver();
    const events = await this.#history(requestId);
    const ended = status === 'stuck' || look === undefined || look.status === 'running' ? 'stuck' : look.status;
    for (const [provider, id] of Object.entries(plan.subject) as [Provider, string][]) {
      const record = await this.#world.simulator.record(provider, id);
      this.#log.add({ kind: 'record', requestId, provider, id, record: { ...record } });
    }
    this.#log.add({
      kind: 'ended',
      requestId,
      runId: look?.runId ?? '',
      status: ended,
      ...(ended === 'stuck' && { standing: erasure.standing() }),
    });
    const outcome = ended === 'completed' ? (look?.state ?? 'completed') : ended;
    this.outcomes[outcome] = (this.outcomes[outcome] ?? 0) + 1;
    for (const id of Object.values(plan.subject)) this.#erasureOf.delete(id);
    this.#callbacks.forget(requestId);
    const json = historyToJSON({ events: events as never });
    await writeFile(
      join(this.#world.directory, HISTORIES, `${requestId}.json.gz`),
      await promisify(gzip)(json, { level: 1 }),
    );
  }

  async #history(requestId: string): Promise<HistoryEvent[]> {
    const events: HistoryEvent[] = [];
    const execution = { namespace: NAMESPACE, workflowId: workflowIdOf(requestId) };
    try {
      for await (const event of eventsOf(this.#world.connection, execution)) events.push(event);
    } catch (error) {
      // Of a run that was lost there is none.
      if (!hasGrpcStatus(error, 'NOT_FOUND')) throw error;
    }
    return events;
  }

  #called(call: LoggedCall): void {
    const erasure = call.subject === undefined ? undefined : this.#erasureOf.get(call.subject);
    const requestId = erasure?.plan.requestId;
    if (askings.includes(call.operation)) erasure?.wasAsked(call);
    if (requestId !== undefined && call.operation === 'purge') this.#callbacks.learn(requestId, call);
    this.calls += 1;
    if (call.fault !== undefined) this.faults[call.fault] = (this.faults[call.fault] ?? 0) + 1;
    // Credentials are no matter of any check, and make up most of a line.
    const { headers: _headers, ...kept } = call;
    this.#log.add({
      kind: 'provider-call',
      ...(requestId !== undefined && { requestId }),
      call: { ...kept, headers: {} },
    });
  }
}
