/** Adds to the key files of an earlier release what they lack, and changes nothing that is in them. */
import { readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { z } from 'zod';
import { providerKeys } from '../domain/provider/provider-table';
import { isRecord } from '../domain/text';
import { codeOf, KeyFileError } from './key-file-error';
import {
  DECISION_KEYS_FILE,
  decisionKeysOf,
  epochOf,
  FACT_KEYS_FILE,
  GATEWAY_DECISION_FILE,
  isPublicFile,
  modeOf,
  newGatewayDecisionKeys,
  newSigningKey,
  providerFile,
  publicPartOf,
} from './key-generation';
import { thisProcess, type KeyPermissions } from './key-permissions';
import { checkDirectory, readJson } from './key-reading';
import { environmentProblem, factRoleOf } from './key-sets';
import {
  certificateKeys,
  clientKeys,
  decisionKeys,
  factKeys,
  factRoles,
  gatewayDecisionKeys,
  gatewayKeys,
  parseKeys,
  providerRoleKeys,
  type FactKeys,
  type FactRole,
  type FactSigningKeys,
} from './key-shapes';
import { Draft, isDraftName, namesPresent } from './key-writing';

export interface KeyUpgrade {
  readonly environment: string;
  /** File by file, in the order in which the processes get them. Empty: there was nothing to add. */
  readonly added: readonly { readonly file: string; readonly what: string }[];
  /** Roles whose key fact-keys.json lacks: their files are kept elsewhere. */
  readonly missingRoles: readonly FactRole[];
}

interface Options {
  readonly directory: string;
  /** What the keys must have been made for, where it is given. */
  readonly environment?: string;
  readonly now: number;
  readonly permissions?: KeyPermissions;
}

interface Change {
  readonly file: string;
  readonly what: string;
  readonly content: object;
  /** What stands there now; undefined for a new file. */
  readonly before: unknown;
}

/** The workers that check facts come before those that sign them. */
const rollOutOrder = ['certificate.json', DECISION_KEYS_FILE, FACT_KEYS_FILE];

/** Whole or not at all, but for a crash while files are put in place: running it again then adds the rest. */
export async function upgradeKeys(options: Options): Promise<KeyUpgrade> {
  const { directory, permissions = 'checked' } = options;
  await checkDirectory(directory, { actor: thisProcess(), permissions }).catch((error: unknown) => {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(directory, `the directory cannot be read (${codeOf(error)})`);
  });
  const { environment, changes, known } = await plan(options);
  await removeDrafts(directory);
  await carryOut(directory, changes, permissions);
  const rank = ({ file }: { readonly file: string }): number =>
    rollOutOrder.includes(file) ? rollOutOrder.indexOf(file) : rollOutOrder.length;
  return {
    environment,
    added: changes.map(({ file, what }) => ({ file, what })).toSorted((one, other) => rank(one) - rank(other)),
    missingRoles: factRoles.filter((role) => !known.keys.some((entry) => entry.for === role)),
  };
}

const signingFiles: readonly (readonly [file: string, shape: z.ZodType<FactSigningKeys>])[] = [
  ['certificate.json', certificateKeys],
  ...providerKeys.map((provider) => [providerFile(provider), providerRoleKeys] as const),
  ['gateway.json', gatewayKeys],
];

/** Every change follows from what is there, so that of a half-done upgrade only the rest is planned. */
async function plan({ directory, environment: wanted, now, permissions = 'checked' }: Options): Promise<{
  readonly environment: string;
  readonly changes: readonly Change[];
  readonly known: FactKeys;
}> {
  const epoch = epochOf(now);
  const read = (file: string) => readIfThere(join(directory, file), permissions);
  const changes: Change[] = [];

  const signing: FactSigningKeys[] = [];
  for (const [file, shape] of signingFiles) {
    const before = await read(file);
    if (before === undefined) continue;
    const lacksFacts = isRecord(before) && Object.hasOwn(before, 'role') && !Object.hasOwn(before, 'facts');
    const content = lacksFacts ? { ...before, facts: [newSigningKey(epoch).privateKey] } : before;
    const keys = parseKeys(join(directory, file), shape, content);
    signing.push(keys);
    if (lacksFacts) changes.push({ file, what: 'a key to sign facts with', content: keys, before });
  }

  const other = async <Keys>(file: string, shape: z.ZodType<Keys>): Promise<Keys | undefined> => {
    const content = await read(file);
    return content === undefined ? undefined : parseKeys(join(directory, file), shape, content);
  };
  const client = await other('client.json', clientKeys);
  const oldGatewayDecision = await other(GATEWAY_DECISION_FILE, gatewayDecisionKeys);
  const oldDecision = await other(DECISION_KEYS_FILE, decisionKeys);
  const knownBefore = await read(FACT_KEYS_FILE);
  const oldKnown =
    knownBefore === undefined ? undefined : parseKeys(join(directory, FACT_KEYS_FILE), factKeys, knownBefore);
  const present = [client, ...signing, oldGatewayDecision, oldDecision, oldKnown].filter((keys) => keys !== undefined);
  const environment = present[0]?.environment;
  if (environment === undefined) {
    throw new KeyFileError(directory, 'holds no key files; erasure keys init makes the first ones');
  }
  const problem = environmentProblem(present);
  if (problem !== undefined) throw new KeyFileError(directory, problem);
  if (wanted !== undefined && wanted !== environment) {
    throw new KeyFileError(directory, `the keys were made for the environment ${environment}, not for that one`);
  }

  // Where the files of some roles are kept elsewhere, so may these two be: a second pair would be nobody's.
  const isWhole = client !== undefined && signing.length === signingFiles.length;
  let gatewayDecision = oldGatewayDecision;
  if (isWhole && oldDecision === undefined && gatewayDecision === undefined) {
    gatewayDecision = newGatewayDecisionKeys(environment, epoch);
    const what = 'new: the key of gateways that sign decisions';
    changes.push({ file: GATEWAY_DECISION_FILE, what, content: gatewayDecision, before: undefined });
  }
  if (oldDecision === undefined && gatewayDecision !== undefined) {
    const content = decisionKeysOf(gatewayDecision);
    changes.push({ file: DECISION_KEYS_FILE, what: 'new: whose decisions are believed', content, before: undefined });
  }

  const known = withKeysOf(signing, oldKnown ?? { role: 'fact-keys', environment, keys: [] });
  const addedRoles = known.keys.slice(oldKnown?.keys.length ?? 0).map((entry) => entry.for);
  if (addedRoles.length > 0) {
    const what = `${oldKnown === undefined ? 'new: ' : ''}public keys of ${[...new Set(addedRoles)].join(', ')}`;
    changes.push({ file: FACT_KEYS_FILE, what, content: known, before: knownBefore });
  }
  return { environment, changes, known };
}

function withKeysOf(signing: readonly FactSigningKeys[], known: FactKeys): FactKeys {
  const keys = [...known.keys];
  for (const one of signing) {
    const role = factRoleOf(one);
    for (const key of one.facts) {
      const entry = keys.find((candidate) => candidate.key.kid === key.kid);
      if (entry === undefined) keys.push({ for: role, key: publicPartOf(key) });
      else if (entry.for !== role) {
        throw new KeyFileError(FACT_KEYS_FILE, `holds the facts key of ${role} as one of ${entry.for}`);
      }
    }
  }
  return { ...known, keys };
}

async function readIfThere(file: string, permissions: KeyPermissions): Promise<unknown> {
  if ((await namesPresent(dirname(file), [basename(file)])).length === 0) return undefined;
  const protection = isPublicFile(basename(file)) ? 'public' : 'secret';
  return readJson(file, { protection, directories: 'checked', madeBy: 'erasure keys init', permissions });
}

/**
 * All are written aside first, so that a full disk or a missing right changes nothing. Public halves are put in place after
 * the private ones that they are taken from: what a crash leaves behind can always be completed.
 */
async function carryOut(directory: string, changes: readonly Change[], permissions: KeyPermissions): Promise<void> {
  const drafts: { readonly change: Change; readonly draft: Draft }[] = [];
  try {
    for (const change of changes) {
      const path = join(directory, change.file);
      try {
        drafts.push({ change, draft: await draftOf(path, change, permissions) });
      } catch (error) {
        throw new KeyFileError(path, `cannot be written (${codeOf(error)}); nothing was changed`);
      }
    }
    for (const { change, draft } of drafts) await putInPlace(join(directory, change.file), change, draft, permissions);
  } finally {
    for (const { draft } of drafts) await draft.discard();
  }
}

async function draftOf(path: string, { file, before, content }: Change, permissions: KeyPermissions): Promise<Draft> {
  if (before === undefined) return Draft.write(path, content, { mode: modeOf(file), permissions });
  // A link stays one: what it leads to is changed.
  const target = await realpath(path);
  const mode = (await stat(target)).mode & (isPublicFile(file) ? 0o755 : 0o700);
  return Draft.write(target, content, { mode, permissions });
}

async function putInPlace(path: string, change: Change, draft: Draft, permissions: KeyPermissions): Promise<void> {
  try {
    if (change.before === undefined) return await draft.becomeNew({ mode: modeOf(change.file), permissions });
    if (JSON.stringify(await readIfThere(path, permissions)) !== JSON.stringify(change.before)) {
      throw new KeyFileError(path, 'was changed meanwhile; run it again');
    }
    await rename(draft.path, draft.target);
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(path, `cannot be changed (${codeOf(error)}); run it again for what is left`);
  }
}

/** What a run that was killed has left behind: keys that nobody ever used. */
async function removeDrafts(directory: string): Promise<void> {
  const drafts = (await readdir(directory)).filter((name) => isDraftName(name));
  for (const name of drafts) await unlink(join(directory, name)).catch(() => undefined);
}
