/** MeasureOne: hides an individual at once, purges after 120 hours, and says so by callback, or not. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from './clock';
import { type CallbackDelivery, Callbacks, callbacksStateSchema, callbackTokenSettings } from './measureone-callbacks';
import {
  type DeliverCallback,
  deliverCallbackSchema,
  type DeliveryBehaviour,
  deliverySchema,
} from './measureone-delivery';
import { type PurgeRequest, purgeRequestSchema } from './measureone-request';
import {
  type Answer,
  bearerToken,
  type ClientCredentials,
  type Identified,
  isBasicLogin,
  isJson,
  json,
  parseJson,
  type PeerOperations,
  type PeerRequest,
  type Refusal,
  rotate,
} from './peer';
import { control, type ProviderParts, type SimulatedPeer, type SimulatedProvider } from './simulated-provider';
import { Tokens, tokenSettings, uuidToken } from './tokens';

const operations: PeerOperations = {
  all: ['login', 'purge', 'callback'],
  token: ['purge'],
  credentials: ['login'],
};

const settingsSchema = z.strictObject({
  ...tokenSettings,
  /** Rotated through: the document lists no 200 block, so every 2xx body is possible. */
  success: z.array(z.enum(['200-json', '202-empty', '201-text', '204'])).min(1),
  /** What a second request finds while the individual waits to be purged. */
  repeat: z.enum(['not-found', 'accepted-restarts-clock', 'accepted']),
  purgeAfterMs: z.number().nonnegative(),
  badCredentials: z.union([z.literal(400), z.literal(401), z.literal(403)]),
  ...callbackTokenSettings,
  deliveryTimeoutMs: z.number().positive(),
  delivery: deliverySchema,
});
type MeasureOneSettings = z.infer<typeof settingsSchema>;

const defaultSettings: MeasureOneSettings = {
  tokenLifetimeSeconds: 899,
  oneToken: false,
  success: ['200-json', '202-empty', '204'],
  repeat: 'not-found',
  purgeAfterMs: 120 * 3_600_000,
  badCredentials: 401,
  tokenHeader: 'authorization',
  tokenUse: 'fresh',
  encryptionKeys: {},
  deliveryTimeoutMs: 10_000,
  delivery: { mode: 'on-time' },
};

export interface MeasureOneRecord {
  /** The provider still holds the data. */
  exists: boolean;
  /** Waiting to be purged: held, but found by nobody. */
  hidden: boolean;
  createDate?: string;
  /** When the request that counts was received, and when it falls due. */
  receivedAt?: string;
  purgeOn?: string;
  purgedAt?: string;
  /** Accepted purge requests. */
  requests: number;
}

const purgeSchema = z.strictObject({ receivedAt: z.number(), on: z.number() });
const individualSchema = z.strictObject({
  createdAt: z.number(),
  purge: z.exactOptional(purgeSchema),
  purgedAt: z.exactOptional(z.number()),
  requests: z.number(),
});
type Individual = Omit<z.infer<typeof individualSchema>, 'purge'> & {
  purge?: z.infer<typeof purgeSchema> & { readonly cancel: () => void };
};

const stateSchema = z.strictObject({
  individuals: z.array(z.tuple([z.string(), individualSchema])),
  callbacks: callbacksStateSchema,
});
type MeasureOneState = z.infer<typeof stateSchema>;

type Parts = ProviderParts<ClientCredentials, MeasureOneSettings>;

const loginPath = '/v3/auth/generate_purge_token';
const purgePath = '/v3/compliances/purge_individual';

export class MeasureOne implements SimulatedPeer {
  readonly #parts: Parts;
  readonly #tokens = new Tokens();
  readonly #individuals = new Map<string, Individual>();
  readonly #callbacks: Callbacks;
  readonly #success = rotate<MeasureOneSettings['success'][number]>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#callbacks = new Callbacks(parts);
  }

  state(): MeasureOneState {
    const individuals = [...this.#individuals].map(
      ([id, { purge, ...rest }]): MeasureOneState['individuals'][number] =>
        purge === undefined ? [id, rest] : [id, { ...rest, purge: { receivedAt: purge.receivedAt, on: purge.on } }],
    );
    return { individuals, callbacks: this.#callbacks.state() };
  }

  restore({ individuals, callbacks }: MeasureOneState): void {
    for (const [id, { purge, ...rest }] of individuals) {
      const individual: Individual = rest;
      this.#individuals.set(id, individual);
      if (purge === undefined) continue;
      const isDone = individual.purgedAt !== undefined;
      individual.purge = { ...purge, cancel: isDone ? () => undefined : this.#schedule(individual, purge.on) };
    }
    this.#callbacks.restore(callbacks);
  }

  identify({ rawPath, body }: PeerRequest): Identified {
    if (rawPath === loginPath) return { operation: 'login' };
    if (rawPath !== purgePath) return { operation: 'unknown' };
    const parsed = parseJson(body);
    const id =
      typeof parsed === 'object' && parsed !== null ? (parsed as { individual_id?: unknown }).individual_id : undefined;
    return typeof id === 'string' ? { operation: 'purge', subject: id } : { operation: 'purge' };
  }

  answer(request: PeerRequest, { operation }: Identified): Answer {
    if (operation === 'unknown') return this.#error(404, 'NOT_FOUND', 'Requested resource not found');
    if (request.method !== 'POST') return this.error(405);
    return operation === 'login' ? this.#login(request) : this.#purge(request);
  }

  error(status: number): Answer {
    const [code, message] = errors[status] ?? ['ERROR', 'The request could not be processed'];
    return this.#error(status, code, message);
  }

  refuse(refusal: Refusal, request: PeerRequest): Answer {
    switch (refusal.kind) {
      case 'token-expired':
        this.#tokens.expire(bearerToken(request.headers));
        return this.error(401);
      case 'forbidden':
        return this.error(403);
      case 'bad-credentials':
        return this.error(this.#parts.settings.badCredentials);
    }
  }

  aboutSomeoneElse(_about: Identified, otherSubject = 'idv_somebodyElse00000000000000'): Answer {
    return json(200, { individual_id: otherSubject, status: 'ACCEPTED', timestamp: this.#parts.clock.now() });
  }

  seed(individualId: string): void {
    if (this.#individuals.has(individualId)) throw new Error('this individual exists already');
    this.#individuals.set(individualId, { createdAt: this.#parts.clock.now(), requests: 0 });
  }

  record(individualId: string): MeasureOneRecord {
    const individual = this.#individuals.get(individualId);
    if (!individual) return { exists: false, hidden: false, requests: 0 };
    const { createdAt, purge, purgedAt, requests } = individual;
    const exists = purgedAt === undefined;
    return {
      exists,
      hidden: exists && purge !== undefined,
      createDate: isoTime(createdAt),
      ...(purge && { receivedAt: isoTime(purge.receivedAt), purgeOn: isoTime(purge.on) }),
      ...(purgedAt !== undefined && { purgedAt: isoTime(purgedAt) }),
      requests,
    };
  }

  settingsChanged(patch: object): void {
    if ('delivery' in patch) this.#callbacks.replanAll();
  }

  setDelivery(individualId: string, behaviour: DeliveryBehaviour): void {
    this.#callbacks.setBehaviour(individualId, behaviour);
  }

  deliverCallback(order: DeliverCallback): Promise<CallbackDelivery[]> {
    return this.#callbacks.deliverNow(order);
  }

  callbacks(individualId?: string): CallbackDelivery[] {
    return this.#callbacks.list(individualId);
  }

  takeCallbacks(): CallbackDelivery[] {
    return this.#callbacks.take();
  }

  #login({ headers }: PeerRequest): Answer {
    const { credentials, settings } = this.#parts;
    if (!isBasicLogin(headers, credentials)) return this.error(settings.badCredentials);
    const { token, expiresAt } = this.#tokens.issue(uuidToken(), settings);
    return json(200, {
      access_token: token,
      token_type: 'bearer',
      expires_in: settings.tokenLifetimeSeconds,
      expires_at: expiresAt,
    });
  }

  #purge(request: PeerRequest): Answer {
    const token = bearerToken(request.headers);
    if (token === undefined || this.#tokens.state(token) !== 'valid') return this.error(401);
    const { version } = request.headers;
    if (version !== undefined && !/^\d+(\.\d+)?$/.test(String(version)))
      return this.#invalid('version must be a number');
    if (!isJson(request.headers)) return this.#invalid('Content-type must be application/json');
    const parsed = purgeRequestSchema.safeParse(parseJson(request.body));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      return this.#invalid(`${issue?.path.join('.') || 'body'}: ${issue?.message}`);
    }
    return this.#accept(parsed.data);
  }

  #accept({ individual_id: individualId, delivery_details: details = [] }: PurgeRequest): Answer {
    const { repeat } = this.#parts.settings;
    const individual = this.#individuals.get(individualId);
    const isRepeat = individual?.purge !== undefined;
    if (!individual || individual.purgedAt !== undefined || (isRepeat && repeat === 'not-found')) {
      const answer = this.#error(404, 'NOT_FOUND', `Individual ${individualId} not found`);
      return { ...answer, meaning: { is: 'unknown' } };
    }
    individual.requests += 1;
    if (!isRepeat || repeat === 'accepted-restarts-clock') {
      const on = this.#startClock(individual);
      this.#callbacks.plan(individualId, details, on);
    }
    const due = individual.purge === undefined ? {} : { purgeOn: individual.purge.on };
    return { ...this.#accepted(individualId), meaning: { is: 'taken-on', ...due } };
  }

  #startClock(individual: Individual): number {
    const { clock, settings } = this.#parts;
    individual.purge?.cancel();
    const receivedAt = clock.now();
    const on = receivedAt + settings.purgeAfterMs;
    individual.purge = { receivedAt, on, cancel: this.#schedule(individual, on) };
    return on;
  }

  #schedule(individual: Individual, on: number): () => void {
    return this.#parts.clock.schedule(on, (at) => {
      individual.purgedAt = at;
    });
  }

  #accepted(individualId: string): Answer {
    const choice = this.#success(this.#parts.settings.success);
    switch (choice) {
      case '200-json':
        return json(200, { individual_id: individualId, status: 'ACCEPTED', timestamp: this.#parts.clock.now() });
      case '202-empty':
        return { status: 202 };
      case '201-text':
        return { status: 201, headers: { 'content-type': 'text/plain' }, body: 'OK. Thank you for using our API!' };
      case '204':
        return { status: 204 };
    }
  }

  #invalid(message: string): Answer {
    return this.#error(400, 'BAD_REQUEST', message);
  }

  #error(status: number, code: string, message: string): Answer {
    const body = { timestamp: this.#parts.clock.now(), error_code: code, error_message: message };
    // Only the 405 block documents a code of its own.
    return json(status, status === 405 ? { ...body, http_code: 405 } : body);
  }
}

const errors: Readonly<Record<number, readonly [string, string]>> = {
  400: ['BAD_REQUEST', 'Invalid request'],
  401: ['UNAUTHORIZED', 'Invalid or expired token'],
  403: ['FORBIDDEN', 'Operation not permitted'],
  404: ['NOT_FOUND', 'Individual not found'],
  405: ['METHOD_NOT_ALLOWED', 'Given Method not allowed'],
  413: ['PAYLOAD_TOO_LARGE', 'Request too large'],
  429: ['TOO_MANY_REQUESTS', 'Too many requests'],
  500: ['INTERNAL_SERVER_ERROR', 'Something went wrong'],
  503: ['SERVICE_UNAVAILABLE', 'Service unavailable'],
};

export const simulatedMeasureOne = {
  name: 'MeasureOne',
  port: 7801,
  operations,
  credentials: { clientId: 'measureone-client', clientSecret: 'measureone-secret' },
  settingsSchema,
  settings: defaultSettings,
  stateSchema,
  create: (parts: Parts) => new MeasureOne(parts),
  seed: control(z.strictObject({ individualId: z.string().min(1) }), (peer: MeasureOne, { individualId }): void =>
    peer.seed(individualId),
  ),
  sample: {
    id: () => `idv_${randomUUID().replaceAll('-', '').slice(0, 27)}`,
    seed: (individualId) => ({ individualId }),
  },
  controls: {
    /** How the callback for one individual behaves; also after its request, until the first was sent. */
    setDelivery: control(
      z.strictObject({ individualId: z.string(), ...deliverySchema.shape }),
      (peer: MeasureOne, { individualId, ...behaviour }): void => peer.setDelivery(individualId, behaviour),
    ),
    /** Sends a callback right now: forged, altered, early, duplicate, or meant for another request. */
    deliverCallback: control(deliverCallbackSchema, (peer: MeasureOne, order) => peer.deliverCallback(order)),
    callbacks: control(
      z.strictObject({ individualId: z.exactOptional(z.string()) }),
      (peer: MeasureOne, { individualId }) => peer.callbacks(individualId),
    ),
    /** The deliveries that are over, each told once. */
    takeCallbacks: control(z.strictObject({}), (peer: MeasureOne) => peer.takeCallbacks()),
  },
  stories: [
    {
      name: 'no-callback',
      title: 'MeasureOne never calls back',
      prepare: (operate, individualId) => operate('setDelivery', { individualId, mode: 'never' }),
      ends: 'completed-with-exceptions',
    },
  ],
} satisfies SimulatedProvider;
