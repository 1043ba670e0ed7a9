/** How a request looks on the screen and as JSON. */
import Table from 'cli-table3';
import { createColors } from 'picocolors';
import type { RequestStatus } from '../client/request-status';
import type { LegProgress } from '../domain/leg/leg-progress';
import { requestOutcomeMeaning, type RequestOutcome } from '../domain/leg/outcome';
import { callbackRemarks } from '../domain/leg/receipt';
import { describeStep } from '../domain/leg/step-under-way';
import { providerName } from '../domain/provider/provider-table';
import type { DueProgress } from '../domain/request/due-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import type { CommandContext } from './context';
import { exitCode, type ExitCode } from './exit-code';

const outcomeExitCodes: Readonly<Record<RequestOutcome, ExitCode>> = {
  completed: exitCode.ok,
  'completed-with-exceptions': exitCode.withExceptions,
  withdrawn: exitCode.withdrawn,
  rejected: exitCode.withdrawn,
};

export function statusExitCode({ status, progress, result, outcome }: RequestStatus): ExitCode {
  if (status !== 'running') return result === undefined ? exitCode.noCertificate : outcomeExitCodes[result.outcome];
  const known = progress?.outcome ?? outcome;
  return known === undefined ? exitCode.ok : outcomeExitCodes[known];
}

export function progressText(progress: RequestProgress, context: CommandContext): string {
  const { bold } = colorsFor(context);
  return text([['Request', progress.requestId], ['State', bold(progress.state)], ...dueAndTodo(progress, context)]);
}

export function statusText(status: RequestStatus, context: CommandContext): string {
  const { requestId, closedAt, progress, result, failure, state, underWay = [] } = status;
  const { bold } = colorsFor(context);
  const legs = result?.legs ?? progress?.legs;
  const isCertified = state === 'awaiting-answer';
  const outcome = result?.outcome ?? (isCertified ? (progress?.outcome ?? status.outcome) : undefined);
  return [
    text([
      ['Request', requestId],
      ['Workflow', status.workflowId],
      ['Run', status.runId],
      ['Started', instantText(status.startedAt)],
      ['Ended', closedAt && instantText(closedAt)],
      ['State', result === undefined ? bold(state) : undefined],
      ['Outcome', outcome && `${bold(outcome)}: ${requestOutcomeMeaning[outcome]}`],
    ]),
    ...(failure === undefined ? [] : [failure]),
    text([
      ...(progress === undefined ? [] : dueAndTodo(progress, context)),
      ...underWay.map((step): Line => ['Trouble', describeStep(step)]),
      [
        'Proof',
        isCertified ? `the certificate is there: erasure certificate ${requestId} --out certificate.jws` : undefined,
      ],
    ]),
    ...(legs === undefined ? [] : [legsTable(legs, context)]),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** `undefined`: there is nothing to say about it. */
type Line = readonly [label: string, text: string | undefined];

function text(lines: readonly Line[]): string {
  return lines.flatMap(([label, words]) => (words === undefined ? [] : [`${label.padEnd(10)}${words}`])).join('\n');
}

function dueAndTodo({ due, noDueDate, todo, notes }: RequestProgress, context: CommandContext): readonly Line[] {
  return [
    ...(due === undefined ? [] : dueLines(due, context)),
    ['Answer', noDueDate && `no due date: ${noDueDate}`],
    ...todo.map((line): Line => ['To do', line]),
    ...notes.map((line): Line => ['Note', line]),
  ];
}

function dueLines(due: DueProgress, context: CommandContext): readonly Line[] {
  const { bold, yellow } = colorsFor(context);
  const { on, status, aimOn, rule, calendar, timeZone, feasibility } = due;
  const shown = status === 'overdue' || status === 'due-soon' ? yellow(status) : status;
  const extended = due.extended ? ', extended' : '';
  const aim = aimOn === undefined ? '' : `, aim at ${aimOn}`;
  return [
    ['Answer', `due ${bold(on)} (${shown}${extended}${aim}; ${rule}, ${calendar}, ${timeZone})`],
    ...feasibility.map((sentence): Line => ['', sentence]),
  ];
}

/** One request in a line and a line for each provider, for lists. */
export function listEntryText(
  { requestId, state, startedAt, progress, result, underWay = [] }: RequestStatus,
  context: CommandContext,
): string {
  const { bold, yellow } = colorsFor(context);
  const colored = (wanted: string, words: string): string => (wanted === 'attention' ? yellow(words) : words);
  const legs = result?.legs ?? progress?.legs ?? [];
  return [
    `${bold(requestId)}  ${colored(state, state)}, started ${instantText(startedAt)}`,
    ...legs.map((leg) => `  ${colored(leg.state, legLine(leg))}`),
    ...underWay.map((step) => `  ${yellow(describeStep(step))}`),
  ].join('\n');
}

export function legsTable(legs: readonly LegProgress[], context: CommandContext): string {
  const { bold, green, yellow } = colorsFor(context);
  const table = new Table({
    head: ['Provider', 'State', 'Waits for', 'Until / settled'].map((title) => bold(title)),
    colWidths: [27, 27, 46, 24],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const leg of legs) {
    const color = leg.state === 'attention' ? yellow : leg.outcome === 'erased' ? green : String;
    const at = leg.until ?? leg.settledAt ?? '';
    table.push([providerName(leg.provider), color(stateText(leg)), waitText(leg), instantText(at)]);
  }
  return table.toString();
}

/** One line about one leg, for following along. */
export function legLine(leg: LegProgress): string {
  const until = leg.until === undefined ? '' : `, until ${instantText(leg.until)}`;
  const rest = leg.outcome === undefined ? `: waits for ${leg.waitsFor}${until}` : '';
  return `${providerName(leg.provider)}: ${stateText(leg)}${rest}`;
}

function stateText({ state, outcome, assurance, attention, trouble, brake }: LegProgress): string {
  if (outcome !== undefined) return assurance === undefined ? outcome : `${outcome} (${assurance})`;
  const reason = (attention ?? trouble ?? brake)?.reason;
  return reason === undefined ? state : `${state}: ${reason}`;
}

/** While the leg is open, the reports of its callback are part of what it waits for. */
function waitText({ waitsFor, youCan, outcome, callbackReports = [] }: LegProgress): string {
  if (outcome === undefined) return youCan === undefined ? waitsFor : `${waitsFor}\nYou can: ${youCan}`;
  return callbackReports.map(({ says, at }) => `${instantText(at)}: its callback ${callbackRemarks[says]}`).join('\n');
}

function instantText(at: string): string {
  return at.replace(/^(.{10})T(.{5}).*$/, '$1 $2 UTC');
}

export function colorsFor({ stdout, environment }: CommandContext) {
  return createColors(stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb');
}
