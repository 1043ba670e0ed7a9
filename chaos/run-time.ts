/** A run's own clock beside the providers' and this machine's: every run is moved for itself, after the providers. */
import { entriesOf, type ErasureEvidence } from './erasure-evidence';

export interface RunTime {
  /** Between which instants the run's clock stood, epoch ms, at an instant of this machine's clock. */
  bounds(wallAt: number): { readonly from: number; readonly to: number };
  /** By how much the run's clock was moved against the providers' after its start, at most: nobody in the run can know it. */
  readonly shiftedMs: number;
}

export function runTimeOf(evidence: ErasureEvidence): RunTime {
  const moves = entriesOf(evidence, 'forward').map(({ wallAt, simulatorAt, from, byMs }) => {
    return { wallAt, from, aheadMs: from + byMs - simulatorAt };
  });
  const ahead = moves.map(({ aheadMs }) => aheadMs);
  return {
    shiftedMs: ahead.length === 0 ? 0 : Math.max(...ahead) - Math.min(...ahead),
    bounds: (wallAt) => ({
      from: moves.findLast((move) => move.wallAt <= wallAt)?.from ?? -Infinity,
      to: moves.find((move) => move.wallAt > wallAt)?.from ?? Infinity,
    }),
  };
}
