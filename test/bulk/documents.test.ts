/** What docs/bulk.md and the example file say is held against the code. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bulkColumns } from '../../client/bulk/bulk-columns';
import { bulkRows } from '../../client/bulk/bulk-rows';
import { checkedRows, ROWS_MAX } from '../../client/bulk/checked-rows';
import { rowIdsWith } from '../../client/bulk/row-ids';
import { ROW_LENGTH_MAX } from '../../client/bulk/text-lines';
import { IDENTIFIER_LENGTH_MAX, placeholders, sharedNames } from '../../domain/provider/identifier';
import { providers } from '../../domain/provider/provider-table';
import { filterAttributes, namedFilters } from '../../client/filters';

const root = join(__dirname, '..', '..');
const text = readFileSync(join(root, 'docs', 'bulk.md'), 'utf8');

describe('docs/bulk.md', () => {
  it('names every column and no other', () => {
    const table = text.split('\n').filter((line) => line.startsWith('| `') && line.split('|').length === 5);
    const names = table.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Za-z.]+)`/g)]);
    const told = names.map(([, name = '']) => (name.startsWith('.') ? `verification${name}` : name));
    expect(told.toSorted()).toEqual([...bulkColumns].toSorted());
  });

  it('names every filter', () => {
    for (const filter of [...namedFilters, ...Object.keys(filterAttributes)]) expect(text).toContain(`\`${filter}`);
  });

  it('lists every placeholder that is refused and every name that is warned of, and no others', () => {
    const listed = (start: string, end: string): string[] => {
      const [, after = ''] = text.split(start);
      return [...(after.split(end)[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
    };
    expect(listed('quotes and brackets around it: ', '\n  `undefined` and')).toEqual(placeholders);
    expect(listed('also as the name of a mailbox: ', ';\n')).toEqual(sharedNames);
    for (const word of providers.aptrinsic.identifier.reserved) expect(text).toContain(`\`${word}\``);
    expect(text).toContain(`more than ${IDENTIFIER_LENGTH_MAX} characters`);
    expect(text).toContain(`more than ${providers.aptrinsic.peopleMax.toLocaleString('en-US')} people at Aptrinsic`);
  });

  it('tells the limits', () => {
    expect(ROWS_MAX).toBe(1_000_000);
    expect(text).toContain(`${ROW_LENGTH_MAX.toLocaleString('en-US')} characters`);
  });
});

describe('examples/bulk/people.csv', () => {
  it('has good rows only, with every column but those that are rare', async () => {
    const file = join(root, 'examples', 'bulk', 'people.csv');
    const verdicts: string[] = [];
    for await (const row of checkedRows(bulkRows(file), {
      ids: rowIdsWith('secret', ''),
      now: Date.parse('2026-11-22T12:00:00Z'),
    })) {
      verdicts.push(row.verdict);
    }
    expect(verdicts).toEqual(['good', 'good', 'good']);
  });
});
