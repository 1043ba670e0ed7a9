import type { Command } from 'commander';
import { isMatch, opaquePattern } from '../../domain/text';
import { providerKeys, providerName, type Provider } from '../../domain/provider/provider-table';
import { InputError } from '../command-failure';
import { withTemporal } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { choiceArgument } from '../options';

export function addBrake(program: Command, context: CommandContext): void {
  const brake = program
    .command('brake')
    .description(
      'the brakes of the providers: which is on since its provider refuses everyone, and releasing one by hand',
    )
    .helpCommand(false);
  addList(brake, context);
  addRelease(brake, context);
}

function addList(brake: Command, context: CommandContext): void {
  brake
    .command('list')
    .description('every provider: whether its brake is on, or no calls are left, since when, why, and what you can do')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
While a brake is on, the provider is not called but for one trial at a time. What waits goes on by itself once the provider
serves one. Needs TEMPORAL_* and a worker that serves the workflows. The exit code is 11 if any brake is on.

Example:
  erasure brake list`,
    )
    .action((options: { readonly json?: boolean }) => listBrakes(options, context));
}

function addRelease(brake: Command, context: CommandContext): void {
  brake
    .command('release')
    .description('have calls to this provider made again: what waits goes on within the hour')
    .addArgument(choiceArgument('PROVIDER', 'the provider', providerKeys))
    .requiredOption('--actor <ID>', 'who releases it: an opaque id of the staff member')
    .requiredOption('--reason <TEXT>', 'why: a code or a ticket, no free text')
    .option('--json', 'print the brake after it as one JSON object')
    .addHelpText(
      'after',
      `
If the provider still refuses everyone, the brake goes on again after a few calls. Released while it is on for unknown ids, it
does not go on for these again for a day: you say that these people really are unknown there.
Actor and reason are kept and shown. They are references and codes, never free text.

Example:
  erasure brake release person --actor staff-17 --reason credentials-mended:PRIV-1234`,
    )
    .action((provider: Provider, options: ReleaseOptions) => releaseBrake(provider, options, context));
}

async function listBrakes({ json }: { readonly json?: boolean }, context: CommandContext): Promise<void> {
  await withTemporal(context, async ({ client }) => {
    const { BrakeCalls } = await import('../../temporal/brake-calls.js');
    const { brakeJson, brakeText } = await import('../brake-view.js');
    const brakes = await Promise.all(
      providerKeys.map(async (provider) => {
        const { shortage: latest, ...trips } = await new BrakeCalls(client, provider).read();
        const shortage = latest !== undefined && latest.until > Date.now() ? latest : undefined;
        return { provider, brake: { trips, shortage } };
      }),
    );
    if (json === true) printJson(context, { brakes: brakes.map(({ provider, brake }) => brakeJson(provider, brake)) });
    else for (const { provider, brake } of brakes) print(context, brakeText(provider, brake, context));
    context.exitWith(brakes.some(({ brake }) => brake.trips.on !== undefined) ? exitCode.found : exitCode.ok);
  });
}

interface ReleaseOptions {
  readonly actor: string;
  readonly reason: string;
  readonly json?: boolean;
}

async function releaseBrake(
  provider: Provider,
  { actor, reason, json }: ReleaseOptions,
  context: CommandContext,
): Promise<void> {
  for (const [option, word] of Object.entries({ actor, reason })) {
    if (!isMatch(word, opaquePattern))
      throw new InputError(`--${option}: expected an id, a code or a ticket, no free text.`);
  }
  await withTemporal(context, async ({ client }) => {
    const { BrakeCalls } = await import('../../temporal/brake-calls.js');
    const { brakeJson, brakeText } = await import('../brake-view.js');
    const brake = new BrakeCalls(client, provider);
    if ((await brake.read()).on === undefined) {
      remark(context, `Nothing was done: the brake of ${providerName(provider)} is not on.`);
      context.exitWith(exitCode.refused);
      return;
    }
    const trips = await brake.release({ actor, reason });
    if (json === true) printJson(context, brakeJson(provider, { trips }));
    else print(context, brakeText(provider, { trips }, context));
  });
}
