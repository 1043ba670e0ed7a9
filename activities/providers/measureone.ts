/**
 * MeasureOne, "Purge an Individual" (API version 3.0): one call, a purge 120 hours later, and perhaps a callback.
 * Nothing can be looked at and nothing undone: no document describes an endpoint for either.
 */
import { z } from 'zod';
import { HOUR_MS } from '../../domain/duration';
import { providerName } from '../../domain/provider';
import type { Evidence, Receipt } from '../../domain/receipt';
import { throwIfCancelled } from './cancellation';
import { type Answer, broken, createHttp, evidenceOf, failureOf, type Http, jsonOf, urlUnder } from './http';
import { refuseInvalid } from './identifier';
import type { AdapterCall, ProviderAdapter } from './provider';
import { basicLogin, createTokenSource, loginFrom, withToken } from './token';

export interface MeasureOneOptions {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Sent as the `version` header, e.g. `3.0`. */
  readonly apiVersion: string;
  /** Where MeasureOne shall report this request's purge, and what it shall send along so that we can trust the report. */
  readonly callback?:
    | ((request: {
        readonly requestId: string;
        readonly runId: string;
        /** Until when its callback can be waited for; epoch ms. */
        readonly waitsUntil: number;
      }) => Promise<MeasureOneCallback>)
    | undefined;
  readonly http?: Http | undefined;
}

export interface MeasureOneCallback {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly token?: MeasureOneTokenRequest | undefined;
}

/** How MeasureOne shall fetch a token from us before each delivery, and put it on the callback. */
export interface MeasureOneTokenRequest {
  readonly url: string;
  /** Given: the values of `headers` and `data` are ciphertext under the key that MeasureOne knows by this id. */
  readonly keyId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Where in the answer the token stands; the whole answer is the token without it. */
  readonly responsePath?: string | undefined;
}

const to = providerName('measureone');
/** "MeasureOne will permanently purge the Individual and their data after 120 hours of receiving the request." */
const PURGE_WINDOW_MS = 120 * HOUR_MS;

export function createMeasureOneAdapter(options: MeasureOneOptions): ProviderAdapter {
  const { baseUrl, clientId, clientSecret, apiVersion, callback, http = createHttp() } = options;

  const tokens = createTokenSource({
    // The Purge Token is a token of its own kind; the request for it has no body.
    login: async () =>
      loginFrom(
        await http.send({
          to,
          what: 'the login',
          method: 'POST',
          url: urlUnder(baseUrl, '/v3/auth/generate_purge_token'),
          headers: { authorization: basicLogin(clientId, clientSecret) },
          secrets: [clientId, clientSecret],
        }),
      ),
  });

  async function purge(call: AdapterCall): Promise<Answer> {
    const { requestId, runId } = call;
    const asked = await callback?.({ requestId, runId, waitsUntil: waitsUntil(call) });
    const body = JSON.stringify({
      individual_id: call.identifier,
      ...(asked && { delivery_details: [deliveryDetail(asked)] }),
    });
    const secrets = [call.identifier, clientId, clientSecret, ...secretsOf(asked)];
    return withToken({
      tokens,
      signal: call.signal,
      isTokenRefused: (answer) => answer.status === 401,
      send: (token) => {
        throwIfCancelled(call.signal);
        call.aboutToAsk(call.memory);
        return http.send({
          to,
          what: 'the purge request',
          method: 'POST',
          url: urlUnder(baseUrl, '/v3/compliances/purge_individual'),
          headers: { authorization: `Bearer ${token}`, version: apiVersion, 'content-type': 'application/json' },
          body,
          secrets: [...secrets, token],
        });
      },
    });
  }

  function accepted(call: AdapterCall, evidence: Evidence): Receipt {
    return {
      status: 'accepted',
      window: { lastsMs: PURGE_WINDOW_MS },
      windowKind: 'purge',
      marginMs: call.policy.marginMs,
      proof: callback ? 'callback' : 'none',
      graceMs: callback ? call.policy.callbackGraceMs : 0,
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
    host: new URL(baseUrl).host,

    /**
     * A second identical call is answered 404 while the individual waits hidden, or taken on again, which may restart the
     * 120 hours: no document says which. Both are waited out in full.
     */
    async requestErasure(call) {
      refuseInvalid('measureone', call.identifier);
      const answer = await purge(call);
      const evidence = evidenceOf(answer, call);
      if (isUnknownIndividual(answer)) {
        if (call.mayHaveAskedBefore) return accepted(call, evidence);
        const { subjectHash, policy } = call;
        const { marginMs } = policy;
        return { status: 'unknown', windowKind: 'purge', marginMs, subjectHash, evidence, leavesUnsaid: unsaid };
      }
      const failure = failureOf(answer, errorCodeOf(answer));
      if (failure !== undefined) throw failure;
      refuseAnotherSubject(answer, call.identifier);
      return accepted(call, evidence);
    },

    /** Never asked for by a leg whose proof is a callback or nothing; there is no endpoint to look with. */
    async observeErasure() {
      return { status: 'inconclusive', evidence: { host: new URL(baseUrl).host, httpStatus: 0 } };
    },

    /** No document describes a way to take a purge back. */
    async withdrawErasure(call) {
      return { status: 'too-late', since: call.firstAskedAt };
    },
  };
}

/** The acceptance may be long in coming: then this very attempt's capability may have been taken on before an outage. */
function waitsUntil({ now, policy }: AdapterCall): number {
  return now + policy.outageBudgetMs + PURGE_WINDOW_MS + policy.marginMs + policy.callbackGraceMs;
}

function deliveryDetail({ url, headers, token }: MeasureOneCallback) {
  return {
    event_type: 'individual.purged',
    url,
    headers: { 'content-type': 'application/json', ...headers },
    ...(token && { x_auth_token_credentials: tokenCredentials(token) }),
  };
}

/** `token_type` and `http_method` have one documented value each. Members that are undefined are left out of the JSON. */
function tokenCredentials({ url, keyId, headers, data, responsePath }: MeasureOneTokenRequest) {
  return {
    token_type: 'JWT',
    http_method: 'POST',
    url,
    key_id: keyId,
    headers,
    data,
    response_token_path: responsePath,
  };
}

/** No message shows an error code that looks like one of these. */
function secretsOf(callback: MeasureOneCallback | undefined): string[] {
  const { headers = {}, token } = callback ?? {};
  return [headers, token?.headers ?? {}, token?.data ?? {}].flatMap((part) => Object.values(part));
}

/** The documented error body of 400, 401, 404, 405 and 500. `error_message` is never read: it can hold the id. */
const errorSchema = z.looseObject({ error_code: z.string() });

function errorCodeOf(answer: Answer): string | undefined {
  return errorSchema.safeParse(jsonOf(answer)).data?.error_code;
}

/** A 404 without MeasureOne's own error body comes from something else, e.g. from a wrong base URL: it says nothing about anybody. */
function isUnknownIndividual(answer: Answer): boolean {
  return answer.status === 404 && errorCodeOf(answer) !== undefined;
}

/** The document lists no 200 block, so any body will do, except one that is about somebody else. */
function refuseAnotherSubject(answer: Answer, identifier: string): void {
  const about = z.looseObject({ individual_id: z.string() });
  const body = jsonOf(answer);
  const ids = [about.safeParse(body).data, z.looseObject({ data: about }).safeParse(body).data?.data];
  if (ids.some((said) => said !== undefined && said.individual_id !== identifier)) {
    throw broken(answer, 'for another individual than the one we asked for');
  }
}

const unsaid = [
  "MeasureOne's documents do not describe the body of a successful answer: that it took the request on rests on the HTTP status.",
  'One page of its documents has the purge happen after 120 hours, another within 120 hours.',
  'Its documents describe no way to look at an individual once its purge was requested, and no signature on its callback.',
];
const unsaidWithoutCallback =
  'No callback was asked for, and its documents name no other way to learn that a purge is complete.';
