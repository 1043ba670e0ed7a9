/**
 * The person API (RallyHere), `/users/v1/person/{person_id}/purge`: POST queues a purge for a time the provider decides, GET
 * reads it, DELETE takes it off the queue until it has begun. Nothing says that a purge is done: one has to look.
 */
import { z } from 'zod';
import { describeInstant, HOUR_MS } from '../../domain/duration';
import { MAX_WINDOW_MS } from '../../domain/policy';
import { providerName } from '../../domain/provider';
import type { Evidence, Receipt, Withdrawal } from '../../domain/receipt';
import { throwIfCancelled } from './cancellation';
import { type Answer, broken, createHttp, evidenceOf, failureOf, type Http, jsonOf, parseBody, urlUnder } from './http';
import { refuseInvalid } from './identifier';
import { CLOCK_SKEW_MS, parseInstant } from './instant';
import { type AdapterCall, type ProviderAdapter, ProviderFailure } from './provider';
import { basicLogin, createTokenSource, loginFrom, withToken } from './token';

export interface PersonOptions {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** When we wish the purge to happen, counted from now, where the policy has no wish. Left out: the provider's own default. */
  readonly purgeDelayMs?: number | 'asap' | undefined;
  readonly http?: Http | undefined;
}

const to = providerName('person');
/** "Now" in the provider's own client: a suggestion in the past means at once, and an hour absorbs the drift of clocks. */
const AS_SOON_AS_POSSIBLE_MS = -1 * HOUR_MS;

interface Purge {
  readonly purgeOn: number;
  /** Undefined where the answer does not say it readably. */
  readonly createdOn: number | undefined;
  readonly evidence: Evidence;
}

type Presence = 'present' | 'absent' | 'unclear';

export function createPersonAdapter(options: PersonOptions): ProviderAdapter {
  const { baseUrl, clientId, clientSecret, purgeDelayMs, http = createHttp() } = options;

  const tokens = createTokenSource({
    // Not a form, as RFC 6749 would have it: this provider takes the grant type as JSON.
    login: async () =>
      loginFrom(
        await http.send({
          to,
          what: 'the login',
          method: 'POST',
          url: urlUnder(baseUrl, '/users/v2/oauth/token'),
          headers: { authorization: basicLogin(clientId, clientSecret), 'content-type': 'application/json' },
          body: JSON.stringify({ grant_type: 'client_credentials' }),
          secrets: [clientId, clientSecret],
        }),
      ),
  });

  interface PersonRequest {
    readonly what: string;
    readonly method: 'GET' | 'POST' | 'DELETE';
    readonly resource: 'purge' | 'info';
    readonly body?: string;
    /** Called directly before the call is sent. A call that changes something is not broken off once it is sent. */
    readonly beforeChange?: () => void;
  }

  function ask(call: AdapterCall, { what, method, resource, body, beforeChange }: PersonRequest): Promise<Answer> {
    return withToken({
      tokens,
      signal: call.signal,
      isTokenRefused,
      send: (token) => {
        throwIfCancelled(call.signal);
        beforeChange?.();
        return http.send({
          to,
          what,
          method,
          url: urlUnder(baseUrl, `/users/v1/person/${encodeURIComponent(call.identifier)}/${resource}`),
          headers: {
            authorization: `Bearer ${token}`,
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body }),
          ...(beforeChange === undefined && { signal: call.signal }),
          secrets: [call.identifier, token, clientId, clientSecret],
        });
      },
    });
  }

  /** "Body required", though its one field is not. The zone is a must. */
  function queuePurge(call: AdapterCall, seen: boolean): Promise<Answer> {
    const wished = call.policy.purgeWishMs === 0 ? 'asap' : (call.policy.purgeWishMs ?? purgeDelayMs);
    const delayMs = wished === 'asap' ? AS_SOON_AS_POSSIBLE_MS : wished;
    const wish = delayMs === undefined ? {} : { suggested_purge_time: new Date(call.now + delayMs).toISOString() };
    return ask(call, {
      what: 'the purge request',
      method: 'POST',
      resource: 'purge',
      body: JSON.stringify(wish),
      beforeChange: () => call.aboutToAsk({ ...call.memory, seen }),
    });
  }

  /** The purge on record, or undefined: never queued, taken off the queue, or done. Only `info` can tell. */
  async function queuedPurge(call: AdapterCall): Promise<Purge | undefined> {
    const answer = await ask(call, { what: 'a look at the purge', method: 'GET', resource: 'purge' });
    return answer.status === 404 ? undefined : purgeFrom(answer, call);
  }

  function dequeuePurge(call: AdapterCall): Promise<Answer> {
    return ask(call, {
      what: 'the withdrawal of the purge',
      method: 'DELETE',
      resource: 'purge',
      beforeChange: () => call.remember({ ...call.memory, withdrawing: true }),
    });
  }

  const readInfo = (call: AdapterCall) => ask(call, { what: 'a look at the person', method: 'GET', resource: 'info' });

  async function isThere(call: AdapterCall): Promise<boolean> {
    return presenceFrom(await readInfo(call), call) === 'present';
  }

  /** An `info` that is refused or unreadable does not keep us from asking: then the person was not seen, that is all. */
  async function wasThere(call: AdapterCall): Promise<boolean> {
    const answer = await readInfo(call).catch((error: unknown) => {
      if (error instanceof ProviderFailure && error.type === 'ProviderContractBroken') return undefined;
      throw error;
    });
    return answer !== undefined && presenceFrom(answer, call) === 'present';
  }

  return {
    provider: 'person',
    host: new URL(baseUrl).host,

    /**
     * A second POST would probably update the purge in place, and so move it. A purge of ours that is queued already is
     * therefore taken over as it stands.
     */
    async requestErasure(call) {
      refuseInvalid('person', call.identifier);
      // After an earlier asking the person may be gone already: what was seen before it counts as well.
      const seen = call.memory.seen === true || (await wasThere(call));
      const queued = call.mayHaveAskedBefore ? await queuedPurge(call) : undefined;
      if (queued !== undefined && isOurs(queued, call)) return accepted(call, queued, seen);
      const answer = await queuePurge(call, seen);
      // Documented for one's own person only: a purge is queued already. Its time is as good as ours.
      const conflicting = answer.status === 409 ? await queuedPurge(call) : undefined;
      return accepted(call, conflicting ?? purgeFrom(answer, call), seen);
    },

    async observeErasure(call) {
      refuseInvalid('person', call.identifier);
      const queued = await queuedPurge(call);
      if (queued !== undefined) {
        const { purgeOn, evidence } = queued;
        if (purgeOn > call.now) return { status: 'pending', endsAt: purgeOn, evidence };
        const message = `${to} still has the purge on record that was due on ${describeInstant(purgeOn)}: it is not done yet.`;
        throw new ProviderFailure('StillPending', message);
      }
      const answer = await readInfo(call);
      const evidence = evidenceOf(answer, call, { purge: 404 });
      switch (presenceFrom(answer, call)) {
        case 'absent':
          return { status: 'absent', evidence };
        case 'present':
          return { status: 'present', sameRecord: true, takenOffQueue: true, evidence };
        case 'unclear':
          return { status: 'inconclusive', evidence };
      }
    },

    /** Safe to repeat: a purge that is off the queue stays off. */
    async withdrawErasure(call): Promise<Withdrawal> {
      refuseInvalid('person', call.identifier);
      const queued = await queuedPurge(call);
      if (queued === undefined) {
        // Our DELETE worked and its answer was lost, or the purge was done meanwhile: a person who is there was spared.
        if (call.memory.withdrawing !== true) return { status: 'nothing-to-withdraw' };
        return { status: (await isThere(call)) ? 'withdrawn' : 'too-late' };
      }
      const { purgeOn, createdOn, evidence } = queued;
      if (createdOn === undefined) {
        throw new ProviderFailure(
          'ProviderContractBroken',
          `${to} does not say readably when the queued purge was created.`,
        );
      }
      // Somebody else asked for it before us: perhaps the person.
      if (!isOurs(queued, call)) return { status: 'nothing-to-withdraw', evidence };

      const answer = await dequeuePurge(call);
      const failure = failureOf(answer, errorOf(answer).error_code);
      if (failure !== undefined && failure.type !== 'ProviderRejected') throw failure;
      const isDue = purgeOn <= call.now + CLOCK_SKEW_MS;
      const tooLate: Withdrawal = { status: 'too-late', since: purgeOn, evidence: evidenceOf(answer, call) };
      if ((await queuedPurge(call)) !== undefined) {
        if (isDue) return tooLate;
        throw failure ?? broken(answer, 'but the purge is still queued');
      }
      // Gone from the queue, by our DELETE or by being carried out, which may be before the time it was announced for.
      if (failure === undefined && !isDue) return { status: 'withdrawn', evidence: evidenceOf(answer, call) };
      if (await isThere(call)) {
        return {
          status: failure === undefined ? 'withdrawn' : 'nothing-to-withdraw',
          evidence: evidenceOf(answer, call),
        };
      }
      return tooLate;
    },
  };
}

/** UUIDs are compared as the provider reads them, in any case. */
function isSubject(personId: string, call: AdapterCall): boolean {
  return personId.toLowerCase() === call.identifier.toLowerCase();
}

/** Created by our own asking, not by somebody's before it. */
function isOurs({ createdOn }: Purge, call: AdapterCall): boolean {
  return createdOn !== undefined && createdOn >= call.firstAskedAt - CLOCK_SKEW_MS;
}

/** `{ auth_success, error_code, desc }` today; `{ message }` until 2024. Descriptions are never read: they can hold the id. */
const errorSchema = z.looseObject({
  auth_success: z.boolean().optional().catch(undefined),
  error_code: z.string().optional().catch(undefined),
});

function errorOf(answer: Answer): z.infer<typeof errorSchema> {
  return errorSchema.safeParse(jsonOf(answer)).data ?? {};
}

/**
 * Here an expired token is a 403, not a 401, and so is a real refusal. The token is at fault if `auth_success` is false or
 * the code is one of `auth_…`, also one the document does not list yet; `insufficient_permissions` is never about the token.
 */
function isTokenRefused(answer: Answer): boolean {
  if (answer.status === 401) return true;
  if (answer.status !== 403) return false;
  const { auth_success: authSuccess, error_code: code = '' } = errorOf(answer);
  return code !== 'insufficient_permissions' && (authSuccess === false || code.startsWith('auth_'));
}

const instant = z.union([z.string(), z.number()]).refine((value) => parseInstant(value) !== undefined);
const purgeSchema = z.looseObject({
  person_id: z.string(),
  purge_on: instant,
  created_on: instant.optional().catch(undefined),
  last_modified_on: instant.optional().catch(undefined),
  status: z.string().optional().catch(undefined),
});

/** PurgeResponse, of POST (202) and GET (200). `purge_on` is the authority, whatever we wished for. */
function purgeFrom(answer: Answer, call: AdapterCall): Purge {
  const failure = failureOf(answer, errorOf(answer).error_code);
  if (failure !== undefined) throw failure;
  const { person_id: personId, ...said } = parseBody(answer, purgeSchema);
  if (!isSubject(personId, call)) throw broken(answer, 'for another person than the one we asked for');
  const purgeOn = parseInstant(said.purge_on);
  if (purgeOn === undefined || purgeOn - call.now > MAX_WINDOW_MS) {
    throw broken(answer, 'with a purge_on too far ahead to be believed');
  }
  const { purge_on, created_on, last_modified_on } = said;
  const status = sayableStatus(said.status, answer);
  const facts = {
    purge_on,
    ...(created_on !== undefined && { created_on }),
    ...(last_modified_on !== undefined && { last_modified_on }),
    ...(status !== undefined && { status }),
  };
  return { purgeOn, createdOn: parseInstant(created_on), evidence: evidenceOf(answer, call, facts) };
}

/** A free string without a list of values in any version of the document: kept as evidence if it is words, never acted on. */
function sayableStatus(status: string | undefined, answer: Answer): string | undefined {
  if (status === undefined || !/^[A-Za-z][A-Za-z _-]{0,39}$/.test(status)) return undefined;
  return answer.quote(status.replaceAll(' ', '_')) === undefined ? undefined : status;
}

/** `info` documents no 404 and no answer for a purged person: what is neither 404 nor this person tells us nothing. */
function presenceFrom(answer: Answer, call: AdapterCall): Presence {
  if (answer.status === 404) return 'absent';
  const failure = failureOf(answer);
  if (failure !== undefined && failure.type !== 'ProviderUnavailable') return 'unclear';
  if (failure !== undefined) throw failure;
  const personId = z.looseObject({ person_id: z.string() }).safeParse(jsonOf(answer)).data?.person_id;
  if (personId === undefined) return 'unclear';
  if (!isSubject(personId, call)) throw broken(answer, 'for another person than the one we asked for');
  return 'present';
}

function accepted(call: AdapterCall, { purgeOn, evidence }: Purge, seen: boolean): Receipt {
  return {
    status: 'accepted',
    window: { endsAt: purgeOn },
    windowKind: 'purge',
    marginMs: call.policy.marginMs,
    proof: 'observation',
    graceMs: 0,
    seen,
    withdrawable: true,
    subjectHash: call.subjectHash,
    evidence,
    leavesUnsaid,
  };
}

const leavesUnsaid = [
  "The person API's documents name no message and no status value that says a purge is complete.",
  'They do not say what is answered about a person who was purged: absence means that neither the purge nor the person was found any more.',
];
