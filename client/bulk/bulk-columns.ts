/** The columns of a CSV file, and how a row of it becomes a request file. */
import { identifierFields, providerKeys } from '../../domain/provider/provider-table';
import { BulkFileError } from '../errors';

const ownColumns = [
  'requestId',
  'regulation',
  'submittedAt',
  'receivedVia',
  'ground',
  'filedBy',
  'identityAskedAt',
  'informationReceivedAt',
  'verification.method',
  'verification.by',
  'verification.at',
  'verification.reference',
  'webhookUrl',
] as const;
const identifierColumns = providerKeys.map((provider) => `${provider}.${identifierFields[provider]}`);

/** Every column there can be, in the order in which they are documented. */
export const bulkColumns: readonly string[] = [...ownColumns, ...identifierColumns];
const neededColumns: readonly string[] = ['regulation', 'submittedAt'];

/** In any case, and with blanks around it. */
export function knownColumn(cell: string): string | undefined {
  const name = cell.trim().toLowerCase();
  return bulkColumns.find((known) => known.toLowerCase() === name);
}

/**
 * The first row: the names of the columns, '' for one without a name, as spreadsheets write beside their table. Problems
 * name columns by their position: what stands in an unknown one may be personal data.
 */
export function readHeader(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => (cell.trim() === '' ? '' : knownColumn(cell)));
  const problems = names.flatMap((name, index) => {
    if (name === undefined) return [`column ${index + 1}: there is no such column`];
    const first = names.indexOf(name);
    return name !== '' && first < index ? [`column ${index + 1}: the same as column ${first + 1}`] : [];
  });
  problems.push(...neededColumns.filter((name) => !names.includes(name)).map((name) => `${name}: is missing`));
  if (!identifierColumns.some((name) => names.includes(name))) {
    problems.push(`at least one is missing of ${identifierColumns.join(', ')}`);
  }
  if (problems.length === 0) return names.map((name) => name ?? '');
  throw new BulkFileError(
    `The first row is no header:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n` +
      `The columns are ${bulkColumns.join(', ')}, separated by comma, semicolon, tab or |.`,
  );
}

/** Why the cells are no row under this header, or undefined. A shifted row would put one column's value into another. */
export function rowProblem(columns: readonly string[], cells: readonly string[]): string | undefined {
  if (cells.length !== columns.length) {
    return (
      `has ${cells.length} cells and the header has ${columns.length}: ` +
      'quote what has a separator or a line break in it, and leave no separator out'
    );
  }
  const unnamed = columns.findIndex((name, index) => name === '' && cells[index]?.trim() !== '');
  if (unnamed >= 0) return `has something in column ${unnamed + 1}, which has no name`;
  const isHeader = columns.every((name, index) => name === '' || knownColumn(cells[index] ?? '') === name);
  return isHeader ? 'is the header again' : undefined;
}

/** Empty cells are left out. Nothing is trimmed: white space around an identifier is for its check to refuse. */
export function submissionOfRow(columns: readonly string[], cells: readonly string[]): object {
  const own: Record<string, string> = {};
  const verification: Record<string, string> = {};
  const subject: Record<string, Record<string, string>> = {};
  for (const [index, name] of columns.entries()) {
    const value = cells[index] ?? '';
    if (value === '' || name === '') continue;
    const [group = '', field] = name.split('.');
    if (field === undefined) own[group] = value;
    else if (group === 'verification') verification[field] = value;
    else subject[group] = { [field]: value };
  }
  return { ...own, ...(Object.keys(verification).length === 0 ? {} : { verification }), subject };
}
