import { Command } from 'commander';
import { addBrake } from './commands/brake-command';
import { addCertificate } from './commands/certificate-command';
import { addCompletion } from './commands/completion-command';
import { addDecisions } from './commands/decide-command';
import { addDue } from './commands/due-command';
import { addGateway } from './commands/gateway-command';
import { addHealth } from './commands/health-command';
import { addKeys } from './commands/keys-command';
import { addList } from './commands/list-command';
import { addLogin, addLogout } from './commands/login-command';
import { addReport } from './commands/report-command';
import { addSeal } from './commands/seal-command';
import { addServer } from './commands/server-command';
import { addSetup } from './commands/setup-command';
import { addSignDecision } from './commands/sign-decision-command';
import { addStatus } from './commands/status-command';
import { addSubmit } from './commands/submit-command';
import { addSweep } from './commands/sweep-command';
import { addVerify } from './commands/verify-command';
import { addWatch } from './commands/watch-command';
import { addWorker } from './commands/worker-command';
import { remark, type CommandContext } from './context';
import { exitCodeHelp } from './exit-code';
import { packageVersion } from './version';

type AddCommand = (program: Command, context: CommandContext) => void;

/** As `--help` lists them: for whom, and in the order in which they are needed. */
const groups: Readonly<Record<string, readonly AddCommand[]>> = {
  'Requests, for staff:': [addList, addStatus, addWatch, addDue, addSubmit, addCertificate, addReport],
  'Decisions, for staff (who decides, and why, is recorded):': [addDecisions],
  'Running it, for operators:': [addSetup, addWorker, addGateway, addServer, addHealth, addSweep, addBrake],
  'Keys, logins and checks:': [addKeys, addSeal, addLogin, addLogout, addSignDecision, addVerify],
  'This command:': [addCompletion],
};

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
  erasure list --needs-staff
  erasure status 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11
  erasure submit request.json
  erasure <command> --help

${exitCodeHelp}`,
    );
  for (const [heading, commands] of Object.entries(groups)) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context);
  }
  // Into the last group.
  program.helpCommand(true);
  program.hook('preAction', (_program, command) => nameUnknownSettings(command.name(), context));
  return program;
}

/** These read none, log what is to be said, or are asked all the time. */
const silent = ['complete', 'completion', 'gateway', 'health', 'server', 'worker'];

async function nameUnknownSettings(name: string, context: CommandContext): Promise<void> {
  if (silent.includes(name)) return;
  const { unknownSettings } = await import('../config/unknown-settings.js');
  for (const sentence of unknownSettings(context.environment)) remark(context, sentence);
}
