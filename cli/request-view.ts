/** How a request looks on the screen and as JSON. */
import { createColors } from 'picocolors';
import { certifiedClock, noticesIn } from '../client/ended-request';
import { requestStateWords } from '../client/request-words';
import type { RequestStatus } from '../client/request-status';
import { typedDecision } from '../domain/decision/suggested-decision';
import type { LegProgress } from '../domain/leg/leg-progress';
import { describeLegState, describeLegTime, describeLegWait, legStateWords } from '../domain/leg/leg-words';
import { requestOutcomeMeaning, type RequestOutcome } from '../domain/leg/outcome';
import { callbackRemarks } from '../domain/leg/receipt';
import { describeStep } from '../domain/leg/step-under-way';
import { providerName } from '../domain/provider/provider-table';
import { dueStatusWords, type DueProgress } from '../domain/request/due-progress';
import type { ErasureResult } from '../domain/request/erasure-result';
import type { RequestProgress } from '../domain/request/request-progress';
import type { TrailEntry } from '../domain/request/request-state';
import { plainTable, widthOf, wrapped } from './columns';
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
  const { requestId, state } = progress;
  return text(
    [['Request', requestId], ['State', bold(requestStateWords[state])], ...dueAndTodo(progress, context)],
    context,
  );
}

export function statusText(status: RequestStatus, context: CommandContext): string {
  const { requestId, closedAt, progress, result, failure, state, underWay = [] } = status;
  const { bold } = colorsFor(context);
  const legs = result?.legs ?? progress?.legs;
  const isCertified = state === 'awaiting-answer';
  const outcome = result?.outcome ?? (isCertified ? (progress?.outcome ?? status.outcome) : undefined);
  return [
    text(
      [
        ['Request', requestId],
        ['Workflow', status.workflowId],
        ['Run', status.runId],
        ['Started', instantText(status.startedAt)],
        ['Ended', closedAt && instantText(closedAt)],
        ['State', result === undefined ? bold(requestStateWords[state]) : undefined],
        ['Outcome', outcome && `${bold(outcome)}: ${requestOutcomeMeaning[outcome]}`],
      ],
      context,
    ),
    ...(failure === undefined ? [] : [failure]),
    text(
      [
        ...(progress === undefined ? [] : dueAndTodo(progress, context)),
        ...(result === undefined ? [] : endedAnswer(result)),
        ...underWay.map((step): Line => ['Trouble', describeStep(step)]),
        [
          'Proof',
          isCertified || result !== undefined
            ? `the certificate is there: erasure certificate ${requestId} --out certificate.jws`
            : undefined,
        ],
      ],
      context,
    ),
    ...(legs === undefined ? [] : [`\n${legsText(legs, { requestId, context })}`]),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

/** `undefined`: there is nothing to say about it. */
type Line = readonly [label: string, text: string | undefined];

const LABEL = 10;

function text(lines: readonly Line[], context: CommandContext): string {
  const width = widthOf(context);
  return lines
    .flatMap(([label, words]) =>
      words === undefined ? [] : [`${label.padEnd(LABEL)}${wrapped(words, { width, indent: LABEL })}`],
    )
    .join('\n');
}

function dueAndTodo(progress: RequestProgress, context: CommandContext): readonly Line[] {
  const { due, noDueDate, notes, trail } = progress;
  return [
    ...(due === undefined ? [] : dueLines(due, context)),
    ['Answer', noDueDate && `no due date: ${noDueDate}`],
    ...todoLines(progress, context),
    ...notes.map((line): Line => ['Note', line]),
    ...toldLines(trail),
  ];
}

/** Each to-do, and under it the commands that take it. */
function todoLines({ requestId, todo, todoItems }: RequestProgress, context: CommandContext): readonly Line[] {
  if (todoItems === undefined) return todo.map((line): Line => ['To do', line]);
  const { bold } = colorsFor(context);
  return todoItems.flatMap(({ text: words, decisions }): Line[] => [
    ['To do', words],
    ...decisions.map((decision): Line => ['', `  ${bold(typedDecision(decision, requestId))} …`]),
  ]);
}

function dueLines(due: DueProgress, context: CommandContext): readonly Line[] {
  const { bold, yellow } = colorsFor(context);
  const { on, status, aimOn, feasibility } = due;
  const words = dueStatusWords[status];
  const shown = status === 'overdue' || status === 'due-soon' ? yellow(words) : words;
  const aim = aimOn === undefined ? '' : `, aim at ${aimOn}`;
  return [
    ['Answer', `due ${bold(on)} (${shown}${due.extended ? ', extended' : ''}${aim}; ${lawOf(due)})`],
    ...feasibility.map((sentence): Line => ['', sentence]),
  ];
}

function endedAnswer({ certificate, trail }: ErasureResult): readonly Line[] {
  const clock = certifiedClock(certificate);
  return [
    ['Answer', clock && `was due ${clock.answerBy} (${clock.extended ? 'extended; ' : ''}${lawOf(clock)})`],
    ...toldLines(trail),
  ];
}

function lawOf({ rule, calendar, timeZone }: Pick<DueProgress, 'rule' | 'calendar' | 'timeZone'>): string {
  return `${rule}, ${calendar}, ${timeZone}`;
}

function toldLines(trail: readonly TrailEntry[]): readonly Line[] {
  return noticesIn(trail).map(({ notice, at, channel, reference, recipient, actor }): Line => [
    'Told',
    `${recipient === undefined ? '' : `${recipient}, `}${notice}: ${instantText(at)} by ${channel} (${reference}), recorded by ${actor}`,
  ]);
}

/** A table of short cells, and under it what each provider waits for and what can be done. */
function legsText(
  legs: readonly LegProgress[],
  { requestId, context }: { readonly requestId: string; readonly context: CommandContext },
): string {
  const { bold, green, yellow } = colorsFor(context);
  const width = widthOf(context);
  const rows = legs.map((leg) => {
    const paint = leg.state === 'attention' ? yellow : leg.outcome === 'erased' ? green : String;
    const state = leg.outcome === undefined ? legStateWords[leg.state] : describeLegState(leg);
    return [providerName(leg.provider), paint(state), describeLegTime(leg) ?? '–'];
  });
  return [
    plainTable([['Provider', 'State', 'Until'].map((title) => bold(title)), ...rows], { width }),
    ...legs.flatMap((leg) => explanationOf(leg, requestId).map((line) => wrapped(line, { width, indent: 4 }))),
  ].join('\n');
}

function explanationOf(leg: LegProgress, requestId: string): readonly string[] {
  const name = providerName(leg.provider);
  const wait = describeLegWait(leg);
  const { provider, state, outcome, youCan, decisions = [], callbackReports = [] } = leg;
  // While the leg is open, the reports of its callback are part of what it waits for.
  const reports = outcome === undefined ? [] : callbackReports;
  return [
    ...(wait === undefined ? [] : [`${name} ${wait}`]),
    ...(outcome !== undefined || youCan === undefined ? [] : [`    You can: ${youCan}`]),
    ...(state === 'attention' ? decisions.map((kind) => `      erasure ${kind} ${requestId} ${provider} …`) : []),
    ...reports.map(({ says, at }) => `${name}: ${instantText(at)} its callback ${callbackRemarks[says]}`),
  ];
}

/** One line about one leg, for following along. */
export function legLine(leg: LegProgress): string {
  const until = leg.until === undefined ? '' : `, until ${instantText(leg.until)}`;
  const rest = leg.outcome === undefined ? `: waits for ${leg.waitsFor}${until}` : '';
  return `${providerName(leg.provider)}: ${describeLegState(leg)}${rest}`;
}

function instantText(at: string): string {
  return at.replace(/^(.{10})T(.{5}).*$/, '$1 $2 UTC');
}

export function colorsFor({ stdout, environment }: CommandContext) {
  return createColors(stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb');
}
