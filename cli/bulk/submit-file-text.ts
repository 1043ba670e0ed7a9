/** What `erasure submit --file` says about a file before and after its rows are submitted. */
import { basename } from 'node:path';
import type { BulkCheck, BulkTally } from '../../client/bulk/submit-bulk';
import { providerFacts, providerKeys, providerName } from '../../domain/provider/provider-table';
import type { ProblemFile, ProblemGroup } from './problem-file';

/** The JSON that `--json` prints. Rows; `left`: those that were not got to. */
export interface Summary extends BulkTally {
  readonly rows: number;
  readonly rejected: number;
  readonly empty: number;
  /** Rows with a warning. */
  readonly warned: number;
  readonly left: number;
  readonly stopped: boolean;
  readonly elapsedMs: number;
  /** The file that says what is wrong with the rejected and failed rows. */
  readonly rejects?: string;
  /** The file of the warnings. */
  readonly warnings?: string;
  readonly results?: string;
}

export function checkLines(
  { rows, good, duplicates, rejected, empty, warned, requests }: BulkCheck,
  { rejects, warnings }: { readonly rejects: ProblemFile; readonly warnings: ProblemFile },
): readonly string[] {
  return [
    `Rows        ${rows}`,
    `  good      ${good}`,
    `  repeated  ${duplicates} (the same request stands in an earlier row)`,
    `  rejected  ${rejected}${rejected === 0 ? '' : ` (line and field: ${basename(rejects.path)})`}`,
    ...(empty === 0 ? [] : [`  empty     ${empty} more, of nothing but separators: skipped`]),
    ...(warned === 0 ? [] : [`Look again  ${warned} of the good rows (line and field: ${basename(warnings.path)})`]),
    ...warnings.groups().map((group) => `  ${groupLine(group)}`),
    ...providerKeys
      .filter((provider) => requests[provider] > (providerFacts(provider).peopleMax ?? Infinity))
      .map(
        (provider) =>
          `Look again  ${requests[provider]} people at ${providerName(provider)}: for more than ` +
          `${providerFacts(provider).peopleMax} its documents ask to go through its support`,
      ),
  ];
}

/** `<provider>.<field> reads like … (2 rows: line 4, 9)` */
function groupLine({ field, problem, rows, lines }: ProblemGroup): string {
  const more = rows > lines.length ? ', …' : '';
  return `${field} ${problem} (${rows} ${rows === 1 ? 'row' : 'rows'}: line ${lines.join(', ')}${more})`;
}

export function summaryLines({ accepted, duplicates, failed, rejected, left, elapsedMs }: Summary): readonly string[] {
  return [
    `Accepted    ${accepted}`,
    `Duplicates  ${duplicates}`,
    `Failed      ${failed}${failed === 0 ? '' : ' (their request ids are taken by other requests)'}`,
    `Rejected    ${rejected}`,
    `Not done    ${left}`,
    `Took        ${(elapsedMs / 1000).toFixed(1)} s`,
  ];
}
