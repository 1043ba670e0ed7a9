/** Says what the checks have found in a run of the suite: each promise, and where it was broken, the evidence and how to repeat it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { invariants, type Finding, type Invariant } from './suite-finding';
import { judgeRun, type Judgement } from './judge';

export const FINDINGS = 'findings.json';
const SHOWN_MAX = 3;
const EVIDENCE_SHOWN_MAX = 6;

/** Also written to `findings.json` beside the run log. */
export async function pronounce(
  directory: string,
  options: { readonly seed: string; readonly tell: (line: string) => void },
) {
  const judgement = await judgeRun(directory);
  writeFileSync(join(directory, FINDINGS), JSON.stringify(judgement, undefined, 2));
  for (const line of verdictLines(judgement, options.seed)) options.tell(line);
  return judgement;
}

export function verdictLines({ findings, accepted, certificates, calls, claims }: Judgement, seed: string): string[] {
  const counted = Object.entries(claims).toSorted(([, one], [, other]) => other - one);
  return [
    `Checked: ${accepted} accepted requests, ${certificates} certificates, ${calls} calls`,
    `Claims: ${counted.map(([claim, count]) => `${claim} ${count}`).join(', ') || 'none'}`,
    ...(Object.keys(invariants) as Invariant[]).flatMap((invariant) => {
      const found = findings.filter((one) => one.invariant === invariant);
      const says = found.length === 0 ? 'holds' : `BROKEN, ${found.length} times`;
      return [`${invariant}: ${says}`, ...found.slice(0, SHOWN_MAX).flatMap(linesOf)];
    }),
    ...(findings.length === 0 ? [] : [`To repeat: npm run chaos -- --seed ${seed}, with the same options`]),
  ];
}

function linesOf({ requestId, what, evidence }: Finding): string[] {
  const shown = evidence.slice(0, EVIDENCE_SHOWN_MAX).map((line) => `      ${line}`);
  return [`  ${requestId ?? 'no single request'}: ${what}`, ...shown];
}
