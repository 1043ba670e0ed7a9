import { MINUTE_MS } from '../../../domain/duration';
import { failureTypes } from '../../../domain/leg/failure';
import {
  describeStep,
  stepsUnderWay,
  stepUnderWay,
  type PendingActivityInfo,
} from '../../../domain/leg/step-under-way';

const NOW = Date.UTC(2026, 10, 22, 9);
const [SCHEDULED, STARTED, PAUSED] = [1, 2, 4];
const PLANTED = 'planted@customer.example';

function at(epochMs: number): NonNullable<PendingActivityInfo['scheduledTime']> {
  return { seconds: Math.floor(epochMs / 1_000), nanos: (epochMs % 1_000) * 1_000_000 };
}

function memory(value: unknown): NonNullable<PendingActivityInfo['heartbeatDetails']> {
  return { payloads: [{ data: new TextEncoder().encode(JSON.stringify(value)) }] };
}

function pending(overrides: Partial<PendingActivityInfo> = {}): PendingActivityInfo {
  return {
    activityType: { name: 'measureone.requestErasure' },
    state: SCHEDULED,
    attempt: 5,
    lastFailure: {
      message: 'MeasureOne gave no complete answer to the login (ECONNREFUSED).',
      applicationFailureInfo: { type: 'ProviderUnavailable' },
    },
    heartbeatDetails: memory({ unavailableSince: NOW - 5 * MINUTE_MS, adapter: {} }),
    scheduledTime: at(NOW + MINUTE_MS),
    nextAttemptScheduleTime: at(NOW + MINUTE_MS),
    ...overrides,
  };
}

describe('a step under way', () => {
  it('is told with provider, kind, since when, next try, and our own words', () => {
    const step = stepUnderWay(pending(), NOW);
    expect(step).toEqual({
      activity: 'measureone.requestErasure',
      provider: 'measureone',
      failedAttempts: 4,
      failure: {
        kind: 'ProviderUnavailable',
        message: 'MeasureOne gave no complete answer to the login (ECONNREFUSED).',
      },
      failingSince: '2026-11-22T08:55:00.000Z',
      nextTryAt: '2026-11-22T09:01:00.000Z',
    });
    if (step === undefined) throw new Error('It is told');
    expect(describeStep(step)).toBe(
      'MeasureOne, asking to erase: ProviderUnavailable since 2026-11-22 08:55 UTC (failed 4 times): ' +
        'MeasureOne gave no complete answer to the login (ECONNREFUSED). Next try 2026-11-22 09:01 UTC.',
    );
  });

  it('is silent while all goes as it should', () => {
    const fresh = { lastFailure: null, heartbeatDetails: null, nextAttemptScheduleTime: null, attempt: 1 };
    const soon = pending({ ...fresh, scheduledTime: at(NOW - MINUTE_MS) });
    const running = pending({ ...fresh, state: STARTED, scheduledTime: at(NOW - 60 * MINUTE_MS) });
    expect(stepsUnderWay([soon, running], NOW)).toEqual([]);
  });

  it.each([
    ['never taken up', { lastFailure: null, nextAttemptScheduleTime: null, scheduledTime: at(NOW - 2 * MINUTE_MS) }],
    ['not taken up again', { nextAttemptScheduleTime: at(NOW - 2 * MINUTE_MS) }],
  ])('says that no worker has taken it up: %s', (_what, overrides) => {
    const [step] = stepsUnderWay([pending(overrides)], NOW);
    expect(step).toMatchObject({ waitsForWorkerSince: '2026-11-22T08:58:00.000Z' });
    expect(step).not.toHaveProperty('nextTryAt');
    expect(step && describeStep(step)).toContain('No worker has taken it up since 2026-11-22 08:58 UTC.');
  });

  it('says that it is paused', () => {
    const [step] = stepsUnderWay([pending({ state: PAUSED, lastFailure: null })], NOW);
    expect(step).toMatchObject({ isPaused: true });
    expect(step && describeStep(step)).toContain('It is paused in Temporal.');
  });

  it.each(failureTypes)('names %s also where the failure says nothing', (type) => {
    const step = stepUnderWay(pending({ lastFailure: { message: '', applicationFailureInfo: { type } } }), NOW);
    expect(step?.failure).toMatchObject({ kind: type, message: expect.stringMatching(/^.+\.$/) });
  });

  it.each<[string, NonNullable<PendingActivityInfo['lastFailure']>, string]>([
    ['a time-out', { message: PLANTED, timeoutFailureInfo: { timeoutType: 4 } }, 'TimedOut'],
    ['a bug', { message: PLANTED, applicationFailureInfo: { type: 'TypeError' } }, 'Unexpected'],
    ['a failure of no type', { message: PLANTED, applicationFailureInfo: {} }, 'Unexpected'],
    ['a failure of somebody else', { message: PLANTED, applicationFailureInfo: { type: PLANTED } }, 'Unexpected'],
    ['something else', { message: PLANTED }, 'Unexpected'],
  ])('never repeats the message of %s: nobody knows what it quotes', (_what, lastFailure, kind) => {
    const step = stepUnderWay(pending({ lastFailure }), NOW);
    expect(step?.failure?.kind).toBe(kind);
    expect(JSON.stringify(step) + (step && describeStep(step))).not.toContain(PLANTED);
  });

  it.each([
    ['no details', null],
    ['no payload', { payloads: [] }],
    ['no JSON', { payloads: [{ data: new Uint8Array([255]) }] }],
    ['another form', memory('x')],
    ['no instant', memory({ unavailableSince: 'soon' })],
    ['an instant that is none', memory({ unavailableSince: 1e300 })],
  ])('goes without "since" where the attempt has left %s', (_what, heartbeatDetails) => {
    expect(stepUnderWay(pending({ heartbeatDetails }), NOW)).not.toHaveProperty('failingSince');
  });

  it('steers no terminal, and has an end', () => {
    const message = `\u001b[2J\u0007${'x'.repeat(5_000)}`;
    const lastFailure = { message, applicationFailureInfo: { type: 'ProviderRejected' } };
    const shown = stepUnderWay(pending({ lastFailure }), NOW)?.failure?.message ?? '';
    expect(shown).toMatch(/^\?\[2J\?x+$/);
    expect(shown.length).toBeLessThanOrEqual(500);
  });
});
