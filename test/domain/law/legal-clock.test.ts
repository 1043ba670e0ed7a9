import fc from 'fast-check';
import { DAY_MS } from '../../../domain/duration';
import { clockEvents, currentDeadlines } from '../../../domain/law/legal-clock';
import type { ClockEvent, Deadline, LegalClock } from '../../../domain/law/legal-clock';

const T0 = Date.UTC(2026, 2, 5, 9);

function deadline(days: number): Deadline {
  const at = Math.floor(T0 / DAY_MS) * DAY_MS + (days + 1) * DAY_MS - 1;
  return { on: new Date(at).toISOString().slice(0, 10), at };
}

const clock: LegalClock = {
  rule: 'ccpa/1',
  source: 'a law',
  timeZone: 'UTC',
  calendar: 'US-CA',
  calendarSource: 'a calendar',
  startsAt: T0,
  acknowledgeBy: deadline(14),
  answerBy: deadline(45),
  internalAnswerBy: deadline(44),
  extendedAnswerBy: deadline(90),
  extendBy: deadline(44),
};
const leads = { acknowledgeMs: 2 * DAY_MS, dueSoonMs: 7 * DAY_MS, extensionDecisionMs: 5 * DAY_MS };
const open = { acknowledged: false, extended: false, answered: false };

const said = (events: readonly ClockEvent[]) => events.map(({ kind, at }) => `${kind} ${new Date(at).toISOString()}`);

describe('currentDeadlines', () => {
  it('give the law’s day and the one we aim at', () => {
    expect(currentDeadlines(clock, { extended: false }).due.on).toBe('2026-04-19');
    expect(currentDeadlines(clock, { extended: false }).aim.on).toBe('2026-04-18');
  });

  it('give the later day once the person was told of it', () => {
    expect(currentDeadlines(clock, { extended: true }).due.on).toBe('2026-06-03');
    expect(currentDeadlines(clock, { extended: true }).aim.on).toBe('2026-06-03');
  });
});

describe('clockEvents', () => {
  it('lists what is still to come of an open request, in the order of time', () => {
    expect(said(clockEvents(clock, open, leads))).toEqual([
      'acknowledge-due 2026-03-17T23:59:59.999Z',
      'due-soon 2026-04-11T23:59:59.999Z',
      'extension-decision-due 2026-04-13T23:59:59.999Z',
      'overdue 2026-04-20T00:00:00.000Z',
    ]);
  });

  it('leaves out a receipt that was confirmed, or that the law does not want confirmed', () => {
    const { acknowledgeBy: _, ...silent } = clock;
    const rest = clockEvents(clock, open, leads).slice(1);
    expect(clockEvents(clock, { ...open, acknowledged: true }, leads)).toEqual(rest);
    expect(clockEvents(silent, open, leads)).toEqual(rest);
  });

  it('asks for no extension twice, and counts from the extended day', () => {
    expect(said(clockEvents(clock, { ...open, acknowledged: true, extended: true }, leads))).toEqual([
      'due-soon 2026-05-27T23:59:59.999Z',
      'overdue 2026-06-04T00:00:00.000Z',
    ]);
  });

  it('has nothing to say once the person was answered', () => {
    expect(clockEvents(clock, { ...open, answered: true }, leads)).toEqual([]);
  });

  it('says everything at the start that would have been due before it', () => {
    const events = clockEvents(clock, open, {
      acknowledgeMs: 99 * DAY_MS,
      dueSoonMs: 99 * DAY_MS,
      extensionDecisionMs: 99 * DAY_MS,
    });
    expect(events.map(({ kind }) => kind)).toEqual([
      'acknowledge-due',
      'extension-decision-due',
      'due-soon',
      'overdue',
    ]);
    expect(events.slice(0, 3).map(({ at }) => at)).toEqual([T0, T0, T0]);
  });

  it('is in order, starts with the clock, and is overdue exactly when the law’s day is over', () => {
    const lead = fc.nat(120 * DAY_MS);
    fc.assert(
      fc.property(
        fc.record({ acknowledged: fc.boolean(), extended: fc.boolean(), answered: fc.boolean() }),
        fc.record({ acknowledgeMs: lead, dueSoonMs: lead, extensionDecisionMs: lead }),
        (standing, ahead) => {
          const events = clockEvents(clock, standing, ahead);
          const times = events.map(({ at }) => at);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
          expect(times.every((at) => at >= clock.startsAt)).toBe(true);
          const overdue = events.filter(({ kind }) => kind === 'overdue');
          expect(overdue).toEqual(
            standing.answered ? [] : [{ kind: 'overdue', at: currentDeadlines(clock, standing).due.at + 1 }],
          );
        },
      ),
    );
  });
});
