/** What the inbox counts and can be narrowed down to, and which decisions can be taken about all that one of them names. */
import { requestStateWords } from '../client/request-words';
import type { UrgentCounts, UrgentOptions } from '../client/urgent-list';
import type { DecisionKind } from '../domain/decision/decision-table';
import { DAY_MS } from '../domain/duration';
import { providerKeys, providerName, type Provider } from '../domain/provider/provider-table';
import { inboxTexts as texts } from './texts/inbox';

const WEEK_MS = 7 * DAY_MS;

export interface InboxFilter {
  /** In the address. */
  readonly name: string;
  readonly text: string;
  readonly narrows: Omit<UrgentOptions, 'limit' | 'skip' | 'open'>;
  /** Absent where counting it says nothing. */
  readonly count?: (counts: UrgentCounts) => number;
  readonly isAlarming?: true;
  /** What can be decided about all of them at once. */
  readonly decisions: readonly DecisionKind[];
  /** Where the decision is about it. */
  readonly provider?: Provider;
}

const outcomes = ['completed', 'completed-with-exceptions', 'withdrawn', 'rejected'] as const;

export const inboxFilters: readonly InboxFilter[] = [
  {
    name: 'open',
    text: texts.filters.open,
    narrows: { state: 'running' },
    count: ({ open }) => open,
    decisions: [],
  },
  {
    name: 'needs-staff',
    text: texts.filters['needs-staff'],
    narrows: { needsStaff: true },
    count: ({ needsStaff }) => needsStaff,
    isAlarming: true,
    decisions: [],
  },
  {
    name: 'overdue',
    text: texts.filters.overdue,
    narrows: { overdue: true },
    count: ({ overdue }) => overdue,
    isAlarming: true,
    decisions: [],
  },
  {
    name: 'due-this-week',
    text: texts.filters['due-this-week'],
    narrows: { dueWithinMs: WEEK_MS },
    count: ({ dueThisWeek }) => dueThisWeek,
    decisions: [],
  },
  {
    name: 'on-hold',
    text: texts.filters['on-hold'],
    narrows: { state: 'on-hold' },
    count: ({ onHold }) => onHold,
    decisions: ['release'],
  },
  ...providerKeys.map((provider): InboxFilter => ({
    name: provider,
    text: texts.stuckAt(providerName(provider)),
    narrows: { waitingFor: provider },
    count: ({ waitingFor }) => waitingFor[provider],
    isAlarming: true,
    decisions: ['retry', 'hold'],
    provider,
  })),
  {
    name: 'awaiting-approval',
    text: texts.filters['awaiting-approval'],
    narrows: { state: 'awaiting-approval' },
    decisions: [],
  },
  ...outcomes.map((state): InboxFilter => ({
    name: state,
    text: texts.ended(requestStateWords[state]),
    narrows: { state },
    decisions: [],
  })),
];

export function inboxFilterNamed(name: string | undefined): InboxFilter | undefined {
  return inboxFilters.find((filter) => filter.name === name);
}
