/** Files as people's programs write them, made here byte by byte, each with what is read or said of it. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { bulkRows } from '../../client/bulk/bulk-rows';
import { checkedRows, type CheckedRow } from '../../client/bulk/checked-rows';
import { rowIdsWith } from '../../client/bulk/row-ids';
import { checkBulk, submitBulk, type BulkResult } from '../../client/bulk/submit-bulk';
import { identifiersOf } from '../../client/submission';
import { identifierFields } from '../../domain/provider/provider-table';
import { BulkFileError, RequestConflictError } from '../../client/errors';
import type { CommandContext } from '../../cli/context';
import { readText } from '../../cli/read-input';
import { ResultsFile } from '../../cli/bulk/results-file';
import { workflowIdOf } from '../../temporal/names';

const now = Date.parse('2026-11-22T12:00:00Z');
const ids = rowIdsWith('secret', '');
const header = 'regulation,submittedAt,aptrinsic.identifyId';
const table = (...identifiers: readonly string[]): string =>
  [header, ...identifiers.map((identifier) => `gdpr,2026-11-01T09:30:00Z,${identifier}`)].join('\r\n') + '\r\n';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-intake-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

let files = 0;
async function write(content: string | Uint8Array, ending = 'csv'): Promise<string> {
  files += 1;
  const path = join(directory, `file-${files}.${ending}`);
  await writeFile(path, content);
  return path;
}

async function judge(content: string | Uint8Array, ending = 'csv'): Promise<CheckedRow[]> {
  const path = await write(content, ending);
  const found: CheckedRow[] = [];
  for await (const row of checkedRows(bulkRows(path), { ids, now })) found.push(row);
  return found;
}

/** The identifiers that would be asked about, of rows that are taken. */
const identifiers = (rows: readonly CheckedRow[]): string[] =>
  rows.flatMap((row) => (row.verdict === 'good' ? [...identifiersOf(row.submission).values()] : []));
const problems = (rows: readonly CheckedRow[]): unknown[] =>
  rows.flatMap((row) =>
    row.verdict === 'rejected' ? row.problems.map(({ field, problem }) => [row.line, field, problem]) : [],
  );

const utf16 = (text: string, littleEndian: boolean): Uint8Array => {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return littleEndian ? bytes : bytes.swap16();
};
const utf32 = (text: string): Uint8Array =>
  Buffer.concat(
    Array.from(`\uFEFF${text}`, (character) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(character.codePointAt(0) ?? 0);
      return bytes;
    }),
  );

type Encode = (text: string) => Uint8Array;
const readable: readonly (readonly [what: string, encode: Encode])[] = [
  ['UTF-8', (text) => Buffer.from(text)],
  ['UTF-8 with a byte order mark', (text) => Buffer.from(`\uFEFF${text}`)],
  ['UTF-16LE with one', (text) => utf16(text, true)],
  ['UTF-16BE with one', (text) => utf16(text, false)],
];
const unreadable: readonly (readonly [what: string, encode: Encode, says: RegExp])[] = [
  [
    'UTF-16LE without a mark',
    (text) => utf16(text, true).subarray(2),
    /has NUL characters, as UTF-16 without a byte order/,
  ],
  [
    'UTF-16BE without one',
    (text) => utf16(text, false).subarray(2),
    /has NUL characters, as UTF-16 without a byte order/,
  ],
  [
    'half a character in UTF-16',
    (text) => utf16(`${text}\ud800`, true),
    /is damaged: it begins as UTF-16LE and is not/,
  ],
  ['UTF-32', utf32, /is in UTF-32/],
  ['Latin-1', (text) => Buffer.from(text, 'latin1'), /is not UTF-8\. It may be in Windows-1252 or Latin-1/],
  ['a character cut in two', (text) => Buffer.from(text.replace(/\s*$/, 'ü')).subarray(0, -1), /is not UTF-8/],
  ['an Excel workbook', () => Buffer.from('PK\u0003\u0004...'), /is an Excel workbook or a zip archive/],
  ['an old workbook', () => Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]), /is an old Excel workbook/],
  ['a compressed file', () => Buffer.from([0x1f, 0x8b, 8]), /is a gzip archive/],
  ['a PDF', () => Buffer.from('%PDF-1.7'), /is a PDF/],
];

describe('the encoding of a file', () => {
  const request = JSON.stringify({ subject: { aptrinsic: { identifyId: 'müller-4711' } } });
  const readOne = (bytes: Uint8Array): Promise<string> =>
    readText('-', 'The request file', {
      stdin: Readable.from([Buffer.from(bytes)]),
    } as unknown as CommandContext);

  it.each(readable)('%s is read', async (_what, encode) => {
    expect(identifiers(await judge(encode(table('müller-4711'))))).toEqual(['müller-4711']);
    expect(await readOne(encode(request))).toBe(request);
  });

  it.each(unreadable)('%s is named, and nothing else of the file', async (_what, encode, says) => {
    const error = await judge(encode(table('müller-4711'))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BulkFileError);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).toMatch(/^The file .*\.$/);
    expect((error as Error).message).not.toMatch(/ller/);
    await expect(readOne(encode(request))).rejects.toThrow(says);
    await expect(readOne(encode(request))).rejects.toThrow(/^The request file /);
  });
});

describe('a CSV file as a spreadsheet writes it', () => {
  const semicolons = table('A', 'b').replaceAll(',', ';').replace(';A', ';"a;1"');

  it.each<[string, string, readonly string[]]>([
    ['semicolons', semicolons, ['a;1', 'b']],
    ['tabs', table('a', 'b').replaceAll(',', '\t'), ['a', 'b']],
    ['bars', table('a', 'b').replaceAll(',', '|'), ['a', 'b']],
    ['a line that names the separator', `sep=;\r\n${semicolons}`, ['a;1', 'b']],
    ['the same in capitals and quotes', `"SEP=;"\r\n${semicolons}`, ['a;1', 'b']],
    ['the same for a tab', `sep=\t\r\n${table('a').replaceAll(',', '\t')}`, ['a']],
    ['LF', table('a', 'b').replaceAll('\r\n', '\n'), ['a', 'b']],
    ['CR', table('a', 'b').replaceAll('\r\n', '\r'), ['a', 'b']],
    ['CR and no last line end', table('a', 'b').trimEnd().replaceAll('\r\n', '\r'), ['a', 'b']],
    ['no last line end', table('a', 'b').trimEnd(), ['a', 'b']],
    ['everything in quotes', table('a').replaceAll(/[^,\r\n]+/g, '"$&"'), ['a']],
    [
      'blanks and capitals in its header',
      table('a').replace(header, ' Regulation ,SUBMITTEDAT,Aptrinsic.IdentifyID\u00a0'),
      ['a'],
    ],
    ['columns without a name', table('a', 'b').replaceAll('\r\n', ',,\r\n'), ['a', 'b']],
    ['a separator inside quotes', table('"a, b"'), ['a, b']],
    ['empty lines', table('a', 'b').replaceAll('\r\n', '\r\n\r\n'), ['a', 'b']],
    ['empty lines before its header', `\r\n\r\n${table('a')}`, ['a']],
  ])('is understood with %s', async (_what, text, expected) => {
    expect(identifiers(await judge(text))).toEqual(expected);
  });

  it('skips rows of nothing but separators, and counts them', async () => {
    const path = await write(
      table('a') + ',,\r\n'.repeat(1_500) + '" ",\t,\u00a0\r\n' + table('b').slice(header.length + 2),
    );
    expect(await checkBulk(path, { ids, now })).toMatchObject({ rows: 2, good: 2, empty: 1_501, rejected: 0 });
  });

  it.each<[string, string, RegExp]>([
    [
      'a separator that nobody uses',
      `sep=#\r\n${table('planted')}`,
      /names a separator that is none of comma, semicolon/,
    ],
    [
      'another separator than its first line names',
      `sep=;\r\n${table('planted')}`,
      /column 1: there is no such column/,
    ],
    ['spaces between its columns', table('planted').replaceAll(',', ' '), /column 1: there is no such column/],
    [
      'a stray quote behind the line that names the separator',
      `sep=,\r\n${table('"plan"ted')}`,
      /no CSV from line 3 on/,
    ],
    ['nothing but separators', ',,\r\n,,\r\n', /The file is empty/],
    ['nothing but the line that names the separator', 'sep=;\r\n', /The file is empty/],
  ])('is refused as a whole with %s', async (_what, text, says) => {
    const error = await judge(text).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BulkFileError);
    expect((error as Error).message).toMatch(says);
    expect((error as Error).message).not.toMatch(/plan/);
  });

  it('has the lines told as an editor counts them', async () => {
    const text = `sep=;\r\n\r\n${header.replaceAll(',', ';')}\r\n;;\r\nhipaa;2026-11-01T09:30:00Z;"a\r\nb"\r\n\r\nccpa;x;c\r\n`;
    expect(problems(await judge(text)).map((problem) => (problem as unknown[])[0])).toEqual([5, 5, 8]);
  });

  it('has rows told that run over, fall short, or are the header again', async () => {
    const cells = (count: number): string =>
      `has ${count} cells and the header has 4: quote what has a separator or a line break in it, and leave no separator out`;
    const text = `${header},\r\ngdpr,2026-11-01T09:30:00Z,a\r\ngdpr,2026-11-01T09:30:00Z,a,b\r\ngdpr,2026-11-01T09:30:00Z,a,,\r\n${header},\r\n`;
    expect(problems(await judge(text))).toEqual([
      [2, 'row', cells(3)],
      [3, 'row', 'has something in column 4, which has no name'],
      [4, 'row', cells(5)],
      [5, 'row', 'is the header again'],
    ]);
  });
});

describe('an NDJSON file as it comes', () => {
  const row = JSON.stringify({
    regulation: 'gdpr',
    submittedAt: '2026-11-01T09:30:00Z',
    subject: { aptrinsic: { identifyId: 'a' } },
  });

  it('is understood with byte order marks in its midst, and blanks around its rows', async () => {
    const judged = await judge(`\uFEFF${row}\r\n \t\r\n\uFEFF ${row.replace('"a"', '"b"')} \n`, 'ndjson');
    expect(identifiers(judged)).toEqual(['a', 'b']);
  });

  it('is refused where it is one array', async () => {
    await expect(judge(`[\n${row}\n]`, 'ndjson')).rejects.toThrow(/is one JSON array: write one object on each line/);
  });
});

describe('the identifiers of a file', () => {
  it('are rejected or warned of by the name of their column', async () => {
    const rows = await judge(
      table('undefined', '#N/A', 'a\u200bb', '4711.0', 'Jane@Example.org', 'jane@example.org', 'ok'),
    );
    expect(problems(rows)).toEqual([
      [2, 'aptrinsic.identifyId', 'is a placeholder, or a name that stands for many people'],
      [3, 'aptrinsic.identifyId', 'is a placeholder, or a name that stands for many people'],
      [4, 'aptrinsic.identifyId', 'has an invisible character in it'],
    ]);
    const warned = rows.flatMap((row) =>
      row.verdict === 'good' ? row.warnings.map(({ problem }) => [row.line, problem]) : [],
    );
    const byCase = 'ids are told apart by case at Aptrinsic (Gainsight PX)';
    expect(warned).toEqual([
      [5, 'reads like a number or a date that a spreadsheet has rewritten'],
      [6, `has capital letters: ${byCase}`],
      [7, `differs by case only from that of an earlier row: ${byCase}`],
    ]);
  });

  it('differ by case at the person API without a word', async () => {
    const id = '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11';
    const rows = await judge(
      table(id, id.toUpperCase()).replace(`aptrinsic.${identifierFields.aptrinsic}`, 'person.personId'),
    );
    expect(rows.map((row) => (row.verdict === 'good' ? row.warnings : row.verdict))).toEqual([[], []]);
  });
});

describe('the results of a file', () => {
  const runId = 'run';
  /** Submits like the command does, for a client that knows these requests already. */
  async function submit(
    path: string,
    resultsPath: string,
    known: Set<string>,
    taken = '',
  ): Promise<readonly BulkResult[]> {
    const results = await ResultsFile.open(resultsPath);
    const told: BulkResult[] = [];
    try {
      const check = await checkBulk(path, { ids, now, onRow: (row) => results.check(row) });
      await submitBulk(path, {
        ids,
        now,
        check,
        concurrency: 1,
        submit: async ({ requestId = '', subject }) => {
          if (subject.aptrinsic?.identifyId === taken) throw new RequestConflictError(requestId, 'different-content');
          const duplicate = known.has(requestId);
          known.add(requestId);
          return { requestId, workflowId: workflowIdOf(requestId), runId, duplicate, warnings: [] };
        },
        onResult: (result) => {
          told.push(result);
          results.add(result);
        },
      });
    } finally {
      results.close();
    }
    return told;
  }
  const linesOf = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).split('\n');

  it('say of each row what became of it, and hold no identifier', async () => {
    const path = await write(
      table('planted-1', 'null', 'planted-1', 'planted-2', ',,', 'planted-3').replace(
        'gdpr,2026-11-01T09:30:00Z,,,',
        ',,',
      ),
    );
    const resultsPath = `${path}.results.csv`;
    await submit(path, resultsPath, new Set(), 'planted-3');
    const text = await readFile(resultsPath, 'utf8');
    expect(text).not.toContain('planted');
    const [head, ...rows] = text.trimEnd().split('\n');
    expect(head).toBe('line,requestId,workflowId,result,problem');
    expect(rows.map((row) => row.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'))).toEqual([
      '2,ID,erasure-ID,new,',
      '3,,,rejected,"aptrinsic.identifyId: is a placeholder, or a name that stands for many people"',
      '4,ID,erasure-ID,duplicate,',
      '5,ID,erasure-ID,new,',
      '7,ID,erasure-ID,failed,requestId: is taken by another request',
    ]);
    expect((await stat(resultsPath)).mode & 0o777).toBe(0o600);
  });

  it('are gone on with after a crash, and keep what was said first', async () => {
    const path = await write(table('a1', 'b1', 'c1', 'nil'));
    const resultsPath = `${path}.results.csv`;
    const known = new Set<string>();
    await submit(path, resultsPath, known);
    const whole = await readFile(resultsPath, 'utf8');
    await submit(path, resultsPath, known);
    expect(await readFile(resultsPath, 'utf8')).toBe(whole);
    // Killed in the middle of a line: the row is found again, as a duplicate.
    await writeFile(resultsPath, whole.slice(0, whole.indexOf('\n4,') + 60));
    await submit(path, resultsPath, known);
    const lines = await linesOf(resultsPath);
    expect(lines.slice(0, 3)).toEqual(whole.split('\n').slice(0, 3));
    expect(lines[3]).toBe(whole.split('\n')[3]?.replace(',new,', ',duplicate,'));
    expect(lines[4]).toBe(whole.split('\n')[4]);
  });

  it('take a row that was mended, and no file whose rows have moved', async () => {
    const path = await write(table('a2', 'nil'));
    const resultsPath = `${path}.results.csv`;
    await submit(path, resultsPath, new Set());
    await writeFile(path, table('a2', 'b2'));
    await submit(path, resultsPath, new Set());
    expect((await linesOf(resultsPath)).map((line) => line.split(',')[3])).toEqual([
      'result',
      'new',
      'rejected',
      'new',
      undefined,
    ]);
    await writeFile(path, table('b2', 'a2'));
    await expect(submit(path, resultsPath, new Set())).rejects.toThrow(
      'The results file has another request on line 2: the file has changed since. Name another one with --results.',
    );
  });

  it.each(['mine', 'line,requestId,workflowId,result,problem\nmine\n', 'line,field,problem\n2,row,x\n'])(
    'leave another file alone: %j',
    async (content) => {
      const path = await write(content);
      await expect(ResultsFile.open(path)).rejects.toThrow(
        /exists already and is another one\. Name it with --results/,
      );
      expect(await readFile(path, 'utf8')).toBe(content);
    },
  );
});
