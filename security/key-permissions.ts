/** The part of a file's status that says who can open it. */
interface FileStatus {
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
