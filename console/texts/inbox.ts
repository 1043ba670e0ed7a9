/** What the inbox says. */
export const inboxTexts = {
  title: 'Inbox',
  counts: 'How many, by what they wait for',
  filters: {
    open: 'All open',
    'needs-staff': 'Need a staff member',
    overdue: 'Overdue',
    'due-this-week': 'Due this week',
    'on-hold': 'On legal hold',
    'awaiting-approval': 'Wait for approval',
  },
  ended: (outcome: string) => `Ended: ${outcome}`,
  stuckAt: (name: string) => `Stuck at ${name}`,
  list: 'Requests, most urgent first',
  request: 'Request',
  state: 'State',
  due: 'To be answered by',
  todo: 'To do',
  since: 'Filed',
  nothing: 'Nothing waits here.',
  none: 'No request is open. File the first one, or many at once.',
  noDueDate: 'no due date',
  answered: 'answered',
  nothingToDo: 'goes on by itself',
  urgency: { overdue: 'overdue', 'needs-staff': 'needs you', 'due-soon': 'due soon', waiting: '', over: '' },
  needsAnother: 'needs a colleague',
  more: (first: number, last: number) =>
    last < first
      ? 'There are no more.'
      : `${first} to ${last}, the most urgent first. The counts above narrow it down.`,
  pages: 'Pages of the list',
  previous: 'More urgent ones',
  next: 'Less urgent ones',
  lastPage: 'Further ones: narrow it down by the counts above, or list them with erasure list.',
  unanswered: (count: number) =>
    `How ${count === 1 ? 'one of them stands' : `${count} of them stand`} could not be said: no worker answers.`,
  notIndexed: (count: number) =>
    count === 1
      ? 'One request is just starting, and is in no other count.'
      : `${count} requests are just starting, and are in no other count.`,
  lag: 'From Temporal’s index, which lags by a second or two. The counts can be five seconds older.',
  search: 'Find a request',
  searchHint:
    'The whole request id, or a ticket: of a decision, or of the check of who the person is. Never an identifier of theirs.',
  searchButton: 'Find',
  searchFault:
    'That is neither a request id nor a ticket. A ticket has letters, digits and . _ : / # - and no spaces, 64 at most.',
  withTicket: (ticket: string) => `With the ticket ${ticket}`,
  noTicket:
    'No request has this ticket. Is it spelt as in the decision? Requests that were filed before release 0.4 cannot be found by it.',
} as const;
