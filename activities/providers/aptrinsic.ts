/**
 * Aptrinsic (Gainsight PX), `DELETE /v1/users/{identifyId}`: gone from sight at once, but a user who is created or updated
 * within 7 days is revived with all history, unless deleted with `hardDelete=true`. Nothing undoes a deletion on purpose.
 */
import { z } from 'zod';
import { DAY_MS } from '../../domain/duration';
import { providerName } from '../../domain/provider';
import type { Accepted, Evidence, Unknown } from '../../domain/receipt';
import { throwIfCancelled } from './cancellation';
import { type Answer, broken, createHttp, evidenceOf, failureOf, type Http, jsonOf, parseBody, urlUnder } from './http';
import { refuseInvalid } from './identifier';
import { CLOCK_SKEW_MS, parseInstant } from './instant';
import type { AdapterCall, ProviderAdapter } from './provider';

export interface AptrinsicOptions {
  /** The tenant's region without `/v1`: `https://api.aptrinsic.com`, `api-eu` or `api-us2`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** For the first round; later rounds always delete hard, since the record came back. */
  readonly hardDelete: boolean;
  readonly http?: Http | undefined;
}

const to = providerName('aptrinsic');
/** "If a user with the same id is created or updated within the next 7 days, the previously deleted record will be revived." */
const REVIVAL_WINDOW_MS = 7 * DAY_MS;

export function createAptrinsicAdapter(options: AptrinsicOptions): ProviderAdapter {
  const { baseUrl, apiKey, http = createHttp() } = options;

  const user = (call: AdapterCall) => ({
    to,
    url: urlUnder(baseUrl, `/v1/users/${encodeURIComponent(call.identifier)}`),
    headers: { 'x-aptrinsic-api-key': apiKey },
    secrets: [call.identifier, apiKey],
  });

  return {
    provider: 'aptrinsic',
    host: new URL(baseUrl).host,

    /** A second identical call answers 404: the user is hidden or gone. Nothing is undone or delayed by it. */
    async requestErasure(call) {
      refuseInvalid('aptrinsic', call.identifier);
      const hardDelete = call.round > 1 || options.hardDelete;
      const { url, ...request } = user(call);
      throwIfCancelled(call.signal);
      call.aboutToAsk(call.memory);
      const answer = await http.send({
        ...request,
        what: 'the deletion',
        method: 'DELETE',
        url: `${url}?hardDelete=${hardDelete}`,
      });
      const inner = innerStatusOf(answer);
      const judged = inner === undefined ? answer : { ...answer, status: inner };
      const evidence = evidenceOf(answer, call, { hardDelete, ...(inner !== undefined && { statusCodeValue: inner }) });
      if (judged.status === 404) {
        return call.mayHaveAskedBefore ? accepted(call, evidence, call.memory.seen ?? false) : unknown(call, evidence);
      }
      const failure = failureOf(judged);
      if (failure !== undefined) throw failure;
      refuseAnotherSubject(answer, call.identifier);
      // 200 and 204 mean "deleted", as against 404 "user not found": the record was there.
      return accepted(call, evidence, true);
    },

    async observeErasure(call) {
      refuseInvalid('aptrinsic', call.identifier);
      const answer = await http.send({ ...user(call), what: 'a look at the user', method: 'GET', signal: call.signal });
      if (answer.status === 404) return { status: 'absent', evidence: evidenceOf(answer, call) };
      const failure = failureOf(answer);
      if (failure !== undefined) throw failure;
      const { identifyId, createDate, lastModifiedDate } = parseBody(answer, userSchema);
      // Ids are told apart by case: no document says that they are not.
      if (identifyId !== call.identifier) throw broken(answer, 'for another user than the one we asked for');
      const evidence = evidenceOf(answer, call, instants({ createDate, lastModifiedDate }));
      return { status: 'present', sameRecord: isSameRecord(createDate, call.firstAskedAt), evidence };
    },

    /** The only way back is to create or update the user, which no system may do for a person who wants to be forgotten. */
    async withdrawErasure(call) {
      return { status: 'too-late', since: call.firstAskedAt };
    },
  };
}

/** A 200 can wrap an answer of its own. The document's sample wraps `42`: only what is an error elsewhere counts as one here. */
function innerStatusOf(answer: Answer): number | undefined {
  if (answer.status < 200 || answer.status >= 300) return undefined;
  const wrapped = z.looseObject({ statusCodeValue: z.int().min(400).max(599) });
  return wrapped.safeParse(jsonOf(answer)).data?.statusCodeValue;
}

function refuseAnotherSubject(answer: Answer, identifier: string): void {
  const about = z.looseObject({ identifyId: z.string() });
  const body = jsonOf(answer);
  const ids = [about.safeParse(body).data, z.looseObject({ body: about }).safeParse(body).data?.body];
  if (ids.some((said) => said !== undefined && said.identifyId !== identifier)) {
    throw broken(answer, 'for another user than the one we asked for');
  }
}

/** A revived record keeps the date it was created on; a returning customer's record is newer than our asking. */
function isSameRecord(createDate: unknown, firstAskedAt: number): boolean | 'unclear' {
  const createdAt = parseInstant(createDate);
  if (createdAt === undefined || Math.abs(createdAt - firstAskedAt) <= CLOCK_SKEW_MS) return 'unclear';
  return createdAt < firstAskedAt;
}

const userSchema = z.looseObject({
  identifyId: z.string(),
  createDate: z.unknown().optional(),
  lastModifiedDate: z.unknown().optional(),
});

function instants(said: Record<string, unknown>): Record<string, string | number> {
  const given = Object.entries(said).filter(([, value]) => parseInstant(value) !== undefined);
  return Object.fromEntries(given as [string, string | number][]);
}

function accepted(call: AdapterCall, evidence: Evidence, seen: boolean): Accepted {
  return {
    status: 'accepted',
    window: { lastsMs: REVIVAL_WINDOW_MS },
    windowKind: 'revival',
    marginMs: call.policy.marginMs,
    proof: 'observation',
    graceMs: 0,
    seen,
    withdrawable: false,
    subjectHash: call.subjectHash,
    evidence,
    leavesUnsaid,
  };
}

/** Somebody else may have deleted the user a day ago, softly: a revival would show until 7 days from now at the latest. */
function unknown(call: AdapterCall, evidence: Evidence): Unknown {
  return {
    status: 'unknown',
    window: { lastsMs: REVIVAL_WINDOW_MS },
    windowKind: 'revival',
    marginMs: call.policy.marginMs,
    subjectHash: call.subjectHash,
    evidence,
    leavesUnsaid,
  };
}

const leavesUnsaid = [
  "Gainsight PX's documents do not say whether, or when, a hard delete erases the record's events; they say that the record cannot be revived.",
  'A 404 from it does not tell a user who is gone from one who is hidden or who is kept at the host of another region.',
  'They state no effect on activity that was collected anonymously, before the person was identified.',
];
