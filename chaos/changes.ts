/** What a company changes while requests are open: settings and policy, keys, and the product itself. */
import { join } from 'node:path';
import { buildChanged } from './changed-build';
import type { Fleet } from './fleet';
import { prepareRotation } from './key-rotation';
import type { Random } from './random';
import type { RunLog } from './run-log';
import type { PolicyName } from './world';

export type Change = 'settings' | 'deploy' | 'keys';

/** When it comes, as a share of the whole course. */
interface PlannedChange {
  readonly at: number;
  readonly change: Change;
}

/** Each starts processes again, which a short course has no time for. */
const SHORT_COURSE = 200;

export function changesOfCourse(erasures: number): readonly PlannedChange[] {
  return erasures < SHORT_COURSE ? changesOfShortCourse : changesOfLongCourse;
}

const changesOfShortCourse: readonly PlannedChange[] = [
  { at: 0.25, change: 'settings' },
  { at: 0.4, change: 'deploy' },
  { at: 0.6, change: 'keys' },
];

const changesOfLongCourse: readonly PlannedChange[] = [
  { at: 0.12, change: 'settings' },
  { at: 0.25, change: 'deploy' },
  { at: 0.38, change: 'settings' },
  { at: 0.45, change: 'keys' },
  { at: 0.6, change: 'deploy' },
  { at: 0.7, change: 'settings' },
  { at: 0.8, change: 'keys' },
];

/** What is tracked or approved takes decisions, which cost most. */
const policyWeights: Readonly<Record<PolicyName, number>> = { untracked: 3, tracked: 1, approval: 1 };

interface ChangesParts {
  readonly fleet: Fleet;
  readonly log: RunLog;
  readonly directory: string;
  readonly keysDirectory: string;
  readonly random: Random;
  readonly report: (line: string) => void;
  /** The client's keys are read anew. */
  readonly keysChanged: () => Promise<void>;
}

export class Changes {
  readonly #parts: ChangesParts;
  #builds = 0;
  #rotations = 0;
  readonly made: Record<Change, number> = { settings: 0, deploy: 0, keys: 0 };

  constructor(parts: ChangesParts) {
    this.#parts = parts;
  }

  async make(change: Change): Promise<void> {
    this.#parts.report(
      `Meanwhile: ${{ settings: 'other settings', deploy: 'a changed build', keys: 'new keys' }[change]}`,
    );
    switch (change) {
      case 'settings':
        await this.#changeSettings();
        break;
      case 'deploy':
        await this.#deploy();
        break;
      case 'keys':
        await this.#rotate();
        break;
    }
    this.made[change] += 1;
  }

  /** Half of the time at once, else as the processes are started again anyway. */
  async #changeSettings(): Promise<void> {
    const { fleet, random } = this.#parts;
    fleet.deployment = {
      ...fleet.deployment,
      policy: random.weighted(policyWeights),
      settings: { APTRINSIC_HARD_DELETE: String(random.chance(0.5)) },
    };
    if (random.chance(0.5)) await fleet.deploy(random.pick(['workflow-worker', 'provider-worker']));
  }

  /** Never back: a run that has gone through a later build cannot go on in an earlier one. */
  async #deploy(): Promise<void> {
    const { fleet, directory } = this.#parts;
    this.#builds += 1;
    const programs = await buildChanged(directory, this.#builds);
    fleet.deployment = { ...fleet.deployment, programs, build: `changed ${this.#builds}` };
    await fleet.deploy('workflow-worker');
    await fleet.deploy('provider-worker');
  }

  async #rotate(): Promise<void> {
    const { fleet, log, keysDirectory, directory, keysChanged } = this.#parts;
    this.#rotations += 1;
    const rotation = await prepareRotation(keysDirectory, join(directory, `new-keys-${this.#rotations}`));
    await rotation.publish();
    log.add({ kind: 'keys-rotated', what: 'published' });
    await this.#restartAll(fleet);
    await rotation.use();
    log.add({ kind: 'keys-rotated', what: 'used' });
    await this.#restartAll(fleet);
    await keysChanged();
  }

  async #restartAll(fleet: Fleet): Promise<void> {
    for (const role of ['gateway', 'provider-worker', 'workflow-worker'] as const) await fleet.deploy(role);
  }
}
