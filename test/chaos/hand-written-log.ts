/** Small logs written by hand: one request, what its providers saw, and how it ended. */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { Interruption, SeenCall } from '../../chaos/erasure-evidence';
import type { ErasureEvidence } from '../../chaos/erasure-evidence';
import type { RunActivity, RunHistory } from '../../chaos/run-history';
import type { RunEvent, RunLogEntry } from '../../chaos/run-log';
import { thumbprintOf } from '../../security/key-shapes';
import type { Provider } from '../../domain/provider/provider-table';
import type { LoggedCall } from '../../local/simulator/call-log';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const start = Date.parse('2026-03-02T09:00:00Z');
export const requestId = '3f0d2c51-6a55-4b0e-9a4e-0c7a3f6f1f10';
export const subject = {
  measureone: 'idv_0123456789abcdef0123456789a',
  person: '7c4f0f7e-58f0-4c1a-8a52-1d9b7f3f1e55',
  aptrinsic: '0123456789ab@customer.example',
} as const;

/** `after`: by all clocks alike. */
export function entry(after: number, event: RunEvent): RunLogEntry {
  return { wallAt: start + after, simulatorAt: start + after, ...event };
}

export type CallSketch = Partial<LoggedCall> & {
  readonly operation: string;
  readonly is?: string;
  readonly purgeOn?: number;
};

/** A whole answer that says what was done, unless the sketch says otherwise. */
export function call(after: number, provider: Provider, { is, purgeOn, ...sketch }: CallSketch): SeenCall {
  const at = new Date(start + after).toISOString();
  const meaning = is === undefined ? {} : { is, ...(purgeOn !== undefined && { purgeOn }) };
  const logged = {
    at,
    wallAt: at,
    provider,
    method: 'POST',
    rawPath: '/',
    subject: subject[provider],
    headers: {},
    query: {},
    status: is === 'unknown' || is === 'absent' || is === 'not-queued' ? 404 : 200,
    ...(is !== undefined && { did: meaning, said: meaning }),
    ...sketch,
  } as LoggedCall;
  return { call: logged, provider, at: start + after, wallAt: start + after };
}

export function submitting(providers: readonly Provider[], times = 1): RunLogEntry {
  return entry(0, {
    kind: 'submitting',
    requestId,
    subject: Object.fromEntries(providers.map((provider) => [provider, subject[provider]])),
    regulation: 'gdpr',
    submittedAt: new Date(start).toISOString(),
    clockAheadMs: 0,
    times,
  });
}

export function submitted(runId = 'run-1', duplicate = false): RunLogEntry {
  return entry(10, { kind: 'submitted', requestId, workflowId: `erasure-${requestId}`, runId, duplicate });
}

export function ended(
  after: number,
  more: { status?: Extract<RunEvent, { kind: 'ended' }>['status']; standing?: string } = {},
): RunLogEntry {
  return entry(after, { kind: 'ended', requestId, runId: 'run-1', status: 'completed', ...more });
}

export function record(
  after: number,
  provider: Provider,
  content: { readonly exists: boolean; [detail: string]: unknown },
) {
  return entry(after, { kind: 'record', requestId, provider, id: subject[provider], record: content });
}

export function callback(after: number, more: Partial<Extract<RunEvent, { kind: 'callback' }>> = {}): RunLogEntry {
  const at = new Date(start + after).toISOString();
  const body = JSON.stringify({ event: 'individual.purged' });
  const sent = { nature: 'genuine', at, cause: 'scheduled', attempt: 1, body, status: 204 } as const;
  return entry(after, { kind: 'callback', requestId, ...sent, ...more });
}

export function decision(
  after: number,
  kind: Extract<RunEvent, { kind: 'decided' }>['decision'],
  content: Readonly<Record<string, unknown>> = {},
  answer: 'taken' | 'refused' | 'unknown' = 'taken',
): RunLogEntry[] {
  return [
    entry(after, { kind: 'deciding', requestId, decision: kind, content }),
    entry(after + 100, { kind: 'decided', requestId, decision: kind, answer }),
  ];
}

export interface ClaimSketch {
  readonly provider: Provider;
  readonly outcome: string;
  readonly assurance?: string;
  readonly settledAfter: number;
  readonly decisions?: readonly { readonly kind: string }[];
  readonly facts?: readonly object[];
}

export function certificateOf(claims: readonly ClaimSketch[], more: object = {}): object {
  const iso = (after: number): string => new Date(start + after).toISOString();
  return {
    format: 'erasure-certificate/1',
    environment: 'test',
    requestId,
    runId: 'run-1',
    issuedAt: iso(Math.max(...claims.map(({ settledAfter }) => settledAfter))),
    outcome: 'completed-with-exceptions',
    providers: claims.map(({ settledAfter, decisions = [], ...claim }) => {
      return { ...claim, decisions, rounds: [{ number: 1, askedAt: iso(0) }], settledAt: iso(settledAfter) };
    }),
    ...more,
  };
}

/** One key signs them all. */
const pair = generateKeyPairSync('ed25519');
const { crv = '', x = '' } = pair.publicKey.export({ format: 'jwk' });
export const publicJwk = { kty: 'OKP', crv, x, kid: thumbprintOf({ crv, x }) };

export function signed(claims: object, key: KeyObject = pair.privateKey): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'EdDSA', kid: 'test-key', typ: 'erasure-certificate+jwt' })}.${part(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

export function activity(name: string, from: number, to: number): RunActivity {
  return { name, scheduledAt: start + from, closedAt: start + to, end: 'completed' };
}

export function history(endAfter: number, more: Partial<RunHistory> = {}): RunHistory {
  return {
    startedAt: start,
    endedAt: start + endAfter,
    end: 'completed',
    result: { certificate: 'there is one' },
    activities: [],
    signals: [],
    idle: [],
    fired: [],
    refusals: [],
    ...more,
  };
}

export function evidence(parts: {
  readonly entries: readonly RunLogEntry[];
  readonly calls?: readonly SeenCall[];
  readonly history?: RunHistory;
  readonly interruptions?: readonly Interruption[];
}): ErasureEvidence {
  return { requestId, calls: [], interruptions: [], ...parts };
}
