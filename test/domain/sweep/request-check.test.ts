import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import { findingKinds, type Finding } from '../../../domain/sweep/finding';
import type { RequestProgress } from '../../../domain/request/request-progress';
import type { StepUnderWay } from '../../../domain/leg/step-under-way';
import { countsOf, FINDINGS_NAMED_MAX, mostUrgent } from '../../../domain/sweep/sweep-result';
import {
  findingsOfAnswer,
  findingsOfEnded,
  findingsOfIndex,
  findingsOfRun,
  findingsOfQueue,
  hasToBeAsked,
  waitsForStaff,
  withLastFailures,
  type RunDetails,
  type OpenRequest,
  type PendingActivity,
  type RequestIndex,
} from '../../../domain/sweep/request-check';

const NOW = Date.UTC(2026, 10, 22, 9);
const about = { requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11', runId: 'run-1' };

function open(index?: Partial<RequestIndex>, overrides: Partial<OpenRequest> = {}): OpenRequest {
  return {
    ...about,
    startedAt: NOW - DAY_MS,
    ...(index === undefined ? {} : { index: { state: 'running', blockedOn: [], ...index } }),
    isReportedFailing: false,
    ...overrides,
  };
}

const quiet: RunDetails = { isPaused: false, isMoving: false, activities: [], timers: [] };
const window = { dueAt: NOW + DAY_MS, isReminder: false };
const reminder = { dueAt: NOW + DAY_MS, isReminder: true };

function activity(overrides: Partial<PendingActivity>): PendingActivity {
  return { type: 'person.requestErasure', isPaused: false, state: 'waiting', since: NOW, ...overrides };
}

function kindsOfLook(look: Partial<RunDetails>, isWithStaff = false): string[] {
  return findingsOfRun(open({}), { ...quiet, ...look }, { isWithStaff, now: NOW }).map(({ kind }) => kind);
}

describe('findingsOfRun', () => {
  it.each<[string, Partial<RunDetails>]>([
    ['waits out a window', { timers: [window, reminder] }],
    ['has a timer that is a little late', { timers: [{ ...window, dueAt: NOW - 14 * MINUTE_MS }] }],
    ['runs an activity', { activities: [activity({ state: 'running', since: NOW - MINUTE_MS })] }],
    ['has an activity in back-off', { activities: [activity({ since: NOW + 6 * HOUR_MS })] }],
    ['has an activity on a long queue', { activities: [activity({ since: NOW - 23 * HOUR_MS })] }],
    ['has a workflow task to do', { workflowTask: { attempt: 1, scheduledAt: NOW - MINUTE_MS } }],
    ['moves while it is looked at', { isMoving: true, timers: [{ ...window, dueAt: NOW - DAY_MS }] }],
  ])('says nothing of a request that %s', (_what, look) => {
    expect(kindsOfLook(look)).toEqual([]);
  });

  it.each<[string, Partial<RunDetails>]>([
    ['has nothing that would wake it', {}],
    ['would be woken by reminders only', { timers: [reminder] }],
    ['has a timer that should have fired', { timers: [{ ...window, dueAt: NOW - 16 * MINUTE_MS }, window] }],
    ['has a reminder that should have fired', { timers: [{ ...reminder, dueAt: NOW - 16 * MINUTE_MS }, window] }],
    ['runs an activity without a sign of life', { activities: [activity({ state: 'running', since: NOW - HOUR_MS })] }],
    ['has an activity that no worker took up for a day', { activities: [activity({ since: NOW - 25 * HOUR_MS })] }],
    ['has a workflow task that nobody does', { workflowTask: { attempt: 1, scheduledAt: NOW - HOUR_MS } }],
  ])('has not heard of a request that %s', (_what, look) => {
    expect(kindsOfLook(look)).toEqual(['unheard-of']);
  });

  it('lets a request rest that a staff member is to go on with, but not what is late in it', () => {
    expect(kindsOfLook({ timers: [reminder] }, true)).toEqual([]);
    expect(kindsOfLook({ timers: [{ ...reminder, dueAt: NOW - HOUR_MS }] }, true)).toEqual(['unheard-of']);
  });

  it('tells a bug from a worker that restarted, and names the cause alone', () => {
    expect(kindsOfLook({ workflowTask: { attempt: 2, scheduledAt: NOW } })).toEqual([]);
    expect(kindsOfLook({ workflowTask: { attempt: 3, scheduledAt: NOW - DAY_MS } })).toEqual(['task-failing']);
    const reported = open({}, { isReportedFailing: true });
    expect(findingsOfRun(reported, quiet, { isWithStaff: false, now: NOW })).toEqual([
      { kind: 'task-failing', ...about },
    ]);
  });

  it('names what somebody has paused', () => {
    expect(kindsOfLook({ isPaused: true })).toEqual(['paused']);
    expect(kindsOfLook({ activities: [activity({ isPaused: true, since: NOW - 9 * DAY_MS })] })).toEqual(['paused']);
  });
});

describe('findingsOfIndex', () => {
  it('says what the search attributes say, with the due date', () => {
    const dueAt = Date.UTC(2026, 11, 1);
    const found = findingsOfIndex(open({ dueAt, blockedOn: ['staff', 'person', 'due-soon', 'cannot-make-it'] }));
    expect(found).toEqual([
      { kind: 'cannot-make-it', ...about, dueAt: '2026-12-01T00:00:00.000Z' },
      { kind: 'due-soon', ...about, dueAt: '2026-12-01T00:00:00.000Z' },
      { kind: 'attention', ...about, providers: ['person'] },
    ]);
  });

  it.each(['staff', 'approval', 'hold', 'answer', 'notice-of-hold'])(
    'finds nothing wrong with a request that waits for staff (%s)',
    (task) => {
      const request = open({ blockedOn: [task] });
      expect(findingsOfIndex(request)).toEqual([]);
      expect(waitsForStaff(request, undefined)).toBe(true);
    },
  );
});

describe('a request that has to be asked', () => {
  const late = open({ dueAt: NOW - HOUR_MS });
  const progress = (due: object, rest: object = {}) =>
    ({
      todo: [],
      blockedOn: [],
      legs: [],
      due: { at: '2026-11-22T08:00:00.000Z', ...due },
      ...rest,
    }) as unknown as RequestProgress;

  it('is one without search attributes that is not quite new, or one past its day that does not say so', () => {
    expect(hasToBeAsked(open(), NOW)).toBe(true);
    expect(hasToBeAsked(open(undefined, { startedAt: NOW - MINUTE_MS }), NOW)).toBe(false);
    expect(hasToBeAsked(late, NOW)).toBe(true);
    expect(hasToBeAsked(open({ dueAt: NOW - MINUTE_MS }), NOW)).toBe(false);
    expect(hasToBeAsked(open({ dueAt: NOW - HOUR_MS, blockedOn: ['overdue'] }), NOW)).toBe(false);
  });

  it('is overdue unless it says that the person was answered, also where nobody answers for it', () => {
    expect(findingsOfAnswer(late, progress({ status: 'answered' }), NOW)).toEqual([]);
    expect(findingsOfAnswer(late, progress({ status: 'overdue' }), NOW)).toMatchObject([{ kind: 'overdue' }]);
    expect(findingsOfAnswer(late, undefined, NOW)).toMatchObject([{ kind: 'overdue' }]);
    expect(findingsOfAnswer(open(), undefined, NOW)).toMatchObject([{ kind: 'unheard-of' }]);
  });

  it('tells by itself what the search attributes would have told', () => {
    const leg = { provider: 'person', state: 'attention', attention: { reason: 'NewerRecord' } };
    const answer = progress({ status: 'due-soon', lateByMs: DAY_MS }, { legs: [leg] });
    expect(findingsOfAnswer(open(), answer, NOW).map(({ kind }) => kind)).toEqual([
      'cannot-make-it',
      'due-soon',
      'attention',
    ]);
    const silent = { todo: [], legs: [], blockedOn: ['staff', 'unanswered'] } as unknown as RequestProgress;
    expect(findingsOfAnswer(open(), silent, NOW).map(({ kind }) => kind)).toEqual(['unanswered']);
    expect(waitsForStaff(open(), answer)).toBe(true);
    const daily = { ...leg, attention: { reason: 'ProviderUnauthorized' } };
    expect(waitsForStaff(open(), progress({ status: 'on-time' }, { legs: [daily] }))).toBe(false);
  });
});

describe('findingsOfEnded', () => {
  const ended = { ...about, status: 'failed', closedAt: NOW, isRefused: false } as const;

  it('reports a refusal once, and a missing certificate always', () => {
    expect(findingsOfEnded(ended, NOW + DAY_MS)).toEqual([{ kind: 'no-certificate', ...about, detail: 'failed' }]);
    expect(findingsOfEnded({ ...ended, isRefused: true }, NOW)).toEqual([{ kind: 'refused-at-start', ...about }]);
    expect(findingsOfEnded({ ...ended, isRefused: true }, NOW + 1)).toEqual([]);
  });
});

describe('withLastFailures', () => {
  const message = 'Person API gave no complete answer to the login (SELF_SIGNED_CERT_IN_CHAIN).';
  const step = (overrides: Partial<StepUnderWay> = {}): StepUnderWay => ({
    activity: 'person.requestErasure',
    provider: 'person',
    failedAttempts: 5,
    failure: { kind: 'ProviderUnavailable', message },
    failingSince: new Date(NOW - HOUR_MS).toISOString(),
    nextTryAt: new Date(NOW + HOUR_MS).toISOString(),
    ...overrides,
  });
  const found = (steps: readonly StepUnderWay[], before: readonly Finding[] = []) =>
    withLastFailures(before, open({}), { ...quiet, activities: steps.map((one) => activity({ step: one })) }, NOW);

  it('names a step that does not get through: provider, kind, since when, next try', () => {
    const [finding, ...others] = found([step()]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'failing', ...about, providers: ['person'] });
    expect(finding?.detail).toBe(
      `Person API, asking to erase: ProviderUnavailable since 2026-11-22 08:00 UTC (failed 5 times): ${message} Next try 2026-11-22 10:00 UTC.`,
    );
  });

  it('says of an attention what it is about, instead of a second finding', () => {
    const attention: Finding = { kind: 'attention', ...about, providers: ['person'] };
    const aptrinsic = step({ activity: 'aptrinsic.requestErasure', provider: 'aptrinsic' });
    const [first, second, ...others] = found([step(), aptrinsic], [attention]);
    expect(first).toMatchObject({ ...attention, detail: expect.stringContaining(message) });
    expect(second).toMatchObject({ kind: 'failing', providers: ['aptrinsic'] });
    expect(others).toEqual([]);
  });

  it('is silent about what may be over with the next try, and not about what lasts', () => {
    const fresh = new Date(NOW - 14 * MINUTE_MS).toISOString();
    const { failingSince: _since, provider: _provider, ...untold } = step({ activity: 'issueCertificate' });
    expect(found([step({ failingSince: fresh })])).toEqual([]);
    expect(found([{ ...untold, failedAttempts: 2 }])).toEqual([]);
    expect(found([{ ...untold, failedAttempts: 3 }])).toMatchObject([
      { kind: 'failing', detail: expect.stringMatching(/^signing the certificate: /) },
    ]);
  });
});

describe('findings of a sweep', () => {
  it('speak of a queue that nobody serves only where somebody needs it', () => {
    expect(findingsOfQueue('erasure-person', { isServed: true, open: 3 })).toEqual([]);
    expect(findingsOfQueue('erasure-person', { isServed: false, open: 0 })).toEqual([]);
    expect(findingsOfQueue('erasure-person', { isServed: false, open: 3 })).toMatchObject([{ kind: 'no-worker' }]);
  });

  it('are counted all, and named up to a limit, the most urgent first', () => {
    const many = Array.from({ length: 3 * FINDINGS_NAMED_MAX }, (_, index) => ({
      kind: findingKinds[index % findingKinds.length] ?? 'overdue',
    }));
    const named = mostUrgent(many);
    expect(named).toHaveLength(FINDINGS_NAMED_MAX);
    expect(named[0]?.kind).toBe('overdue');
    expect(named.some(({ kind }) => kind === 'refused-at-start')).toBe(false);
    expect(countsOf(many)['refused-at-start']).toBe(
      Math.ceil((300 - findingKinds.indexOf('refused-at-start')) / findingKinds.length),
    );
  });
});
