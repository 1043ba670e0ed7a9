import { randomUUID } from 'node:crypto';
import { defined } from '../domain/defined';
import type { Patience } from '../domain/rules/patience';
import type { ErasureRequestInput } from '../domain/request/request';
import { readClientKeys } from '../security/key-files';
import type { KeyPermissions } from '../security/key-permissions';
import { createSealer, SealError, type Sealer } from '../security/sealing';
import { SealingUnavailableError, type FieldProblem } from './errors';
import { identifiersOf, parseSubmission, submissionWarnings, type ErasureSubmission } from './submission';
import { workflowIdOf } from '../temporal/names';

/** A request that is ready to be started, free of personal data. */
export interface PreparedRequest {
  readonly requestId: string;
  /** The id that the workflow must be started under. */
  readonly workflowId: string;
  /** Input of the workflow `erasureRequest`. */
  readonly input: ErasureRequestInput;
  /** Goes into the run's memo; tells the same submission from another under the same id. */
  readonly fingerprint: string;
  /** What the same submission's fingerprint may also be, under intake keys that are still accepted. */
  readonly fingerprints: readonly string[];
  /** What looks wrong in it: check these fields before it is started. */
  readonly warnings: readonly FieldProblem[];
}

/** Parses and seals. The sealed identifiers differ from one call to the next; the fingerprints do not. */
export async function prepareRequest(submission: unknown, sealer: Sealer): Promise<PreparedRequest> {
  const now = Date.now();
  const parsed = parseSubmission(submission, now);
  const requestId = parsed.requestId ?? randomUUID();
  const [fingerprint, ...others] = await sealer.fingerprints({ ...parsed, requestId });
  if (fingerprint === undefined) throw new TypeError('A sealer has at least one intake key');
  return {
    requestId,
    workflowId: workflowIdOf(requestId),
    input: await sealedInput({ ...parsed, requestId }, sealer),
    fingerprint,
    fingerprints: [fingerprint, ...others],
    warnings: submissionWarnings(parsed, now),
  };
}

/**
 * Field by field, so that nothing gets into the input unsealed that is not meant to. Of the policy only what differs: the
 * rest is pinned by the worker that starts the request.
 */
async function sealedInput(
  submission: ErasureSubmission & { readonly requestId: string },
  sealer: Sealer,
): Promise<ErasureRequestInput> {
  const {
    requestId,
    regulation,
    submittedAt,
    receivedVia,
    ground,
    verification,
    identityAskedAt,
    informationReceivedAt,
    filedBy,
    webhookUrl,
  } = submission;
  const changes: Partial<Patience> = defined(submission.policy ?? {});
  const sealed = await Promise.all(
    [...identifiersOf(submission)].map(async ([provider, identifier]) => [
      provider,
      await sealer.seal({ requestId, provider, identifier, filedBy }).catch(withoutKey),
    ]),
  );
  return {
    requestId,
    regulation,
    submittedAt,
    subject: Object.fromEntries(sealed) as ErasureRequestInput['subject'],
    ...(Object.keys(changes).length === 0 ? {} : { policy: changes }),
    ...defined({ receivedVia, ground, verification, identityAskedAt, informationReceivedAt, filedBy, webhookUrl }),
  };
}

function withoutKey(error: unknown): never {
  if (error instanceof SealError && error.code === 'key-unavailable') throw new SealingUnavailableError(error.message);
  throw error;
}

/** Reads the keys when they are first needed: following and deciding take none. */
export function sealerFromFiles(keysDirectory: string, permissions?: KeyPermissions): Sealer {
  let opening: Promise<Sealer> | undefined;
  const open = (): Promise<Sealer> =>
    (opening ??= readClientKeys(keysDirectory, permissions)
      .then(createSealer)
      .catch((error: unknown) => {
        opening = undefined;
        throw error;
      }));
  return {
    seal: async (options) => (await open()).seal(options),
    fingerprints: async (request) => (await open()).fingerprints(request),
  };
}
