/** What the suite takes out of a copy of the product to see that it would be missed: never a switch in the product itself. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Invariant } from './suite-finding';

export interface Removal {
  readonly name: string;
  /** What must be missed. */
  readonly caughtBy: Invariant;
  /** Of the compiled product. Each text must be there exactly once. */
  readonly patches: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** What is broken beside it: only what it takes to tell. */
  readonly trouble: readonly string[];
}

/** Where the product checks its own claim a second time before it signs, that check is taken out too: the suite is to find it by itself. */
export const removals: readonly Removal[] = [
  {
    name: 'window wait',
    caughtBy: 'not-too-early',
    trouble: [],
    patches: [
      {
        file: 'domain/leg/leg-windows.js',
        find: 'return round.windowEndsAt + round.receipt.marginMs;',
        put: 'return round.answeredAt;',
      },
      {
        file: 'domain/certificate/claim-check.js',
        find: 'return round.windowEndsAt + round.receipt.marginMs;',
        put: 'return -Infinity;',
      },
    ],
  },
  {
    name: 'second look',
    caughtBy: 'not-too-strong',
    trouble: [],
    patches: [
      {
        file: 'domain/leg/leg-transitions.js',
        find: 'return (0, change_phase_1.look)(leg);\n    if (receipt.confirmedBy',
        put: 'return (0, change_phase_1.settle)(leg, meaningOfAbsence(leg), at);\n    if (receipt.confirmedBy',
      },
      {
        file: 'domain/certificate/claim-check.js',
        find: 'function problemsOfAbsence(leg, calls, claim) {',
        put: 'function problemsOfAbsence(leg, calls, claim) {\n    if (claim) return [];',
      },
    ],
  },
  {
    name: 'deduplication',
    caughtBy: 'callback-counts-once',
    trouble: ['callbacks'],
    patches: [
      {
        file: 'gateway/callback-delivery.js',
        find: 'requestId: deliveryId,',
        put: "requestId: require('node:crypto').randomUUID(),",
      },
    ],
  },
  {
    name: 'idempotent start',
    caughtBy: 'one-end',
    trouble: ['submissions'],
    patches: [
      {
        file: 'client/submitting.js',
        find: 'workflowIdReusePolicy: client_1.WorkflowIdReusePolicy.REJECT_DUPLICATE,',
        put: "workflowIdReusePolicy: 'ALLOW_DUPLICATE', workflowIdConflictPolicy: 'TERMINATE_EXISTING',",
      },
    ],
  },
  {
    name: 'signature check',
    caughtBy: 'forgery-refused',
    trouble: ['callbacks'],
    patches: [
      {
        file: 'security/signed-claims.js',
        find: "await (0, jose_1.compactVerify)(parts.join('.'), key, options).catch(() => undefined);",
        put: "(void jose_1, void options, { payload: Buffer.from(parts[1], 'base64url') });",
      },
      // The provider's token is a second proof: who forges a callback brings none.
      { file: 'gateway/callback-verifier.js', find: "let problem = 'missing';", put: 'let problem = undefined;' },
    ],
  },
];

const BUILD_MS_MAX = 300_000;

/** A copy of the compiled product in `root`, without what is removed. Returns where its programs are. */
export async function buildWithout({ patches }: Removal, root: string): Promise<string> {
  const programs = join(__dirname, '..');
  const copy = join(root, 'dist');
  await mkdir(root, { recursive: true });
  await cp(programs, copy, { recursive: true });
  await cp(join(programs, '..', 'package.json'), join(root, 'package.json'));
  await symlink(join(programs, '..', 'node_modules'), join(root, 'node_modules'));
  for (const { file, find, put } of patches) {
    const path = join(copy, file);
    await writeFile(path, patched(await readFile(path, 'utf8'), { file, find, put }));
  }
  if (patches.some(({ file }) => /^(domain|workflows)\//.test(file))) {
    await promisify(execFile)(process.execPath, [join(copy, 'worker', 'build-workflow-bundle.js')], {
      timeout: BUILD_MS_MAX,
    });
  }
  return copy;
}

/** Throws where the text is not there exactly once: the product has changed, and the removal must follow. */
export function patched(text: string, { file, find, put }: Removal['patches'][number]): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${file}: what is to be removed is there ${parts.length - 1} times instead of once: ${find}`);
  }
  return parts.join(put);
}
