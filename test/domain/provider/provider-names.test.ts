/** Everything loops over the provider table: a provider is named, and its own words are used, in its own files only. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { providerFacts, providerKeys } from '../../../domain/provider/provider-table';

const root = join(__dirname, '..', '..', '..');
const folders = 'domain workflows activities client worker gateway security network temporal config cli local'.split(
  ' ',
);

/** What docs/adding-a-provider.md names, and what a simulated provider keeps beside its file. */
const own = [
  /^domain\/provider\/provider-table\.ts$/,
  /^activities\/providers\/adapter-registry\.ts$/,
  /^local\/simulator\/simulator-registry\.ts$/,
  new RegExp(`^activities/providers/(${providerKeys.join('|')})[a-z-]*\\.ts$`),
  new RegExp(`^local/simulator/(simulated-)?(${providerKeys.join('|')})[a-z-]*\\.ts$`),
];

const ofTable = providerKeys.flatMap((provider) => {
  const { name, identifier, limits, settings, completionEvent } = providerFacts(provider);
  const variables = [limits.variables, ...Object.values(settings).map(({ variable }) => variable)];
  // A key can be a word of English.
  return [
    `['"\`]${provider}(?![\\w-])`,
    name.replace(/ \(.*/, ''),
    identifier.field,
    ...variables,
    completionEvent ?? [],
  ].flat();
});
const words = new RegExp([...ofTable, 'purge(?!d\\|)', 'dequeu', 'hardDelete', 'Gainsight'].join('|'), 'i');

const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('the files that belong to no provider', () => {
  it('name none, and use the words of none', () => {
    const found = files
      .filter((file) => !own.some((pattern) => pattern.test(file)))
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line, index) => (words.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [])),
      );
    expect(found).toEqual([]);
  });

  it('are told from those that do', () => {
    expect(files.filter((file) => own.some((pattern) => pattern.test(file))).length).toBeGreaterThan(8);
    expect("to: 'person'").toMatch(words);
    expect('the purge').toMatch(words);
    expect('a person asks').not.toMatch(words);
  });
});
