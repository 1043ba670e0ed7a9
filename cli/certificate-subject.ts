/** Whether a certificate is about the person of a request file: told by its hashes, with the keys that these were made with. */
import { identifiersOf, parseSubmission } from '../client/submission';
import type { CertificateClaims, ProviderClaim } from '../domain/certificate/certificate';
import { KeyFileError } from '../security/key-file-error';
import { readHashingKeys } from '../security/key-files';
import { subjectHashes } from '../security/sealing';

export type SubjectFinding = 'same' | 'other' | 'no-key' | 'not-in-file' | 'no-hash';

export interface SubjectFound {
  readonly provider: ProviderClaim['provider'];
  readonly name: string;
  readonly finding: SubjectFinding;
}

/** `request`: what stands in a request file. `keysDirectory`: where the providers' role files are, or some of them. */
export async function findSubject(
  { providers }: CertificateClaims,
  { request, keysDirectory }: { readonly request: unknown; readonly keysDirectory: string },
): Promise<readonly SubjectFound[]> {
  const identifiers = identifiersOf(parseSubmission(request, Date.now()));
  return Promise.all(
    providers.map(async ({ provider, name, subjectHash, subjectHashKeyId }) => {
      const identifier = identifiers.get(provider);
      if (identifier === undefined) return { provider, name, finding: 'not-in-file' as const };
      if (subjectHash === undefined) return { provider, name, finding: 'no-hash' as const };
      const hashes = await hashesOf(keysDirectory, provider, identifier);
      return { provider, name, finding: compare(hashes, { subjectHash, subjectHashKeyId }) };
    }),
  );
}

function compare(
  hashes: ReadonlyMap<string, string>,
  {
    subjectHash,
    subjectHashKeyId: keyId,
  }: Pick<ProviderClaim, 'subjectHash'> & { readonly subjectHashKeyId: string | undefined },
): SubjectFinding {
  if ([...hashes.values()].some((hash) => hash === subjectHash)) return 'same';
  // Without the id of its key, another hash may only be one of another key.
  return keyId !== undefined && hashes.has(keyId) ? 'other' : 'no-key';
}

async function hashesOf(
  directory: string,
  provider: ProviderClaim['provider'],
  identifier: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    return subjectHashes(await readHashingKeys(directory, provider), identifier);
  } catch (error) {
    if (error instanceof KeyFileError && error.isMissing) return new Map();
    throw error;
  }
}

const sentences: Readonly<Record<SubjectFinding, string>> = {
  same: 'about the identifier in the file',
  other: 'about ANOTHER identifier than the one in the file',
  'no-key': 'cannot be told: the key that the hash was made with is not here',
  'not-in-file': 'cannot be told: the file has no identifier for it',
  'no-hash': 'cannot be told: the provider never answered, so the certificate has no hash',
};

export function subjectText(found: readonly SubjectFound[]): string {
  return found.map(({ name, finding }) => `${name}: ${sentences[finding]}.`).join('\n');
}
