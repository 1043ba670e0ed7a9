/** What processes have cost so far: CPU time and memory, read from Linux's /proc. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

let ticks: number | undefined;

/** User and system time of a process with all its threads, in ms; without its children. Steps of 10 ms. */
export function cpuMsOf(pid: number): number {
  ticks ??= Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  const fields = statOf(pid);
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticks;
}

/** The memory that is really there, in MB. */
export function memoryMbOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

/** A process and everything it has started: PostgreSQL has a process for each connection. */
export function familyOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      parents.set(Number(name), Number(statOf(Number(name))[1]));
    } catch (error) {
      // It has ended since the directory was read.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  const family = [pid];
  for (const member of family)
    family.push(...[...parents].filter(([, parent]) => parent === member).map(([child]) => child));
  return family;
}

/** The fields after the command, which may hold spaces and parentheses: state, ppid, … */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

export type Roles = Readonly<Record<string, number>>;

/** CPU in ms of each role's process since now. */
export function startCpuClock(roles: Roles): () => Record<string, number> {
  const before = new Map(Object.entries(roles).map(([role, pid]) => [role, cpuMsOf(pid)]));
  return () =>
    Object.fromEntries(Object.entries(roles).map(([role, pid]) => [role, cpuMsOf(pid) - (before.get(role) ?? 0)]));
}
