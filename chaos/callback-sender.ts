/** Callbacks that somebody sends: the provider itself, too early, too late or again, and those who only pretend to be it. */
import { randomBytes } from 'node:crypto';
import type { LoggedCall } from '../local/simulator/call-log';
import type { CallbackHow, ErasurePlan } from './erasure-plan';
import type { Stage } from './erasure';

interface Wanted {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a worker asked for each callback, as the provider was told. */
export class KnownCallbacks {
  readonly #byRequest = new Map<string, Wanted>();

  learn(requestId: string, { body }: LoggedCall): void {
    const details = (body as { delivery_details?: { url?: unknown; headers?: Record<string, string> }[] } | undefined)
      ?.delivery_details;
    const detail = details?.[0];
    if (typeof detail?.url === 'string') {
      this.#byRequest.set(requestId, { url: detail.url, headers: detail.headers ?? {} });
    }
  }

  of(requestId: string): Wanted | undefined {
    return this.#byRequest.get(requestId);
  }

  another(requestId: string): Wanted | undefined {
    for (const [other, wanted] of this.#byRequest) if (other !== requestId) return wanted;
    return undefined;
  }

  forget(requestId: string): void {
    this.#byRequest.delete(requestId);
  }
}

const CALL_MS_MAX = 5_000;

export async function sendCallback(stage: Stage, plan: ErasurePlan, how: CallbackHow): Promise<void> {
  const { callbacks, world } = stage;
  const { requestId } = plan;
  const own = callbacks.of(requestId);
  const individualId = plan.subject.measureone;
  if (own === undefined || individualId === undefined) return;
  if (how === 'genuine') {
    // It knows where to only once it has taken the request on. Logged where the simulator's own deliveries are.
    if ((await world.simulator.record('measureone', individualId)).receivedAt === undefined) return;
    await world.simulator.operate('deliverCallback', { individualId });
    return;
  }
  const forged = forgedOf(how, own, callbacks.another(requestId));
  if (forged === undefined) return;
  const body = JSON.stringify({ event: 'individual.purged', individual_id: individualId });
  const at = new Date(stage.simulatorNow()).toISOString();
  const status = await fetch(forged.url, {
    method: 'POST',
    headers: { ...forged.headers, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(CALL_MS_MAX),
  }).then(
    (answer) => answer.status,
    () => 'failed' as const,
  );
  stage.log.add({ kind: 'callback', requestId, nature: how, at, cause: 'forged', attempt: 1, body, status });
}

function forgedOf(how: Exclude<CallbackHow, 'genuine'>, own: Wanted, other: Wanted | undefined): Wanted | undefined {
  const changed = (change: (value: string) => string): Wanted => ({
    url: own.url,
    headers: Object.fromEntries(Object.entries(own.headers).map(([name, value]) => [name, change(value)])),
  });
  switch (how) {
    case 'no-capability':
      return { url: own.url, headers: {} };
    case 'another-capability':
      return other && { url: own.url, headers: other.headers };
    case 'another-handle':
      return other && { url: other.url, headers: own.headers };
    case 'altered-capability':
      return changed((value) => `${value.slice(0, -6)}${value.at(-6) === 'A' ? 'B' : 'A'}${value.slice(-5)}`);
    case 'made-up-capability':
      return changed(
        () => `eyJhbGciOiJFZERTQSJ9.${randomBytes(60).toString('base64url')}.${randomBytes(64).toString('base64url')}`,
      );
  }
}
