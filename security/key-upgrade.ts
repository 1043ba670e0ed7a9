/** Adds to the key files of an earlier release what they lack, and changes nothing that is in them. */
import { readdir, realpath, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { factRoles, type FactRole } from '../domain/fact/fact';
import { errorCode } from '../domain/text';
import { KeyFileError } from './key-file-error';
import { lacksFactsKey } from './key-files';
import {
  decisionKeysOf,
  epochOf,
  newServerDecisionKeys,
  newServerSessionKeys,
  newSigningKey,
  publicPartOf,
  type NewKeyFile,
} from './key-generation';
import { thisProcess, type KeyPermissions } from './key-permissions';
import { checkDirectory, readJson } from './key-reading';
import { environmentProblem, factRoleOf } from './key-sets';
import { parseKeys } from './key-shapes';
import {
  factSigningFiles,
  gatewayDecisionFile,
  keyFiles,
  type FactKeys,
  type FactSigningKeys,
  type KeyFile,
  type ServerDecisionKeys,
} from './key-table';
import { Draft, isDraftName, modeOf, namesPresent } from './key-writing';

export interface KeyUpgrade {
  readonly environment: string;
  /** File by file, in the order in which the processes get them. Empty: there was nothing to add. */
  readonly added: readonly { readonly file: string; readonly what: string }[];
  /** Roles whose key fact-keys.json lacks: their files are kept elsewhere. */
  readonly missingRoles: readonly FactRole[];
}

interface Place {
  readonly directory: string;
  readonly permissions: KeyPermissions;
}

interface Change extends NewKeyFile {
  readonly what: string;
  /** What stands there now; undefined for a new file. */
  readonly before: unknown;
}

/** The workers that check facts come before those that sign them. */
const rollOutOrder = [keyFiles.certificate, keyFiles.decision, keyFiles['fact-keys']].map(({ name }) => name);

/** Whole or not at all, but for a crash while files are put in place: running it again then adds the rest. */
export async function upgradeKeys(options: {
  readonly directory: string;
  /** What the keys must have been made for, where it is given. */
  readonly environment?: string;
  readonly now: number;
  readonly permissions?: KeyPermissions;
}): Promise<KeyUpgrade> {
  const { directory, environment: expected, now, permissions = 'checked' } = options;
  await checkDirectory(directory, { actor: thisProcess(), permissions }).catch((error: unknown) => {
    if (error instanceof KeyFileError) throw error;
    throw new KeyFileError(directory, `the directory cannot be read (${errorCode(error)})`);
  });
  const place = { directory, permissions };
  const { environment, changes, known } = await plan(place, { expected, epoch: epochOf(now) });
  await removeDrafts(directory);
  await carryOut(place, changes);
  const rank = ({ file }: { readonly file: string }): number =>
    rollOutOrder.includes(file) ? rollOutOrder.indexOf(file) : rollOutOrder.length;
  return {
    environment,
    added: changes
      .map(({ file, what }) => ({ file: file.name, what }))
      .toSorted((one, other) => rank(one) - rank(other)),
    missingRoles: factRoles.filter((role) => !known.keys.some((entry) => entry.for === role)),
  };
}

/** Every change follows from what is there, so that of a half-done upgrade only the rest is planned. */
async function plan(
  place: Place,
  { expected, epoch }: { readonly expected: string | undefined; readonly epoch: string },
): Promise<{ readonly environment: string; readonly changes: readonly Change[]; readonly known: FactKeys }> {
  const found = new Map<string, unknown>();
  const changes: Change[] = [];
  const add = (file: NewKeyFile['file'], content: object, what: string): void => {
    changes.push({ file, content, what, before: found.get(file.name) });
  };
  const read = async <Keys extends object>(file: KeyFile<Keys>): Promise<Keys | undefined> => {
    const before = await readIfThere(place, file);
    if (before === undefined) return undefined;
    found.set(file.name, before);
    const isOld = lacksFactsKey(file, before);
    const content = isOld ? { ...before, facts: [newSigningKey(epoch).privateKey] } : before;
    const keys = parseKeys(join(place.directory, file.name), file.shape, content);
    if (isOld) add(file, keys, 'a key to sign facts with');
    return keys;
  };

  const signing: FactSigningKeys[] = [];
  for (const file of factSigningFiles) {
    const keys = await read(file);
    if (keys !== undefined) signing.push(keys);
  }
  const client = await read(keyFiles.client);
  let serverDecision: ServerDecisionKeys | undefined = await read(keyFiles['server-decision']);
  if (serverDecision === undefined) {
    // Whose decisions are believed is the operator's to say, so the server gets the key that is believed already.
    const earlier = await read(gatewayDecisionFile);
    if (earlier !== undefined) {
      serverDecision = { ...earlier, role: 'server-decision' };
      add(keyFiles['server-decision'], serverDecision, `the key of ${gatewayDecisionFile.name}, for servers`);
    }
  }
  const session = await read(keyFiles['server-session']);
  const decision = await read(keyFiles.decision);
  const knownBefore = await read(keyFiles['fact-keys']);
  const present = [client, ...signing, serverDecision, session, decision, knownBefore].filter(
    (keys) => keys !== undefined,
  );
  const environment = present[0]?.environment;
  if (environment === undefined) {
    throw new KeyFileError(place.directory, 'holds no key files; erasure keys init makes the first ones');
  }
  const problem = environmentProblem(present);
  if (problem !== undefined) throw new KeyFileError(place.directory, problem);
  if (expected !== undefined && expected !== environment) {
    throw new KeyFileError(place.directory, `the keys were made for the environment ${environment}, not for that one`);
  }

  // Where the files of some roles are kept elsewhere, so may these two be: a second pair would be nobody's.
  const isWhole = client !== undefined && signing.length === factSigningFiles.length;
  if (isWhole && decision === undefined && serverDecision === undefined) {
    serverDecision = newServerDecisionKeys(environment, epoch);
    add(keyFiles['server-decision'], serverDecision, 'new: the key of servers that sign decisions');
  }
  // Wherever the server's other key is: sessions are nobody else's.
  if (session === undefined && serverDecision !== undefined) {
    const what = 'new: the key that sessions of the console are sealed with';
    add(keyFiles['server-session'], newServerSessionKeys(environment, epoch), what);
  }
  if (decision === undefined && serverDecision !== undefined) {
    add(keyFiles.decision, decisionKeysOf(serverDecision), 'new: whose decisions are believed');
  }

  const known = withKeysOf(signing, knownBefore ?? { role: 'fact-keys', environment, keys: [] });
  const addedRoles = known.keys.slice(knownBefore?.keys.length ?? 0).map((entry) => entry.for);
  if (addedRoles.length > 0) {
    const isNew = knownBefore === undefined;
    add(keyFiles['fact-keys'], known, `${isNew ? 'new: ' : ''}public keys of ${[...new Set(addedRoles)].join(', ')}`);
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
        throw new KeyFileError(keyFiles['fact-keys'].name, `holds the facts key of ${role} as one of ${entry.for}`);
      }
    }
  }
  return { ...known, keys };
}

async function readIfThere({ directory, permissions }: Place, file: NewKeyFile['file']): Promise<unknown> {
  if ((await namesPresent(directory, [file.name])).length === 0) return undefined;
  const madeBy = 'erasure keys init';
  return readJson(join(directory, file.name), {
    protection: file.access,
    directories: 'checked',
    madeBy,
    name: file.name,
    permissions,
  });
}

/**
 * All are written aside first, so that a full disk or a missing right changes nothing. Public halves are put in place after
 * the private ones that they are taken from: what a crash leaves behind can always be completed.
 */
async function carryOut(place: Place, changes: readonly Change[]): Promise<void> {
  const drafts: { readonly change: Change; readonly path: string; readonly draft: Draft }[] = [];
  try {
    for (const change of changes) {
      const path = join(place.directory, change.file.name);
      try {
        drafts.push({ change, path, draft: await draftOf(path, change, place.permissions) });
      } catch (error) {
        throw new KeyFileError(path, `cannot be written (${errorCode(error)}); nothing was changed`);
      }
    }
    for (const { change, path, draft } of drafts) {
      await putInPlace(place, change, draft).catch((error: unknown) => {
        if (error instanceof KeyFileError) throw error;
        throw new KeyFileError(path, `cannot be changed (${errorCode(error)}); run it again for what is left`);
      });
    }
  } finally {
    for (const { draft } of drafts) await draft.discard();
  }
}

async function draftOf(path: string, { file, before, content }: Change, permissions: KeyPermissions): Promise<Draft> {
  if (before === undefined) return Draft.write(path, content, { mode: modeOf(file), permissions });
  // A link stays one: what it leads to is changed.
  const target = await realpath(path);
  const mode = (await stat(target)).mode & (file.access === 'public' ? 0o755 : 0o700);
  return Draft.write(target, content, { mode, permissions });
}

async function putInPlace(place: Place, { file, before }: Change, draft: Draft): Promise<void> {
  if (before === undefined) return draft.becomeNew({ mode: modeOf(file), permissions: place.permissions });
  if (JSON.stringify(await readIfThere(place, file)) !== JSON.stringify(before)) {
    throw new KeyFileError(file.name, 'was changed meanwhile; run it again');
  }
  await rename(draft.path, draft.target);
}

/** What a run that was killed has left behind: keys that nobody ever used. */
async function removeDrafts(directory: string): Promise<void> {
  const drafts = (await readdir(directory)).filter((name) => isDraftName(name));
  for (const name of drafts) await unlink(join(directory, name)).catch(() => undefined);
}
