/** The first page: what needs somebody, counted, and listed with the most urgent first. From Temporal's index, whatever the number. */
import { roleForDecision, type Principal } from '../../access/principal';
import { requestIdParameter } from '../../api/schemas';
import { dueDayOf, urgencyOf, type ListedRequest } from '../../client/listed-request';
import { requestStateWords, shortTodo } from '../../client/request-words';
import type { UrgentCounts, UrgentList } from '../../client/urgent-list';
import { FaultSummary, TextField, type FieldFault } from '../components/form';
import { When } from '../components/when';
import { needsStaff } from '../../domain/request/search-values';
import { isOpaque } from '../../domain/text';
import type { ConsoleServices } from '../console-services';
import { inboxFilterNamed, inboxFilters, type InboxFilter } from '../inbox-filters';
import { valueOf, type PageRoute, type ShownPage, type Visit } from '../page';
import { sharedCounts } from '../shared-counts';
import { inboxTexts as texts } from '../texts/inbox';
import { manyDecisionsTexts } from '../texts/many-decisions';
import { DataTable } from '../components/data-table';
import { RequestLink } from '../components/request-link';

const TICKET = 'ticket';
const PAGE_SIZE = 100;
/** Further on nobody looks through a list. */
const PAGES_MAX = 20;

export function inboxPages({ client }: ConsoleServices): readonly PageRoute[] {
  const countsNow = sharedCounts(() => client.urgentCounts());

  async function inbox(
    { principal, now }: Visit,
    { chosen, page, faults = [] }: { chosen: InboxFilter; page: number; faults?: readonly FieldFault[] },
  ): Promise<ShownPage> {
    const counts = await countsNow();
    const skip = (page - 1) * PAGE_SIZE;
    const list = await client.urgentFirst({ ...chosen.narrows, limit: PAGE_SIZE, skip, open: counts.open });
    return {
      status: faults.length > 0 ? 422 : 200,
      title: texts.title,
      body: <Inbox {...{ counts, list, chosen, page, principal, now, faults }} />,
    };
  }

  return [
    {
      method: 'GET',
      path: '/',
      role: 'view',
      name: 'inboxPage',
      show: async (visit) =>
        inbox(visit, {
          chosen: withTicket(valueOf(visit.query, 'ticket')) ?? chosenFilter(valueOf(visit.query, 'show')),
          page: pageOf(valueOf(visit.query, 'page')),
        }),
    },
    {
      method: 'GET',
      path: '/find',
      role: 'view',
      name: 'findRequest',
      show: async (visit) => {
        const typed = valueOf(visit.query, 'id')?.trim() ?? '';
        const requestId = typed.toLowerCase();
        if (requestIdParameter.safeParse({ requestId }).success) return { redirectTo: `/requests/${requestId}` };
        const ticket = withTicket(typed);
        if (ticket !== undefined) return { redirectTo: addressOf(ticket) };
        const faults = [{ field: 'id', problem: texts.searchFault }];
        return inbox(visit, { chosen: chosenFilter(undefined), page: 1, faults });
      },
    },
  ];
}

function chosenFilter(name: string | undefined): InboxFilter {
  const chosen = inboxFilterNamed(name) ?? inboxFilters[0];
  if (chosen === undefined) throw new TypeError('The inbox has filters');
  return chosen;
}

/** Undefined for what cannot be one. */
function withTicket(ticket: string | undefined): InboxFilter | undefined {
  if (!isOpaque(ticket)) return undefined;
  return { name: TICKET, text: texts.withTicket(ticket), narrows: { ticket }, decisions: [] };
}

function pageOf(text: string | undefined): number {
  return /^[1-9]\d?$/.test(text ?? '') ? Math.min(Number(text), PAGES_MAX) : 1;
}

function addressOf({ name, narrows: { ticket } }: InboxFilter, page = 1): string {
  const query = new URLSearchParams({
    ...(ticket === undefined ? name !== 'open' && { show: name } : { ticket }),
    ...(page > 1 && { page: String(page) }),
  });
  return query.size === 0 ? '/' : `/?${query.toString()}`;
}

const counted = inboxFilters.flatMap(({ count, ...filter }) => (count === undefined ? [] : [{ ...filter, count }]));
const uncounted = inboxFilters.filter(({ count }) => count === undefined);

function currentIf(isCurrent: boolean): 'page' | undefined {
  return isCurrent ? 'page' : undefined;
}

interface InboxProps {
  readonly counts: UrgentCounts;
  readonly list: UrgentList;
  readonly chosen: InboxFilter;
  /** From 1 on. */
  readonly page: number;
  readonly principal: Principal;
  /** Epoch ms. */
  readonly now: number;
  readonly faults: readonly FieldFault[];
}

function Inbox({ counts, list, chosen, page, principal, now, faults }: InboxProps) {
  return (
    <>
      <h1>{texts.title}</h1>
      <FaultSummary faults={faults} />
      <nav aria-label={texts.counts}>
        <ul class="counts">
          {counted.map((filter) => {
            const { name, text, count, isAlarming } = filter;
            const number = count(counts);
            const tone = isAlarming === true && number > 0 ? 'alarming' : '';
            return (
              <li key={name}>
                <a class={`count ${tone}`} href={addressOf(filter)} aria-current={currentIf(name === chosen.name)}>
                  <span class="number">{number}</span>
                  <span>{text}</span>
                </a>
              </li>
            );
          })}
        </ul>
        <ul class="lists">
          {uncounted.map((filter) => (
            <li key={filter.name}>
              <a href={addressOf(filter)} aria-current={currentIf(filter.name === chosen.name)}>
                {filter.text}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      {chosen.name === TICKET && <h2>{chosen.text}</h2>}
      <ForAll chosen={chosen} list={list} principal={principal} />
      <RequestTable list={list} chosen={chosen} page={page} now={now} principal={principal} />
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

/** What can be decided about all of them, by whoever may. */
function ForAll({ chosen, list, principal }: Pick<InboxProps, 'chosen' | 'list' | 'principal'>) {
  const kinds = chosen.decisions.filter((kind) => principal.roles.has(roleForDecision(kind)));
  if (kinds.length === 0 || list.requests.length === 0) return null;
  return (
    <p class="actions">
      {kinds.map((kind) => (
        <a key={kind} class="button quiet" href={`/many-decisions/${kind}?show=${chosen.name}`}>
          {manyDecisionsTexts.link[kind]}
        </a>
      ))}
    </p>
  );
}

function RequestTable({
  list,
  chosen,
  page,
  now,
  principal,
}: Pick<InboxProps, 'list' | 'chosen' | 'page' | 'now' | 'principal'>) {
  const { requests, isCut } = list;
  const first = (page - 1) * PAGE_SIZE + 1;
  if (requests.length === 0 && page === 1) {
    const nothing = chosen.name === TICKET ? texts.noTicket : texts.nothing;
    return <p class="panel">{chosen.name === 'open' ? texts.none : nothing}</p>;
  }
  return (
    <>
      {(isCut || page > 1) && <p class="note">{texts.more(first, first + requests.length - 1)}</p>}
      <DataTable title={texts.list} columns={[texts.request, texts.state, texts.due, texts.todo, texts.since]} stacks>
        {requests.map((listed) => (
          <Row key={listed.requestId} listed={listed} now={now} isTheirs={canAct(principal, listed)} />
        ))}
      </DataTable>
      {(isCut || page > 1) && (
        <nav class="pages" aria-label={texts.pages}>
          {page > 1 && (
            <a rel="prev" href={addressOf(chosen, page - 1)}>
              {texts.previous}
            </a>
          )}
          {isCut && page < PAGES_MAX && (
            <a rel="next" href={addressOf(chosen, page + 1)}>
              {texts.next}
            </a>
          )}
          {isCut && page === PAGES_MAX && <span class="note">{texts.lastPage}</span>}
        </nav>
      )}
    </>
  );
}

/** Whether something that it waits for is this person's to decide. `staff` beside `approval` says the same once more. */
function canAct({ roles }: Principal, { blockedOn }: ListedRequest): boolean {
  const waits = blockedOn.filter((one) => needsStaff([one]) && !(one === 'staff' && blockedOn.includes('approval')));
  return waits.some((one) => roles.has(one === 'approval' ? 'approve' : 'decide'));
}

function Row({
  listed,
  now,
  isTheirs,
}: {
  readonly listed: ListedRequest;
  readonly now: number;
  readonly isTheirs: boolean;
}) {
  const { requestId, state, startedAt, dueAt, isAnswered, isOpen } = listed;
  const urgency = urgencyOf(listed, now);
  const tone = urgency === 'overdue' ? 'bad' : urgency === 'needs-staff' || urgency === 'due-soon' ? 'warn' : '';
  const words = urgency === 'needs-staff' && !isTheirs ? texts.needsAnother : texts.urgency[urgency];
  return (
    <tr class={urgency}>
      <th scope="row">
        <RequestLink requestId={requestId} />
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
