/** Who may decide what, and when: every kind of decision in every state of a request. */
import fc from 'fast-check';
import {
  readRequestDecision,
  requestDecisionKinds,
  type RequestDecision,
  type RequestDecisionKind,
} from '../../domain/decision';
import type { Happening } from '../../domain/happening';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import type { LegalClock } from '../../domain/legal-clock';
import {
  advanceRequest,
  answerOwed,
  isAnswered,
  isExtended,
  openRequest,
  owesNoticeOfHold,
  whyNotNowOfRequest,
  type RequestEvent,
  type RequestFacts,
  type RequestState,
} from '../../domain/request-state';
import { defaultRules } from '../../domain/rules';

const T0 = Date.UTC(2026, 10, 22, 9);
const NOW = T0 + 2 * DAY_MS;
const iso = (epochMs: number): string => new Date(epochMs).toISOString();
const said = { actor: 'staff-7', reason: { code: 'reviewed', ticket: 'PRIV-1' } } as const;
const deadline = (at: number) => ({ on: iso(at).slice(0, 10), at });
const clock: LegalClock = {
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
};
const facts: RequestFacts = {
  now: NOW,
  submittedAt: T0,
  filedBy: 'staff-1',
  identityAskedAt: T0,
  isVerified: false,
  clock,
  rules: defaultRules,
};

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

const decide = (decision: RequestDecision): Happening<RequestEvent> => ({ type: 'decided', decision });
function after(...happenings: Happening<RequestEvent>[]): RequestState {
  return happenings.reduce(
    (state, happening) => advanceRequest(state, { ...happening, at: NOW } as RequestEvent),
    openRequest(),
  );
}
const toApprove: Happening<RequestEvent> = { type: 'takenOn', approvalNeeded: true };
const takenOn: Happening<RequestEvent> = { type: 'takenOn', approvalNeeded: false };
const settled: Happening<RequestEvent>[] = [takenOn, { type: 'legsSettled' }];
const certified: Happening<RequestEvent>[] = [...settled, { type: 'certificateIssued' }];

const states = {
  'taking-on': openRequest(),
  'awaiting-approval': after(toApprove),
  'awaiting-approval, on hold': after(toApprove, decide(samples.hold)),
  running: after(takenOn),
  approved: after(toApprove, decide(samples.approve)),
  'on hold': after(takenOn, decide(samples.hold)),
  released: after(takenOn, decide(samples.hold), decide(samples.release)),
  extended: after(takenOn, decide(samples.extend), decide(told('extended'))),
  withdrawing: after(takenOn, decide(samples.withdraw)),
  cancelled: after(takenOn, { type: 'cancelled' }),
  rejected: after(toApprove, decide(samples.reject)),
  'issuing-certificate': after(...settled),
  'awaiting-answer': after(...certified),
  'rejected, certified': after(
    toApprove,
    decide(samples.reject),
    { type: 'legsSettled' },
    { type: 'certificateIssued' },
  ),
  over: after(...certified, { type: 'closed' }),
} as const;
type StateName = keyof typeof states;

const nothing = ': there is nothing to approve';
const tooLateToReject = ': only a request that nobody has approved yet can be rejected';
const soon = 'is still being taken on: try again in a moment';
const settledWords = 'has settled: its certificate is being signed';
const certifiedWords = 'has settled: its certificate is there';
const since = 'is on hold already, since 2026-11-24 09:00 UTC';
const yes = undefined;

/** Whether each decision can be taken in each state, and if not, why. */
const table: Readonly<Record<StateName, Readonly<Record<RequestDecisionKind, string | undefined>>>> = {
  'taking-on': {
    approve: `${soon}${nothing}`,
    reject: `${soon}${tooLateToReject}`,
    hold: soon,
    release: 'is not on hold',
    withdraw: soon,
    extend: soon,
    notice: yes,
    identity: soon,
  },
  'awaiting-approval': { ...allowed(), release: 'is not on hold' },
  'awaiting-approval, on hold': { ...allowed(), approve: 'is on hold: release it first', hold: since },
  running: {
    ...allowed(),
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
  },
  approved: {
    ...allowed(),
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
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    release: 'is not on hold',
    extend: 'has been extended already: the law allows it once',
  },
  withdrawing: {
    ...allowed(),
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
    withdraw: 'is being withdrawn already',
    extend: 'is being withdrawn',
  },
  rejected: {
    ...allowed(),
    approve: `is under way${nothing}`,
    reject: `is under way${tooLateToReject}`,
    hold: 'was rejected',
    release: 'is not on hold',
    withdraw: 'was rejected',
  },
  'issuing-certificate': {
    ...allowed(),
    approve: `${settledWords}${nothing}`,
    reject: `${settledWords}${tooLateToReject}`,
    hold: settledWords,
    release: 'is not on hold',
    withdraw: settledWords,
  },
  'awaiting-answer': {
    ...allowed(),
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

  it.each(cells)('%s, %s', (kind, name, why) => {
    expect(whyNotNowOfRequest(states[name], samples[kind], facts)).toBe(why);
  });
});

describe('a decision depends on more than the state', () => {
  const why = (state: RequestState, decision: RequestDecision, changed: Partial<RequestFacts> = {}) =>
    whyNotNowOfRequest(state, decision, { ...facts, ...changed });

  it('approval is by somebody other than the filer, who has to be known', () => {
    expect(why(states['awaiting-approval'], samples.approve, { filedBy: 'staff-7' })).toContain('same staff member');
    const { filedBy: _filedBy, ...unfiled } = facts;
    expect(whyNotNowOfRequest(states['awaiting-approval'], samples.approve, unfiled)).toContain('who filed it');
  });

  it('a hold needs a review that lies ahead', () => {
    const past = { ...samples.hold, content: { ...samples.hold.content, reviewAt: iso(NOW) } };
    expect(why(states.running, past)).toBe('needs a review that lies ahead (reviewAt)');
  });

  it('an extension needs a clock that still runs, in time', () => {
    const { clock: _clock, ...without } = facts;
    expect(whyNotNowOfRequest(states.running, samples.extend, without)).toContain('has no due date');
    expect(why(states.running, samples.extend, { now: clock.extendBy.at })).toBeUndefined();
    expect(why(states.running, samples.extend, { now: clock.extendBy.at + 1 })).toContain('can no longer be extended');
    const answered = after(...certified, decide(told('outcome')));
    expect(why(answered, samples.extend)).toContain('has been answered');
  });

  it('an extension holds with the notice of it, inside the first period and not otherwise', () => {
    const decided = after(takenOn, decide(samples.extend));
    expect(isExtended(decided)).toBe(false);
    const late = { now: clock.extendBy.at + DAY_MS };
    expect(why(decided, told('extended', clock.extendBy.at + 1), late)).toContain('was not extended in time');
    expect(why(decided, told('extended', clock.extendBy.at), late)).toBeUndefined();
    expect(why(states.running, told('extended'))).toContain('has not been extended');
    expect(why(states.extended, told('extended'))).toBe('has this notice already');
    expect(isExtended(states.extended)).toBe(true);
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
    expect(isAnswered(after(takenOn, decide(decision)))).toBe(false);
  });

  it('identity is confirmed once, after it was asked for', () => {
    const { identityAskedAt: _asked, ...unasked } = facts;
    expect(whyNotNowOfRequest(states.running, samples.identity, unasked)).toContain('without asking');
    expect(why(states.running, samples.identity, { isVerified: true })).toContain('already');
    expect(why(after(takenOn, decide(samples.identity)), samples.identity)).toContain('already');
    expect(why(states.running, samples.identity, { identityAskedAt: T0 + 2 * HOUR_MS })).toContain('had not asked');
  });
});

describe('what is owed to the person', () => {
  it('is the outcome of a completed request, the refusal of a rejected one, nothing of a withdrawn one', () => {
    expect(answerOwed(states['awaiting-answer'], defaultRules)).toBe('outcome');
    expect(answerOwed(states['rejected, certified'], defaultRules)).toBe('refused');
    expect(answerOwed(states.withdrawing, defaultRules)).toBeUndefined();
    expect(answerOwed(states['awaiting-answer'], { ...defaultRules, answerTracked: false })).toBeUndefined();
    expect(answerOwed(after(...certified, decide(told('outcome'))), defaultRules)).toBeUndefined();
    expect(answerOwed(after(...certified, decide(told('refused'))), defaultRules)).toBe('outcome');
  });

  it('is a word about a hold, once for each hold', () => {
    expect(owesNoticeOfHold(states['on hold'])).toBe(true);
    expect(owesNoticeOfHold(states.released)).toBe(false);
    expect(owesNoticeOfHold(after(takenOn, decide(samples.hold), decide(told('refused'))))).toBe(false);
  });
});

describe('the trail', () => {
  it('keeps every decision as it was said, in order, and nothing is ever taken out of it', () => {
    const happening = fc.oneof(
      fc.constantFrom<Happening<RequestEvent>>(
        ...Object.values(samples).map(decide),
        { type: 'cancelled' },
        { type: 'reminded', of: 'due-soon', due: T0 },
        { type: 'legsSettled' },
      ),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
        let state = after(takenOn);
        for (const one of happenings) {
          const next = advanceRequest(state, { ...one, at: NOW } as RequestEvent);
          expect(next.trail.slice(0, state.trail.length)).toEqual(state.trail);
          const added = one.type === 'decided' ? { at: NOW, ...one.decision } : next.trail.at(-1);
          expect(next.trail.at(-1)).toEqual(added);
          state = next;
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
    expect(readRequestDecision('hold', sent)).toEqual(samples.hold);
  });
});
