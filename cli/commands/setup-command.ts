import type { Command } from 'commander';
import type { NamespaceOf } from '../../temporal/search-attributes';
import { withTemporal } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { InputError } from '../command-failure';

interface SetupOptions {
  readonly check?: boolean;
  readonly json?: boolean;
}

export function addSetup(program: Command, context: CommandContext): void {
  program
    .command('setup')
    .description('make the namespace of Temporal ready: adds the search attributes, and checks its retention')
    .option('--check', 'only tell what is missing; exits with 2 if anything is')
    .option('--json', 'print what was found, and added, as one JSON object')
    .addHelpText(
      'after',
      `
Safe to repeat. Run it once for each namespace, before its first worker; a worker that ran already has to be restarted.
Without the search attributes requests run all the same, but Temporal cannot be asked for those that wait for somebody.
In Temporal Cloud they cannot be added from here: the commands for it are printed, and the exit code is 2.

Examples:
  erasure setup
  erasure setup --check --json`,
    )
    .action((options: SetupOptions) => setup(options, context));
}

async function setup({ check = false, json = false }: SetupOptions, context: CommandContext): Promise<void> {
  await withNamespace(context, async (where) => {
    const { commandsToAdd, isIndexable, isSetUp, checkNamespace, shortcomings } = await import('../namespace-check.js');
    const found = await checkNamespace(where);
    const outcome = check || found.mistyped.length > 0 ? 'untried' : await add(where);
    const now = outcome === 'added' ? { ...found, missing: [] } : found;
    const added = outcome === 'added' ? found.missing : [];
    if (json) printJson(context, { ...now, added, isSetUp: isSetUp(now) });
    else if (added.length > 0) print(context, `Added to ${found.namespace}: ${added.join(', ')}.`);
    else if (isIndexable(now)) print(context, `The namespace ${found.namespace} has all search attributes.`);
    for (const sentence of shortcomings(now)) remark(context, sentence);
    if (outcome === 'refused') remark(context, 'Temporal does not let us add them from here.', commandsToAdd(found));
    if (added.length > 0) {
      remark(
        context,
        'Restart workers that run already: they look for them at their start.',
        'If they had been removed while requests were open, those that stopped at it go on by themselves: Temporal tries ' +
          'each again within ten minutes. erasure sweep names those that have not (task-failing).',
      );
    }
    // A short retention is somebody else's to change; it stops no request.
    if (check ? !isSetUp(now) : !isIndexable(now)) context.exitWith(exitCode.usage);
  });
}

/** Also waits until Temporal lets them be used. */
async function add(where: NamespaceOf): Promise<'added' | 'refused'> {
  const { ensureSearchAttributes } = await import('../../temporal/search-attributes.js');
  const { hasGrpcStatus } = await import('../../temporal/temporal-failure.js');
  try {
    await ensureSearchAttributes(where);
    return 'added';
  } catch (error) {
    // How Temporal says that this door is not for us: Temporal Cloud has no operator service for its customers.
    if (hasGrpcStatus(error, 'PERMISSION_DENIED', 'UNIMPLEMENTED')) return 'refused';
    throw error;
  }
}

/** Fails in words of its own where there is no such namespace yet. */
async function withNamespace(context: CommandContext, use: (where: NamespaceOf) => Promise<void>): Promise<void> {
  await withTemporal(context, async ({ connection, namespace }) => {
    const { hasGrpcStatus } = await import('../../temporal/temporal-failure.js');
    try {
      await use({ connection, namespace });
    } catch (error) {
      if (!hasGrpcStatus(error, 'NOT_FOUND')) throw error;
      throw new InputError(
        `Temporal has no namespace ${namespace}. Create it first, or set TEMPORAL_NAMESPACE:\n` +
          `  temporal operator namespace create --namespace ${namespace} --retention 90d`,
      );
    }
  });
}
