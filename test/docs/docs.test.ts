/** What the documents say is held against the code: links, commands, settings, examples, and every list of names. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { transformSync } from '@swc/core';
import type { z } from 'zod';
import { exitCode } from '../../cli/exit-code';
import * as library from '../../client';
import { clientVariables } from '../../config/client-config';
import { gatewayVariables } from '../../config/gateway-config';
import { serverVariables } from '../../config/server-config';
import { providerVariables } from '../../config/provider-config';
import { staffVariables } from '../../config/staff-config';
import { workerVariables } from '../../config/worker-config';
import { decisionProblem } from '../../domain/decision/decision';
import { describeDuration } from '../../domain/duration';
import { attentionGuide, failureTypes, triesDaily, type AttentionReason } from '../../domain/leg/failure';
import { findingGuide, findingKinds } from '../../domain/sweep/finding';
import { defaultPatience, patienceBounds, type Patience } from '../../domain/rules/patience';
import { providerKeys } from '../../domain/provider/provider-table';
import { scenarios } from '../../local/scenarios';
import { initKeys } from '../../security/key-files';
import * as messages from '../../workflows/messages';
import { ownNamespace } from '../support/test-namespace';
import { program } from './commands';
import { documents, named, read, root, rows } from './markdown';
import { workflowIdOf, providerQueue, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const scratch = join(root, 'node_modules', '.cache', `docs-test-${process.pid}`);

beforeAll(() => mkdirSync(scratch, { recursive: true }));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The content of every fenced block of one language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, block = '']) => block,
  );
}

function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '');
}

/** The members of a union of string literals, which exist in the source only. */
function union(file: string, type: string): string[] {
  const declared = new RegExp(`export type ${type} =([\\s\\S]*?);`).exec(read(file))?.[1] ?? '';
  return [...declared.replace(/\/\*\*[\s\S]*?\*\//g, '').matchAll(/'([^']+)'/g)].map(([, member = '']) => member);
}

/** As GitHub makes them from headings. */
function anchors(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('links to files and headings that exist', () => {
    const broken = [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const file = path === '' ? join(root, document) : join(root, dirname(document), path);
        if (relative(root, file).startsWith('..') || !existsSync(file)) return true;
        return anchor !== undefined && !anchors(readFileSync(file, 'utf8')).includes(anchor);
      });
    expect(broken).toEqual([]);
  });

  it('names no place outside the repository', () => {
    expect(text).not.toMatch(/shared\//);
    expect(text).not.toMatch(/(^|[\s("'`=])\/(work|root|home|Users|tmp|var|etc|opt|usr|mnt)\b/m);
    expect(text).not.toMatch(/[A-Z]:\\/);
  });
});

const { scripts, dependencies, optionalDependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
  'scripts' | 'dependencies' | 'optionalDependencies' | 'devDependencies',
  Record<string, string>
>;

describe('the README', () => {
  const text = read('README.md');

  it('promises exactly two commands to begin with, and both are scripts', () => {
    expect(blocks(text, 'sh')[0]).toBe('npm ci && npm run demo\nnpm ci && npm test\n');
    expect(scripts).toMatchObject({ demo: expect.any(String), test: expect.any(String) });
  });

  it('says what each outcome of a leg means', () => {
    const told = rows(text, 'What an outcome says').map(([first = '']) => first);
    const outcomes = union('domain/leg/outcome.ts', 'LegOutcome');
    expect(outcomes).toHaveLength(8);
    for (const outcome of outcomes) expect(told.filter((cell) => cell.startsWith(`\`${outcome}\``))).not.toEqual([]);
    for (const assurance of union('domain/leg/outcome.ts', 'Assurance'))
      expect(told.join()).toContain(`\`${assurance}\``);
    for (const outcome of union('domain/leg/outcome.ts', 'RequestOutcome')) expect(text).toContain(`\`${outcome}\``);
  });

  it('names every document', () => {
    for (const document of documents.filter((name) => name.startsWith('docs/')))
      expect(text).toContain(`](${document}`);
  });
});

describe('getting started', () => {
  const text = read('docs/getting-started.md');

  it('tells every story of the demo, and how it ends', () => {
    const told = named(rows(text, 'The demo'));
    expect([...told.keys()]).toEqual(scenarios.map(({ name }) => name));
    for (const { name, ends } of scenarios) expect(told.get(name)?.[2]).toContain(`\`${ends}\``);
  });

  it('shows a request file that is one', () => {
    const [example = ''] = blocks(text, 'json');
    const { verification } = JSON.parse(example) as { verification: { at: string } };
    const parsed = library.parseSubmission(JSON.parse(example), Date.parse(verification.at));
    expect(Object.keys(parsed.subject)).toEqual(providerKeys);
    expect(text).toContain(`watch ${parsed.requestId}`);
  });
});

describe('the TypeScript examples', () => {
  const examples = documents.flatMap((document) => blocks(read(document), 'ts'));

  it('have the types of the library', () => {
    examples.forEach((example, index) => writeFileSync(join(scratch, `example-${index}.ts`), example));
    const up = relative(scratch, root);
    writeFileSync(
      join(scratch, 'tsconfig.json'),
      JSON.stringify({
        extends: join(up, 'tsconfig.json'),
        compilerOptions: {
          noEmit: true,
          declaration: false,
          types: ['node'],
          rootDir: up,
          paths: {
            ms: [join(up, 'node_modules/ms/dist/index.d.ts')],
            'erasure-orchestrator': [join(up, 'client/index.ts')],
          },
        },
        include: ['*.ts'],
        exclude: [],
      }),
    );
    // A control: were nothing checked, this error would not be there, which is an error itself.
    const misspelt = examples[0]?.replace("regulation: 'gdpr'", "// @ts-expect-error\n      regulation: 'gdrp'") ?? '';
    expect(misspelt).toContain('gdrp');
    writeFileSync(join(scratch, 'control.ts'), misspelt);
    expect(typeErrors()).toBe('');
  });

  function typeErrors(): string {
    try {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', scratch], {
        encoding: 'utf8',
      });
      return '';
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  }

  it('start a request on the real server, and again without a second one', async () => {
    const keys = join(scratch, 'keys');
    await initKeys({ directory: keys, environment: 'docs', now: Date.now() });
    const settings = {
      TEMPORAL_ADDRESS: process.env['TEST_TEMPORAL_ADDRESS'] ?? '',
      TEMPORAL_NAMESPACE: ownNamespace,
      ERASURE_KEYS_DIR: keys,
    };
    const before = { ...process.env };
    Object.assign(process.env, settings);
    const requestId = randomUUID();
    try {
      const example = runnable(examples[0] ?? '');
      const askedAt = new Date(Date.now() - 60_000).toISOString();
      const submit = (personId: string) => example['submitErasure']?.(requestId, askedAt, personId);
      const personId = randomUUID();
      const submitted = { requestId, workflowId: workflowIdOf(requestId) };
      expect(await submit(personId)).toMatchObject({ ...submitted, duplicate: false });
      expect(await submit(personId)).toMatchObject({ ...submitted, duplicate: true });
      await expect(submit(randomUUID())).rejects.toThrow(library.RequestConflictError);
    } finally {
      for (const name of Object.keys(settings)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
      await terminate(requestId, settings.TEMPORAL_ADDRESS);
    }
  });

  type Exports = Record<string, (...values: string[]) => Promise<unknown>>;

  function runnable(source: string): Exports {
    const { code } = transformSync(source, {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'commonjs' },
    });
    const exported: Exports = {};
    // oxlint-disable-next-line no-new-func, typescript/no-implied-eval
    new Function('exports', 'require', code)(exported, (name: string) => {
      expect(name).toBe('erasure-orchestrator');
      return library;
    });
    return exported;
  }

  async function terminate(requestId: string, address: string): Promise<void> {
    const { Client, Connection } = await import('@temporalio/client');
    const connection = await Connection.connect({ address });
    const client = new Client({ connection, namespace: ownNamespace });
    await client.workflow
      .getHandle(workflowIdOf(requestId))
      .terminate('end of test')
      .catch(() => undefined);
    await connection.close();
  }
});

type Shape = Readonly<Record<string, z.ZodType>>;

describe('docs/configuration.md', () => {
  const text = read(join('docs', 'configuration.md'));
  const table = named(rows(text, 'Configuration'));
  const providerShape: Shape = Object.assign({}, ...Object.values(providerVariables));
  const processes: Record<string, Shape> = {
    worker: { ...workerVariables, ...providerShape },
    gateway: gatewayVariables,
    server: serverVariables,
    client: { ...clientVariables, ...staffVariables },
  };
  const shape: Shape = {
    ...clientVariables,
    ...staffVariables,
    ...gatewayVariables,
    ...serverVariables,
    ...processes['worker'],
  };
  const standard = [...table.keys()].filter((name) => name.startsWith('TEMPORAL_'));
  /** Read without a schema, by the command itself and by the local engine. */
  const others: Readonly<Record<string, string>> = {
    ERASURE_DEBUG: 'cli/command-failure.ts',
    NO_COLOR: 'cli/request-view.ts',
    ERASURE_ENGINE: 'local/engine/engine.ts',
    ERASURE_LOCAL_DIR: 'local/local-directory.ts',
    XDG_CACHE_HOME: 'local/engine/cache.ts',
    XDG_STATE_HOME: 'cli/login-file.ts',
  };

  function defaultOf(name: string): string {
    const parsed = shape[name]?.safeParse(undefined);
    if (parsed?.success !== true) return 'required';
    return parsed.data === undefined ? '–' : [parsed.data as string | string[]].flat().join(',');
  }

  it('lists exactly the variables that are read', () => {
    const listed = [...table.keys()].filter((name) => !standard.includes(name) && !Object.hasOwn(others, name));
    expect(listed.toSorted()).toEqual(Object.keys(shape).toSorted());
    for (const [name, file] of Object.entries(others)) {
      expect(table.has(name)).toBe(true);
      expect(read(file)).toContain(`'${name}'`);
    }
    const temporal = read('node_modules/@temporalio/envconfig/lib/envconfig-toml.js');
    expect(standard.filter((name) => !temporal.includes(`'${name}'`))).toEqual([]);
  });

  it.each(Object.keys(shape))('has the default of %s, and who reads it', (name) => {
    const [, stated = '', readers = ''] = table.get(name) ?? [];
    expect(stated.replaceAll('`', '')).toBe(defaultOf(name));
    const reading = Object.entries(processes).filter(([, variables]) => Object.hasOwn(variables, name));
    expect(readers.split(', ').toSorted()).toEqual(reading.map(([process]) => process).toSorted());
  });

  it('agrees with .env.example, which sets or mentions every variable and no other', () => {
    const mentioned = [...read('.env.example').matchAll(/^(?:# *)?([A-Z][A-Z0-9_]+)=/gm)].map(([, name = '']) => name);
    expect(mentioned.toSorted()).toEqual([...new Set(mentioned)].toSorted());
    expect(Object.keys(shape).filter((name) => !mentioned.includes(name))).toEqual([]);
    expect(mentioned.filter((name) => !table.has(name))).toEqual([]);
  });

  it('has every setting of one request with its default and bounds', () => {
    const settings = named(rows(text, 'Settings of one request'));
    expect([...settings.keys()].toSorted()).toEqual(Object.keys(patienceBounds).toSorted());
    for (const name of Object.keys(patienceBounds) as (keyof Patience)[]) {
      const { minMs, maxMs } = patienceBounds[name];
      const standard = defaultPatience[name];
      const expected = [
        standard === undefined ? 'none' : describeDuration(standard),
        ...[minMs, maxMs].map(describeDuration),
      ];
      expect([name, ...(settings.get(name)?.slice(1, 4) ?? [])]).toEqual([name, ...expected]);
    }
  });
});

describe('docs/operations.md', () => {
  const text = read(join('docs', 'operations.md'));

  it('says of every attention reason whether it is tried daily and what to do', () => {
    const reasons = named(rows(text, 'What each attention reason means'));
    expect([...reasons.keys()].toSorted()).toEqual(Object.keys(attentionGuide).toSorted());
    for (const [reason, [, happened = '', daily, todo = '']] of reasons) {
      expect([reason, daily]).toEqual([reason, triesDaily(reason as AttentionReason) ? 'yes' : 'no']);
      expect(happened.length).toBeGreaterThan(10);
      expect(todo.length).toBeGreaterThan(10);
    }
  });

  it('says of every finding of the sweep what it means and what to do, the most urgent first', () => {
    const found = named(rows(text, 'No silent request'));
    expect([...found.keys()].filter((name) => !name.startsWith('erasure_'))).toEqual([...findingKinds]);
    for (const kind of findingKinds) {
      const [, means = '', todo = ''] = found.get(kind) ?? [];
      for (const told of [means, todo, findingGuide[kind].happened, findingGuide[kind].todo]) {
        expect(told.length).toBeGreaterThan(10);
      }
    }
  });

  it('lists every exit code', () => {
    const codes = rows(text, 'Watching').flatMap(([code = '']) => (/^\d+$/.test(code) ? [Number(code)] : []));
    expect(codes).toEqual(Object.values(exitCode));
  });

  it('names the queues, the workflow and the updates as the code does', () => {
    const queues = named(rows(text, 'Queues and limits'));
    expect([...queues.keys()]).toEqual([WORKFLOW_QUEUE, ...providerKeys.map(providerQueue)]);
    expect(text).toContain(`\`${WORKFLOW_TYPE}\``);
    const updates = Object.values(messages.decisionUpdates).map(({ name }) => name);
    expect([...named(rows(text, 'Deciding')).keys()].toSorted()).toEqual(updates.toSorted());
  });

  it('names only subcommands that exist', () => {
    const known = program().commands.map((command) => command.name());
    const told = documents.flatMap((document) =>
      [...read(document).matchAll(/`erasure ([a-z-]+)/g)].map(([, name]) => name),
    );
    expect(told.length).toBeGreaterThan(10);
    expect([...new Set(told)].filter((name) => !known.includes(name ?? ''))).toEqual([]);
    const changes = read('CHANGELOG.md');
    expect(known.filter((name) => !changes.includes(`\`${name}`))).toEqual([]);
  });

  it('shows a decision that the workflow accepts', () => {
    expect(decisionProblem('retry', JSON.parse(blocks(text, 'json')[0] ?? ''))).toBeUndefined();
  });
});

describe('docs/providers.md', () => {
  const text = read(join('docs', 'providers.md'));

  it('has every failure type', () => {
    expect([...named(rows(text, 'Failures and retries')).keys()].toSorted()).toEqual([...failureTypes].toSorted());
  });

  it('has every outcome of a leg', () => {
    const told = rows(text, 'Leg outcomes').map(([first = '']) => first);
    for (const outcome of union('domain/leg/outcome.ts', 'LegOutcome')) expect(told.join()).toContain(`\`${outcome}\``);
  });

  it('has every provider', () => {
    const [, keys = []] = rows(text, 'Providers');
    expect(keys.slice(1)).toEqual(providerKeys.map((key) => `\`${key}\``));
  });
});

describe('docs/architecture.md', () => {
  const text = read(join('docs', 'architecture.md'));

  it('says of every folder of code what may be in it', () => {
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name)))
      .map(({ name }) => name)
      .filter((name) => readdirSync(join(root, name)).some((file) => file.endsWith('.ts')) && name !== 'dist');
    const told = [...named(rows(text, 'Folders')).keys()];
    expect(folders.filter((folder) => !told.includes(`${folder}/`))).toEqual([]);
    expect(told.filter((folder) => !existsSync(join(root, folder)))).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('has one line for each direct dependency, and no other', () => {
    const text = read(join('docs', 'dependencies.md'));
    const keysOf = (heading: string): string[] => [...named(rows(text, heading)).keys()].toSorted();
    const running = [...Object.keys(dependencies), ...Object.keys(optionalDependencies)];
    expect(keysOf('Used by the running system')).toEqual(running.toSorted());
    expect(keysOf('Used to build, test and demonstrate')).toEqual(Object.keys(devDependencies).toSorted());
  });
});
