/** What the deployment files say, read as data. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { CORE_SCHEMA, load, loadAll, mergeTag } from 'js-yaml';
import { createProgram } from '../../cli/program';
import type { Environment } from '../../config/environment';

export const root = join(__dirname, '..', '..');

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

export const { version, scripts, engines } = JSON.parse(read('package.json')) as {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};

/** The instructions of each stage of the Dockerfile, continued lines joined. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly { readonly keyword: string; readonly rest: string }[];
}

export function dockerfileStages(): readonly Stage[] {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [keyword = '', ...rest] = line.split(' ');
      return { keyword, rest: rest.join(' ') };
    });
  const stages: (Stage & { instructions: Stage['instructions'][number][] })[] = [];
  for (const line of lines) {
    const [, from = '', name = ''] = line.keyword === 'FROM' ? (/^(\S+) AS (\S+)$/.exec(line.rest) ?? []) : [];
    if (line.keyword === 'FROM') stages.push({ name, from, instructions: [] });
    else stages.at(-1)?.instructions.push(line);
  }
  return stages;
}

export interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly env_file?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly volumes?: readonly (string | { readonly source: string; readonly volume?: { readonly subpath: string } })[];
  readonly network_mode?: string;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

export function composeServices(): Readonly<Record<string, Service>> {
  const schema = CORE_SCHEMA.withTags(mergeTag);
  const { services } = load(read('docker-compose.yml'), { schema }) as { services: Readonly<Record<string, Service>> };
  return services;
}

/** As Compose reads it: a name and a value on each line. */
export function envFile(file: string): Record<string, string> {
  return Object.fromEntries(
    read(file)
      .split('\n')
      .filter((line) => /^[A-Z]/.test(line))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

interface Port {
  readonly port?: number | string;
  readonly path?: string;
}
interface Probe {
  readonly httpGet?: Port;
  readonly exec?: { readonly command: readonly string[] };
}

/** Of the pod that the container runs in. */
export interface ValueFrom {
  readonly fieldRef: { readonly fieldPath: string };
}

interface Container {
  readonly volumeMounts: readonly (Named & { readonly mountPath: string })[];
  readonly image: string;
  readonly args: readonly string[];
  readonly envFrom: readonly { readonly configMapRef?: Named; readonly secretRef?: Named }[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: ValueFrom }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly requests: object; readonly limits: { readonly memory: string } };
  readonly securityContext: object;
}

interface Named {
  readonly name: string;
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: Named;
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: {
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly securityContext: object;
        readonly enableServiceLinks: boolean;
        readonly containers: readonly [Container];
        readonly volumes: readonly (Named & {
          readonly secret?: { readonly secretName: string; readonly defaultMode: number };
          readonly configMap?: Named;
        })[];
      };
    };
    readonly selector?: object;
    readonly ports?: readonly { readonly port: number }[];
    readonly ingress?: readonly { readonly ports: readonly { readonly port: number }[] }[];
  };
}

export function manifests(): readonly Manifest[] {
  const directory = join('deploy', 'kubernetes');
  return readdirSync(join(root, directory)).flatMap((file) => loadAll(read(join(directory, file))) as Manifest[]);
}

/** Whether these words, after `erasure`, are a command with options and arguments of the program. */
export function isErasureCommand(words: readonly string[]): boolean {
  const silent = new PassThrough();
  const context = { environment: {}, stdin: silent, stdout: silent, stderr: silent, exitWith: () => undefined };
  let command: Command = createProgram(context);
  const rest = [...words];
  for (;;) {
    const next: Command | undefined = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest.shift();
  }
  if (command.commands.length > 0) return rest.length === 1 && rest[0] === '--help';
  let argumentCount = 0;
  while (rest.length > 0) {
    const word = rest.shift() ?? '';
    if (!word.startsWith('--')) {
      argumentCount += 1;
      continue;
    }
    const option = command.options.find((candidate) => candidate.long === word);
    if (option === undefined || (option.required && rest.shift() === undefined)) return false;
  }
  return argumentCount === command.registeredArguments.length;
}

/** Every folder that the build compiles. */
/** What is for developers alone is no part of an image. */
const notShipped = ['node_modules', 'dist', 'coverage', 'test', 'bench', 'chaos', 'examples'];

export function sourceFolders(): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !notShipped.includes(entry.name))
    .map(({ name }) => name)
    .filter((name) => readdirSync(join(root, name), { recursive: true }).some((file) => String(file).endsWith('.ts')));
}

export function exists(file: string): boolean {
  return existsSync(join(root, file));
}

export function without(environment: Environment, ...names: readonly string[]): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));
}
