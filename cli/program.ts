import { Command } from 'commander';
import { addGateway } from './commands/gateway';
import { addKeys } from './commands/keys';
import { addSeal } from './commands/seal';
import { addStatus } from './commands/status';
import { addSubmit } from './commands/submit';
import { addVerify } from './commands/verify';
import { addWorker } from './commands/worker';
import type { CommandContext } from './context';
import { exitCodeHelp } from './exit-code';
import { packageVersion } from './version';

export function createProgram(context: CommandContext): Command {
  const program = new Command('erasure')
    .description('Erases a person at every provider that holds their data, and says what is known about it.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Told by `report`, without what was typed.
      outputError: () => undefined,
    })
    .addHelpText(
      'after',
      `
Settings come from the environment: the standard TEMPORAL_* and ERASURE_KEYS_DIR. Answers go to stdout, all else to stderr.

${exitCodeHelp}`,
    );
  for (const add of [addKeys, addSeal, addSubmit, addStatus, addVerify, addWorker, addGateway]) add(program, context);
  return program;
}
