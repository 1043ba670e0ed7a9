/** The first page: what needs somebody, counted, and listed with the most urgent first. From Temporal's index, whatever the number. */
import { requestIdParameter } from '../../api/schemas';
import { dueDayOf, urgencyOf, type ListedRequest } from '../../client/listed-request';
import { requestStateWords, shortTodo } from '../../client/request-words';
import type { UrgentCounts, UrgentList, UrgentOptions } from '../../client/urgent-list';
import { DAY_MS } from '../../domain/duration';
import { providerKeys, providerName } from '../../domain/provider/provider-table';
import { FaultSummary, TextField, type FieldFault } from '../components/form';
import { When } from '../components/when';
import type { ConsoleServices } from '../console-services';
import { valueOf, type PageRoute } from '../page';
import { inboxTexts as texts } from '../texts/inbox';
import { DataTable } from '../components/data-table';

const SHOWN_MAX = 100;
const WEEK_MS = 7 * DAY_MS;

type Narrowing = Omit<UrgentOptions, 'limit'>;

interface InboxFilter {
  /** In the address. */
  readonly name: string;
  readonly text: string;
  readonly narrows: Narrowing;
  /** Absent where counting it says nothing. */
  readonly count?: (counts: UrgentCounts) => number;
  readonly isAlarming?: true;
}

const outcomes = ['completed', 'completed-with-exceptions', 'withdrawn', 'rejected'] as const;

const filters: readonly InboxFilter[] = [
  { name: 'open', text: texts.filters.open, narrows: { state: 'running' }, count: ({ open }) => open },
  {
    name: 'needs-staff',
    text: texts.filters['needs-staff'],
    narrows: { needsStaff: true },
    count: ({ needsStaff }) => needsStaff,
    isAlarming: true,
  },
  {
    name: 'overdue',
    text: texts.filters.overdue,
    narrows: { overdue: true },
    count: ({ overdue }) => overdue,
    isAlarming: true,
  },
  {
    name: 'due-this-week',
    text: texts.filters['due-this-week'],
    narrows: { dueWithinMs: WEEK_MS },
    count: ({ dueThisWeek }) => dueThisWeek,
  },
  { name: 'on-hold', text: texts.filters['on-hold'], narrows: { state: 'on-hold' }, count: ({ onHold }) => onHold },
  ...providerKeys.map((provider): InboxFilter => ({
    name: provider,
    text: texts.stuckAt(providerName(provider)),
    narrows: { waitingFor: provider },
    count: ({ waitingFor }) => waitingFor[provider],
    isAlarming: true,
  })),
  { name: 'awaiting-approval', text: texts.filters['awaiting-approval'], narrows: { state: 'awaiting-approval' } },
  ...outcomes.map((state): InboxFilter => ({
    name: state,
    text: texts.ended(requestStateWords[state]),
    narrows: { state },
  })),
];

export function inboxPages({ client }: ConsoleServices): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/',
      role: 'view',
      name: 'inboxPage',
      show: async ({ query, now }) => {
        const chosen = filters.find(({ name }) => name === valueOf(query, 'show')) ?? filters[0];
        const [counts, list] = await Promise.all([
          client.urgentCounts(),
          client.urgentFirst({ ...chosen?.narrows, limit: SHOWN_MAX }),
        ]);
        return {
          title: texts.title,
          body: <Inbox counts={counts} list={list} chosen={chosen?.name ?? ''} now={now} faults={[]} />,
        };
      },
    },
    {
      method: 'GET',
      path: '/find',
      role: 'view',
      name: 'findRequest',
      show: async ({ query, now }) => {
        const requestId = valueOf(query, 'id')?.trim().toLowerCase();
        if (requestIdParameter.safeParse({ requestId }).success) return { redirectTo: `/requests/${requestId}` };
        const [counts, list] = await Promise.all([
          client.urgentCounts(),
          client.urgentFirst({ state: 'running', limit: SHOWN_MAX }),
        ]);
        const faults = [{ field: 'id', problem: texts.searchFault }];
        return {
          status: 422,
          title: texts.title,
          body: <Inbox counts={counts} list={list} chosen="open" now={now} faults={faults} />,
        };
      },
    },
  ];
}

interface InboxProps {
  readonly counts: UrgentCounts;
  readonly list: UrgentList;
  readonly chosen: string;
  /** Epoch ms. */
  readonly now: number;
  readonly faults: readonly FieldFault[];
}

function Inbox({ counts, list, chosen, now, faults }: InboxProps) {
  return (
    <>
      <h1>{texts.title}</h1>
      <FaultSummary faults={faults} />
      <nav aria-label={texts.counts}>
        <ul class="counts">
          {filters.map(({ name, text, count, isAlarming }) => {
            const number = count?.(counts);
            const tone = isAlarming === true && number !== undefined && number > 0 ? 'alarming' : '';
            return (
              <li key={name}>
                <a
                  class={`count ${tone}`}
                  href={name === 'open' ? '/' : `/?show=${name}`}
                  aria-current={name === chosen ? 'page' : undefined}
                >
                  {number !== undefined && <span class="number">{number}</span>}
                  <span>{text}</span>
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
      <RequestTable list={list} chosen={chosen} now={now} />
      {counts.notIndexed > 0 && <p class="note">{texts.notIndexed(counts.notIndexed)}</p>}
      {list.unanswered > 0 && <p class="note">{texts.unanswered(list.unanswered)}</p>}
      <p class="note">{texts.lag}</p>
      <form method="get" action="/find" class="panel find" role="search">
        <TextField
          name="id"
          label={texts.search}
          hint={texts.searchHint}
          type="search"
          faults={faults}
          maxLength={64}
        />
        <button>{texts.searchButton}</button>
      </form>
    </>
  );
}

function RequestTable({ list, chosen, now }: Pick<InboxProps, 'list' | 'chosen' | 'now'>) {
  const { requests, isCut } = list;
  if (requests.length === 0) return <p class="panel">{chosen === 'open' ? texts.none : texts.nothing}</p>;
  return (
    <>
      {isCut && <p class="note">{texts.more(requests.length)}</p>}
      <DataTable title={texts.list} columns={[texts.request, texts.state, texts.due, texts.todo, texts.since]} stacks>
        {requests.map((listed) => (
          <Row key={listed.requestId} listed={listed} now={now} />
        ))}
      </DataTable>
    </>
  );
}

function Row({ listed, now }: { readonly listed: ListedRequest; readonly now: number }) {
  const { requestId, state, startedAt, dueAt, isAnswered, isOpen } = listed;
  const urgency = urgencyOf(listed, now);
  const tone = urgency === 'overdue' ? 'bad' : urgency === 'needs-staff' || urgency === 'due-soon' ? 'warn' : '';
  const words = texts.urgency[urgency];
  return (
    <tr class={urgency}>
      <th scope="row">
        <a href={`/requests/${requestId}`}>
          <code>{requestId}</code>
        </a>
      </th>
      <td data-label={texts.state}>
        {requestStateWords[state]} {words !== '' && <span class={`state ${tone}`}>{words}</span>}
      </td>
      <td data-label={texts.due}>
        {!isOpen || isAnswered ? (
          <span class="note">{isAnswered ? texts.answered : ''}</span>
        ) : dueAt === undefined ? (
          <span class="note">{texts.noDueDate}</span>
        ) : (
          // A day of the law's own zone: the reader's could be a later one.
          dueDayOf(dueAt)
        )}
      </td>
      <td data-label={texts.todo}>{shortTodo(listed) ?? <span class="note">{texts.nothingToDo}</span>}</td>
      <td data-label={texts.since}>
        <When at={startedAt} day />
      </td>
    </tr>
  );
}
