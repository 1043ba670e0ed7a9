/** Who may decide what, and when: every kind of decision in every state of a request. */
import fc from 'fast-check';
import { readDecision, type RequestDecision } from '../../../domain/decision/decision';
import { requestDecisionKinds } from '../../support/decision-kinds';
import type { RequestDecisionKind } from '../../../domain/decision/decision-table';
import type { WithoutTime } from '../../../domain/without-time';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import type { LegalClock } from '../../../domain/law/legal-clock';
import { RECORDED_LATER_MS, requestDecisionProblem } from '../../../domain/request/decision-problem';
import { answerOwed, isAnswered, owedToPerson, owesNoticeOfHold } from '../../../domain/request/owed-to-person';
import {
  advanceRequest,
  isExtended,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import * as requests from '../../support/requests';

const T0 = Date.UTC(2026, 10, 22, 9);
const NOW = T0 + 2 * DAY_MS;
const iso = (epochMs: number): string => new Date(epochMs).toISOString();
const said = { actor: 'staff-7', reason: { code: 'reviewed', ticket: 'PRIV-1' } } as const;
const deadline = (at: number) => ({ on: iso(at).slice(0, 10), at });
const clock = {
  rule: 'gdpr/1',
  source: 'GDPR Art. 12(3)',
  timeZone: 'UTC',
  calendar: 'DE',
  calendarSource: 'test',
  startsAt: T0,
  answerBy: deadline(T0 + 30 * DAY_MS),
  internalAnswerBy: deadline(T0 + 30 * DAY_MS),
  extendedAnswerBy: deadline(T0 + 90 * DAY_MS),
  extendBy: deadline(T0 + 30 * DAY_MS),
} satisfies LegalClock;

/** What a decision depends on beside the state. */
interface Facts {
  readonly now?: number;
  readonly request?: object;
}
function why(state: RequestState, decision: RequestDecision, { now = NOW, request }: Facts = {}): string | undefined {
  const filed = { submittedAt: T0, identityAskedAt: T0, ...request };
  return requestDecisionProblem(requests.snapshotOf(state, { now, request: filed }), decision);
}

const samples: { readonly [K in RequestDecisionKind]: RequestDecision & { readonly kind: K } } = {
  approve: { kind: 'approve', content: said },
  reject: { kind: 'reject', content: { ...said, ground: 'unverified' } },
  hold: {
    kind: 'hold',
    content: { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt: iso(NOW + 7 * DAY_MS) },
  },
  release: { kind: 'release', content: said },
  withdraw: { kind: 'withdraw', content: { ...said, wantedBy: 'subject' } },
  extend: { kind: 'extend', content: { ...said, because: 'complexity' } },
  notice: {
    kind: 'notice',
    content: { ...said, notice: 'refused', at: iso(NOW), channel: 'email', reference: 'MSG-1' },
  },
  identity: {
    kind: 'identity',
    content: { ...said, at: iso(T0 + HOUR_MS), method: 'account-login', reference: 'V-1' },
  },
};
const told = (notice: 'acknowledged' | 'extended' | 'refused' | 'outcome', at = NOW): RequestDecision => ({
  kind: 'notice',
  content: { ...said, notice, at: iso(at), channel: 'email', reference: 'MSG-1' },
});

const decide = (decision: RequestDecision): WithoutTime<RequestEvent> => ({ type: 'decided', decision });
function after(...happenings: WithoutTime<RequestEvent>[]): RequestState {
  return happenings.reduce(
    (state, happening) => advanceRequest(state, { ...happening, at: NOW } as RequestEvent),
    openRequest(),
  );
}
const toApprove = requests.started({ clock, approvalNeeded: true });
const started = requests.started({ clock });
const settled: WithoutTime<RequestEvent>[] = [started, requests.settled()];
const certified: WithoutTime<RequestEvent>[] = [...settled, requests.certified];

const states = {
  starting: openRequest(),
  'awaiting-approval': after(toApprove),
  'awaiting-approval, on hold': after(toApprove, decide(samples.hold)),
  running: after(started),
  approved: after(toApprove, decide(samples.approve)),
  'on hold': after(started, decide(samples.hold)),
  released: after(started, decide(samples.hold), decide(samples.release)),
  extended: after(started, decide(samples.extend), decide(told('extended'))),
  withdrawing: after(started, decide(samples.withdraw)),
  cancelled: after(started, { type: 'cancelled' }),
  rejected: after(toApprove, decide(samples.reject)),
  'issuing-certificate': after(...settled),
  'awaiting-answer': after(...certified),
  'rejected, certified': after(toApprove, decide(samples.reject), requests.settled(), requests.certified),
  over: after(...certified, { type: 'closed' }),
} as const;
type StateName = keyof typeof states;

const nothing = ': there is nothing to approve';
const tooLateToReject = ': only a request that nobody has approved yet can be rejected';
const soon = 'is still starting: try again in a moment';
const settledWords = 'has settled: its certificate is being signed';
const certifiedWords = 'has settled: its certificate is there';
const since = 'is on hold already, since 2026-11-24 09:00 UTC';
const nothingRefused = 'refuses the person nothing: it is neither rejected nor on hold';

/** Whether each decision can be taken in each state, and if not, why. */
const table: Readonly<Record<StateName, Readonly<Record<RequestDecisionKind, string | undefined>>>> = {
  starting: {
    approve: `${soon}${nothing}`,
    reject: `${soon}${tooLateToReject}`,
    hold: soon,
    release: 'is not on hold',
    withdraw: soon,
    extend: soon,
    notice: nothingRefused,
    identity: soon,
  },
  'awaiting-approval': { ...allowed(), release: 'is not on hold', notice: nothingRefused },
  'awaiting-approval, on hold': { ...allowed(), approve: 'is on hold: release it first', hold: since },
  running: {
    ...allowed(),
    notice: nothingRefused,
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
  },
  approved: {
    ...allowed(),
    notice: nothingRefused,
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
  },
  'on hold': {
    ...allowed(),
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    hold: since,
  },
  released: {
    ...allowed(),
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
  },
  extended: {
    ...allowed(),
    notice: nothingRefused,
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
    extend: 'has been extended already: the law allows it once',
  },
  withdrawing: {
    ...allowed(),
    notice: nothingRefused,
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    hold: 'is being withdrawn',
    release: 'is not on hold',
    withdraw: 'is being withdrawn already',
    extend: 'is being withdrawn',
  },
  cancelled: {
    ...allowed(),
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    hold: 'is being withdrawn',
    release: 'is not on hold',
    extend: 'is being withdrawn',
  },
  rejected: {
    ...allowed(),
    approve: `was rejected${nothing}`,
    reject: `was rejected${tooLateToReject}`,
    hold: 'was rejected',
    release: 'is not on hold',
    withdraw: 'was rejected',
  },
  'issuing-certificate': {
    ...allowed(),
    notice: nothingRefused,
    approve: `${settledWords}${nothing}`,
    reject: `${settledWords}${tooLateToReject}`,
    hold: settledWords,
    release: 'is not on hold',
    withdraw: settledWords,
  },
  'awaiting-answer': {
    ...allowed(),
    notice: nothingRefused,
    approve: `${certifiedWords}${nothing}`,
    reject: `${certifiedWords}${tooLateToReject}`,
    hold: certifiedWords,
    release: 'is not on hold',
    withdraw: certifiedWords,
  },
  'rejected, certified': {
    ...allowed(),
    approve: `${certifiedWords}${nothing}`,
    reject: `${certifiedWords}${tooLateToReject}`,
    hold: 'was rejected',
    release: 'is not on hold',
    withdraw: 'was rejected',
  },
  over: Object.fromEntries(requestDecisionKinds.map((kind) => [kind, 'is over'])) as never,
};

function allowed(): Record<RequestDecisionKind, string | undefined> {
  return Object.fromEntries(requestDecisionKinds.map((kind) => [kind, undefined])) as never;
}

const cells = (Object.keys(states) as StateName[]).flatMap((name) =>
  requestDecisionKinds.map((kind) => [kind, name, table[name][kind]] as const),
);

describe('the table of decisions and states', () => {
  it('has every cell', () => {
    expect(cells).toHaveLength(Object.keys(states).length * 8);
  });

  it.each(cells)('%s, %s', (kind, name, problem) => {
    expect(why(states[name], samples[kind])).toBe(problem);
  });
});

describe('a decision depends on more than the state', () => {
  it('approval is by somebody other than the filer, who has to be known', () => {
    expect(why(states['awaiting-approval'], samples.approve, { request: { filedBy: 'staff-7' } })).toContain(
      'same staff member',
    );
    const unfiled = { request: { filedBy: undefined } };
    expect(why(states['awaiting-approval'], samples.approve, unfiled)).toContain('who filed it');
  });

  it('a hold needs a review that lies ahead', () => {
    const past = { ...samples.hold, content: { ...samples.hold.content, reviewAt: iso(NOW) } };
    expect(why(states.running, past)).toBe('needs a review that lies ahead (reviewAt)');
  });

  it('an extension needs a clock that still runs, in time', () => {
    expect(why(after(requests.started()), samples.extend)).toContain('has no due date');
    expect(why(states.running, samples.extend, { now: clock.extendBy.at })).toBeUndefined();
    const { extendBy: _by, extendedAnswerBy: _on, ...once } = clock;
    expect(why(after(requests.started({ clock: once })), samples.extend)).toContain('its law gives no more time');
    const answered = after(...certified, decide(told('outcome')));
    expect(why(answered, samples.extend)).toContain('has been answered');
  });

  it('an extension holds with the notice of it, inside the first period and not otherwise', () => {
    const decided = after(started, decide(samples.extend));
    expect(isExtended(decided)).toBe(false);
    const late = { now: clock.extendBy.at + DAY_MS };
    expect(why(decided, told('extended', clock.extendBy.at + 1), late)).toContain('was not extended in time');
    expect(why(decided, told('extended', clock.extendBy.at), late)).toBeUndefined();
    expect(why(states.running, told('extended'))).toContain('has not been extended');
    expect(why(states.extended, told('extended'))).toBe('has this notice already');
    expect(isExtended(states.extended)).toBe(true);
  });

  it('an extension that was told on the last lawful day can be recorded some days later, and holds', () => {
    const lastRecorded = { now: clock.extendBy.at + RECORDED_LATER_MS };
    expect(why(states.running, samples.extend, lastRecorded)).toBeUndefined();
    const decided = after(started, decide(samples.extend));
    const notice = told('extended', clock.extendBy.at);
    expect(why(decided, notice, lastRecorded)).toBeUndefined();
    expect(isExtended(after(started, decide(samples.extend), decide(notice)))).toBe(true);
    expect(why(decided, told('extended', clock.extendBy.at + 1), lastRecorded)).toContain('was not extended in time');
    expect(why(states.running, samples.extend, { now: lastRecorded.now + 1 })).toContain('can no longer be extended');
  });

  it('a notice was given between the request and now', () => {
    expect(why(states.running, told('acknowledged', NOW + HOUR_MS))).toContain('in the future');
    expect(why(states.running, told('acknowledged', T0 - HOUR_MS))).toContain('had not been made yet');
  });

  it('what came of it can be told once there is a certificate, and of a rejection only that it was refused', () => {
    for (const name of ['awaiting-approval', 'running', 'on hold', 'issuing-certificate'] as const) {
      expect(why(states[name], told('outcome'))).toContain('once there is a certificate');
    }
    expect(why(states['awaiting-answer'], told('outcome'))).toBeUndefined();
    expect(why(states['rejected, certified'], told('outcome'))).toBe('was rejected: record the notice as refused');
  });

  it('a notice to a recipient is free of all this, and answers nobody', () => {
    const toRecipient = told('outcome');
    const decision = {
      ...toRecipient,
      content: { ...toRecipient.content, recipient: 'mail-service' },
    } as RequestDecision;
    expect(why(states.running, decision)).toBeUndefined();
    expect(isAnswered(after(started, decide(decision)))).toBe(false);
  });

  it('identity is confirmed once, after it was asked for', () => {
    const unasked = { request: { identityAskedAt: undefined } };
    expect(why(states.running, samples.identity, unasked)).toContain('without asking');
    const verification = { method: 'account-login', by: 'staff-1', at: iso(T0), reference: 'V-1' };
    expect(why(states.running, samples.identity, { request: { verification } })).toContain('already');
    expect(why(after(started, decide(samples.identity)), samples.identity)).toContain('already');
    expect(why(states.running, samples.identity, { request: { identityAskedAt: T0 + 2 * HOUR_MS } })).toContain(
      'had not asked',
    );
  });

  it('the information on identity arrived between the question and the check', () => {
    const askedAt = T0 + HOUR_MS;
    const checkedAt = T0 + 10 * HOUR_MS;
    const confirmed = (receivedAt: number) =>
      why(
        states.running,
        {
          kind: 'identity',
          content: { ...samples.identity.content, at: iso(checkedAt), informationReceivedAt: iso(receivedAt) },
        },
        { request: { identityAskedAt: askedAt } },
      );
    expect([askedAt, checkedAt].map(confirmed)).toEqual([undefined, undefined]);
    expect(confirmed(askedAt - 1)).toContain('it lies before it was asked for (informationReceivedAt)');
    expect(confirmed(checkedAt + 1)).toContain('it lies after it was checked (informationReceivedAt)');
    expect(confirmed(NOW + HOUR_MS)).toContain('it lies in the future (informationReceivedAt)');
  });
});

describe('a notice speaks only for what it was given after', () => {
  const later = (state: RequestState, ...happenings: [number, WithoutTime<RequestEvent>][]): RequestState =>
    happenings.reduce((one, [at, happening]) => advanceRequest(one, { ...happening, at } as RequestEvent), state);
  const DAY_LATER = NOW + DAY_MS;

  it('a refusal needs something that is refused, at the time that it is dated', () => {
    expect(why(states.running, told('refused'))).toBe(nothingRefused);
    expect(why(states['on hold'], told('refused', NOW - 5 * MINUTE_MS))).toBeUndefined();
    expect(why(states['on hold'], told('refused', NOW - 5 * MINUTE_MS - 1))).toBe(
      'refused the person nothing at that time (at): it was neither rejected nor on hold',
    );
    expect(why(states.rejected, told('refused', NOW - HOUR_MS))).toContain('nothing at that time');
    expect(why(states.cancelled, told('refused'))).toBeUndefined();
  });

  it('a refusal because of a hold may be recorded after the release, dated before it', () => {
    const released = later(states['on hold'], [DAY_LATER, decide(samples.release)]);
    expect(why(released, told('refused', NOW + HOUR_MS), { now: DAY_LATER + HOUR_MS })).toBeUndefined();
    expect(why(released, told('refused', DAY_LATER + 1), { now: DAY_LATER + HOUR_MS })).toContain(
      'nothing at that time',
    );
  });

  it('an outcome is dated after the certificate', () => {
    expect(why(states['awaiting-answer'], told('outcome', NOW - 5 * MINUTE_MS))).toBeUndefined();
    expect(why(states['awaiting-answer'], told('outcome', NOW - 5 * MINUTE_MS - 1))).toBe(
      'had no certificate at that time (at), and so no outcome: it was issued 2026-11-24 09:00 UTC',
    );
  });

  it('a hold is looked at again within a year', () => {
    const until = (at: number): RequestDecision => ({
      ...samples.hold,
      content: { ...samples.hold.content, reviewAt: iso(at) },
    });
    expect(why(states.running, until(NOW + 366 * DAY_MS))).toBeUndefined();
    expect(why(states.running, until(NOW + 366 * DAY_MS + 1))).toBe('needs a review within one year (reviewAt)');
  });
});

describe('what is owed to the person', () => {
  const withdrawn = (wantedBy: 'subject' | 'misfiled', mayHaveErased: boolean): RequestState =>
    after(
      started,
      decide({ kind: 'withdraw', content: { ...said, wantedBy } }),
      requests.settled(mayHaveErased),
      requests.certified,
    );

  it.each<[string, RequestState, 'outcome' | 'refused' | undefined]>([
    ['a request under way', states.running, 'outcome'],
    ['a completed request', states['awaiting-answer'], 'outcome'],
    ['one whose outcome was told', after(...certified, decide(told('outcome'))), undefined],
    ['a rejected one', states['rejected, certified'], 'refused'],
    ['one on hold', states['on hold'], 'refused'],
    ['one on hold whose refusal was told', after(started, decide(samples.hold), decide(told('refused'))), undefined],
    [
      'the same after the release',
      after(started, decide(samples.hold), decide(told('refused')), decide(samples.release)),
      'outcome',
    ],
    ['one withdrawn at their own wish', withdrawn('subject', false), undefined],
    ['one withdrawn at their own wish, and erased all the same', withdrawn('subject', true), 'outcome'],
    ['one that was misfiled', withdrawn('misfiled', false), 'refused'],
    ['one that was misfiled, and erased all the same', withdrawn('misfiled', true), 'outcome'],
    ['one that somebody cancelled', states.cancelled, 'refused'],
    [
      'the same, once it is said that it was their own wish',
      after(started, { type: 'cancelled' }, decide(samples.withdraw)),
      undefined,
    ],
  ])('of %s', (_name, state, owed) => {
    expect(owedToPerson(state)).toBe(owed);
    expect(isAnswered(state)).toBe(owed === undefined);
    expect(answerOwed(state)).toBe(owed);
    expect(answerOwed({ ...state, terms: requests.terms({ answerTracked: false }) })).toBeUndefined();
  });

  it('is a word about a hold, once for each hold', () => {
    expect(owesNoticeOfHold(states['on hold'])).toBe(true);
    expect(owesNoticeOfHold(states.released)).toBe(false);
    expect(owesNoticeOfHold(after(started, decide(samples.hold), decide(told('refused'))))).toBe(false);
  });
});

describe('the trail', () => {
  it('keeps every decision as it was said, in order, and nothing is ever taken out of it', () => {
    const happening = fc.constantFrom<[WithoutTime<RequestEvent>, object | undefined]>(
      ...Object.values(samples).map((decision): [WithoutTime<RequestEvent>, object] => [
        decide(decision),
        { at: NOW, ...decision },
      ]),
      [{ type: 'cancelled' }, { at: NOW, kind: 'cancelled' }],
      [
        { type: 'reminded', of: 'due-soon', due: T0 },
        { at: NOW, kind: 'reminded', of: 'due-soon', due: T0 },
      ],
      [requests.settled(), undefined],
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
        let state = after(started);
        const expected: object[] = [];
        let isEnded = false;
        for (const [one, entry] of happenings) {
          // What is ended already is not cancelled once more.
          const isKept = entry !== undefined && !(one.type === 'cancelled' && isEnded);
          isEnded ||= one.type === 'cancelled' || (one.type === 'decided' && one.decision.kind === 'withdraw');
          if (isKept) expected.push(entry);
          state = advanceRequest(state, { ...one, at: NOW } as RequestEvent);
          expect(state.trail).toEqual(expected);
        }
      }),
    );
  });

  it('holds neither a token nor anything that nobody asked for', () => {
    const sent = {
      ...samples.hold.content,
      token: 'a.b.c',
      note: 'Jane Doe',
      reason: { ...said.reason, text: 'Jane' },
    };
    expect(readDecision('hold', sent)).toEqual(samples.hold);
  });
});
