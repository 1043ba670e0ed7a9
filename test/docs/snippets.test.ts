/** Every fenced block of the documents is checked by something; what is not is listed here, with its reason. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { transformSync } from '@swc/core';
import { load } from 'js-yaml';
import { createWebhook } from '../../activities/sweep/webhook';
import { parseSubmission } from '../../client';
import { sentTokenCredentials } from '../../config/token-settings';
import { parsePolicyFile } from '../../config/policy-file';
import { decisionProblem, readDecision } from '../../domain/decision/decision';
import { decisionKinds } from '../../domain/decision/decision-table';
import { DAY_MS } from '../../domain/duration';
import { legProgress } from '../../domain/leg/leg-progress';
import type { SweepSummary } from '../../domain/sweep/sweep-result';
import { parseErasureRequest } from '../../domain/request/request';
import * as messages from '../../workflows/messages';
import { legInAttention, T0 } from '../support/legs';
import type { RequestProgress } from '../../domain/request/request-progress';
import { webhookMessageOf, type WebhookMessage } from '../../domain/request/webhook-message';
import { erasureWords, isCommand, isErasureInText } from './commands';
import { commandsOf, documents, fencedBlocks, read, type Block } from './markdown';
import { requestIdOf, workflowIdOf, WORKFLOW_QUEUE, WORKFLOW_TYPE } from '../../temporal/names';

const all = documents.flatMap(fencedBlocks);
const inShell = all.filter(({ language }) => ['sh', 'bash', 'shell'].includes(language));
const inJson = all.filter(({ language }) => language === 'json');

/** Languages, and what checks their blocks. */
const checkedBy: Readonly<Record<string, string>> = {
  sh: 'here, and getting-started.md is carried out by walkthrough.test.ts',
  bash: 'here',
  shell: 'here',
  json: 'here',
  yaml: 'here',
  ts: 'docs.test.ts compiles all, and runs those of getting-started.md',
  typescript: 'adding-a-provider.test.ts carries them out',
  mermaid: 'leg-diagram.test.ts',
  js: 'here',
};
const notChecked: readonly (readonly [document: string, firstWords: string, reason: string])[] = [
  ['README.md', ' HTTP API', 'a drawing'],
  ['docs/getting-started.md', '2026-11-22 17:55', 'shortened from what the demo prints'],
  ['docs/operations.md', '# Something was found.', 'takes a Prometheus'],
  ['docs/operations.md', '# A brake went on', 'takes a Prometheus'],
];

type Judge = (value: unknown) => boolean;

const accepts = (parse: () => unknown): boolean => {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
};

const isSubmission: Judge = (value) => accepts(() => parseSubmission(value, Date.now() + 365 * DAY_MS));
const isPolicyFile: Judge = (value) => accepts(() => parsePolicyFile(value));
const isTokenCredentials: Judge = (value) => sentTokenCredentials.safeParse(JSON.stringify(value)).success;

/** Complete, and without a member that would be ignored. */
const isDecision: Judge = (value) =>
  decisionKinds.some(
    (kind) =>
      decisionProblem(kind, value) === undefined &&
      isDeepStrictEqual(value, readDecision(kind, value as object).content),
  );

const isSealedStart: Judge = (value) => {
  const { input, memo, ...start } = value as {
    readonly input?: { readonly requestId: string; readonly submittedAt: string };
    readonly memo?: { readonly fingerprint: string };
  };
  if (input === undefined || !/^[\w-]{43}$/.test(memo?.fingerprint ?? '')) return false;
  const workflowId = workflowIdOf(input.requestId);
  const parsed = parseErasureRequest(input, {
    requestIdOfWorkflow: requestIdOf(workflowId),
    now: Date.parse(input.submittedAt),
  });
  return (
    'request' in parsed &&
    isDeepStrictEqual(start, { workflowId, workflowType: WORKFLOW_TYPE, taskQueue: WORKFLOW_QUEUE })
  );
};

/** As the code itself describes such a leg, except for its times. */
const isLegRefused: Judge = (value) => {
  const asked = new Date(T0).toISOString();
  const { attention, ...example } = value as { readonly attention?: object };
  const leg = legProgress({ ...legInAttention('ProviderUnauthorized'), provider: 'aptrinsic' });
  return isDeepStrictEqual({ ...example, requestedAt: asked, attention: { ...attention, since: asked } }, leg);
};

/** As the code would say it of this request. */
const isWebhookMessage: Judge = (value) => {
  const { type, timestamp, data = {} } = value as { type?: string; timestamp?: string; data?: Partial<WebhookMessage> };
  const { providers: legs = [], due, state, ...known } = data;
  const progress = { ...known, legs, due, state } as unknown as RequestProgress;
  const isCertified = data.certificate === true;
  const said = { environment: 'production', sequence: 2, ...webhookMessageOf(progress, { isCertified }) };
  return (
    type === 'erasure.request.changed' && !Number.isNaN(Date.parse(timestamp ?? '')) && isDeepStrictEqual(said, data)
  );
};

/** What a block of JSON in a document can be. */
const kinds: Readonly<Record<string, Judge>> = {
  isSubmission,
  isPolicyFile,
  isTokenCredentials,
  isDecision,
  isSealedStart,
  isLegRefused,
  isWebhookMessage,
};

function position({ document, content }: Block): string {
  return `${document}: ${content.split('\n')[0]}`;
}

describe('the blocks in the documents', () => {
  it('are checked, or listed with the reason why not', () => {
    const unchecked = all
      .filter(({ language }) => !Object.hasOwn(checkedBy, language))
      .filter(
        ({ document, content }) =>
          !notChecked.some(([known, words]) => known === document && content.startsWith(words)),
      );
    expect(unchecked.map(position)).toEqual([]);
    for (const [document, words] of notChecked) {
      expect(all.filter((block) => block.document === document && block.content.startsWith(words))).toHaveLength(1);
    }
  });

  it('close what they open', () => {
    for (const document of documents) {
      const fences = read(document).match(/^ *```/gm)?.length ?? 0;
      expect([document, fencedBlocks(document).length]).toEqual([document, fences / 2]);
    }
  });
});

describe.each(inShell.map((block) => [position(block), block] as const))('the commands of %s', (_where, block) => {
  it('are commands of ours, or known to be others', () => {
    expect(commandsOf(block).filter((command) => !isCommand(command))).toEqual([]);
  });

  // Where there is no bash at all, as on Windows, nobody types them into one.
  it('have the syntax of a shell', () => {
    const { error, stderr } = spawnSync('bash', ['-n'], { input: block.content, encoding: 'utf8' });
    expect((error as NodeJS.ErrnoException | undefined)?.code ?? 'ENOENT').toBe('ENOENT');
    expect(stderr ?? '').toBe('');
  });
});

describe('the commands in running text', () => {
  const told = documents.flatMap((document) =>
    [...read(document).matchAll(/`(erasure [a-z][^`]*)`/g)].map(([, command = '']) => [document, command] as const),
  );

  it('have only subcommands and options that exist', () => {
    expect(told.length).toBeGreaterThan(20);
    const wrong = told.filter(
      ([, command]) => !isErasureInText(erasureWords(command.replace(/<[^>]*>/g, 'PLACEHOLDER')) ?? []),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the JSON in the documents', () => {
  it.each(inJson.map((block, index) => [`${block.document}, ${index + 1}`, block] as const))(
    'is something that we read or write: %s',
    (_where, { content }) => {
      const value: unknown = JSON.parse(content);
      const found = Object.entries(kinds).filter(([, judge]) => judge(value));
      expect({ content, kinds: found.map(([kind]) => kind) }).toEqual({ content, kinds: [expect.any(String)] });
    },
  );

  it('shows each kind at least once', () => {
    for (const [kind, judge] of Object.entries(kinds)) {
      expect([kind, inJson.some(({ content }) => judge(JSON.parse(content)))]).toEqual([kind, true]);
    }
  });
});

describe('the JavaScript in the documents', () => {
  const inJavaScript = all.filter(({ language }) => language === 'js');

  it('tells a genuine webhook from a forged one', async () => {
    expect(inJavaScript.map(position)).toEqual([expect.stringContaining('docs/operations.md: import { createHmac')]);
    const file = join(tmpdir(), `erasure-snippet-${process.pid}.cjs`);
    const { code } = transformSync(inJavaScript[0]?.content ?? '', { module: { type: 'commonjs' } });
    writeFileSync(file, code);
    const { isGenuine } = (await import(file)) as {
      readonly isGenuine: (headers: IncomingHttpHeaders, body: string, secret: string) => boolean;
    };
    rmSync(file);
    const secret = randomBytes(32);
    const { headers, body } = await told(secret);
    expect(isGenuine(headers, body, `whsec_${secret.toString('base64')}`)).toBe(true);
    expect(isGenuine(headers, `${body} `, `whsec_${secret.toString('base64')}`)).toBe(false);
    expect(isGenuine(headers, body, `whsec_${randomBytes(32).toString('base64')}`)).toBe(false);
    expect(isGenuine({ ...headers, 'webhook-timestamp': '1' }, body, `whsec_${secret.toString('base64')}`)).toBe(false);
  });

  /** What a receiver gets of a sweep. */
  async function told(secret: Uint8Array): Promise<{ readonly headers: IncomingHttpHeaders; readonly body: string }> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const received = new Promise<{ readonly headers: IncomingHttpHeaders; readonly body: string }>((resolve) =>
      server.once('request', (request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          response.end();
          resolve({ headers: request.headers, body });
        });
      }),
    );
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const summary = { at: new Date().toISOString(), open: 0, lookedAt: 0, counts: {}, findings: [] };
    const webhook = createWebhook({ url, secret, environment: 'docs' });
    await webhook.send(summary as unknown as SweepSummary, { id: 'sweep-1', now: Date.now() });
    const { headers, body } = await received;
    server.close();
    return { headers, body };
  }
});

describe('the YAML in the documents', () => {
  it('can be read', () => {
    for (const { content } of all.filter(({ language }) => language === 'yaml')) {
      expect(load(content)).toBeInstanceOf(Object);
    }
  });
});

describe('docs/other-languages.md', () => {
  it('names every message with its kind', () => {
    const table = [...read('docs/other-languages.md').matchAll(/^\| `(\w+)` +\| (query|update|signal) +\|/gm)];
    const told = table.map(([, name, type]) => `${type} ${name}`);
    const known = Object.values({ ...messages, ...messages.decisionUpdates }).flatMap((message) =>
      'type' in message && 'name' in message ? [`${message.type} ${message.name}`] : [],
    );
    expect(told.toSorted()).toEqual(known.toSorted());
  });
});
