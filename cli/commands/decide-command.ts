/** A command for each kind of decision, made from its row. */
import { Option, type Argument, type Command } from 'commander';
import type { Field, FieldOption } from '../../domain/decision/decision-field';
import { flagOf } from '../../domain/decision/suggested-decision';
import { commonFields, decisionKinds, decisionRow, type DecisionKind } from '../../domain/decision/decision-table';
import { addWhereOptions, decideWhere, whereHelp, type WhereOptions } from '../bulk/decide-where';
import { InputError } from '../command-failure';
import { confirm } from '../confirm';
import { typedRequestId } from '../../temporal/names';
import type { CommandContext } from '../context';
import { addTokenOptions } from '../obtain-decision-token';
import { choiceArgument, choiceOption, oneOf } from '../options';
import { parseDecision, takeDecision, type DecisionOptions } from '../take-decision';
import { cancelHelp, cancelRequest } from './cancel-request';

export function addDecisions(program: Command, context: CommandContext): void {
  for (const kind of decisionKinds) addDecision(program, kind, context);
}

/** Without actor, reason and the rest it is Temporal's own cancellation. */
const isCancelOtherwise = (kind: DecisionKind): boolean => kind === 'withdraw';

function addDecision(program: Command, kind: DecisionKind, context: CommandContext): void {
  const { about, description, command: words } = decisionRow(kind);
  const { bulk, explanation, examples, isConfirmed, reasonCode } = words;
  const command = program.command(kind).description(description);
  addPlaces(command, kind);
  for (const option of optionsOf(kind)) command.addOption(option);
  addTokenOptions(command);
  if (bulk !== undefined) addWhereOptions(command);
  if (isConfirmed) command.option('--yes', 'do not ask for confirmation; needed where there is no terminal');
  const said = `--actor staff-17 --reason ${reasonCode}:PRIV-1234`;
  const typed = [
    ...examples.map((example) => `${example} ${said}`),
    ...(isCancelOtherwise(kind) ? ['3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --yes'] : []),
  ];
  command
    .option('--json', `print the ${about === 'provider' ? 'leg' : 'request'} after the decision as one JSON object`)
    .addHelpText(
      'after',
      `
${explanation}
Actor, reason and all else become part of the record. They are references and codes, never free text.
${isCancelOtherwise(kind) ? `${cancelHelp}\n` : ''}${bulk === undefined ? '' : `${whereHelp}\n`}
${typed.length === 1 ? 'Example' : 'Examples'}:
${typed.map((example) => `  erasure ${kind} ${example}`).join('\n')}`,
    )
    .action((...given: readonly unknown[]) =>
      decide(kind, {
        places: given.slice(0, command.registeredArguments.length),
        options: command.opts<DecisionOptions>(),
        context,
      }),
    );
}

/** With `--where` the filter stands in place of the id, so what is typed first may be either: it is read in `decide`. */
function addPlaces(command: Command, kind: DecisionKind): void {
  const isBulk = decisionRow(kind).command.bulk !== undefined;
  command.argument(isBulk ? '[ID]' : '<ID>', 'the request id or the workflow id');
  const field = argumentOf(kind);
  if (field !== undefined) command.addArgument(isBulk ? field.argument.argOptional() : field.argument);
  const place = field === undefined ? '' : ` <${field.placeholder}>`;
  if (isBulk) command.usage(`<ID>${place} [options]\n       erasure ${kind}${place} --where <FILTER> [options]`);
}

/** The field that stands as an argument behind the id. */
function argumentOf(kind: DecisionKind):
  | {
      readonly name: string;
      readonly argument: Argument;
      readonly placeholder: string;
      readonly choices: readonly string[];
    }
  | undefined {
  for (const [name, { option }] of Object.entries(decisionRow(kind).fields)) {
    if (option?.isArgument !== true) continue;
    const { placeholder, help, choices = [] } = option;
    return { name, argument: choiceArgument(placeholder, help, choices), placeholder, choices };
  }
  return undefined;
}

function optionsOf(kind: DecisionKind): readonly Option[] {
  const { fields, command } = decisionRow(kind);
  return Object.entries({ ...fields, ...commonFields }).flatMap(([name, { option, isOptional }]: [string, Field]) =>
    option === undefined || option.isArgument === true
      ? []
      : [optionOf(name, option, command.reasonCode).makeOptionMandatory(!isOptional && !isCancelOtherwise(kind))],
  );
}

function optionOf(name: string, { placeholder, help, choices, parse }: FieldOption, reasonCode: string): Option {
  const flags = `${flagOf(name)} <${placeholder}>`;
  if (choices !== undefined) return choiceOption(flags, help, choices);
  if (parse === undefined) return new Option(flags, help);
  const example = `${reasonCode}:PRIV-1234`;
  return new Option(flags, `${help}, e.g. ${example}`).argParser((typed) => {
    const value = parse(typed);
    if (value === undefined) throw new InputError(`${flagOf(name)}: expected ${placeholder}, e.g. ${example}.`);
    return value;
  });
}

async function decide(
  kind: DecisionKind,
  {
    places,
    options,
    context,
  }: { readonly places: readonly unknown[]; readonly options: DecisionOptions; readonly context: CommandContext },
): Promise<void> {
  const { command, fields } = decisionRow(kind);
  const isMany = options['where'] !== undefined;
  if (command.bulk !== undefined && !isMany && (options.yes !== undefined || options['concurrency'] !== undefined)) {
    throw new InputError('--yes and --concurrency belong to --where.');
  }
  const typed = places.filter((place) => place !== undefined).map(String);
  const id = isMany ? undefined : typed.shift();
  const field = argumentOf(kind);
  const place = field && (typed.shift() ?? '');
  if (isMany && typed.length > 0) throw new InputError('Give an ID or --where, not both.');
  if (!isMany && id === undefined) throw new InputError('Which request? Give its ID, or --where with a filter.');
  const given =
    field === undefined || place === undefined
      ? options
      : { ...options, [field.name]: oneOf(field.placeholder, field.choices)(place) };
  if (isMany) return decideWhere(kind, given as WhereOptions, context);
  const isCancel =
    isCancelOtherwise(kind) &&
    isWithout({ ...fields, actor: commonFields.actor, reason: commonFields.reason }, options);
  if (!isCancel) parseDecision(kind, given);
  if (command.isConfirmed) await confirm(command.explanation, { yes: options.yes === true, context });
  const requestId = typedRequestId(id ?? '');
  if (isCancel) return cancelRequest(requestId, options, context);
  return takeDecision(kind, { requestId, options: given, context });
}

/** Throws where some of the fields were given only. */
function isWithout(fields: object, options: DecisionOptions): boolean {
  const names = Object.keys(fields);
  const missing = names.filter((name) => options[name] === undefined);
  if (missing.length > 0 && missing.length < names.length) {
    const flags = names.map(flagOf);
    throw new InputError(
      `${flags.slice(0, -1).join(', ')} and ${flags.at(-1)} go together: give all of them, or none of them.`,
    );
  }
  return missing.length > 0;
}
