import { Command } from 'commander';
import { addCertificate } from './commands/certificate';
import { addCompletion } from './commands/completion';
import { addDecisions } from './commands/decide';
import { addDue } from './commands/due';
import { addGateway } from './commands/gateway';
import { addHealth } from './commands/health';
import { addKeys } from './commands/keys';
import { addList } from './commands/list';
import { addLogin, addLogout } from './commands/login';
import { addReport } from './commands/report';
import { addSeal } from './commands/seal';
import { addSetup } from './commands/setup';
import { addSignDecision } from './commands/sign-decision';
import { addStatus } from './commands/status';
import { addSubmit } from './commands/submit';
import { addSweep } from './commands/sweep';
import { addVerify } from './commands/verify';
import { addWatch } from './commands/watch';
import { addWithdraw } from './commands/withdraw';
import { addWorker } from './commands/worker';
import { remark, type CommandContext } from './context';
import { exitCodeHelp } from './exit-code';
import { packageVersion } from './version';

/** In the order of a request's life; `--help` lists them so. */
const commands = [
  addSetup,
  addKeys,
  addLogin,
  addLogout,
  addSeal,
  addDue,
  addSubmit,
  addStatus,
  addWatch,
  addList,
  addSweep,
  addDecisions,
  addWithdraw,
  addSignDecision,
  addCertificate,
  addVerify,
  addReport,
  addWorker,
  addGateway,
  addHealth,
  addCompletion,
];

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
Colours are for terminals only; NO_COLOR turns them off.

Examples:
  erasure submit request.json
  erasure watch 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11
  erasure list --state attention
  erasure <command> --help

${exitCodeHelp}`,
    );
  for (const add of commands) add(program, context);
  program.hook('preAction', (_program, command) => nameUnknownSettings(command.name(), context));
  return program;
}

/** These read none, log what is to be said, or are asked all the time. */
const silent = ['completion', 'gateway', 'health', 'worker'];

async function nameUnknownSettings(name: string, context: CommandContext): Promise<void> {
  if (silent.includes(name)) return;
  const { unknownSettings } = await import('../config/unknown-settings.js');
  for (const sentence of unknownSettings(context.environment)) remark(context, sentence);
}
