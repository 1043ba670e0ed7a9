/**
 * MeasureOne's `individual.purged` deliveries. Nothing is documented about their payload, retries, duplicates or
 * punctuality, so every variant can be had.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { SimulatorClock } from './clock';
import type { Fault, Faults } from './faults';
import {
  callbackTime,
  type DeliverCallback,
  type DeliveryBehaviour,
  deliverySchema,
  encode,
  hourMs,
  isSuccess,
  redirected,
  type Shape,
  shapes,
  spoiled,
  text,
  tokenAt,
} from './measureone-delivery';
import { openedCredentials } from './measureone-encryption';
import { deliveryDetail, type DeliveryDetail, type TokenCredentials } from './measureone-request';
import { mergeHeaders, post } from './outbound';
import { rotate } from './peer';

export interface CallbackDelivery {
  at: string;
  wallAt: string;
  individualId: string;
  cause: 'scheduled' | 'duplicate' | 'retry' | 'control';
  /** 1 is the first try. */
  attempt: number;
  url: string;
  headers: Record<string, string>;
  body: string;
  /** What the token endpoint answered, where one was asked. */
  tokenStatus?: number;
  /** What the receiver answered; `failed` when there was no answer. */
  status: number | 'failed';
  error?: string;
  fault?: string;
}

export interface CallbackSettings {
  readonly delivery: DeliveryBehaviour;
  readonly deliveryTimeoutMs: number;
  readonly tokenHeader: string;
  readonly tokenUse: TokenUse;
  readonly encryptionKeys: Readonly<Record<string, string>>;
}

const tokenUse = z.enum(['fresh', 'kept', 'kept-until-refused']);
type TokenUse = z.infer<typeof tokenUse>;

/** Of how the document's fields for a token are to be understood, it says nothing. */
export const callbackTokenSettings = {
  /** Where the token is put on a callback. The object's name hints at x-auth-token; in `authorization` it is a bearer token. */
  tokenHeader: z.string().regex(/^[a-z0-9-]+$/),
  /** Fetched for each attempt; once, however stale it becomes; or once until a callback with it is answered 401. */
  tokenUse,
  /** What customers have had set up with support: 32 bytes in base64url by `key_id`. */
  encryptionKeys: z.record(z.string(), z.string().regex(/^[A-Za-z0-9_-]{43}$/)),
} as const;

interface Parts {
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly settings: CallbackSettings;
  readonly closing: AbortSignal;
}

const planSchema = z.strictObject({
  details: z.array(deliveryDetail),
  purgeOn: z.number(),
  /** None where nobody is called back. */
  at: z.exactOptional(z.number()),
  /** `sending` until every first delivery has been tried: a simulator that ends before sends them again. */
  progress: z.enum(['planned', 'sending', 'sent']),
});
type Plan = z.infer<typeof planSchema> & { cancel: () => void };

const attemptSchema = z.strictObject({
  individualId: z.string(),
  detail: deliveryDetail,
  body: z.string(),
  number: z.number(),
  cause: z.enum(['scheduled', 'duplicate', 'retry', 'control']),
  retryDelaysMs: z.array(z.number()),
});
type Attempt = z.infer<typeof attemptSchema>;

const retrySchema = z.strictObject({ at: z.number(), attempt: attemptSchema });
type Retry = z.infer<typeof retrySchema>;

export const callbacksStateSchema = z.strictObject({
  plans: z.array(z.tuple([z.string(), planSchema])),
  behaviours: z.array(z.tuple([z.string(), deliverySchema])),
  retries: z.array(retrySchema),
});
export type CallbacksState = z.infer<typeof callbacksStateSchema>;

const defaultRetryDelaysMs = [60_000, 600_000, hourMs, 6 * hourMs];

export class Callbacks {
  readonly #parts: Parts;
  readonly #plans = new Map<string, Plan>();
  readonly #behaviours = new Map<string, DeliveryBehaviour>();
  readonly #retries = new Set<Retry>();
  #deliveries: CallbackDelivery[] = [];
  readonly #underWay = new Set<CallbackDelivery>();
  readonly #shape = rotate<Shape>();
  /** By the URL they were fetched from. */
  readonly #keptTokens = new Map<string, string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  state(): CallbacksState {
    const plans = [...this.#plans].map(([id, { cancel: _cancel, ...plan }]): CallbacksState['plans'][number] => [
      id,
      plan,
    ]);
    return { plans, behaviours: [...this.#behaviours], retries: [...this.#retries] };
  }

  restore({ plans, behaviours, retries }: CallbacksState): void {
    for (const [individualId, behaviour] of behaviours) this.#behaviours.set(individualId, behaviour);
    for (const [individualId, kept] of plans) {
      const plan: Plan = { ...kept, cancel: () => undefined };
      this.#plans.set(individualId, plan);
      if (plan.progress !== 'sent') this.#schedule(individualId, plan);
    }
    for (const retry of retries) this.#scheduleRetry(retry);
  }

  /** Replaces what was planned for this individual, unless it was sent already. */
  plan(individualId: string, details: readonly DeliveryDetail[], purgeOn: number): void {
    this.#plans.get(individualId)?.cancel();
    const at = callbackTime(this.#behaviour(individualId), purgeOn, this.#parts.clock.now());
    const plan: Plan = {
      details: [...details],
      purgeOn,
      ...(at !== undefined && { at }),
      progress: 'planned',
      cancel: () => undefined,
    };
    this.#plans.set(individualId, plan);
    this.#schedule(individualId, plan);
  }

  #schedule(individualId: string, plan: Plan): void {
    if (plan.at === undefined) return;
    plan.cancel = this.#parts.clock.schedule(plan.at, () => this.#begin(individualId));
  }

  setBehaviour(individualId: string, behaviour: DeliveryBehaviour): void {
    this.#behaviours.set(individualId, behaviour);
    this.#replan(individualId);
  }

  /** After a change of the general behaviour, for everybody still waiting. */
  replanAll(): void {
    for (const individualId of this.#plans.keys()) this.#replan(individualId);
  }

  list(individualId?: string): CallbackDelivery[] {
    const all = this.#deliveries.map((delivery) => ({ ...delivery }));
    return individualId === undefined ? all : all.filter((delivery) => delivery.individualId === individualId);
  }

  /** Those that are over, and forgets them: for a caller that keeps them elsewhere. */
  take(): CallbackDelivery[] {
    const over = this.#deliveries.filter((delivery) => !this.#underWay.has(delivery));
    this.#deliveries = [...this.#underWay];
    return over;
  }

  async deliverNow(order: DeliverCallback): Promise<CallbackDelivery[]> {
    const { individualId, payload } = order;
    const known = this.#plans.get(individualId)?.details ?? [];
    const details =
      order.url === undefined ? known : [{ ...known[0], event_type: 'individual.purged' as const, url: order.url }];
    if (details.length === 0) throw new Error('this individual has no delivery details: name a url');
    const body = payload === undefined ? this.#body(individualId) : text(payload);
    const sent: CallbackDelivery[] = [];
    for (const detail of details) {
      const attempt = { individualId, detail: redirected(detail, order), body, number: 1, retryDelaysMs: [] };
      sent.push(await this.#attempt({ ...attempt, cause: 'control' }));
    }
    return sent;
  }

  #replan(individualId: string): void {
    const plan = this.#plans.get(individualId);
    if (plan?.progress === 'planned') this.plan(individualId, plan.details, plan.purgeOn);
  }

  #behaviour(individualId: string): DeliveryBehaviour {
    return this.#behaviours.get(individualId) ?? this.#parts.settings.delivery;
  }

  #body(individualId: string): string {
    const { payload } = this.#behaviour(individualId);
    return payload === undefined
      ? JSON.stringify(this.#shape(shapes)(individualId, this.#parts.clock.now()))
      : text(payload);
  }

  async #begin(individualId: string): Promise<void> {
    const plan = this.#plans.get(individualId);
    if (!plan) return;
    plan.progress = 'sending';
    const { duplicates = 0, retryDelaysMs = defaultRetryDelaysMs } = this.#behaviour(individualId);
    for (const detail of plan.details) {
      const first = { individualId, detail, body: this.#body(individualId), number: 1, retryDelaysMs };
      await this.#attempt({ ...first, cause: 'scheduled' });
      for (let copy = 0; copy < duplicates; copy++)
        await this.#attempt({ ...first, retryDelaysMs: [], cause: 'duplicate' });
    }
    plan.progress = 'sent';
  }

  async #attempt(attempt: Attempt): Promise<CallbackDelivery> {
    const { clock, faults } = this.#parts;
    const { individualId, detail } = attempt;
    const fault = faults.take('measureone', { operation: 'callback', subject: individualId });
    const delivery: CallbackDelivery = {
      at: clock.iso(),
      wallAt: new Date().toISOString(),
      individualId,
      cause: attempt.cause,
      attempt: attempt.number,
      url: detail.url,
      headers: mergeHeaders(detail.headers ?? {}, { 'content-type': 'application/json' }),
      body: spoiled(attempt.body, fault),
      status: 'failed',
    };
    if (fault) delivery.fault = fault.kind;
    this.#deliveries.push(delivery);
    this.#underWay.add(delivery);
    await this.#send(delivery, detail.x_auth_token_credentials, fault).catch((error: unknown) => {
      delivery.error = error instanceof Error ? error.message : String(error);
    });
    this.#underWay.delete(delivery);
    if (!isSuccess(delivery.status)) this.#retryLater(attempt);
    return { ...delivery };
  }

  async #send(
    delivery: CallbackDelivery,
    credentials: TokenCredentials | undefined,
    fault: Fault | undefined,
  ): Promise<void> {
    const { settings, closing } = this.#parts;
    if (fault?.kind === 'down') throw new Error('fault: not connected');
    if (fault?.kind === 'slow') await delay(fault.delayMs, undefined, { signal: closing });
    if (credentials) {
      const token = await this.#token(delivery, credentials);
      delivery.headers[settings.tokenHeader] = settings.tokenHeader === 'authorization' ? `Bearer ${token}` : token;
    }
    const { url, headers, body } = delivery;
    const answer = await post({ url, headers, body, timeoutMs: settings.deliveryTimeoutMs, signal: closing });
    if (fault?.kind === 'reset-after-acting') throw new Error('fault: answer lost');
    delivery.status = answer.status;
    if (answer.status === 401 && settings.tokenUse === 'kept-until-refused' && credentials) {
      this.#keptTokens.delete(credentials.url);
    }
  }

  /** By the document a fresh one for each delivery. */
  async #token(delivery: CallbackDelivery, credentials: TokenCredentials): Promise<string> {
    if (this.#parts.settings.tokenUse === 'fresh') return this.#fetchToken(delivery, credentials);
    const token = this.#keptTokens.get(credentials.url) ?? (await this.#fetchToken(delivery, credentials));
    this.#keptTokens.set(credentials.url, token);
    return token;
  }

  async #fetchToken(delivery: CallbackDelivery, credentials: TokenCredentials): Promise<string> {
    const { settings, closing } = this.#parts;
    const given = await openedCredentials(credentials, settings.encryptionKeys);
    const headers = mergeHeaders({ 'content-type': 'application/json' }, given.headers);
    const body = encode(headers['content-type'], given.data);
    const answer = await post({
      url: credentials.url,
      headers,
      body,
      timeoutMs: settings.deliveryTimeoutMs,
      signal: closing,
    });
    delivery.tokenStatus = answer.status;
    if (!isSuccess(answer.status)) throw new Error(`the token endpoint answered ${answer.status}`);
    return tokenAt(answer.body, credentials.response_token_path);
  }

  #retryLater(attempt: Attempt): void {
    const [delayMs, ...retryDelaysMs] = attempt.retryDelaysMs;
    if (delayMs === undefined) return;
    this.#scheduleRetry({
      at: this.#parts.clock.now() + delayMs,
      attempt: { ...attempt, retryDelaysMs, number: attempt.number + 1, cause: 'retry' },
    });
  }

  #scheduleRetry(retry: Retry): void {
    this.#retries.add(retry);
    this.#parts.clock.schedule(retry.at, async () => {
      await this.#attempt(retry.attempt);
      this.#retries.delete(retry);
    });
  }
}
