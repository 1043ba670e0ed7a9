/** What the Temporal UI shows of a request: Markdown that a newcomer understands. Costs no event. */
import { providerDecisionKinds } from '../domain/decision/decision';
import { decisionRow } from '../domain/decision/decision-table';
import { describeInstant } from '../domain/duration';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { DueProgress } from '../domain/request/due-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import { providerName } from '../domain/provider/provider-table';

const states: Record<LegProgress['state'], string> = {
  'not-asked-yet': 'not asked yet',
  asking: 'asking',
  'waiting-out-window': 'waiting out its window',
  'waiting-for-callback': 'waiting for its callback',
  looking: 'looking whether it is gone',
  attention: '⚠️ **needs attention**',
  braked: "⏳ waits for its provider's brake",
  held: '⏸ held back by a legal hold',
  withdrawing: 'withdrawing the request',
  settled: 'settled',
};

const headlines: Record<RequestProgress['state'], string> = {
  starting: 'starting: rules and due dates are being looked up',
  'awaiting-approval': '⚠️ waits for its approval: nothing is sent to anybody before it',
  running: 'running: nothing is confirmed before every provider has settled',
  'on-hold': '⏸ on legal hold: nothing is sent, what can be withdrawn is',
  closing: 'rejected: no provider is asked any more',
  'issuing-certificate': 'every provider has settled; the certificate is being signed',
  'awaiting-answer': '⚠️ every provider has settled and the certificate is there: the person is still to be told',
  completed: 'completed; the certificate is in the result',
  'completed-with-exceptions': 'completed with exceptions; the certificate in the result says which',
  withdrawn: 'withdrawn; the certificate in the result says what was withdrawn and what was not',
  rejected: 'rejected before any provider was asked; the certificate in the result says why',
};

export function describeRequest(progress: RequestProgress, now: string): string {
  const { requestId, regulation, submittedAt, state, legs, due, noDueDate, todo, notes } = progress;
  const rows = legs.map((leg) =>
    [providerName(leg.provider), statusOf(leg), leg.waitsFor, inOneLine(untilOf(leg))].map(cell).join(' | '),
  );
  return [
    `**Erasure request ${requestId}** (${regulation}), made ${describeInstant(Date.parse(submittedAt))}`,
    '',
    `State: **${headlines[state]}**`,
    ...(due === undefined ? [] : ['', ...dueLines(due)]),
    ...(noDueDate === undefined ? [] : ['', `No due date: ${noDueDate}`]),
    ...(todo.length === 0 ? [] : ['', 'To do:', '', ...todo.map((one) => `- ${one}`)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((one) => `- ${one}`)]),
    '',
    '| provider | state | waits for | until |',
    '|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    ...youCan(legs),
    ...(legs.every((leg) => leg.state === 'settled') ? [] : [...howToDecide, '']),
    `As of ${now}. Accepted is not erased, and neither is silence.`,
  ].join('\n');
}

const dueWords: Record<DueProgress['status'], string> = {
  'on-time': 'on time',
  'due-soon': '⚠️ due soon',
  overdue: '🔴 **OVERDUE**',
  answered: 'answered',
  'not-owed': 'withdrawn at their own wish, no answer is owed',
};

function dueLines({ on, aimOn, status, extended, rule, calendar, timeZone, feasibility }: DueProgress): string[] {
  const aim = aimOn === undefined ? '' : `, aim at ${aimOn}`;
  const by = `${rule}, calendar ${calendar}, ${timeZone}`;
  return [
    `Answer to the person due **${on}**${extended ? ' (extended)' : ''}${aim}: ${dueWords[status]} (${by})`,
    ...(feasibility.length === 0 ? [] : ['', ...feasibility.map((sentence) => `- ${sentence}`)]),
  ];
}

/** Whoever looks reads first what only they can mend. */
function youCan(legs: readonly LegProgress[]): string[] {
  const stuck = legs.filter(({ state }) => state === 'attention' || state === 'held');
  const open = legs.filter(({ state }) => state !== 'settled' && state !== 'withdrawing');
  if (open.length === 0) return [];
  return [
    'What you can do:',
    '',
    ...stuck.map((leg) => `- **${providerName(leg.provider)}**: ${leg.youCan}`),
    `- ${stuck.length === 0 ? 'nothing has to be done' : 'nothing has to be done about any other'}; what has not settled can be waived, and attested once it was asked`,
    '',
  ];
}

const howToDecide = [
  `To decide about a provider, send one of the updates ${providerDecisionKinds.map((kind) => decisionRow(kind).update).join(', ')} with`,
  '`{ "provider": "…", "actor": "<staff id>", "reason": { "code": "…", "ticket": "…" } }`;',
  'about the whole request, see the updates that it offers: each says what it needs.',
];

function statusOf(leg: LegProgress): string {
  if (leg.state === 'settled') return [leg.outcome, leg.assurance].filter(Boolean).join(', ');
  const { attention, trouble, brake } = leg;
  const reason = attention ?? trouble ?? brake;
  if (reason === undefined) return states[leg.state];
  return `${states[leg.state]}: ${reason.reason} since ${describeInstant(Date.parse(reason.since))}`;
}

function untilOf(leg: LegProgress): string {
  if (leg.until !== undefined) return describeInstant(Date.parse(leg.until));
  if (leg.attention?.triesDaily === true) return 'tried again daily';
  return leg.state === 'settled' && leg.settledAt !== undefined
    ? `since ${describeInstant(Date.parse(leg.settledAt))}`
    : '–';
}

/** The UI would break an instant at each of its hyphens. */
function inOneLine(text: string): string {
  return text.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
