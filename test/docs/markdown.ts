/** What the tests read out of the documents. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(__dirname, '..', '..');

export const documents: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

export interface Block {
  readonly document: string;
  readonly language: string;
  readonly content: string;
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Every fenced block of a document, also of those inside a list. */
export function fencedBlocks(document: string): readonly Block[] {
  return [...read(document).matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', content = '']) => ({
      document,
      language,
      content: content.replace(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
}

/** The commands of a shell block, one by one. */
export function commandsOf({ content }: Block): readonly string[] {
  return content
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => line.split('&&'))
    .map((command) => command.trim())
    .filter((command) => command !== '' && !command.startsWith('#'));
}

/** What a shell makes of one command, without the redirection. */
export function wordsOf(command: string): readonly string[] {
  const typed = command.replace(/ [<>] \S+/g, '');
  return [...typed.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  );
}

/** The cells of every table row below a heading, up to the next heading of any level; the whole text without one. */
export function rows(text: string, heading?: string): string[][] {
  const start = heading === undefined ? 0 : text.search(new RegExp(`^#+ ${heading}$`, 'm'));
  if (start < 0) throw new Error(`There is no heading "${heading}"`);
  const body = text.slice(heading === undefined ? 0 : text.indexOf('\n', start));
  const section = heading === undefined ? body : (body.split(/^#+ /m)[0] ?? '');
  return section
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** Rows by the name in backquotes that their first cell begins with. */
export function named(table: readonly string[][]): Map<string, string[]> {
  return new Map(
    table.flatMap((cells) => {
      const name = /^`([^`]+)`/.exec(cells[0] ?? '')?.[1];
      return name === undefined ? [] : [[name, cells] as const];
    }),
  );
}
