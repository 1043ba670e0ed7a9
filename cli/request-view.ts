/** How a request looks on the screen and as JSON. */
import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { defined } from '../domain/defined';
import type { RequestStatus } from '../client/request-status';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { DueProgress } from '../domain/request/due-progress';
import type { ErasureResult } from '../domain/request/erasure-result';
import type { RequestProgress } from '../domain/request/request-progress';
import { requestOutcomeMeaning, type RequestOutcome } from '../domain/leg/outcome';
import { providerName } from '../domain/provider/provider-table';
import { callbackRemarks } from '../domain/leg/receipt';
import { describeStep } from '../domain/leg/step-under-way';
import type { CommandContext } from './context';
import { exitCode, type ExitCode } from './exit-code';

export function exitCodeOf(outcome: RequestOutcome): ExitCode {
  switch (outcome) {
    case 'completed':
      return exitCode.ok;
    case 'completed-with-exceptions':
      return exitCode.withExceptions;
    case 'withdrawn':
    case 'rejected':
      return exitCode.withdrawn;
  }
}

export function statusExitCode({ status, progress, result, ...rest }: RequestStatus): ExitCode {
  const outcome = progress?.outcome ?? rest.outcome;
  if (status === 'running') return outcome === undefined ? exitCode.ok : exitCodeOf(outcome);
  return result === undefined ? exitCode.noCertificate : exitCodeOf(result.outcome);
}

/** Legs as `providers`, the same in every command's JSON. */
export function resultJson({ outcome, legs, certificate }: ErasureResult) {
  return { outcome, providers: legs, certificate };
}

export function statusJson({ progress, result, ...status }: RequestStatus) {
  return {
    ...status,
    ...(progress === undefined ? {} : progressFields(progress)),
    ...(result === undefined ? {} : { ...resultJson(result), trail: result.trail ?? [] }),
  };
}

/** A request after a decision. `state` is its own: a leg in attention shows in `providers`. */
export function progressJson(progress: RequestProgress) {
  return { requestId: progress.requestId, state: progress.state, ...progressFields(progress) };
}

function progressFields(progress: RequestProgress) {
  const { legs, todo, notes, blockedOn, decisionMode, due, noDueDate, outcome, trail } = progress;
  return {
    providers: legs,
    todo,
    notes,
    blockedOn,
    decisionMode,
    ...defined({ due, noDueDate, outcome }),
    trail,
  };
}

export function progressText(progress: RequestProgress, context: CommandContext): string {
  const { bold } = colorsFor(context);
  return [
    `Request   ${progress.requestId}`,
    `State     ${bold(progress.state)}`,
    ...dueAndTodo(progress, context),
  ].join('\n');
}

function dueAndTodo({ due, noDueDate, todo, notes }: RequestProgress, context: CommandContext): readonly string[] {
  return [
    ...(due === undefined ? [] : [dueText(due, context)]),
    ...(noDueDate === undefined ? [] : [`Answer    no due date: ${noDueDate}`]),
    ...todo.map((line) => `To do     ${line}`),
    ...notes.map((line) => `Note      ${line}`),
  ];
}

export function statusText(status: RequestStatus, context: CommandContext): string {
  const { requestId, workflowId, runId, startedAt, closedAt, progress, result, failure, state } = status;
  const legs = result?.legs ?? progress?.legs;
  const isThere = state === 'awaiting-answer';
  const outcome = result?.outcome ?? (isThere ? (progress?.outcome ?? status.outcome) : undefined);
  const { bold } = colorsFor(context);
  return [
    `Request   ${requestId}`,
    `Workflow  ${workflowId}`,
    `Run       ${runId}`,
    `Started   ${instantText(startedAt)}`,
    ...(closedAt === undefined ? [] : [`Ended     ${instantText(closedAt)}`]),
    ...(result === undefined ? [`State     ${bold(state)}`] : []),
    ...(outcome === undefined ? [] : [`Outcome   ${bold(outcome)}: ${requestOutcomeMeaning[outcome]}`]),
    ...(failure === undefined ? [] : [failure]),
    ...(progress === undefined ? [] : dueAndTodo(progress, context)),
    ...(status.underWay ?? []).map((step) => `Trouble   ${describeStep(step)}`),
    ...(isThere ? [`Proof     the certificate is there: erasure certificate ${requestId} --out certificate.jws`] : []),
    ...(legs === undefined ? [] : [legsTable(legs, context)]),
  ].join('\n');
}

function dueText(due: DueProgress, context: CommandContext): string {
  const { bold, yellow } = colorsFor(context);
  const standing = due.standing === 'overdue' || due.standing === 'due-soon' ? yellow(due.standing) : due.standing;
  const aim = due.aimOn === undefined ? '' : `, aim at ${due.aimOn}`;
  const extended = due.extended ? ', extended' : '';
  return [
    `Answer    due ${bold(due.on)} (${standing}${extended}${aim}; ${due.rule}, ${due.calendar}, ${due.timeZone})`,
    ...due.feasibility.map((sentence) => `          ${sentence}`),
  ].join('\n');
}

/** One request in a line and a line for each provider, for lists. The certificate has a command of its own. */
export function listEntryText(
  { requestId, state, startedAt, progress, result, underWay = [] }: RequestStatus,
  context: CommandContext,
) {
  const { bold, yellow } = colorsFor(context);
  const legs = result?.legs ?? progress?.legs ?? [];
  const inWords = state === 'attention' ? yellow(state) : state;
  return [
    `${bold(requestId)}  ${inWords}, started ${instantText(startedAt)}`,
    ...legs.map((leg) => `  ${leg.state === 'attention' ? yellow(legLine(leg)) : legLine(leg)}`),
    ...underWay.map((step) => `  ${yellow(describeStep(step))}`),
  ].join('\n');
}

export function listEntryJson(status: RequestStatus) {
  const { certificate: _, ...entry } = { certificate: undefined, ...statusJson(status) };
  return entry;
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
    const state = leg.state === 'attention' ? yellow(stateText(leg)) : leg.outcome === 'erased' ? green : String;
    table.push([
      providerName(leg.provider),
      typeof state === 'string' ? state : state(stateText(leg)),
      waitText(leg),
      instantText(leg.until ?? leg.settledAt ?? ''),
    ]);
  }
  return table.toString();
}

/** One line about one leg, for following along. */
export function legLine(leg: LegProgress): string {
  const until = leg.until === undefined ? '' : `, until ${instantText(leg.until)}`;
  const rest = leg.outcome === undefined ? `: waits for ${leg.waitsFor}${until}` : '';
  return `${providerName(leg.provider)}: ${stateText(leg)}${rest}`;
}

function stateText({ state, outcome, assurance, attention, trouble }: LegProgress): string {
  if (outcome !== undefined) return assurance === undefined ? outcome : `${outcome} (${assurance})`;
  const reason = (attention ?? trouble)?.reason;
  return reason === undefined ? state : `${state}: ${reason}`;
}

function waitText(leg: LegProgress): string {
  const { waitsFor, youCan, outcome } = leg;
  if (outcome !== undefined) return reportsText(leg);
  return youCan === undefined ? waitsFor : `${waitsFor}\nYou can: ${youCan}`;
}

/** While the leg is open they stand in what it waits for. */
function reportsText({ callbackReports = [] }: LegProgress): string {
  return callbackReports.map(({ says, at }) => `${instantText(at)}: its callback ${callbackRemarks[says]}`).join('\n');
}

function instantText(at: string): string {
  return at.replace(/^(.{10})T(.{5}).*$/, '$1 $2 UTC');
}

export function colorsFor({ stdout, environment }: CommandContext) {
  return createColors(stdout.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb');
}
