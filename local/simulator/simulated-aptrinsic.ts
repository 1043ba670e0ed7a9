/** Aptrinsic (Gainsight PX): a soft delete hides for seven days in which re-use of the id brings everything back. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isoTime, parseTime } from './clock';
import { instantSchema } from './faults';
import {
  type Answer,
  decodeSegment,
  type Identified,
  json,
  type PeerOperations,
  type PeerRequest,
  type Refusal,
  rotate,
} from './peer';
import { control, type ProviderParts, type SimulatedPeer, type SimulatedProvider } from './simulated-provider';

const operations: PeerOperations = {
  all: ['delete', 'read'],
  token: ['delete', 'read'],
  credentials: ['delete', 'read'],
  innerStatus: true,
};

const settingsSchema = z.strictObject({
  /** Rotated through; the document's own sample says statusCode "100" and 42. */
  success: z.array(z.enum(['document-sample', 'sane-body', '200-empty', '204'])).min(1),
  revivalWindowMs: z.number().nonnegative(),
  readAfterSoftDelete: z.enum(['not-found', 'visible']),
  secondDelete: z.enum(['not-found', 'upgrades']),
  createDate: z.enum(['epoch-ms', 'iso']),
  /** Every call is answered as a host of another region would. */
  wrongRegion: z.union([z.literal(false), z.literal(401), z.literal(404)]),
});
type AptrinsicSettings = z.infer<typeof settingsSchema>;

const defaultSettings: AptrinsicSettings = {
  success: ['document-sample', 'sane-body', '200-empty', '204'],
  revivalWindowMs: 7 * 24 * 3_600_000,
  readAfterSoftDelete: 'not-found',
  secondDelete: 'not-found',
  createDate: 'epoch-ms',
  wrongRegion: false,
};

export interface AptrinsicRecord {
  /** The provider still holds the latest record under this id, hidden or not. */
  exists: boolean;
  /** Soft-deleted and still revivable. */
  hidden: boolean;
  hardDeleted: boolean;
  softDeletedAt?: string;
  hardDeletedAt?: string;
  createDate?: string;
  aptrinsicId?: string;
  revivedAt?: string;
  events: number;
  /** How many separate records this id has had. */
  records: number;
}

const userSchema = z.strictObject({
  aptrinsicId: z.string(),
  createdAt: z.number(),
  modifiedAt: z.number(),
  events: z.number(),
  softDeletedAt: z.exactOptional(z.number()),
  hardDeletedAt: z.exactOptional(z.number()),
  revivedAt: z.exactOptional(z.number()),
});
type User = z.infer<typeof userSchema>;

const stateSchema = z.strictObject({ users: z.array(z.tuple([z.string(), z.array(userSchema)])) });
type AptrinsicState = z.infer<typeof stateSchema>;

type Parts = ProviderParts<{ readonly apiKey: string }, AptrinsicSettings>;

const usersPath = '/v1/users/';
const operationOf: Readonly<Record<string, string>> = { DELETE: 'delete', GET: 'read' };

export class Aptrinsic implements SimulatedPeer {
  readonly #parts: Parts;
  /** Oldest first; ids are compared exactly, no case folded. */
  readonly #users = new Map<string, User[]>();
  readonly #success = rotate<AptrinsicSettings['success'][number]>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  state(): AptrinsicState {
    return { users: [...this.#users] };
  }

  restore({ users }: AptrinsicState): void {
    for (const [identifyId, records] of users) this.#users.set(identifyId, records);
  }

  identify({ method, rawPath }: PeerRequest): Identified {
    const segment = rawPath.startsWith(usersPath) ? rawPath.slice(usersPath.length) : '';
    if (segment === '' || segment.includes('/')) return { operation: 'unknown' };
    // Path decoding, not form decoding: a plus sign stays a plus sign.
    const identifyId = decodeSegment(segment);
    const operation = operationOf[method] ?? 'unknown';
    return identifyId === undefined ? { operation } : { operation, subject: identifyId };
  }

  answer(request: PeerRequest, about: Identified): Answer {
    const { wrongRegion } = this.#parts.settings;
    if (wrongRegion) return this.error(wrongRegion, about);
    if (request.headers['x-aptrinsic-api-key'] !== this.#parts.credentials.apiKey) return this.error(401);
    if (about.operation === 'unknown') return this.error(about.subject === undefined ? 404 : 405);
    if (about.subject === undefined) return this.error(400);
    return about.operation === 'read'
      ? this.#read(about.subject)
      : this.#delete(about.subject, request.query.get('hardDelete'));
  }

  error(status: number, about?: Identified): Answer {
    const name = statusNames[status] ?? 'INTERNAL_SERVER_ERROR';
    const message =
      status === 404 && about?.subject !== undefined ? `User was not found for parameters {id=${about.subject}}` : name;
    return json(status, { externalapierror: { status: name, message, debugMessage: null, subErrors: null } });
  }

  refuse(refusal: Refusal): Answer {
    return this.error(refusal.kind === 'forbidden' ? 403 : 401);
  }

  aboutSomeoneElse({ operation }: Identified, otherSubject = 'somebody.else@example.com'): Answer {
    const now = this.#parts.clock.now();
    const user = this.#readable(otherSubject, {
      aptrinsicId: randomUUID(),
      createdAt: now,
      modifiedAt: now,
      events: 1,
    });
    return json(200, operation === 'read' ? user : { body: user, statusCode: '200', statusCodeValue: 200 });
  }

  innerStatus(statusCodeValue: number): Answer {
    return json(200, { body: {}, statusCode: String(statusCodeValue), statusCodeValue });
  }

  seed(identifyId: string, createDate?: number): void {
    if (this.#live(identifyId)) throw new Error('this user exists already');
    this.#create(identifyId, createDate ?? this.#parts.clock.now());
  }

  record(identifyId: string): AptrinsicRecord {
    const users = this.#users.get(identifyId) ?? [];
    const user = users.at(-1);
    if (!user) return { exists: false, hidden: false, hardDeleted: false, events: 0, records: 0 };
    const revivable = this.#isRevivable(user);
    return {
      exists: isLive(user) || revivable,
      hidden: revivable,
      hardDeleted: user.hardDeletedAt !== undefined,
      ...(user.softDeletedAt !== undefined && { softDeletedAt: isoTime(user.softDeletedAt) }),
      ...(user.hardDeletedAt !== undefined && { hardDeletedAt: isoTime(user.hardDeletedAt) }),
      createDate: isoTime(user.createdAt),
      aptrinsicId: user.aptrinsicId,
      ...(user.revivedAt !== undefined && { revivedAt: isoTime(user.revivedAt) }),
      events: user.events,
      records: users.length,
    };
  }

  /** An identify call from a live site: updates, revives within the window of a soft delete, otherwise creates. */
  liveTag(identifyId: string): void {
    const now = this.#parts.clock.now();
    const user = this.#users.get(identifyId)?.at(-1);
    if (!user || !(isLive(user) || this.#isRevivable(user))) {
      this.#create(identifyId, now);
      return;
    }
    if (!isLive(user)) {
      delete user.softDeletedAt;
      user.revivedAt = now;
    }
    user.modifiedAt = now;
    user.events += 1;
  }

  #create(identifyId: string, createdAt: number): void {
    const user = { aptrinsicId: randomUUID(), createdAt, modifiedAt: createdAt, events: 1 };
    this.#users.set(identifyId, [...(this.#users.get(identifyId) ?? []), user]);
  }

  #live(identifyId: string): User | undefined {
    const user = this.#users.get(identifyId)?.at(-1);
    return user && isLive(user) ? user : undefined;
  }

  #isRevivable({ softDeletedAt, hardDeletedAt }: User): boolean {
    if (softDeletedAt === undefined || hardDeletedAt !== undefined) return false;
    return this.#parts.clock.now() <= softDeletedAt + this.#parts.settings.revivalWindowMs;
  }

  #delete(identifyId: string, hardDelete: string | null): Answer {
    if (hardDelete !== null && hardDelete !== 'true' && hardDelete !== 'false') return this.error(400);
    const user = this.#live(identifyId) ?? this.#upgradable(identifyId, hardDelete === 'true');
    if (!user) return this.#notFound(identifyId);
    user[hardDelete === 'true' ? 'hardDeletedAt' : 'softDeletedAt'] = this.#parts.clock.now();
    return { ...this.#deleted(), meaning: { is: 'deleted', hard: hardDelete === 'true', createdAt: user.createdAt } };
  }

  #upgradable(identifyId: string, hard: boolean): User | undefined {
    const user = this.#users.get(identifyId)?.at(-1);
    const upgrades = hard && this.#parts.settings.secondDelete === 'upgrades';
    return user && upgrades && this.#isRevivable(user) ? user : undefined;
  }

  #read(identifyId: string): Answer {
    const user = this.#users.get(identifyId)?.at(-1);
    const isVisible = this.#parts.settings.readAfterSoftDelete === 'visible';
    if (!user || !(isLive(user) || (isVisible && this.#isRevivable(user)))) return this.#notFound(identifyId);
    return { ...json(200, this.#readable(identifyId, user)), meaning: { is: 'present', createdAt: user.createdAt } };
  }

  #notFound(identifyId: string): Answer {
    return { ...this.error(404, { operation: 'read', subject: identifyId }), meaning: { is: 'unknown' } };
  }

  #readable(identifyId: string, user: User) {
    const spelt = (at: number) => (this.#parts.settings.createDate === 'iso' ? isoTime(at) : at);
    return {
      aptrinsicId: user.aptrinsicId,
      identifyId,
      type: 'USER',
      email: 'jo@customer.example',
      firstName: 'Jo',
      lastName: 'Doe',
      accountId: 'customer',
      propertyKeys: ['AP-SIMULATED-1'],
      numberOfVisits: user.events,
      createDate: spelt(user.createdAt),
      lastModifiedDate: spelt(user.modifiedAt),
      lastSeenDate: spelt(user.modifiedAt),
    };
  }

  #deleted(): Answer {
    const choice = this.#success(this.#parts.settings.success);
    switch (choice) {
      case 'document-sample':
        return json(200, { body: {}, statusCode: '100', statusCodeValue: 42 });
      case 'sane-body':
        return json(200, { body: {}, statusCode: '200', statusCodeValue: 200 });
      case '200-empty':
        return { status: 200 };
      case '204':
        return { status: 204 };
    }
  }
}

function isLive({ softDeletedAt, hardDeletedAt }: User): boolean {
  return softDeletedAt === undefined && hardDeletedAt === undefined;
}

const statusNames: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  422: 'UNPROCESSABLE_ENTITY',
  429: 'TOO_MANY_REQUESTS',
  503: 'SERVICE_UNAVAILABLE',
};

const dayMs = 24 * 3_600_000;

export const simulatedAptrinsic = {
  name: 'Aptrinsic',
  port: 7803,
  operations,
  credentials: { apiKey: 'aptrinsic-key' },
  settingsSchema,
  settings: defaultSettings,
  stateSchema,
  create: (parts: Parts) => new Aptrinsic(parts),
  seed: control(
    z.strictObject({ identifyId: z.string().min(1), createDate: z.exactOptional(instantSchema) }),
    (peer: Aptrinsic, { identifyId, createDate }): void =>
      peer.seed(identifyId, createDate === undefined ? undefined : parseTime(createDate)),
  ),
  sample: {
    id: () => `${randomUUID().slice(0, 8)}@customer.example`,
    seed: (identifyId, createDate) => ({ identifyId, createDate }),
  },
  controls: {
    /** An identify call from a live site. */
    liveTag: control(z.strictObject({ identifyId: z.string().min(1) }), (peer: Aptrinsic, { identifyId }): void =>
      peer.liveTag(identifyId),
    ),
  },
  stories: [
    {
      name: 'revival',
      title: 'Aptrinsic only hides the record (soft delete), and a live site brings it back inside the 7 days',
      workerSettings: { APTRINSIC_HARD_DELETE: 'false' },
      events: [
        {
          afterMs: 3 * dayMs,
          told: 'a live site identifies the person again: Aptrinsic revives the record',
          happen: (operate, identifyId) => operate('liveTag', { identifyId }),
        },
      ],
      ends: 'completed',
    },
    {
      name: 'outage',
      title: 'Aptrinsic is down for a day',
      prepare: async (operate) => {
        const now = Date.parse((await operate('time', {})) as string);
        return operate('addFault', { provider: 'aptrinsic', kind: 'down', until: now + dayMs });
      },
      ends: 'completed',
    },
  ],
} satisfies SimulatedProvider;
