/**
 * Aptrinsic (Gainsight PX), `DELETE /v1/users/{identifyId}`: gone from sight at once, but a user who is created or updated
 * within 7 days is revived with all history, unless deleted with `hardDelete=true`. Nothing withdraws a deletion on purpose.
 */
import { z } from 'zod';
import { providers, type ProviderSettings } from '../../domain/provider/provider-table';
import type { Accepted, Evidence, Unknown } from '../../domain/leg/receipt';
import { type AnswerTable, clientErrors, fits, httpReasons, judge, type Judging, notNow } from './answers';
import { throwIfCancelled } from './cancellation';
import { isErrorStatus, isObject, saysFailure, valuesUnder } from './contradiction';
import { createHttp, evidenceOf, type Http, urlUnder } from './http';
import { refuseInvalid } from './identifier-check';
import { PROVIDER_CLOCK_SKEW_MS, parseBelievable, parseInstant } from './provider-time';
import { type AdapterCall, type ProviderAdapter, sendErasing } from './provider';

/** `hardDelete` is for the first round: later rounds always delete hard, since the record came back. */
export type AptrinsicOptions = ProviderSettings<'aptrinsic'> & {
  readonly http?: Http | undefined;
  readonly answers?: AptrinsicAnswers | undefined;
};

const userSchema = z.looseObject({
  identifyId: z.string(),
  createDate: z.unknown().optional(),
  lastModifiedDate: z.unknown().optional(),
});

const isUser = fits(userSchema);

/** Its error body as third-party code has met it. The documents describe none: an empty one says nothing. */
const ownError = fits(z.looseObject({ externalapierror: z.looseObject({ status: z.string() }) }));
const unknownUser = fits(z.looseObject({ externalapierror: z.looseObject({ status: z.literal('NOT_FOUND') }) }));
/** `{ body, statusCode, statusCodeValue }`. The document's sample holds `"100"` and `42`: only an error in it is believed. */
const isWrapper = (body: unknown) =>
  isObject(body) && ['body', 'statusCode', 'statusCodeValue'].some((name) => name in body);
const wraps =
  (from: number, to = from) =>
  (body: unknown) =>
    isObject(body) &&
    !('externalapierror' in body) &&
    isErrorStatus(body['statusCodeValue']) &&
    Number(body['statusCodeValue']) >= from &&
    Number(body['statusCodeValue']) <= to;

export interface AptrinsicAnswers {
  readonly delete: (identifyId: string) => Judging<'deleted' | 'unknown-user'>;
  readonly read: (identifyId: string) => Judging<'user' | 'unknown-user'>;
}

const refusals: AnswerTable<'unknown-user'> = [
  { status: 404, content: 'json', shape: unknownUser, means: 'unknown-user' },
  { status: 401, content: 'json', shape: ownError, means: 'credentials-refused' },
  ...notNow,
  { status: 404, content: 'json', shape: ownError, means: 'broken', because: 'and a body that contradicts it' },
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

/** Ids are told apart by case: no document says that they are not. */
const anotherUser = (identifyId: string) => (body: unknown) =>
  valuesUnder(body, ['identifyid']).some((id) => id !== identifyId);

const deleteTable = (identifyId: string): AnswerTable<'deleted' | 'unknown-user'> => [
  // A 200 can wrap an answer of its own. A 404 in it contradicts the 200, and is no proof that the user was unknown.
  { status: 200, content: 'json', shape: wraps(429), means: 'unavailable' },
  { status: 200, content: 'json', shape: wraps(500, 599), means: 'unavailable' },
  { status: 200, content: 'json', shape: wraps(401), means: 'credentials-refused' },
  { status: 200, content: 'json', shape: wraps(400, 403), means: 'rejected' },
  { status: 200, content: 'json', shape: wraps(405, 499), means: 'rejected' },
  {
    status: { from: 200, to: 299 },
    content: 'json',
    shape: (body) => saysFailure(body),
    means: 'broken',
    because: 'although its body says that it failed',
  },
  {
    status: { from: 200, to: 299 },
    content: 'json',
    shape: anotherUser(identifyId),
    means: 'broken',
    because: 'for another user than the one we asked for',
  },
  { status: [200, 204], content: 'none', means: 'deleted' },
  { status: 200, content: 'json', shape: isWrapper, means: 'deleted' },
  { status: [200, 204], content: 'unreadable', means: 'broken', because: 'whose body could not be read' },
  ...refusals,
];

const readTable = (identifyId: string): AnswerTable<'user' | 'unknown-user'> => [
  {
    status: 200,
    content: 'json',
    shape: anotherUser(identifyId),
    means: 'broken',
    because: 'for another user than the one we asked for',
  },
  {
    status: 200,
    content: 'json',
    shape: (body) => isObject(body) && ('externalapierror' in body || isErrorStatus(body['statusCodeValue'])),
    means: 'broken',
    because: 'although its body says that it failed',
  },
  { status: 200, content: 'json', shape: isUser, means: 'user' },
  ...refusals,
];

/** Its reasons are HTTP's. Any other word could be a name. */
function codeOf(body: unknown): string | undefined {
  if (!isObject(body)) return undefined;
  const { externalapierror: error, statusCodeValue } = body;
  const reason = isObject(error) ? error['status'] : undefined;
  if (typeof reason === 'string' && httpReasons.includes(reason)) return `error ${reason}`;
  return isErrorStatus(statusCodeValue) ? `statusCodeValue ${Number(statusCodeValue)}` : undefined;
}

export const aptrinsicAnswers: AptrinsicAnswers = {
  delete: (identifyId) => ({ table: deleteTable(identifyId), codeOf }),
  read: (identifyId) => ({ table: readTable(identifyId), codeOf }),
};

const { name: to } = providers.aptrinsic;
/** "If a user with the same id is created or updated within the next 7 days, the previously deleted record will be revived." */
const REVIVAL_WINDOW_MS = providers.aptrinsic.window.lastsMs;

export function createAptrinsicAdapter(options: AptrinsicOptions): ProviderAdapter {
  const { baseUrl, apiKey, http = createHttp(), answers = aptrinsicAnswers } = options;
  const { host } = new URL(baseUrl);

  const user = (call: AdapterCall) => ({
    to,
    url: urlUnder(baseUrl, `/v1/users/${encodeURIComponent(call.identifier)}`),
    headers: { 'x-aptrinsic-api-key': apiKey },
  });

  return {
    provider: 'aptrinsic',
    host,

    /** A second identical call answers 404: the user is hidden or gone. Nothing is withdrawn or delayed by it. */
    async requestErasure(call) {
      refuseInvalid('aptrinsic', call.identifier);
      const hardDelete = call.round > 1 || options.hardDelete;
      const { url, ...request } = user(call);
      throwIfCancelled(call.signal);
      const answer = await sendErasing(call, {
        send: (turn) =>
          http.send({
            ...request,
            turn,
            what: 'the deletion',
            method: 'DELETE',
            url: `${url}?hardDelete=${hardDelete}`,
          }),
      });
      const { means } = judge(answer, answers.delete(call.identifier));
      const evidence = evidenceOf(answer, call, { hardDelete });
      // 200 and 204 mean "deleted", as against 404 "user not found": the record was there.
      if (means === 'deleted') return accepted(call, evidence, { seen: true, basis: 'taken-on' });
      return call.mayHaveAskedBefore
        ? accepted(call, evidence, { seen: call.memory.seen ?? false, basis: 'unknown-after-asking' })
        : unknown(call, evidence);
    },

    async observeErasure(call) {
      refuseInvalid('aptrinsic', call.identifier);
      const answer = await http.send({ ...user(call), what: 'a look at the user', method: 'GET', signal: call.signal });
      const { means, body } = judge(answer, answers.read(call.identifier));
      if (means === 'unknown-user') return { status: 'absent', evidence: evidenceOf(answer, call) };
      const { createDate, lastModifiedDate } = userSchema.parse(body);
      const evidence = evidenceOf(answer, call, instants({ createDate, lastModifiedDate }));
      return { status: 'present', sameRecord: isSameRecord(createDate, call.firstAskedAt), evidence };
    },

    /** The only way back is to create or update the user, which no system may do for a person who wants to be forgotten. */
    async withdrawErasure(call) {
      return { status: 'too-late', since: call.firstAskedAt };
    },
  };
}

/** A revived record keeps the date it was created on; a returning customer's record is newer than our asking. */
function isSameRecord(createDate: unknown, firstAskedAt: number): boolean | 'unclear' {
  // A second round cannot be taken back: it is begun by no placeholder of a date.
  const createdAt = parseBelievable(createDate);
  if (createdAt === undefined || Math.abs(createdAt - firstAskedAt) <= PROVIDER_CLOCK_SKEW_MS) return 'unclear';
  return createdAt < firstAskedAt;
}

function instants(said: Record<string, unknown>): Record<string, string | number> {
  const given = Object.entries(said).filter(([, value]) => parseInstant(value) !== undefined);
  return Object.fromEntries(given as [string, string | number][]);
}

function accepted(call: AdapterCall, evidence: Evidence, { seen, basis }: Pick<Accepted, 'seen' | 'basis'>): Accepted {
  return {
    status: 'accepted',
    basis,
    window: { lastsMs: REVIVAL_WINDOW_MS },
    windowKind: 'revival',
    marginMs: call.patience.marginMs,
    confirmedBy: 'look',
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
    marginMs: call.patience.marginMs,
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
