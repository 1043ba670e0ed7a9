import type { Command } from 'commander';
import { accessRoles } from '../../domain/access-role';
import { defined } from '../../domain/defined';
import { parseInstant } from '../../domain/instant';
import { readEnvironment } from '../../config/environment';
import { keyPermissions } from '../../config/setting-types';
import type { KeyPermissions } from '../../security/key-permissions';
import { isMatch, opaquePattern } from '../../domain/text';
import { print, printJson, remark, type CommandContext } from '../context';
import { InputError } from '../command-failure';

interface InitOptions {
  readonly dir: string;
  readonly environment?: string;
  readonly upgrade?: boolean;
  readonly json?: boolean;
}

interface AddServiceOptions {
  readonly dir: string;
  readonly roles: string;
  readonly expiresAt?: string;
  readonly json?: boolean;
}

interface AddStaffOptions {
  readonly dir: string;
  readonly out: string;
  readonly kinds?: string;
  readonly json?: boolean;
}

export function addKeys(program: Command, context: CommandContext): void {
  const keys = program.command('keys').description('make the key files');
  keys
    .command('init')
    .description('make the first keys of every role, and overwrite nothing')
    .option('--dir <directory>', 'where to write them', context.environment['ERASURE_KEYS_DIR'] || 'keys')
    .option('--environment <name>', 'deployment that the keys belong to, e.g. production; development without it')
    .option('--upgrade', 'add to the key files of an earlier release what they lack, and change nothing else')
    .option('--json', 'print one JSON object with the paths that were written, or with what was added')
    .addHelpText(
      'after',
      `
Each file is for one role: give it to that role's process and to nobody else. Only certificate.public.jwk may be given away.
decision.json and fact-keys.json are public too, but whoever can change them decides as anybody, or passes for any role.

Examples:
  erasure keys init --dir /etc/erasure/keys --environment production
  erasure keys init --dir /etc/erasure/keys --upgrade`,
    )
    .action((options: InitOptions) =>
      options.upgrade === true ? upgrade(options, context) : initialize(options, context),
    );
  keys
    .command('add-staff')
    .description('make a key for one staff member to sign decisions with')
    .argument('<ACTOR>', 'the opaque staff id, no name and no e-mail address')
    .requiredOption('--out <FILE>', 'where to write their key file, which must not be there yet')
    .option('--dir <directory>', 'where decision.json is', context.environment['ERASURE_KEYS_DIR'] || 'keys')
    .option('--kinds <KINDS>', 'the kinds of decisions it may sign, separated by commas; all without this option')
    .option('--json', 'print one JSON object with the paths and the id of the key')
    .addHelpText(
      'after',
      `
The new file is the staff member's alone. Its public half goes into decision.json, for the workers that run the workflows.

Example:
  erasure keys add-staff staff-17 --out staff-17.json --kinds approve,reject`,
    )
    .action((actor: string, options: AddStaffOptions) => addStaff(actor, options, context));
  keys
    .command('add-service')
    .description('make a key for a service that calls the server')
    .argument('<SERVICE>', 'the opaque id of the service, e.g. portal; what it files and decides carries this id')
    .requiredOption('--roles <ROLES>', `what it may do, separated by commas: ${accessRoles.join(', ')}`)
    .option(
      '--expires-at <INSTANT>',
      'from when on it is refused, e.g. 2027-12-31T00:00:00Z; never without this option',
    )
    .option(
      '--dir <directory>',
      'where service-keys.json is or goes',
      context.environment['ERASURE_KEYS_DIR'] || 'keys',
    )
    .option('--json', 'print one JSON object with the key and the path')
    .addHelpText(
      'after',
      `
The key is printed once and kept nowhere: service-keys.json has its hash only. The service sends it as
Authorization: Bearer <key>. Take its entry out of service-keys.json and restart the server to end it.

Example:
  erasure keys add-service portal --roles file,view`,
    )
    .action((service: string, options: AddServiceOptions) => addService(service, options, context));
}

async function addService(service: string, options: AddServiceOptions, context: CommandContext): Promise<void> {
  const { addServiceKey } = await import('../../security/service-keys.js');
  const { dir, expiresAt, json } = options;
  if (!isMatch(service, opaquePattern)) {
    throw new InputError('SERVICE: expected an opaque id of letters, digits and . _ : / # -.');
  }
  const roles = options.roles.split(',').map((typed) => {
    const role = accessRoles.find((known) => known === typed.trim());
    if (role === undefined) throw new InputError(`--roles: expected some of ${accessRoles.join(', ')}.`);
    return role;
  });
  const expires = expiresAt === undefined ? undefined : parseInstant(expiresAt);
  if (expiresAt !== undefined && (expires === undefined || expires <= Date.now())) {
    throw new InputError('--expires-at: expected an instant to come with a zone, e.g. 2027-12-31T00:00:00Z.');
  }
  const { key, file, keysOfService } = await addServiceKey({
    directory: dir,
    service,
    roles,
    now: Date.now(),
    permissions: permissionsOf(context),
    ...defined({ expiresAt: expires === undefined ? undefined : new Date(expires).toISOString() }),
  });
  if (json === true) printJson(context, { service, key, file });
  else print(context, key);
  remark(
    context,
    `Give this key to ${service}: it is shown this once. Put the new ${file} before the server and restart it.`,
    ...(keysOfService === 1
      ? []
      : [`${keysOfService} keys of this service are good now: take old ones out of ${file}.`]),
  );
}

async function initialize(options: InitOptions, context: CommandContext): Promise<void> {
  const { dir, environment = 'development', json } = options;
  const { initKeys } = await import('../../security/key-files.js');
  const permissions = permissionsOf(context);
  const { written } = await initKeys({ directory: dir, environment, now: Date.now(), permissions });
  if (json === true) printJson(context, { environment, written });
  else print(context, ...written);
  remark(context, `Made ${written.length} key files for ${environment}. Point ERASURE_KEYS_DIR at them.`);
}

async function upgrade({ dir, environment, json }: InitOptions, context: CommandContext): Promise<void> {
  const { upgradeKeys } = await import('../../security/key-upgrade.js');
  const result = await upgradeKeys({
    directory: dir,
    now: Date.now(),
    permissions: permissionsOf(context),
    ...defined({ environment }),
  });
  const { added, missingRoles } = result;
  if (json === true) printJson(context, result);
  else if (added.length > 0) print(context, ...added.map(({ file, what }) => `${file}: ${what}`));
  if (added.length === 0) remark(context, `There was nothing to add to ${dir}.`);
  else {
    remark(
      context,
      'Earlier releases do not read these files: give them to the processes together with this release, in this order.',
      '  1. the workers that serve the workflows: certificate.json, decision.json and fact-keys.json',
      "  2. the providers' workers: provider-….json and fact-keys.json",
      '  3. the gateways: gateway.json and fact-keys.json',
      '  4. the servers: client.json, server-decision.json where they sign decisions, and server-session.json where they have a console',
    );
  }
  if (missingRoles.length > 0) {
    remark(
      context,
      `fact-keys.json lacks the keys of ${missingRoles.join(', ')}, whose files are not here. Take fact-keys.json to the directory`,
      'where they are, run this there, and go on from directory to directory: the last one is for all.',
    );
  }
}

async function addStaff(actor: string, options: AddStaffOptions, context: CommandContext): Promise<void> {
  const { decisionKinds } = await import('../../domain/decision/decision-table.js');
  const { addStaffKey } = await import('../../security/key-files.js');
  const { dir, out, json } = options;
  if (!isMatch(actor, opaquePattern)) {
    throw new InputError(
      'ACTOR: expected an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name).',
    );
  }
  const kinds = options.kinds?.split(',').map((typed) => {
    const kind = decisionKinds.find((known) => known === typed.trim());
    if (kind === undefined) throw new InputError(`--kinds: expected some of ${decisionKinds.join(', ')}.`);
    return kind;
  });
  const { keyId, decisionKeysFile, keysOfActor } = await addStaffKey({
    directory: dir,
    actor,
    file: out,
    now: Date.now(),
    permissions: permissionsOf(context),
    ...defined({ kinds }),
  });
  if (json === true) printJson(context, { actor, keyId, file: out, decisionKeysFile });
  else print(context, out);
  remark(
    context,
    `Give ${out} to its staff member, and keep no copy. Put the new ${decisionKeysFile} before the workers and restart them.`,
    ...(keysOfActor === 1 ? [] : [`${keysOfActor} keys of theirs are good now: take old ones out of decision.json.`]),
  );
}

function permissionsOf({ environment }: CommandContext): KeyPermissions {
  return readEnvironment({ ERASURE_KEY_PERMISSIONS: keyPermissions }, environment).ERASURE_KEY_PERMISSIONS;
}
