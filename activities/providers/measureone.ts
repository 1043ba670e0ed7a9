/**
 * MeasureOne, "Purge an Individual" (API version 3.0): one call, a purge 120 hours later, and perhaps a callback.
 * Nothing can be looked at and nothing withdrawn: no document describes an endpoint for either.
 */
import { z } from 'zod';
import { namedIdentifiers } from '../../domain/provider/named-identifiers';
import { providers, type ProviderSettings } from '../../domain/provider/provider-table';
import type { Accepted, Evidence, Receipt } from '../../domain/leg/receipt';
import { type AnswerTable, clientErrors, fits, httpReasons, judge, type Judging, notNow } from './answers';
import { throwIfCancelled } from './cancellation';
import { blamesSomethingElse, isObject, numberIn, saysFailure } from './contradiction';
import { type Answer, createHttp, evidenceOf, type Http, urlUnder } from './http';
import { refuseInvalid } from './identifier-check';
import {
  type AdapterCall,
  type CallbackAddress,
  type CallbackRequest,
  type ProviderAdapter,
  sendErasing,
} from './provider';
import { basicLogin, createTokenSource, loginFrom, loginSchema, type Pausing, withToken } from './token';

export type MeasureOneOptions = ProviderSettings<'measureone'> & {
  readonly callback?: CallbackRequest | undefined;
  readonly http?: Http | undefined;
  readonly answers?: MeasureOneAnswers | undefined;
  readonly pausing?: Pausing | undefined;
};

/** "timestamp", "error_code", "error_message", of 400, 401, 404, 405 and 500; 405 with "http_code" too. */
const errorSchema = z.looseObject({ timestamp: z.number(), error_code: z.string().min(1), error_message: z.string() });
const unknownIndividual = fits(
  errorSchema.refine(
    ({ error_code: code, http_code: httpCode = 404 }) => !blamesSomethingElse(code) && numberIn(httpCode) === 404,
  ),
);
const ownError = fits(errorSchema);

export interface MeasureOneAnswers {
  readonly login: Judging<'token'>;
  readonly purge: (individualId: string) => Judging<'taken-on' | 'unknown-individual'>;
}

const success: number[] = [200, 201, 202, 204];
const anySuccess = { from: 200, to: 299 };

const loginTable: AnswerTable<'token'> = [
  { status: [200, 201], content: 'json', shape: fits(loginSchema), means: 'token' },
  { status: [400, 401, 403], content: 'json', shape: ownError, means: 'credentials-refused' },
  ...notNow,
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

/**
 * The document lists no success at all. So a 2xx is an acceptance if it is empty or an object that is no error and about
 * nobody else. What else is no page of HTML could be MeasureOne's own word: it is not repeated by itself, since a repeat may
 * restart the 120 hours.
 */
const purgeTable = (individualId: string): AnswerTable<'taken-on' | 'unknown-individual'> => [
  {
    status: anySuccess,
    content: 'json',
    shape: (body) => saysFailure(body),
    means: 'broken',
    because: 'although its body says that it failed',
  },
  {
    status: anySuccess,
    content: 'json',
    shape: (body) => isAboutAnother(body, individualId),
    means: 'broken',
    because: 'for another individual than the one we asked for',
  },
  { status: success, content: 'none', means: 'taken-on' },
  { status: success, content: 'json', shape: isOwnObject, means: 'taken-on' },
  {
    status: anySuccess,
    content: ['none', 'json', 'other', 'unreadable'],
    means: 'broken',
    because: 'from which it cannot be told whether it took the request on; a repeat may restart its 120 hours',
  },
  { status: 404, content: 'json', shape: unknownIndividual, means: 'unknown-individual' },
  { status: 401, content: 'json', shape: ownError, means: 'token-refused' },
  ...notNow,
  {
    status: 404,
    content: 'json',
    shape: ownError,
    means: 'broken',
    because: 'and an error code that contradicts it',
  },
  { status: clientErrors, content: 'json', shape: ownError, means: 'rejected' },
];

/** Gateways say `{ "message": … }`, perhaps with the id of the request, whatever the status. */
function isOwnObject(body: unknown): boolean {
  if (!isObject(body)) return false;
  const names = Object.keys(body);
  const isGateways = names.some((name) => /^message$/i.test(name));
  return !(isGateways && names.every((name) => /^(message|request_?id)$/i.test(name)));
}

function isAboutAnother(body: unknown, individualId: string): boolean {
  return namedIdentifiers(body, 'measureone').some((group) => !group.includes(individualId));
}

/** The one code that the document gives, and the reasons that HTTP itself has. Any other could be a name. */
function codeOf(body: unknown): string | undefined {
  const code = isObject(body) ? body['error_code'] : undefined;
  return typeof code === 'string' && httpReasons.includes(code) ? `error code ${code}` : undefined;
}

export const measureoneAnswers: MeasureOneAnswers = {
  login: { table: loginTable, codeOf },
  purge: (individualId) => ({ table: purgeTable(individualId), codeOf }),
};

const { name: to, completionEvent } = providers.measureone;
/** "MeasureOne will permanently purge the Individual and their data after 120 hours of receiving the request." */
const PURGE_WINDOW_MS = providers.measureone.window.lastsMs;
/** Stands for no path: the whole answer is the token. */
const WHOLE_ANSWER = 'whole-answer';

export function createMeasureOneAdapter(options: MeasureOneOptions): ProviderAdapter {
  const {
    baseUrl,
    clientId,
    clientSecret,
    apiVersion,
    callback,
    http = createHttp(),
    answers = measureoneAnswers,
  } = options;
  const { host } = new URL(baseUrl);

  const tokens = createTokenSource({
    pausing: options.pausing,
    // The Purge Token is a token of its own kind; the request for it has no body.
    login: async () =>
      loginFrom(
        await http.send({
          to,
          what: 'the login',
          method: 'POST',
          url: urlUnder(baseUrl, '/v3/auth/generate_purge_token'),
          headers: { authorization: basicLogin(clientId, clientSecret) },
        }),
        answers.login,
      ),
  });

  async function purge(call: AdapterCall): Promise<Answer> {
    const { requestId, runId, identifier } = call;
    const asked = await callback?.({ requestId, runId, identifier, waitsUntil: waitsUntil(call) });
    const body = JSON.stringify({
      individual_id: call.identifier,
      ...(asked && { delivery_details: [deliveryDetail(asked, options)] }),
    });
    return withToken({
      tokens,
      signal: call.signal,
      table: answers.purge(call.identifier).table,
      send: (token) => {
        throwIfCancelled(call.signal);
        return sendErasing(call, {
          send: (turn) =>
            http.send({
              to,
              turn,
              what: 'the purge request',
              method: 'POST',
              url: urlUnder(baseUrl, '/v3/compliances/purge_individual'),
              headers: { authorization: `Bearer ${token}`, version: apiVersion, 'content-type': 'application/json' },
              body,
            }),
        });
      },
    });
  }

  function accepted(call: AdapterCall, evidence: Evidence, basis: Accepted['basis']): Receipt {
    return {
      status: 'accepted',
      basis,
      window: { lastsMs: PURGE_WINDOW_MS },
      windowKind: 'erasure',
      marginMs: call.patience.marginMs,
      confirmedBy: callback ? 'callback' : 'nobody',
      graceMs: callback ? call.patience.callbackGraceMs : 0,
      // An acceptance does not say that the individual was there.
      seen: false,
      withdrawable: false,
      subjectHash: call.subjectHash,
      evidence,
      leavesUnsaid: callback ? unsaid : [...unsaid, unsaidWithoutCallback],
    };
  }

  return {
    provider: 'measureone',
    host,

    /**
     * A second identical call is answered 404 while the individual waits hidden, or taken on again, which may restart the
     * 120 hours: no document says which. Both are waited out in full.
     */
    async requestErasure(call) {
      refuseInvalid('measureone', call.identifier);
      const answer = await purge(call);
      const { means } = judge(answer, answers.purge(call.identifier));
      const evidence = evidenceOf(answer, call);
      if (means === 'taken-on') return accepted(call, evidence, 'taken-on');
      if (call.mayHaveAskedBefore) return accepted(call, evidence, 'unknown-after-asking');
      const { subjectHash, patience } = call;
      const { marginMs } = patience;
      return { status: 'unknown', windowKind: 'erasure', marginMs, subjectHash, evidence, leavesUnsaid: unsaid };
    },

    /** Never asked for by a leg that a callback or nobody confirms; there is no endpoint to look with. */
    async observeErasure() {
      return { status: 'inconclusive', evidence: { host, httpStatus: 0 } };
    },

    /** No document describes a way to take a purge back. */
    async withdrawErasure(call) {
      return { status: 'too-late', since: call.firstAskedAt };
    },
  };
}

/** The acceptance may be long in coming: then this very attempt's capability may have been taken on before an outage. */
function waitsUntil({ now, patience }: AdapterCall): number {
  return now + patience.outageBudgetMs + PURGE_WINDOW_MS + patience.marginMs + patience.callbackGraceMs;
}

function deliveryDetail({ url, headers, ...token }: CallbackAddress, options: MeasureOneOptions) {
  return {
    event_type: completionEvent,
    url,
    headers: { 'content-type': 'application/json', ...headers },
    ...(options.tokenCredentials && { x_auth_token_credentials: tokenRequest(token, options) }),
  };
}

/**
 * How MeasureOne shall fetch a token from us before each delivery. It keeps the URL for days, so that says which form of answer
 * is wanted. `token_type` and `http_method` have one documented value each. Members that are undefined are left out of the JSON.
 */
function tokenRequest(
  { tokenUrl, plainTokenUrl }: Pick<CallbackAddress, 'tokenUrl' | 'plainTokenUrl'>,
  { tokenCredentials, tokenPath }: MeasureOneOptions,
) {
  const isPlain = tokenPath === WHOLE_ANSWER;
  return {
    token_type: 'JWT',
    http_method: 'POST',
    url: isPlain ? plainTokenUrl : tokenUrl,
    key_id: tokenCredentials?.keyId,
    headers: tokenCredentials?.headers,
    data: tokenCredentials?.data,
    response_token_path: isPlain ? undefined : tokenPath,
  };
}

const unsaid = [
  "MeasureOne's documents do not describe the body of a successful answer: that it took the request on rests on the HTTP status.",
  'One page of its documents has the purge happen after 120 hours, another within 120 hours.',
  'Its documents describe no way to look at an individual once its purge was requested, and no signature on its callback.',
];
const unsaidWithoutCallback =
  'No callback was asked for, and its documents name no other way to learn that a purge is complete.';
