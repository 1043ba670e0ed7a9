/** The columns of a CSV file, and how a row of it becomes a request file. */
import { providerKeys } from '../../domain/provider';
import { identifierFields } from '../submission';
import { BulkFileError } from './bulk-file-error';

const ownColumns = [
  'requestId',
  'regulation',
  'submittedAt',
  'receivedVia',
  'ground',
  'filedBy',
  'identityAskedAt',
  'verification.method',
  'verification.by',
  'verification.at',
  'verification.reference',
] as const;
const identifierColumns = providerKeys.map((provider) => `${provider}.${identifierFields[provider]}`);

/** Every column there can be, in the order in which they are documented. */
export const bulkColumns: readonly string[] = [...ownColumns, ...identifierColumns];
const neededColumns: readonly string[] = ['regulation', 'submittedAt'];

/** The first row. Columns are told by their position: what stands in an unknown one may be personal data. */
export function readHeader(cells: readonly string[]): readonly string[] {
  const problems = cells.flatMap((name, index) => {
    if (!bulkColumns.includes(name)) return [`column ${index + 1}: there is no such column`];
    const first = cells.indexOf(name);
    return first < index ? [`column ${index + 1}: the same as column ${first + 1}`] : [];
  });
  problems.push(...neededColumns.filter((name) => !cells.includes(name)).map((name) => `${name}: is missing`));
  if (!identifierColumns.some((name) => cells.includes(name))) {
    problems.push(`at least one is missing of ${identifierColumns.join(', ')}`);
  }
  if (problems.length === 0) return cells;
  throw new BulkFileError(
    `The first row is no header. Nothing was submitted:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
      `The columns are ${bulkColumns.join(', ')}.`,
  );
}

/** Empty cells are left out. Nothing is trimmed: white space around an identifier is for its check to refuse. */
export function submissionOfRow(columns: readonly string[], cells: readonly string[]): object {
  const own: Record<string, string> = {};
  const verification: Record<string, string> = {};
  const subject: Record<string, Record<string, string>> = {};
  for (const [index, name] of columns.entries()) {
    const value = cells[index] ?? '';
    if (value === '') continue;
    const [group = '', field] = name.split('.');
    if (field === undefined) own[group] = value;
    else if (group === 'verification') verification[field] = value;
    else subject[group] = { [field]: value };
  }
  return { ...own, ...(Object.keys(verification).length === 0 ? {} : { verification }), subject };
}
