/**
 * The person API (RallyHere), `/users/v1/person/{person_id}/purge`: POST queues a purge for a time the provider decides, GET
 * reads it, DELETE takes it off the queue until it has begun. Nothing says that a purge is done: one has to look.
 */
import { describeInstant, HOUR_MS, SECOND_MS } from '../../domain/duration';
import { providerName, type ProviderSettings } from '../../domain/provider/provider-table';
import type { AcceptanceBasis, Evidence, Receipt, Withdrawal } from '../../domain/leg/receipt';
import { failureFor, judge, type Judging } from './answers';
import { throwIfCancelled } from './cancellation';
import { type Answer, createHttp, evidenceOf, type Http, urlUnder } from './http';
import { refuseInvalid } from './identifier-check';
import { codeOf, personAnswers, type PersonAnswers, purgeSchema } from './person-answer-tables';
import { PROVIDER_CLOCK_SKEW_MS, parseInstant } from './provider-time';
import { type AdapterCall, type ProviderAdapter, ProviderFailure, sendErasing, type Turn } from './provider';
import { basicLogin, createTokenSource, loginFrom, type Pausing, withToken } from './token';

/** `purgeDelayMs`: when we wish the purge to happen where the patience has no wish; without both, the provider's own default. */
export type PersonOptions = ProviderSettings<'person'> & {
  readonly http?: Http | undefined;
  readonly answers?: PersonAnswers | undefined;
  readonly pausing?: Pausing | undefined;
};

const to = providerName('person');
/** "Now" in the provider's own client: a suggestion in the past means at once, and an hour absorbs the drift of clocks. */
const AS_SOON_AS_POSSIBLE_MS = -1 * HOUR_MS;

/** Created and last modified by one and the same write: the two are perhaps not stamped by one look at the clock. */
const SAME_WRITE_MS = 2 * SECOND_MS;

interface Purge {
  readonly purgeOn: number;
  /** Undefined where the answer does not say it readably. */
  readonly createdOn: number | undefined;
  readonly evidence: Evidence;
}

export function createPersonAdapter(options: PersonOptions): ProviderAdapter {
  const { baseUrl, clientId, clientSecret, purgeDelayMs, http = createHttp(), answers = personAnswers } = options;
  const { host } = new URL(baseUrl);

  const tokens = createTokenSource({
    pausing: options.pausing,
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
        }),
        answers.login,
      ),
  });

  interface PersonRequest<Meaning extends string> {
    readonly what: string;
    readonly method: 'GET' | 'POST' | 'DELETE';
    readonly resource: 'purge' | 'info';
    readonly body?: string;
    readonly judging: Judging<Meaning>;
    /** Of a call that changes something: sends it. Such a call is not broken off once it is sent. */
    readonly changing?: (send: (turn: Turn) => Promise<Answer>) => Promise<Answer>;
  }

  async function ask<Meaning extends string>(
    call: AdapterCall,
    { what, method, resource, body, judging, changing }: PersonRequest<Meaning>,
  ): Promise<{ readonly means: Meaning; readonly body: unknown; readonly answer: Answer }> {
    const answer = await withToken({
      tokens,
      signal: call.signal,
      table: judging.table,
      send: (token) => {
        throwIfCancelled(call.signal);
        const send = (turn?: Turn) =>
          http.send({
            to,
            what,
            method,
            url: urlUnder(baseUrl, `/users/v1/person/${encodeURIComponent(call.identifier)}/${resource}`),
            headers: {
              authorization: `Bearer ${token}`,
              ...(body !== undefined && { 'content-type': 'application/json' }),
            },
            ...(body !== undefined && { body }),
            ...(turn === undefined ? { signal: call.signal } : { turn }),
          });
        return changing === undefined ? send() : changing(send);
      },
    });
    return { ...judge(answer, judging), answer };
  }

  /** "Body required", though its one field is not. The zone is a must. */
  function queuePurge(call: AdapterCall, seen: boolean) {
    const wished = call.patience.windowWishMs === 0 ? 'asap' : (call.patience.windowWishMs ?? purgeDelayMs);
    const delayMs = wished === 'asap' ? AS_SOON_AS_POSSIBLE_MS : wished;
    const wish = delayMs === undefined ? {} : { suggested_purge_time: new Date(call.now + delayMs).toISOString() };
    return ask(call, {
      what: 'the purge request',
      method: 'POST',
      resource: 'purge',
      body: JSON.stringify(wish),
      judging: answers.queue(call),
      changing: (send) => sendErasing(call, { memory: { ...call.memory, seen }, send }),
    });
  }

  /** The purge on record, or undefined: never queued, taken off the queue, or done. Only `info` can tell. */
  async function queuedPurge(call: AdapterCall): Promise<Purge | undefined> {
    const judging = answers.read(call);
    const { means, answer, body } = await ask(call, {
      what: 'a look at the purge',
      method: 'GET',
      resource: 'purge',
      judging,
    });
    return means === 'queued' ? purgeFrom(answer, { body, call }) : undefined;
  }

  function dequeuePurge(call: AdapterCall) {
    return ask(call, {
      what: 'the withdrawal of the purge',
      method: 'DELETE',
      resource: 'purge',
      judging: answers.dequeue,
      changing: async (send) => {
        const come = (): void => call.remember({ ...call.memory, withdrawing: true });
        try {
          return await send({ signal: call.signal, come });
        } catch (error) {
          // As it was: an earlier attempt may have sent it.
          if (error instanceof ProviderFailure && error.neverLeft)
            call.remember({ ...call.memory, withdrawing: call.memory.withdrawing === true });
          throw error;
        }
      },
    });
  }

  const readInfo = (call: AdapterCall) =>
    ask(call, { what: 'a look at the person', method: 'GET', resource: 'info', judging: answers.info(call) });

  async function isThere(call: AdapterCall): Promise<boolean> {
    return (await readInfo(call)).means === 'present';
  }

  /** An `info` that is refused or unreadable does not keep us from asking: then the person was not seen, that is all. */
  async function wasThere(call: AdapterCall): Promise<boolean> {
    const found = await readInfo(call).catch((error: unknown) => {
      if (error instanceof ProviderFailure && error.type === 'UnrecognizedAnswer') return undefined;
      throw error;
    });
    return found?.means === 'present';
  }

  return {
    provider: 'person',
    host,

    /**
     * A second POST would probably update the purge in place, and so move it. After an asking whose answer was lost, a purge
     * that is still to come is therefore taken as it stands, whoever asked for it: the person is purged by it all the same.
     */
    async requestErasure(call) {
      refuseInvalid('person', call.identifier);
      // After an earlier asking the person may be gone already: what was seen before it counts as well.
      const seen = call.memory.seen === true || (await wasThere(call));
      const queued = call.mayHaveAskedBefore ? await queuedPurge(call) : undefined;
      if (queued !== undefined && queued.purgeOn > call.now)
        return accepted(call, queued, { seen, basis: 'queued-already' });
      const { means, answer, body } = await queuePurge(call, seen);
      if (means === 'queued') return accepted(call, purgeFrom(answer, { body, call }), { seen, basis: 'taken-on' });
      // Documented for one's own person only: a purge is queued already. Its time is as good as ours.
      const conflicting = await queuedPurge(call);
      if (conflicting === undefined) throw failureFor('rejected', answer, { code: codeOf(body) });
      return accepted(call, conflicting, { seen, basis: 'queued-already' });
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
      const { means, answer } = await readInfo(call);
      const evidence = evidenceOf(answer, call, { purge: 404 });
      switch (means) {
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
      const ours = createdByUs(call);
      // Somebody else asked for it: perhaps the person. Or we were never told which one is ours.
      if (ours === undefined) return { status: 'nothing-to-withdraw', evidence };
      if (createdOn === undefined) {
        throw new ProviderFailure(
          'ProviderContractBroken',
          `${to} does not say readably when the queued purge was created.`,
        );
      }
      if (createdOn !== ours) return { status: 'nothing-to-withdraw', evidence };

      const { means, answer, body } = await dequeuePurge(call);
      const isTaken = means === 'dequeued';
      const isDue = purgeOn <= call.now + PROVIDER_CLOCK_SKEW_MS;
      const tooLate: Withdrawal = { status: 'too-late', since: purgeOn, evidence: evidenceOf(answer, call) };
      if ((await queuedPurge(call)) !== undefined) {
        if (isDue) return tooLate;
        throw isTaken
          ? failureFor('broken', answer, { because: 'but the purge is still queued' })
          : failureFor('rejected', answer, { code: codeOf(body) });
      }
      // Gone from the queue, by our DELETE or by being carried out, which may be before the time it was announced for.
      if (isTaken && !isDue) return { status: 'withdrawn', evidence: evidenceOf(answer, call) };
      if (await isThere(call)) {
        return {
          status: isTaken ? 'withdrawn' : 'nothing-to-withdraw',
          evidence: evidenceOf(answer, call),
        };
      }
      return tooLate;
    },
  };
}

/**
 * When the purge was created that our last standing asking made, in epoch ms of the provider's own clock; undefined where we
 * were not told that it is ours. A POST that found a purge on the queue updates it in place: then it was created before it
 * was last modified, and somebody else's came first. Two clocks are never compared.
 */
function createdByUs({ acceptedFacts = {} }: Pick<AdapterCall, 'acceptedFacts'>): number | undefined {
  const createdOn = parseInstant(acceptedFacts['created_on']);
  const modifiedOn = parseInstant(acceptedFacts['last_modified_on']);
  if (createdOn === undefined || modifiedOn === undefined) return undefined;
  return modifiedOn - createdOn <= SAME_WRITE_MS ? createdOn : undefined;
}

function purgeFrom(answer: Answer, { body, call }: { readonly body: unknown; readonly call: AdapterCall }): Purge {
  const { purge_on, created_on, last_modified_on } = purgeSchema.parse(body);
  const facts = {
    purge_on,
    ...(created_on !== undefined && { created_on }),
    ...(last_modified_on !== undefined && { last_modified_on }),
  };
  return {
    purgeOn: parseInstant(purge_on) ?? Number.NaN,
    createdOn: parseInstant(created_on),
    evidence: evidenceOf(answer, call, facts),
  };
}

function accepted(
  call: AdapterCall,
  { purgeOn, evidence }: Purge,
  { seen, basis }: { readonly seen: boolean; readonly basis: AcceptanceBasis },
): Receipt {
  return {
    status: 'accepted',
    basis,
    window: { endsAt: purgeOn },
    windowKind: 'erasure',
    marginMs: call.patience.marginMs,
    confirmedBy: 'look',
    graceMs: 0,
    seen,
    // Only a purge that is known to be ours is taken off the queue.
    withdrawable: basis === 'taken-on' && createdByUs({ acceptedFacts: evidence.facts }) !== undefined,
    subjectHash: call.subjectHash,
    evidence,
    leavesUnsaid,
  };
}

const leavesUnsaid = [
  "The person API's documents name no message and no status value that says a purge is complete.",
  'They do not say what is answered about a person who was purged: absence means that neither the purge nor the person was found any more.',
];
