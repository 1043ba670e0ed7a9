import fc from 'fast-check';
import { DAY_MS } from '../../../domain/duration';
import type { WithoutTime } from '../../../domain/without-time';
import type { LegalClock } from '../../../domain/law/legal-clock';
import {
  advanceRequest,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import { searchValuesOf } from '../../../domain/request/search-values';
import { certified, settled, snapshotOf, started, terms } from '../../support/requests';
import { legInAttention, settledLegs, T0, unsettledLegs, openLeg } from '../../support/legs';

const dueAt = T0 + 30 * DAY_MS;
const said = { actor: 'staff-7', reason: { code: 'litigation', ticket: 'LEGAL-1' } } as const;
function after(...happenings: WithoutTime<RequestEvent>[]): RequestState {
  return happenings.reduce((state, one) => advanceRequest(state, { ...one, at: T0 } as RequestEvent), openRequest());
}
const clockUntil = (at: number): LegalClock => ({
  rule: 'gdpr/1',
  source: 'test',
  timeZone: 'UTC',
  calendar: 'DE',
  calendarSource: 'test',
  startsAt: T0,
  answerBy: { on: '', at },
  internalAnswerBy: { on: '', at },
});
const clock = clockUntil(dueAt);
const running = after(started({ clock }));
const leg = openLeg('person');
const visible = (state: RequestState, legs = [leg]) => searchValuesOf(snapshotOf(state, { legs }));

describe('what a request can be filtered by', () => {
  it('is something that the index of Temporal can store, whatever day the law comes to', () => {
    const earliest = Date.UTC(1970, 0, 1);
    const latest = Date.UTC(2262, 3, 11);
    fc.assert(
      fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), (at) => {
        const found = visible(after(started({ clock: clockUntil(at) })));
        expect(found.dueAt).toBe(at < earliest ? earliest : at > latest ? latest : at);
        for (const word of [found.state, ...found.providers, ...found.blockedOn]) expect(word.length).toBeLessThan(64);
      }),
    );
  });

  it('is nothing but its state, providers and due date where nothing is wrong', () => {
    for (const one of Object.values(unsettledLegs).filter(({ phase }) => phase !== 'attention')) {
      expect(visible(running, [one])).toEqual({
        state: 'running',
        providers: ['person'],
        dueAt,
        blockedOn: [],
      });
    }
  });

  it('has the tickets only where the namespace has a place for them, and there are any', () => {
    const indexed = (areTicketsIndexed: boolean) => {
      const event = started({ clock });
      return { ...event, terms: { ...event.terms, areTicketsIndexed } };
    };
    const decided = (areTicketsIndexed: boolean) =>
      after(indexed(areTicketsIndexed), { type: 'decided', decision: { kind: 'release', content: said } });
    expect(visible(decided(true)).tickets).toEqual(['LEGAL-1']);
    expect(visible(decided(false))).not.toHaveProperty('tickets');
    expect(visible(after(indexed(true)))).not.toHaveProperty('tickets');
  });

  it('names the provider in attention, and staff where nobody else can mend it', () => {
    expect(visible(running, [legInAttention('ProviderUnavailable')]).blockedOn).toEqual(['person']);
    expect(visible(running, [legInAttention('ProviderRejected')]).blockedOn).toEqual(['staff', 'person']);
  });

  it('says what staff have to decide', () => {
    const toApprove = after(started({ clock, approvalNeeded: true }));
    expect(visible(toApprove)).toMatchObject({
      state: 'awaiting-approval',
      blockedOn: ['staff', 'approval'],
    });
    const content = { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt: '2027-01-01T00:00:00Z' } as const;
    const held = advanceRequest(running, { type: 'decided', decision: { kind: 'hold', content }, at: T0 });
    expect(visible(held)).toMatchObject({
      state: 'on-hold',
      blockedOn: ['hold', 'notice-of-hold'],
    });
    expect(visible({ ...running, cancelRequestedAt: T0 }).blockedOn).toEqual(['staff']);
  });

  it('says that the person is still to be told', () => {
    const legs = [settledLegs.verified];
    const ended = [settled(true, 'completed'), certified] as const;
    expect(visible(after(started(), ...ended), legs)).toMatchObject({
      state: 'completed',
      blockedOn: ['staff', 'answer'],
    });
    expect(visible(after(started({ answerTracked: false }), ...ended), legs).blockedOn).toEqual([]);
  });

  it('follows the clock: due soon, then overdue, and neither once the person has been answered', () => {
    const soon = after(started({ clock }), { type: 'reminded', of: 'due-soon', due: dueAt });
    expect(visible(soon).blockedOn).toEqual(['due-soon']);
    const late = advanceRequest(soon, { type: 'reminded', of: 'overdue', due: dueAt, at: T0 });
    expect(visible(late).blockedOn).toEqual(['overdue']);
    // Extended: what was said of the old day says nothing of the new one.
    expect(visible({ ...late, laterTerms: terms({ clock: clockUntil(dueAt + 60 * DAY_MS) }) }).blockedOn).toEqual([]);
    const content = {
      ...said,
      notice: 'outcome',
      at: '2026-11-22T09:00:00Z',
      channel: 'email',
      reference: 'M-1',
    } as const;
    const ended = advanceRequest(late, { ...settled(true), at: T0 });
    const issued = advanceRequest(ended, { ...certified, at: T0 });
    const told = advanceRequest(issued, { type: 'decided', decision: { kind: 'notice', content }, at: T0 });
    expect(visible(told).blockedOn).toEqual([]);
  });

  it('says that a request without a due date has gone unanswered, until it is answered', () => {
    const reminded: WithoutTime<RequestEvent> = { type: 'reminded', of: 'unanswered', due: T0 };
    const state = after(started(), reminded);
    expect(visible(state).blockedOn).toEqual(['staff', 'unanswered']);
    const withdrawn = advanceRequest(state, {
      type: 'decided',
      decision: { kind: 'withdraw', content: { ...said, wantedBy: 'subject' } },
      at: T0,
    });
    expect(visible(withdrawn).blockedOn).toEqual([]);
  });

  it('names staff where a provider could not be kept from erasing during a hold', () => {
    const held = { ...openLeg('person'), hold: { since: T0, couldNotWithdraw: 'ProviderRejected' as const } };
    expect(visible(running, [held]).blockedOn).toEqual(['staff']);
  });
});
