import type { Command } from 'commander';
import { print, printJson, remark, type CommandContext } from '../context';

interface InitOptions {
  readonly dir: string;
  readonly environment: string;
  readonly json?: boolean;
}

export function addKeys(program: Command, context: CommandContext): void {
  program
    .command('keys')
    .description('make the key files')
    .command('init')
    .description('make the first keys of every role, and overwrite nothing')
    .option('--dir <directory>', 'where to write them', context.environment['ERASURE_KEYS_DIR'] || 'keys')
    .option('--environment <name>', 'deployment that the keys belong to, e.g. production', 'development')
    .option('--json', 'print one JSON object with the paths that were written')
    .addHelpText(
      'after',
      `
Each file is for one role: give it to that role's process and to nobody else. Only certificate.public.jwk may be given away.

Example:
  erasure keys init --dir /etc/erasure/keys --environment production`,
    )
    .action((options: InitOptions) => initialize(options, context));
}

async function initialize({ dir, environment, json }: InitOptions, context: CommandContext): Promise<void> {
  const { initKeys } = await import('../../security/key-files.js');
  const { written } = await initKeys({ directory: dir, environment, now: Date.now() });
  if (json === true) printJson(context, { environment, written });
  else print(context, ...written);
  remark(context, `Made ${written.length} key files for ${environment}. Point ERASURE_KEYS_DIR at them.`);
}
