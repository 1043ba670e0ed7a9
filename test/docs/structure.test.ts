/** The structure of the code is what docs/architecture.md says: every import, also of types, is held against its tables. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { named, read, root, rows } from './markdown';

const modules = execFileSync('git', ['ls-files', '*.ts', '*.tsx'], { cwd: root, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && !/^(test|examples)\//.test(file) && existsSync(join(root, file)));
const known = new Set(modules);

/** The modules of ours that a module imports, be it for types only or when it is needed. */
function importsOf(file: string): readonly string[] {
  const specifiers = [...read(file).matchAll(/(?:\bfrom|\bimport\()\s*'(\.[^']*)'/g)].map(([, path = '']) => path);
  return specifiers.flatMap((path) => {
    const base = normalize(join(dirname(file), path)).replace(/\.js$/, '');
    return [base, `${base}.ts`, `${base}.tsx`, join(base, 'index.ts')]
      .filter((candidate) => known.has(candidate))
      .slice(0, 1);
  });
}

function folderOf(file: string): string {
  const [top = '', second = ''] = file.split('/');
  return file.startsWith('local/simulator/') || (top === 'domain' && file.split('/').length > 2)
    ? `${top}/${second}`
    : top;
}

/** What the table under this heading says that each folder imports. */
const section = rows(read(join('docs', 'architecture.md')), 'Folders');
const allowed = new Map(
  [...named(section)].map(([folder, [, , imports = '']]) => [
    folder.replace(/\/$/, ''),
    { text: imports, folders: [...imports.matchAll(/`([a-z]+)`/g)].map(([, name = '']) => name) },
  ]),
);

function isAllowed(from: string, to: string): boolean {
  const rule = allowed.get(from);
  if (rule === undefined) return false;
  if (rule.text.startsWith('all of the above')) {
    const order = [...allowed.keys()];
    const above = order.slice(0, order.indexOf(from));
    return above.includes(to) || (to.startsWith('domain/') && above.includes('domain'));
  }
  if (from.startsWith('domain/')) return to === 'domain' || rule.folders.includes(to.replace('domain/', ''));
  return rule.folders.includes(to.split('/')[0] ?? '') || (from === 'local' && to === 'local/simulator');
}

const arrows = modules.flatMap((file) =>
  importsOf(file)
    .filter((target) => folderOf(target) !== folderOf(file))
    .map((target) => ({ file, target, from: folderOf(file), to: folderOf(target) })),
);

describe('the structure', () => {
  it('finds the imports', () => {
    expect(modules.length).toBeGreaterThan(200);
    expect(arrows.length).toBeGreaterThan(500);
    expect(allowed.size).toBeGreaterThan(20);
  });

  it('has the arrows that docs/architecture.md says, and no others', () => {
    const wrong = arrows
      .filter(({ from, to }) => !isAllowed(from, to))
      .map(({ file, target }) => `${file} → ${target}`);
    expect(wrong).toEqual([]);
  });

  it('has no two folders that import each other', () => {
    const pairs = new Set(arrows.map(({ from, to }) => `${from} ${to}`));
    const both = [...pairs].filter((pair) => pairs.has(pair.split(' ').toReversed().join(' ')));
    expect(both).toEqual([]);
  });

  it('has no two modules of the same name', () => {
    const names = modules.map((file) => basename(file)).filter((name) => name !== 'index.ts' && name !== 'main.ts');
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('makes key pairs in one module, which knows how Node can wait for itself over one', () => {
    const makers = modules.filter((file) => !file.startsWith('bench/') && read(file).includes('generateKeyPair'));
    expect(makers).toEqual(['security/key-pair.ts']);
  });

  it('names files in the walks that exist', () => {
    const walks = read(join('docs', 'architecture.md')).split('## Three walks')[1]?.split('\n## ')[0] ?? '';
    const files = [...walks.matchAll(/`([a-z-]+\/[\w/<>-]+\.tsx?)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !known.has(file.replace('<key>', 'person')))).toEqual([]);
  });
});
