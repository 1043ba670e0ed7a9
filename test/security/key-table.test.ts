import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newKeyFiles } from '../../security/key-generation';
import { keyFiles } from '../../security/key-table';
import { rows } from '../docs/markdown';

/** The files that hold one set of keys, under another name than it has in the documents. */
const setNames: Readonly<Record<string, string>> = {
  'decision.json': 'decision',
  'fact-keys.json': 'facts',
  'certificate.public.jwk': 'certificate',
};

describe('the table of key files', () => {
  const table = rows(readFileSync(join(__dirname, '..', '..', 'docs', 'security.md'), 'utf8'), 'Keys by role');
  const files = newKeyFiles('docs', '2026-11').map(({ file, content }) => [file.name, content] as const);

  it.each(files)('says of %s which keys it holds, and whether they are private, public or secret', (name, content) => {
    const [, holds = ''] = table.find(([file = '']) => file.includes(`\`${name}\``)) ?? [];
    const sets = Object.entries(content).filter(([, value]) => typeof value === 'object');
    expect(sets.length).toBeGreaterThan(0);
    for (const [set, keys] of sets) {
      const text = JSON.stringify(keys);
      const kind = text.includes('"k":') ? 'secret' : text.includes('"d":') ? 'private' : 'public';
      expect(holds).toMatch(new RegExp(`${set === 'keys' ? setNames[name] : set} keys? \\(${kind}\\)`));
    }
  });

  it('names no other file', () => {
    const names = table.flatMap(([file = '']) => [...file.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
    // Made for the first service, and holds no key.
    expect(new Set(names)).toEqual(new Set([...files.map(([name]) => name), keyFiles['service-keys'].name]));
  });
});
