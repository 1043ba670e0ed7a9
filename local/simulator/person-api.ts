/** The person API (RallyHere): queues a purge for a time it decides itself, and never says that it is done. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from './clock';
import {
  type Answer,
  bearerToken,
  type ClientCredentials,
  decodeSegment,
  type Identified,
  isBasicLogin,
  isJson,
  json,
  type Meaning,
  parseJson,
  type PeerRequest,
  type Refusal,
  rotate,
} from './peer';
import { errors, failed, frameworkError, info, invalid, noPurge, tokenExpired } from './person-answers';
import type { PersonSettings } from './person-settings';
import { formatTime, parseSuggestedTime, type TimeFormat } from './person-time';
import type { ProviderParts, SimulatedPeer } from './simulated-provider';
import { jwtLookingToken, Tokens } from './tokens';

export interface PersonRecord {
  /** The provider still holds the data. */
  exists: boolean;
  createDate?: string;
  purgedAt?: string;
  /** The purge on record. */
  purge?: { purgeOn: string; createdOn: string; lastModifiedOn: string; done: boolean };
}

const purgeSchema = z.strictObject({
  on: z.number(),
  /** When it really happens. */
  dueAt: z.number(),
  createdOn: z.number(),
  modifiedOn: z.number(),
  doneAt: z.exactOptional(z.number()),
});
type Purge = z.infer<typeof purgeSchema> & { cancel: () => void };

const personSchema = z.strictObject({
  /** Absent for an id that was never a person here but had a purge queued. */
  createdAt: z.exactOptional(z.number()),
  purgedAt: z.exactOptional(z.number()),
  purge: z.exactOptional(purgeSchema),
});
type Person = Omit<z.infer<typeof personSchema>, 'purge'> & { purge?: Purge };

export const personStateSchema = z.strictObject({ persons: z.array(z.tuple([z.string(), personSchema])) });
type PersonState = z.infer<typeof personStateSchema>;

export type PersonParts = ProviderParts<ClientCredentials, PersonSettings>;

const personPath = /^\/users\/v1\/person\/([^/]*)\/(purge|info)$/;
const purgeOperations: Readonly<Record<string, string>> = { POST: 'purge', GET: 'status', DELETE: 'dequeue' };

export class PersonApi implements SimulatedPeer {
  readonly #parts: PersonParts;
  readonly #tokens = new Tokens();
  readonly #persons = new Map<string, Person>();
  readonly #format = rotate<TimeFormat>();
  readonly #status = rotate<string>();

  constructor(parts: PersonParts) {
    this.#parts = parts;
  }

  state(): PersonState {
    const persons = [...this.#persons].map(([id, { purge, ...person }]): PersonState['persons'][number] => {
      if (purge === undefined) return [id, person];
      const { cancel: _cancel, ...kept } = purge;
      return [id, { ...person, purge: kept }];
    });
    return { persons };
  }

  restore({ persons }: PersonState): void {
    for (const [id, { purge, ...rest }] of persons) {
      const person: Person = rest;
      this.#persons.set(id, person);
      if (purge === undefined) continue;
      person.purge = { ...purge, cancel: () => undefined };
      if (purge.doneAt === undefined) this.#schedule(person, person.purge);
    }
  }

  identify({ method, rawPath }: PeerRequest): Identified {
    if (rawPath === '/users/v2/oauth/token') return { operation: 'login' };
    const [, segment, resource] = personPath.exec(rawPath) ?? [];
    if (segment === undefined) return { operation: 'unknown' };
    const id = decodeSegment(segment) ?? segment;
    const operation = resource === 'info' ? 'info' : (purgeOperations[method] ?? 'unknown');
    return { operation, subject: uuid(id) ?? id };
  }

  answer(request: PeerRequest, about: Identified): Answer {
    const { operation, subject } = about;
    if (operation === 'login') return request.method === 'POST' ? this.#login(request) : frameworkError(405);
    if (operation === 'unknown' || subject === undefined) return frameworkError(subject === undefined ? 404 : 405);
    if (operation === 'info' && request.method !== 'GET') return frameworkError(405);
    const refused = this.#refuseToken(request);
    if (refused) return refused;
    const personId = uuid(subject);
    if (personId === undefined)
      return invalid({
        type: 'uuid_parsing',
        loc: ['path', 'person_id'],
        msg: 'Input should be a valid UUID',
        input: subject,
      });
    return this.#operation(operation, personId, request);
  }

  error(status: number, about?: Identified): Answer {
    if (status === 422)
      return invalid({
        type: 'value_error',
        loc: ['path', 'person_id'],
        msg: 'Value error',
        input: about?.subject ?? null,
      });
    // Documented as `{ message }` until 2024 and not at all since.
    if (status >= 500) return json(status, { message: 'Internal Server Error' });
    const [code, description] = errors[status] ?? ['error', 'Error'];
    return failed(status, code, description, status !== 401);
  }

  refuse(refusal: Refusal, request: PeerRequest): Answer {
    switch (refusal.kind) {
      case 'token-expired':
        this.#tokens.expire(bearerToken(request.headers));
        return tokenExpired(refusal.variant);
      case 'forbidden':
        return failed(403, 'insufficient_permissions', 'Insufficient Permissions', true);
      case 'bad-credentials':
        return this.#badCredentials();
    }
  }

  aboutSomeoneElse({ operation }: Identified, otherSubject: string = randomUUID()): Answer {
    if (operation === 'info') return json(200, info(otherSubject));
    const now = this.#parts.clock.now();
    const purge = { on: now, dueAt: now, createdOn: now, modifiedOn: now, cancel: () => undefined };
    return json(operation === 'purge' ? 202 : 200, this.#purgeResponse(otherSubject, purge));
  }

  seed(personId: string): void {
    const id = uuid(personId);
    if (id === undefined) throw new Error('a person id is a UUID');
    if (this.#persons.get(id)?.createdAt !== undefined) throw new Error('this person exists already');
    this.#persons.set(id, { ...this.#persons.get(id), createdAt: this.#parts.clock.now() });
  }

  record(personId: string): PersonRecord {
    const { createdAt, purgedAt, purge } = this.#persons.get(uuid(personId) ?? personId) ?? {};
    return {
      exists: createdAt !== undefined && purgedAt === undefined,
      ...(createdAt !== undefined && { createDate: isoTime(createdAt) }),
      ...(purgedAt !== undefined && { purgedAt: isoTime(purgedAt) }),
      ...(purge && {
        purge: {
          purgeOn: isoTime(purge.on),
          createdOn: isoTime(purge.createdOn),
          lastModifiedOn: isoTime(purge.modifiedOn),
          done: purge.doneAt !== undefined,
        },
      }),
    };
  }

  movePurge(personId: string, purgeOn: number): void {
    const person = this.#queued(personId);
    this.#queue(person, purgeOn, this.#parts.clock.now());
  }

  /** Somebody else with the right to do so took it off the queue. */
  dequeuePurge(personId: string): void {
    drop(this.#queued(personId));
  }

  #queued(personId: string): Person {
    const person = this.#persons.get(uuid(personId) ?? personId);
    if (!person?.purge || person.purge.doneAt !== undefined) throw new Error('no purge is queued for this person');
    return person;
  }

  #operation(operation: string, personId: string, request: PeerRequest): Answer {
    switch (operation) {
      case 'purge':
        return this.#purge(personId, request);
      case 'status':
        return this.#purgeStatus(personId);
      case 'dequeue':
        return this.#dequeue(personId);
      default:
        return this.#info(personId);
    }
  }

  #login({ headers, body }: PeerRequest): Answer {
    const { credentials, settings } = this.#parts;
    const parsed = isJson(headers) ? parseJson(body) : undefined;
    // The framework checks the body before anybody looks at the credentials; a form, as RFC 6749 has it, is refused.
    if (typeof parsed !== 'object' || parsed === null)
      return invalid({
        type: 'model_attributes_type',
        loc: ['body'],
        msg: 'Input should be a valid dictionary',
        input: body,
      });
    const grantType = (parsed as { grant_type?: unknown }).grant_type;
    if (grantType !== 'client_credentials')
      return invalid({
        type: 'enum',
        loc: ['body', 'grant_type'],
        msg: "Input should be 'client_credentials'",
        input: grantType ?? null,
      });
    if (!isBasicLogin(headers, credentials)) return this.#badCredentials();
    const { token } = this.#tokens.issue(jwtLookingToken(), settings);
    return json(200, { access_token: token, token_type: 'bearer', expires_in: settings.tokenLifetimeSeconds });
  }

  #badCredentials(): Answer {
    return failed(
      this.#parts.settings.badCredentials,
      'client_credentials_invalid',
      'Invalid client credentials',
      false,
    );
  }

  #refuseToken({ headers }: PeerRequest): Answer | undefined {
    if (headers.authorization === undefined)
      return failed(403, 'auth_token_format', 'Invalid Authorization - missing', false);
    const token = bearerToken(headers);
    if (token === undefined)
      return failed(403, 'auth_malformed_access', 'Invalid Authorization - malformed access token', false);
    const state = this.#tokens.state(token);
    if (state === 'unknown') return failed(403, 'auth_token_unknown', 'Failed to parse token', false);
    return state === 'expired' ? tokenExpired('documented') : undefined;
  }

  #purge(personId: string, request: PeerRequest): Answer {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    const suggested = suggestedTime(request);
    if (typeof suggested === 'object') return suggested;
    const person = this.#persons.get(personId) ?? {};
    const isHere = person.createdAt !== undefined && person.purgedAt === undefined;
    const isQueued = person.purge !== undefined && person.purge.doneAt === undefined;
    if (!isHere && !isQueued && settings.unknownPerson !== 202)
      return this.error(settings.unknownPerson, { operation: 'purge', subject: personId });
    if (isQueued && settings.rePost === 'conflict')
      return {
        ...failed(409, 'purge_already_queued', 'Person is already queued for purge', true),
        meaning: { is: 'queued-already' },
      };

    this.#persons.set(personId, person);
    const wanted = suggested ?? now + settings.defaultDelayMs;
    const purge = this.#queue(person, Math.min(Math.max(wanted, now), now + settings.maxDelayMs), now);
    return { ...json(202, this.#purgeResponse(personId, purge)), meaning: queued(purge) };
  }

  /** A purge already on the queue keeps its `created_on`. */
  #queue(person: Person, on: number, now: number): Purge {
    const { settings } = this.#parts;
    person.purge?.cancel();
    const createdOn = person.purge?.doneAt === undefined ? (person.purge?.createdOn ?? now) : now;
    const dueAt = on + settings.lateByMs;
    const purge: Purge = { on, dueAt, createdOn, modifiedOn: now, cancel: () => undefined };
    this.#schedule(person, purge);
    person.purge = purge;
    return purge;
  }

  #schedule(person: Person, purge: Purge): void {
    purge.cancel = this.#parts.clock.schedule(purge.dueAt, (at) => this.#execute(person, purge, at));
  }

  #execute(person: Person, purge: Purge, at: number): void {
    purge.doneAt = at;
    if (person.createdAt !== undefined) person.purgedAt ??= at;
  }

  #purgeStatus(personId: string): Answer {
    const { clock, settings } = this.#parts;
    const purge = this.#persons.get(personId)?.purge;
    const notQueued = { ...noPurge(), meaning: { is: 'not-queued' } };
    if (!purge) return notQueued;
    if (purge.doneAt === undefined) {
      return { ...json(200, this.#purgeResponse(personId, purge)), meaning: queued(purge) };
    }
    const isKept = settings.afterPurge === 'kept' && clock.now() < purge.doneAt + settings.keptForMs;
    return isKept
      ? { ...json(200, this.#purgeResponse(personId, purge, settings.finalStatus)), meaning: queued(purge) }
      : notQueued;
  }

  #dequeue(personId: string): Answer {
    const { clock, settings } = this.#parts;
    const person = this.#persons.get(personId);
    if (!person?.purge || person.purge.doneAt !== undefined)
      return this.#notDequeued(settings.dequeueNothing, 'purge_not_found');
    if (person.purge.on <= clock.now()) return this.#notDequeued(settings.dequeueBegun, 'purge_already_started');
    drop(person);
    return { status: 204, meaning: { is: 'dequeued' } };
  }

  #notDequeued(status: number, code: string): Answer {
    return status === 204 ? { status } : failed(status, code, 'Purge cannot be removed from the queue', true);
  }

  #info(personId: string): Answer {
    const person = this.#persons.get(personId);
    if (person?.createdAt !== undefined && person.purgedAt === undefined) {
      return { ...json(200, info(personId)), meaning: { is: 'present' } };
    }
    const { infoAfterPurge } = this.#parts.settings;
    const nobody =
      infoAfterPurge === 'empty-200'
        ? json(200, { person_id: null, active_player_id: null, email: null })
        : this.error(infoAfterPurge, { operation: 'info', subject: personId });
    return { ...nobody, meaning: { is: 'absent' } };
  }

  #purgeResponse(personId: string, purge: Purge, status = this.#status(this.#parts.settings.statuses)) {
    const spelt = (at: number) => formatTime(at, this.#format(this.#parts.settings.timeFormats));
    return {
      person_id: personId,
      purge_on: spelt(purge.on),
      created_on: spelt(purge.createdOn),
      last_modified_on: spelt(purge.modifiedOn),
      status,
    };
  }
}

/** As the framework reads it: any case, hyphens optional. */
function uuid(id: string): string | undefined {
  const hex = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(id)
    ? id.replaceAll('-', '').toLowerCase()
    : undefined;
  return hex?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function queued({ on, createdOn, doneAt }: Purge): Meaning {
  return { is: 'queued', purgeOn: on, createdOn, done: doneAt !== undefined };
}

function drop(person: Person): void {
  person.purge?.cancel();
  delete person.purge;
}

function suggestedTime({ headers, body }: PeerRequest): number | undefined | Answer {
  if (body === '') return invalid({ type: 'missing', loc: ['body'], msg: 'Field required', input: null });
  const parsed = isJson(headers) ? parseJson(body) : undefined;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return invalid({
      type: 'model_attributes_type',
      loc: ['body'],
      msg: 'Input should be a valid dictionary',
      input: body,
    });
  const value = (parsed as { suggested_purge_time?: unknown }).suggested_purge_time;
  if (value === undefined) return undefined;
  const at = parseSuggestedTime(value);
  if (typeof at === 'number') return at;
  const loc = ['body', 'suggested_purge_time'];
  if (at === 'no-zone')
    return invalid({ type: 'timezone_aware', loc, msg: 'Input should have timezone info', input: value });
  return invalid({ type: 'datetime_parsing', loc, msg: 'Input should be a valid datetime', input: value });
}
