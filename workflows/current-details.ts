/** What the Temporal UI shows of a request: Markdown that a newcomer understands. Costs no event. */
import { providerDecisionKinds } from '../domain/decision/decision';
import { decisionRow } from '../domain/decision/decision-table';
import { suggestedUpdate } from '../domain/decision/suggested-decision';
import { describeInstant } from '../domain/duration';
import type { LegProgress } from '../domain/leg/leg-progress';
import { describeLegState, describeLegTime, describeLegWait, legStateWords } from '../domain/leg/leg-words';
import { dueStatusWords, type DueProgress } from '../domain/request/due-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import type { TodoItem } from '../domain/request/todo';
import { providerName } from '../domain/provider/provider-table';

/** In front of the words that everybody uses, for whoever looks at many. */
const signs: Partial<Record<LegProgress['state'], string>> = { attention: '⚠️ ', braked: '⏳ ', held: '⏸ ' };

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

/** The UI leaves no space between the cells. */
const GAP = '\u00a0'.repeat(3);

export function describeRequest(progress: RequestProgress, now: string): string {
  const { requestId, regulation, submittedAt, state, legs, due, noDueDate, todoItems = [], notes } = progress;
  const rows = legs.map((leg) =>
    [`${providerName(leg.provider)}${GAP}`, `${inOneLine(stateOf(leg))}${GAP}`, inOneLine(describeLegTime(leg) ?? '–')]
      .map(cell)
      .join(' | '),
  );
  return [
    `**Erasure request ${requestId}** (${regulation}), made ${describeInstant(Date.parse(submittedAt))}`,
    '',
    `State: **${headlines[state]}**`,
    ...(due === undefined ? [] : ['', ...dueLines(due)]),
    ...(noDueDate === undefined ? [] : ['', `No due date: ${noDueDate}`]),
    ...(todoItems.length === 0 ? [] : ['', 'To do:', '', ...todoItems.map((one) => `- ${todoOf(one)}`)]),
    ...(notes.length === 0 ? [] : ['', ...notes.map((one) => `- ${one}`)]),
    '',
    '| provider | state | until |',
    '|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    ...explanations(legs),
    ...youCan(legs),
    ...(legs.every((leg) => leg.state === 'settled') ? [] : [...howToDecide, '']),
    `As of ${now}. Accepted is not erased, and neither is silence.`,
  ].join('\n');
}

const dueSigns: Partial<Record<DueProgress['status'], string>> = { 'due-soon': '⚠️ ', overdue: '🔴 ' };

function dueLines({ on, aimOn, status, extended, rule, calendar, timeZone, feasibility }: DueProgress): string[] {
  const aim = aimOn === undefined ? '' : `, aim at ${aimOn}`;
  const by = `${rule}, calendar ${calendar}, ${timeZone}`;
  return [
    `Answer to the person due **${on}**${extended ? ' (extended)' : ''}${aim}: ${dueSigns[status] ?? ''}${dueStatusWords[status]} (${by})`,
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

/** Under the table, whose cells are too narrow for sentences. */
function explanations(legs: readonly LegProgress[]): string[] {
  const lines = legs.flatMap((leg) => {
    const wait = describeLegWait(leg);
    return wait === undefined ? [] : [`- **${providerName(leg.provider)}** ${wait}`];
  });
  return lines.length === 0 ? [] : [...lines, ''];
}

function todoOf({ text, decisions }: TodoItem): string {
  const updates = decisions.map(suggestedUpdate);
  return updates.length === 0 ? text : `${text} (${updates.join('; ')})`;
}

function stateOf(leg: LegProgress): string {
  return leg.outcome === undefined ? `${signs[leg.state] ?? ''}${legStateWords[leg.state]}` : describeLegState(leg);
}

/** The UI would break an instant at each of its hyphens, and short words at each space. */
function inOneLine(text: string): string {
  return text.replaceAll(' ', '\u00a0').replaceAll('-', '\u2011');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
