import type { Command } from 'commander';
import { requestIdOf } from '../connected';
import type { CommandContext } from '../context';
import { decisionCommands, type DecisionCommand } from '../decision-commands';
import { addTokenOptions } from '../decision-token';
import { addActorAndReason, takeDecision, type DecisionTyped } from '../take-decision';

export function addDecisions(program: Command, context: CommandContext): void {
  for (const decision of decisionCommands) addDecision(program, decision, context);
}

function addDecision(
  program: Command,
  { kind, description, explanation, argument, options, example, reason }: DecisionCommand,
  context: CommandContext,
): void {
  const command = program.command(kind).description(description).argument('<ID>', 'the request id or the workflow id');
  if (argument !== undefined) command.addArgument(argument.make());
  for (const option of options?.() ?? []) command.addOption(option);
  addTokenOptions(addActorAndReason(command, reason))
    .option(
      '--json',
      `print the ${argument?.field === 'provider' ? 'leg' : 'request'} after the decision as one JSON object`,
    )
    .addHelpText(
      'after',
      `
${explanation}
Actor, reason and all else become part of the record. They are references and codes, never free text.

Example:
  erasure ${kind} 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 ${example === '' ? '' : `${example} `}--actor staff-17 --reason ${reason}:PRIV-1234`,
    )
    .action((id: string, ...typed: readonly unknown[]) => {
      const given = command.opts<DecisionTyped>();
      return takeDecision(kind, {
        requestId: requestIdOf(id),
        typed: argument === undefined ? given : { ...given, [argument.field]: typed[0] },
        context,
      });
    });
}
