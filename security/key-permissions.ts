/** The part of a file's status that says who can open it. */
export interface FileStatus {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Whom a process acts as. */
export interface Actor {
  readonly uid: number;
  readonly groups: readonly number[];
}

/**
 * How far the modes of key files are believed. `readable`: others may read them, where nobody else has a process that could.
 * `unchecked`: the file system makes the modes up. Owners are checked in any case.
 */
export const keyPermissions = ['checked', 'readable', 'unchecked'] as const;
export type KeyPermissions = (typeof keyPermissions)[number];

/** `public`: all may read it, nobody else may write to it. `none`: whoever names the file answers for it. */
export type Protection = 'secret' | 'public' | 'none';

/** What keeps this file from being used as a key file, or undefined. Nothing on Windows, where `actor` is undefined. */
export function fileProblem(
  status: FileStatus,
  { actor, protection, permissions }: { actor: Actor | undefined; protection: Protection; permissions: KeyPermissions },
): string | undefined {
  if (actor === undefined || protection === 'none') return undefined;
  if (!isOursOrRoots(status, actor)) return "belongs to another user; make it this process's own, or root's";
  if (permissions === 'unchecked') return undefined;
  const shown = (status.mode & 0o777).toString(8).padStart(4, '0');
  const isPublic = protection === 'public' || permissions === 'readable';
  if (isPublic && (status.mode & 0o022) !== 0) {
    return `can be written to by other users (mode ${shown}); make it ${protection === 'public' ? '0644' : '0600'}`;
  }
  return isPublic || isPrivate(status, actor) ? undefined : `is open to other users (mode ${shown}); make it 0600`;
}

/** Whoever can write to a directory can put keys of their own in the place of ours. */
export function directoryProblem(
  status: FileStatus & {
    /** Mounted so that nobody here can write to it, whatever its mode says. */
    readonly isReadOnly: boolean;
  },
  { actor, permissions }: { readonly actor: Actor | undefined; readonly permissions: KeyPermissions },
): string | undefined {
  if (actor === undefined) return undefined;
  if (!isOursOrRoots(status, actor)) {
    return "the directory belongs to another user; make it this process's own, or root's";
  }
  if (permissions === 'unchecked' || (status.mode & 0o022) === 0) return undefined;
  // The root of a secret in Kubernetes: mode 1777, root's, and mounted read-only.
  if (status.uid === 0 && (status.mode & 0o1000) !== 0 && status.isReadOnly) return undefined;
  return 'the directory can be written to by other users; make it 0700';
}

function isOursOrRoots({ uid }: FileStatus, actor: Actor): boolean {
  return uid === 0 || uid === actor.uid;
}

/**
 * Whether nobody but the owner, or root on our behalf, can read this file. The group may read one case only: root owns the
 * file and handed it to us by our group, as Kubernetes mounts a secret (0440 and fsGroup). We could not read it otherwise,
 * whereas a file of our own never needs its group.
 */
export function isPrivate({ mode, uid, gid }: FileStatus, actor: Actor | undefined): boolean {
  if ((mode & 0o037) !== 0) return false;
  if ((mode & 0o040) === 0) return true;
  return actor !== undefined && uid === 0 && actor.uid !== 0 && actor.groups.includes(gid);
}

/** Nobody on Windows, where files have no such permissions. */
export function thisProcess(): Actor | undefined {
  const uid = process.geteuid?.();
  return uid === undefined ? undefined : { uid, groups: process.getgroups?.() ?? [] };
}
