/** Whether a command that the documents show is one: looked up in the real command line, in package.json and in the tree. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { createProgram } from '../../cli/program';
import { scenarios } from '../../local/scenarios';
import { newKeyFiles } from '../../security/key-generation';
import { read, root, wordsOf } from './markdown';

const { scripts, version, name } = JSON.parse(read('package.json')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly version: string;
  readonly name: string;
};

/** What takes more than there is on a machine that runs the tests, and how it is held to the truth all the same. */
const notRun: readonly (readonly [command: RegExp, whatHolds: (words: readonly string[]) => boolean])[] = [
  // Needs a Docker daemon: the stages, files and services are looked up.
  [/^docker build /, (words) => new RegExp(`^FROM .* AS ${after(words, '--target')}$`, 'im').test(read('Dockerfile'))],
  [/^docker compose /, (words) => filesExist([after(words, '--env-file')]) && isComposeCommand(words)],
  // Needs a cluster: the key files and manifests are looked up.
  [/^kubectl create secret generic /, (words) => isSecret(words.at(-1) ?? '')],
  [/^kubectl create configmap /, (words) => isMountedConfigMap(words[3], words[4])],
  [/^kubectl apply -f /, (words) => filesExist([words.at(-1)])],
  // test/packaging makes and installs the package itself.
  [/^npm pack$/, () => true],
  [/^npm install (--omit=optional )?\.\/\S+\.tgz$/, (words) => words.at(-1) === `./${name}-${version}.tgz`],
  // Run by test/other-languages, with other files.
  [/^cd examples\/\w+$/, (words) => filesExist([words[1]])],
  [/^go build -o request \.$/, () => true],
  [/^python3 -m venv \.venv$/, () => true],
  [/^\.venv\/bin\/pip install --require-hashes -r requirements\.txt$/, () => true],
  // Run by test/stories/api-examples.test.ts.
  [/^curl --fail-with-body "\$ERASURE_API\/api\/v1\//, () => true],
  [/^(\.\/request|\.venv\/bin\/python request\.py) /, (words) => isExampleCommand(words)],
];

export function isCommand(command: string): boolean {
  const other = notRun.find(([pattern]) => pattern.test(command));
  if (other !== undefined) return other[1](wordsOf(command));
  const [script] = /(?<=^npm run )[\w:-]+/.exec(command) ?? [];
  if (script !== undefined) return Object.hasOwn(scripts, script) && isDemo(script, command);
  if (command === 'npm ci' || command === 'cp .env.example .env') return true;
  if (command === 'npm test') return Object.hasOwn(scripts, 'test');
  const typed = erasureWords(command);
  return typed !== undefined && isErasure(typed);
}

/** The words after the command's own name, in whichever way it is called. */
export function erasureWords(command: string): readonly string[] | undefined {
  const [, typed] = /^(?:erasure|node (?:--env-file=\.env )?dist\/cli\/main\.js) (.*)$/.exec(command) ?? [];
  return typed === undefined ? undefined : wordsOf(typed);
}

function isDemo(script: string, command: string): boolean {
  const [, typed] = / -- (.*)$/.exec(command) ?? [];
  if (typed === undefined) return true;
  const left = typed
    .replace(/--scenario ([\w-]+)/, (all, scenario) => (scenarios.some((known) => known.name === scenario) ? '' : all))
    .replace(/--json/, '');
  // Their own tests read their options.
  if (script === 'chaos' || script === 'bench') return true;
  return script === 'demo' && left.trim() === '';
}

/** Every word is a subcommand, an option with its value, or an argument that the command takes. */
function isErasure(words: readonly string[]): boolean {
  const found = optionsAndArguments(words);
  if (found === undefined) return false;
  const { command, argumentCount } = found;
  const needed = command.registeredArguments.filter(({ required }) => required).length;
  return argumentCount >= needed && argumentCount <= command.registeredArguments.length;
}

/** The same of a command in running text, which may leave its arguments and the value of its last option out. */
export function isErasureInText(words: readonly string[]): boolean {
  const found = optionsAndArguments(words) ?? optionsAndArguments([...words, 'VALUE']);
  return found !== undefined && found.argumentCount <= found.command.registeredArguments.length;
}

function optionsAndArguments(
  words: readonly string[],
): { readonly command: Command; readonly argumentCount: number } | undefined {
  let command: Command = program();
  const rest = [...words];
  for (;;) {
    const next = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest.shift();
  }
  if (command.parent === null || command.commands.length > 0) return undefined;
  let argumentCount = 0;
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    if (!word.startsWith('-') || word === '-') {
      argumentCount += 1;
      continue;
    }
    if (word === '--help') continue;
    const option = command.options.find((candidate) => candidate.long === word);
    if (option === undefined) return undefined;
    if (option.required && rest.shift() === undefined) return undefined;
  }
  return { command, argumentCount };
}

export function program(): Command {
  const silent = new PassThrough();
  return createProgram({ environment: {}, stdin: silent, stdout: silent, stderr: silent, exitWith: () => undefined });
}

function isComposeCommand(words: readonly string[]): boolean {
  const run = words.indexOf('cli');
  if (words.includes('run') && run > 0) return isErasure(words.slice(run + 1));
  const service = words.indexOf('logs') + 1;
  return service === 0 || new RegExp(`^  ${words[service]}:$`, 'm').test(read('docker-compose.yml'));
}

/** A key file by its real name, or a file of settings that its owner writes. */
function isSecret(source: string): boolean {
  const [, keyFile] = /^--from-file=keys\/(.+)$/.exec(source) ?? [];
  if (keyFile === undefined) return /^--from-env-file=\w+\.env$/.test(source);
  return newKeyFiles('docs', '2026-11').some(({ file }) => file.name === keyFile);
}

function isMountedConfigMap(map = '', source = ''): boolean {
  const [, file] = /^--from-file=([\w.]+)$/.exec(source) ?? [];
  const manifest = read('deploy/kubernetes/gateway.yaml');
  return manifest.includes(`configMap: { name: ${map},`) && manifest.includes(`value: /company-ca/${file} }`);
}

function isExampleCommand(words: readonly string[]): boolean {
  const [, subcommand = '', ...rest] = words[1] === 'request.py' ? words.slice(1) : words;
  const argumentCounts: Readonly<Record<string, number>> = {
    start: 1,
    progress: 1,
    decide: 3,
    certificate: 1,
    result: 1,
  };
  return argumentCounts[subcommand] === rest.length;
}

function after(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}

function filesExist(files: readonly (string | undefined)[]): boolean {
  return files.every((file) => file === undefined || existsSync(join(root, file)));
}
