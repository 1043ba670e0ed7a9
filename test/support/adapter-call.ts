/** A call of an adapter as an activity would make it, for tests of adapters without Temporal. */
import { createHmac } from 'node:crypto';
import type { AdapterCall } from '../../activities/providers/provider';
import type { Pausing } from '../../activities/providers/token';
import type { AdapterMemory } from '../../domain/leg/failure';
import { defaultPatience } from '../../domain/rules/patience';

export interface FakeAdapterCall extends AdapterCall {
  /** What `aboutToAsk` was given, once per erasing call. */
  readonly asked: AdapterMemory[];
  /** How many of these were taken back, since the call never left. */
  readonly takenBack: () => number;
  /** What `remember` was given. */
  readonly remembered: AdapterMemory[];
}

/** For adapters whose token is refused again and again. */
export const noPauses: Pausing = { pause: async () => undefined, random: () => 0 };

/** Far from the process clock, so that a test notices whoever reads it. */
export const FIRST_ASKED_AT = Date.parse('2031-03-01T12:00:00.000Z');

export function adapterCall(overrides: Partial<AdapterCall> & Pick<AdapterCall, 'identifier'>): FakeAdapterCall {
  const asked: AdapterMemory[] = [];
  const remembered: AdapterMemory[] = [];
  let takenBack = 0;
  return {
    requestId: '3f1c6a53-9d9e-4c79-9a5c-0e8a4f1f0f11',
    runId: '3f1c6a53-9d9e-4c79-9a5c-0e8a4f1f0f12',
    subjectHash: 'subject-hash',
    round: 1,
    now: FIRST_ASKED_AT + 1_000,
    firstAskedAt: FIRST_ASKED_AT,
    mayHaveAskedBefore: false,
    memory: {},
    patience: defaultPatience,
    signal: new AbortController().signal,
    aboutToAsk: (memory) => asked.push(memory),
    didNotAsk: () => (takenBack += 1),
    remember: (memory) => remembered.push(memory),
    bodyHmac,
    ...overrides,
    asked,
    takenBack: () => takenBack,
    remembered,
  };
}

export function bodyHmac(body: string): string | undefined {
  return body === '' ? undefined : createHmac('sha256', 'hashing-key').update(body).digest('base64url');
}
