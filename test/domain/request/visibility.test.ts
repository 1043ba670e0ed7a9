import fc from 'fast-check';
import { DAY_MS } from '../../../domain/duration';
import type { WithoutTime } from '../../../domain/without-time';
import { openLeg } from '../../../domain/leg/leg';
import {
  advanceRequest,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import { defaultRules } from '../../../domain/rules/rules';
import { visibleOf } from '../../../domain/request/visibility';
import { legInAttention, settledLegs, T0, unsettledLegs } from '../../support/legs';

const dueAt = T0 + 30 * DAY_MS;
const said = { actor: 'staff-7', reason: { code: 'litigation', ticket: 'LEGAL-1' } } as const;
function after(...happenings: WithoutTime<RequestEvent>[]): RequestState {
  return happenings.reduce((state, one) => advanceRequest(state, { ...one, at: T0 } as RequestEvent), openRequest());
}
const running = after({ type: 'takenOn', approvalNeeded: false });
const facts = { state: running, legs: [openLeg('person')], rules: defaultRules, dueAt, outcome: undefined };

describe('what a request can be filtered by', () => {
  it('is something that the index of Temporal can store, whatever day the law comes to', () => {
    const earliest = Date.UTC(1970, 0, 1);
    const latest = Date.UTC(2262, 3, 11);
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (at) => {
        const found = visibleOf({ ...facts, dueAt: at });
        expect(found.dueAt).toBe(at < earliest ? earliest : at > latest ? latest : at);
        for (const word of [found.state, ...found.providers, ...found.blockedOn]) expect(word.length).toBeLessThan(64);
      }),
    );
  });

  it('is nothing but its state, providers and due date where nothing is wrong', () => {
    for (const leg of Object.values(unsettledLegs).filter(({ phase }) => phase !== 'attention')) {
      expect(visibleOf({ ...facts, legs: [leg] })).toEqual({
        state: 'running',
        providers: ['person'],
        dueAt,
        blockedOn: [],
      });
    }
  });

  it('names the provider in attention, and staff where nobody else can mend it', () => {
    expect(visibleOf({ ...facts, legs: [legInAttention('ProviderUnavailable')] }).blockedOn).toEqual(['person']);
    expect(visibleOf({ ...facts, legs: [legInAttention('ProviderRejected')] }).blockedOn).toEqual(['staff', 'person']);
  });

  it('says what staff have to decide', () => {
    const toApprove = after({ type: 'takenOn', approvalNeeded: true });
    expect(visibleOf({ ...facts, state: toApprove })).toMatchObject({
      state: 'awaiting-approval',
      blockedOn: ['staff', 'approval'],
    });
    const content = { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt: '2027-01-01T00:00:00Z' } as const;
    const held = advanceRequest(running, { type: 'decided', decision: { kind: 'hold', content }, at: T0 });
    expect(visibleOf({ ...facts, state: held })).toMatchObject({
      state: 'on-hold',
      blockedOn: ['hold', 'notice-of-hold'],
    });
    expect(visibleOf({ ...facts, state: { ...running, cancelRequestedAt: T0 } }).blockedOn).toEqual(['staff']);
  });

  it('says that the person is still to be told', () => {
    const legs = [settledLegs.verified];
    const state = after(
      { type: 'takenOn', approvalNeeded: false },
      { type: 'legsSettled' },
      { type: 'certificateIssued' },
    );
    const settled = { ...facts, state, legs, outcome: 'completed' as const };
    expect(visibleOf(settled)).toMatchObject({ state: 'completed', blockedOn: ['staff', 'answer'] });
    const untracked = { ...defaultRules, answerTracked: false };
    expect(visibleOf({ ...settled, rules: untracked }).blockedOn).toEqual([]);
  });

  it('follows the clock: due soon, then overdue, and neither once the person has been answered', () => {
    const soon = after({ type: 'takenOn', approvalNeeded: false }, { type: 'reminded', of: 'due-soon', due: dueAt });
    expect(visibleOf({ ...facts, state: soon }).blockedOn).toEqual(['due-soon']);
    const late = advanceRequest(soon, { type: 'reminded', of: 'overdue', due: dueAt, at: T0 });
    expect(visibleOf({ ...facts, state: late }).blockedOn).toEqual(['overdue']);
    // Extended: what was said of the old day says nothing of the new one.
    expect(visibleOf({ ...facts, state: late, dueAt: dueAt + 60 * DAY_MS }).blockedOn).toEqual([]);
    const content = {
      ...said,
      notice: 'outcome',
      at: '2026-11-22T09:00:00Z',
      channel: 'email',
      reference: 'M-1',
    } as const;
    const certified = advanceRequest(late, { type: 'certificateIssued', at: T0 });
    const told = advanceRequest(certified, { type: 'decided', decision: { kind: 'notice', content }, at: T0 });
    expect(visibleOf({ ...facts, state: told }).blockedOn).toEqual([]);
  });

  it('says that a request without a due date has gone unanswered, until it is answered', () => {
    const reminded: WithoutTime<RequestEvent> = { type: 'reminded', of: 'unanswered', due: T0 };
    const state = after({ type: 'takenOn', approvalNeeded: false }, reminded);
    expect(visibleOf({ ...facts, state, dueAt: undefined }).blockedOn).toEqual(['staff', 'unanswered']);
    const withdrawn = advanceRequest(state, {
      type: 'decided',
      decision: { kind: 'withdraw', content: { ...said, wantedBy: 'subject' } },
      at: T0,
    });
    expect(visibleOf({ ...facts, state: withdrawn, dueAt: undefined }).blockedOn).toEqual([]);
  });

  it('names staff where a provider could not be kept from erasing during a hold', () => {
    const leg = { ...openLeg('person'), hold: { since: T0, couldNotWithdraw: true } };
    expect(visibleOf({ ...facts, legs: [leg] }).blockedOn).toEqual(['staff']);
  });
});
