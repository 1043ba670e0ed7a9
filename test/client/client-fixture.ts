import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { ErasureSubmission } from '../../client';
import { initKeys, readClientKeys } from '../../security/key-files';
import type { ClientKeys } from '../../security/key-table';
import { ownNamespace } from '../support/test-namespace';
import { workflowIdOf } from '../../temporal/names';

/** Must never be seen in a history, a message or on a screen. */
export const planted = {
  individualId: 'planted-individual-5151',
  /** In upper case, so that it is no request id. */
  personId: 'F1A27ED0-5252-4F00-8000-00000000ABCD',
  identifyId: 'planted-identify-5353@example.test',
} as const;

export function submission(overrides: Partial<ErasureSubmission> = {}): ErasureSubmission {
  return {
    requestId: randomUUID(),
    regulation: 'gdpr',
    submittedAt: new Date(Date.now() - 86_400_000).toISOString(),
    subject: {
      measureone: { individualId: planted.individualId },
      person: { personId: planted.personId },
      aptrinsic: { identifyId: planted.identifyId },
    },
    ...overrides,
  };
}

export interface TemporaryKeys {
  readonly directory: string;
  readonly client: ClientKeys;
  remove(): Promise<void>;
}

export async function temporaryKeys(): Promise<TemporaryKeys> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-keys-'));
  await initKeys({ directory, environment: 'test', now: Date.now() });
  return {
    directory,
    client: await readClientKeys(directory),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Whatever a test leaves running would be taken up by the workers of the next test file. */
export async function terminateAll(client: Client, requestIds: readonly string[]): Promise<void> {
  for (const requestId of requestIds) {
    await client.workflow
      .getHandle(workflowIdOf(requestId))
      .terminate('end of test')
      .catch(() => undefined);
  }
}

export function temporalEnvironment(
  address = process.env['TEST_TEMPORAL_ADDRESS'],
): Record<string, string | undefined> {
  return { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: ownNamespace };
}
