import type { Command } from 'commander';
import { addWhereOptions, decideWhere, isBulkKind, whereHelp, type WhereTyped } from '../bulk/decide-where';
import type { CommandContext } from '../context';
import { decisionCommands, type DecisionCommand } from '../decision-commands';
import { addTokenOptions } from '../obtain-decision-token';
import { InputError } from '../command-failure';
import { choiceArgument, oneOf } from '../options';
import { addActorAndReason, takeDecision, type DecisionTyped } from '../take-decision';
import { typedRequestId } from '../../temporal/names';

export function addDecisions(program: Command, context: CommandContext): void {
  for (const decision of decisionCommands) addDecision(program, decision, context);
}

function addDecision(program: Command, decision: DecisionCommand, context: CommandContext): void {
  const { kind, description, explanation, argument, options, examples, reason } = decision;
  const command = program.command(kind).description(description);
  if (isBulkKind(kind)) addPlacesOfMany(command, decision);
  else addPlacesOfOne(command, decision);
  for (const option of options?.() ?? []) command.addOption(option);
  addTokenOptions(addActorAndReason(command, reason));
  if (isBulkKind(kind)) addWhereOptions(command);
  command
    .option(
      '--json',
      `print the ${argument?.field === 'provider' ? 'leg' : 'request'} after the decision as one JSON object`,
    )
    .addHelpText(
      'after',
      `
${explanation}
Actor, reason and all else become part of the record. They are references and codes, never free text.
${isBulkKind(kind) ? `${whereHelp}\n` : ''}
${examples.length === 1 ? 'Example' : 'Examples'}:
${examples.map((example) => `  erasure ${kind} ${example} --actor staff-17 --reason ${reason}:PRIV-1234`).join('\n')}`,
    )
    .action((...typed: readonly unknown[]) =>
      decide(decision, {
        places: typed.slice(0, command.registeredArguments.length),
        given: command.opts<DecisionTyped>(),
        context,
      }),
    );
}

const idHelp = 'the request id or the workflow id';

function addPlacesOfOne(command: Command, { argument }: DecisionCommand): void {
  command.argument('<ID>', idHelp);
  if (argument !== undefined) {
    command.addArgument(choiceArgument(argument.name, argument.description, argument.choices));
  }
}

/** The filter stands in place of the id, so what is typed first may be either's successor: it is read in `decide`. */
function addPlacesOfMany(command: Command, { kind, argument }: DecisionCommand): void {
  command.argument('[ID]', idHelp);
  if (argument !== undefined) {
    command.addArgument(choiceArgument(argument.name, argument.description, argument.choices).argOptional());
  }
  const place = argument === undefined ? '' : ` <${argument.name}>`;
  command.usage(`<ID>${place} [options]\n       erasure ${kind}${place} --where <FILTER> [options]`);
}

interface Typed {
  readonly places: readonly unknown[];
  readonly given: DecisionTyped;
  readonly context: CommandContext;
}

async function decide({ kind, argument }: DecisionCommand, { places, given, context }: Typed): Promise<void> {
  const isMany = given['where'] !== undefined;
  if (!isMany && (given['yes'] !== undefined || given['concurrency'] !== undefined)) {
    throw new InputError('--yes and --concurrency belong to --where.');
  }
  const typed = places.filter((place) => place !== undefined).map(String);
  const id = isMany ? undefined : typed.shift();
  const field = argument === undefined ? undefined : typed.shift();
  if (isMany && typed.length > 0) throw new InputError('Give an ID or --where, not both.');
  if (!isMany && id === undefined) throw new InputError('Which request? Give its ID, or --where with a filter.');
  const decision =
    argument === undefined
      ? given
      : { ...given, [argument.field]: oneOf(argument.name, argument.choices)(field ?? '') };
  if (isMany && isBulkKind(kind)) return decideWhere(kind, decision as WhereTyped, context);
  return takeDecision(kind, { requestId: typedRequestId(id ?? ''), typed: decision, context });
}
