import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { bulkColumns, readHeader, submissionOfRow } from '../../client/bulk/bulk-columns';
import { BulkFileError } from '../../client/errors';
import { bulkRows, csvRows, ndjsonRows, type BulkRow } from '../../client/bulk/bulk-rows';
import { checkedRows, type CheckedRow } from '../../client/bulk/checked-rows';
import { rowIdsOf, rowIdsWith } from '../../client/bulk/row-ids';
import { ROW_LENGTH_MAX, textLines } from '../../client/bulk/text-lines';
import { parseSubmission } from '../../client/submission';
import { isRequestId } from '../../domain/request/request';
import { csvRow } from '../../client/csv-text';

const now = Date.parse('2026-11-22T12:00:00Z');
const ids = rowIdsWith('secret', '');
const row = { regulation: 'gdpr', submittedAt: '2026-11-01T09:30:00.000Z' } as const;

/** In pieces of any size, as a file streams in. */
async function* inPieces(text: string, size: number): AsyncGenerator<string> {
  // A decoder never takes a character apart.
  const characters = Array.from(text);
  for (let at = 0; at < characters.length; at += size) yield characters.slice(at, at + size).join('');
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const csv = (text: string, size = 7): Promise<BulkRow[]> => all(csvRows(inPieces(text, size)));
const judge = (rows: readonly unknown[], rowIds = ids): Promise<CheckedRow[]> =>
  all(checkedRows(toRows(rows), { ids: rowIds, now }));
async function* toRows(values: readonly unknown[]): AsyncGenerator<BulkRow> {
  for (const [index, value] of values.entries()) yield { line: index + 1, value };
}

/** Where each row begins, behind a header on line 1. */
function linesOf(rows: readonly (readonly string[])[]): number[] {
  let line = 2;
  return rows.map((cells) => {
    const begins = line;
    line += cells.join('').split('\n').length;
    return begins;
  });
}

describe('the rows of a CSV file', () => {
  it('become the request files that they were written from, whatever stands in them', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r\n', ' ', '𐀀', '\u2028'), maxLength: 8 });
    const columns = fc
      .subarray([...bulkColumns], { minLength: 1 })
      .map((some) => [...new Set([...some, 'regulation', 'submittedAt', 'person.personId'])]);
    const file = columns.chain((names) =>
      fc.tuple(
        fc.constant(names),
        fc.array(fc.array(cell, { minLength: names.length, maxLength: names.length }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n'),
        fc.integer({ min: 1, max: 40 }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(file, async ([names, cells, lineEnd, size]) => {
        const text = [names, ...cells].map((line) => csvRow(line) + lineEnd).join('');
        const found = await csv(text, size);
        expect(found.map(({ line }) => line)).toEqual(linesOf(cells));
        expect(found.map((one) => ('value' in one ? one.value : one))).toEqual(
          cells.map((line, index) =>
            line.every((one) => one.trim() === '')
              ? { line: linesOf(cells)[index], empty: true }
              : submissionOfRow(names, line),
          ),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('carry every field of a request file, and the identifiers under their providers', () => {
    const submission = {
      ...row,
      requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
      receivedVia: 'web-form',
      ground: 'consent-withdrawn',
      filedBy: 'staff-1',
      webhookUrl: 'https://hooks.example.com/told',
      identityAskedAt: '2026-11-02T09:30:00.000Z',
      informationReceivedAt: '2026-11-03T08:30:00.000Z',
      verification: { method: 'account-login', by: 'staff-2', at: '2026-11-03T09:30:00.000Z', reference: 'PRIV-1' },
      subject: {
        measureone: { individualId: 'm' },
        person: { personId: '0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b11' },
        aptrinsic: { identifyId: 'a' },
      },
    } as const;
    const valueOf = (name: string): string => {
      const path = Object.hasOwn(submission.subject, name.split('.')[0] ?? '') ? `subject.${name}` : name;
      const found = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], submission);
      return String(found);
    };
    const cells = bulkColumns.map(valueOf);
    expect(parseSubmission(submissionOfRow(bulkColumns, cells), now)).toEqual(submission);
  });

  it('are told by the line they begin on, behind a byte order mark, empty lines and quoted line breaks', async () => {
    const text = 'regulation,submittedAt,person.personId\r\n\r\ngdpr,x,"a\r\nb"\r\ngdpr,x\r\n\r\ngdpr,x,c\r\n';
    expect((await csv(text)).map(({ line }) => line)).toEqual([3, 5, 7]);
  });

  it('have as many cells as the header, or say so', async () => {
    const problem = (cells: number): string =>
      `has ${cells} cells and the header has 3: quote what has a separator or a line break in it, and leave no separator out`;
    expect(await csv('regulation,submittedAt,person.personId\ngdpr,x\ngdpr,x,y,\n')).toEqual([
      { line: 2, field: 'row', problem: problem(2) },
      { line: 3, field: 'row', problem: problem(4) },
    ]);
  });

  it.each([
    ['an unknown column', 'regulation,submittedAt,person.personId,planted-name', /column 4: there is no such column/],
    ['a column twice', 'regulation,submittedAt,person.personId,regulation', /column 4: the same as column 1/],
    ['a missing column', 'regulation,person.personId', /submittedAt: is missing/],
    ['no identifier', 'regulation,submittedAt', /at least one is missing of measureone\.individualId/],
    [
      'a column twice, in another case',
      'regulation,submittedAt,person.personId,Regulation ',
      /column 4: the same as column 1/,
    ],
  ])('are refused behind a header with %s, which is not repeated', (_what, line, message) => {
    const refused = (): unknown => readHeader(line.split(','));
    expect(refused).toThrow(BulkFileError);
    expect(refused).toThrow(message);
    expect(refused).not.toThrow(/planted/);
  });

  it.each([
    ['an open quote', 'regulation,submittedAt,person.personId\ngdpr,x,a\ngdpr,x,"planted\n', /line 3 on/],
    ['a stray quote', 'regulation,submittedAt,person.personId\ngdpr,x,"plan"ted\n', /line 2 on/],
    ['an endless row', `regulation,submittedAt,person.personId\ngdpr,x,${'a'.repeat(ROW_LENGTH_MAX)}\n`, /line 2 on/],
    ['nothing in it', '', /is empty/],
  ])('are refused as a whole with %s', async (_what, text, message) => {
    const refused = await csv(text, 1_000).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(BulkFileError);
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).not.toMatch(/plan/);
  });
});

describe('the lines of an NDJSON file', () => {
  it('are the same however the file streams in', async () => {
    const line = fc.string({ unit: fc.constantFrom('a', '\u2028', 'é', '"', ' '), maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 9 }), async (lines, size) => {
        const found = await all(textLines(inPieces(lines.map((text) => `${text}\r\n`).join(''), size)));
        expect(found).toEqual(lines.map((text, index) => ({ line: index + 1, text })));
      }),
    );
  });

  it('are request files, or say that they are no JSON without repeating themselves', async () => {
    const text = `${JSON.stringify({ a: 1 })}\n\n{planted\n${JSON.stringify({ b: 2 })}`;
    expect(await all(ndjsonRows(inPieces(text, 4)))).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 3, field: 'row', problem: 'is not JSON' },
      { line: 4, value: { b: 2 } },
    ]);
  });

  it('have a greatest length', async () => {
    const endless = all(ndjsonRows(inPieces('a'.repeat(ROW_LENGTH_MAX + 1), 1_000)));
    await expect(endless).rejects.toThrow(/Line 1 is longer/);
  });
});

describe('a file', () => {
  it('that is not UTF-8, is away or has another name is refused', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'erasure-bulk-'));
    try {
      const path = join(directory, 'a.ndjson');
      await writeFile(path, Buffer.from([0x7b, 0xff, 0x7d]));
      await expect(all(bulkRows(path))).rejects.toThrow(/is not UTF-8/);
      await expect(all(bulkRows(join(directory, 'b.csv')))).rejects.toThrow(/cannot be read \(ENOENT\)/);
      expect(() => bulkRows('planted.xlsx')).toThrow(BulkFileError);
      expect(() => bulkRows('planted.xlsx')).not.toThrow(/planted/);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('the judgement of rows', () => {
  const person = (name: string, more: object = {}) => ({
    ...row,
    subject: { person: { personId: `0b0e5d0c-53a1-4f0e-9d0a-6a2f4f3c9b0${name}` } },
    ...more,
  });

  it('takes the same request once, also where it brings no id, and the same person again for another request', async () => {
    const requestId = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
    const judged = await judge([
      person('a'),
      person('a'),
      person('a', { submittedAt: '2026-11-02T09:30:00Z' }),
      person('b', { requestId }),
      person('b', { requestId }),
      person('c', { requestId }),
    ]);
    expect(judged.map(({ verdict }) => verdict)).toEqual([
      'good',
      'duplicate',
      'good',
      'good',
      'duplicate',
      'rejected',
    ]);
    expect(judged[5]).toMatchObject({
      problems: [{ field: 'requestId', problem: expect.stringContaining('earlier') }],
    });
  });

  it('tells what is wrong by the names of columns', async () => {
    const [judged] = await judge([{ ...row, regulation: 'planted', subject: { person: { personId: 'planted' } } }]);
    expect(judged).toMatchObject({
      verdict: 'rejected',
      problems: [{ field: 'regulation' }, { field: 'person.personId' }],
    });
    expect(JSON.stringify(judged)).not.toContain('planted');
  });

  it('gives the same row the same id, and no two rows the same one', async () => {
    const submission = fc.record({
      regulation: fc.constantFrom('gdpr' as const, 'ccpa' as const),
      submittedAt: fc.constantFrom('2026-11-01T00:00:00.000Z', '2026-11-02T00:00:00.000Z'),
      subject: fc.record({ person: fc.record({ personId: fc.string({ minLength: 1, maxLength: 2 }) }) }),
    });
    fc.assert(
      fc.property(submission, submission, (one, other) => {
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(isRequestId(ids.requestIdOf(one))).toBe(true);
        expect(ids.requestIdOf(one)).toMatch(/^.{14}8.{4}[89ab]/);
        expect(ids.requestIdOf(one) === ids.requestIdOf(other)).toBe(isSame);
        expect(ids.digestOf(one) === ids.digestOf(other)).toBe(isSame);
        expect(rowIdsWith('another secret', '').requestIdOf(one)).not.toBe(ids.requestIdOf(one));
        expect(rowIdsWith('secret', 'another-batch').requestIdOf(one)).not.toBe(ids.requestIdOf(one));
      }),
    );
    const sealer = { fingerprints: async (content: unknown) => [JSON.stringify(content)] };
    expect((await rowIdsOf(sealer)).requestIdOf(person('a'))).toBe(
      (await rowIdsOf(sealer, '')).requestIdOf(person('a')),
    );
  });
});
