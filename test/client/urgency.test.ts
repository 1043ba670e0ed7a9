import {
  byUrgency,
  dueDayOf,
  listedByIndex,
  urgencyOf,
  urgencies,
  type ListedRequest,
} from '../../client/listed-request';
import { requestStateWords, shortTodo } from '../../client/request-words';
import { requestStates } from '../../client/filters';
import { DAY_MS } from '../../domain/duration';
import { providerKeys, providerName } from '../../domain/provider/provider-table';
import { blockers, needingStaff } from '../../domain/request/search-values';

const now = Date.parse('2026-03-02T12:00:00Z');
const open = (requestId: string, parts: Partial<ListedRequest> = {}): ListedRequest => ({
  requestId,
  state: 'running',
  isOpen: true,
  startedAt: now - 10 * DAY_MS,
  isAnswered: false,
  blockedOn: [],
  ...parts,
});

describe('the urgency of a request in a list', () => {
  it('puts overdue ones first, then those that need staff, then the next due date, and ended ones last', () => {
    const inOrder = [
      open('overdue for long', { dueAt: now - 9 * DAY_MS }),
      open('overdue', { dueAt: now - 1 }),
      open('reported overdue, its day unknown', { blockedOn: ['overdue'] }),
      open('needs staff, due soon', { blockedOn: ['approval', 'staff'], dueAt: now + DAY_MS }),
      open('needs staff', { blockedOn: ['person'], dueAt: now + 20 * DAY_MS }),
      open('due soon', { dueAt: now + 7 * DAY_MS, blockedOn: ['due-soon'] }),
      open('due later, older', { dueAt: now + 8 * DAY_MS, startedAt: now - 11 * DAY_MS }),
      open('due later', { dueAt: now + 8 * DAY_MS }),
      open('answered in its hold', { dueAt: now + 9 * DAY_MS, isAnswered: true }),
      open('without a due date'),
      open('ended now', { isOpen: false, closedAt: now, dueAt: now - DAY_MS }),
      open('ended before', { isOpen: false, closedAt: now - DAY_MS }),
    ];
    const sorted = inOrder.toReversed().sort(byUrgency(now));
    expect(sorted.map(({ requestId }) => requestId)).toEqual(inOrder.map(({ requestId }) => requestId));
    expect(new Set(sorted.map((one) => urgencyOf(one, now)))).toEqual(new Set(urgencies));
  });

  it('is no matter of the due date once the person was told of the hold', () => {
    const found = { requestId: 'a', runId: 'r', status: 'running', startedAt: now, dueAt: now - DAY_MS } as const;
    const held = listedByIndex({ ...found, state: 'on-hold', blockedOn: ['hold', 'notice-of-hold', 'overdue'] });
    const told = listedByIndex({ ...found, state: 'on-hold', blockedOn: ['hold'] });
    expect(held && urgencyOf(held, now)).toBe('overdue');
    expect(told && urgencyOf(told, now)).toBe('needs-staff');
  });

  it('cannot be told by the index of an open run that it knows nothing of', () => {
    expect(listedByIndex({ requestId: 'a', runId: 'r', status: 'running', startedAt: now })).toBeUndefined();
  });
});

describe('the due day of a request in a list', () => {
  it.each([
    ['America/Los_Angeles', '2026-03-03T07:59:59.999Z', '2026-03-02'],
    ['UTC', '2026-03-02T23:59:59.999Z', '2026-03-02'],
    ['Europe/Berlin', '2026-03-02T22:59:59.999Z', '2026-03-02'],
    ['Asia/Tokyo', '2026-03-02T14:59:59.999Z', '2026-03-02'],
    // Never later than it is.
    ['Pacific/Auckland', '2026-03-02T10:59:59.999Z', '2026-03-01'],
  ])('is the law’s day in %s', (_zone, at, day) => {
    expect(dueDayOf(Date.parse(at))).toBe(day);
  });
});

describe('the words of a request in a list', () => {
  it.each(needingStaff)('name one to-do where it needs a staff member: %s', (blocker) => {
    expect(shortTodo({ blockedOn: [blocker] })).toMatch(/^[a-z].{5,40}$/);
  });

  it('name none where nothing waits for a person', () => {
    for (const blocker of blockers.filter((one) => !needingStaff.includes(one))) {
      expect(shortTodo({ blockedOn: [blocker] })).toBeUndefined();
    }
    expect(shortTodo({ blockedOn: [] })).toBeUndefined();
  });

  it('name what can be done at once before what only presses', () => {
    expect(shortTodo({ blockedOn: ['staff', 'approval', 'overdue'] })).toBe('approve or reject it');
    expect(shortTodo({ blockedOn: ['overdue', ...providerKeys] })).toBe(
      `mend or decide: ${providerKeys.map(providerName).join(', ')}`,
    );
  });

  it('have one for each state', () => {
    expect(Object.keys(requestStateWords).sort()).toEqual([...requestStates].sort());
  });
});
