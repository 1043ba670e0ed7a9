/** Every picture is shown by a document, says in words what it shows, and is small; those of the console can be taken anew. */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { documents, read, root } from './markdown';

const BYTES_MAX = 120_000;
const shown = documents.flatMap((document) =>
  [...read(document).matchAll(/!\[([^\]]*)\]\(([^)]*images\/[^)]+)\)/g)].map(([, words = '', path = '']) => ({
    document,
    words,
    file: basename(path),
  })),
);
const pictures = readdirSync(join(root, 'docs', 'images'));

describe('docs/images/', () => {
  it('has the pictures that the documents show, and no others', () => {
    expect([...new Set(shown.map(({ file }) => file))].toSorted()).toEqual(pictures.toSorted());
  });

  it.each(shown)('$file is said in words in $document', ({ words }) => {
    expect(words.length).toBeGreaterThan(20);
  });

  it.each(pictures)('%s is small', (file) => {
    expect(statSync(join(root, 'docs', 'images', file)).size).toBeLessThan(BYTES_MAX);
  });

  it('has those of the console that are taken by its script', () => {
    const script = read('test/browser/take-pictures.ts');
    const calls = [...script.matchAll(/take\(\w+, '([\w-]+)'/g), ...script.matchAll(/takeAt\(.*, '([\w-]+)'[,)]/g)];
    const taken = calls.map(([, name = '']) => `console-${name}.png`);
    expect(taken.toSorted()).toEqual(pictures.filter((file) => file.startsWith('console-')).toSorted());
  });
});
