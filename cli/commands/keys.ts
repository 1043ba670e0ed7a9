import type { Command } from 'commander';
import { print, remark, type CommandContext } from '../context';

export function addKeys(program: Command, context: CommandContext): void {
  program
    .command('keys')
    .description('make the key files')
    .command('init')
    .description('make the first keys of every role, and overwrite nothing')
    .option('--dir <directory>', 'where to write them', context.environment['ERASURE_KEYS_DIR'] || 'keys')
    .option('--environment <name>', 'deployment that the keys belong to, e.g. production', 'development')
    .addHelpText(
      'after',
      `
Each file is for one role: give it to that role's process and to nobody else. Only certificate.public.jwk may be given away.

Example:
  erasure keys init --dir /etc/erasure/keys --environment production`,
    )
    .action((options: { dir: string; environment: string }) => initialize(options, context));
}

async function initialize(
  { dir, environment }: { readonly dir: string; readonly environment: string },
  context: CommandContext,
): Promise<void> {
  const { initKeys } = await import('../../security/key-files.js');
  const { written } = await initKeys({ directory: dir, environment, now: Date.now() });
  print(context, ...written);
  remark(context, `Made ${written.length} key files for ${environment}. Point ERASURE_KEYS_DIR at them.`);
}
