/** Certificates as a deployment signs them, and its keys: for tests of what is shown and told of them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CertificateClaims, ProviderClaim } from '../../domain/certificate/certificate';
import type { FactKind } from '../../domain/fact/fact';
import { createCertificateSigner } from '../../security/certificate-signature';
import type { IssuerKeys } from '../../security/certificate-verdict';
import { createDecisionTokenIssuer } from '../../security/decision-token';
import { createFactSigner } from '../../security/facts';
import {
  initKeys,
  readCertificateKeys,
  readDecisionKeys,
  readFactKeys,
  readProviderKeys,
  readPublicCertificateKeys,
  readServerDecisionKeys,
} from '../../security/key-files';

export const requestId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10';
export const runId = '0198d1c2-7a10-7cc3-98c4-dc0c0c07398f';

export const providerClaim: ProviderClaim = {
  provider: 'aptrinsic',
  name: 'Aptrinsic (Gainsight PX)',
  outcome: 'erased',
  assurance: 'verified',
  basis: 'We asked Aptrinsic (Gainsight PX) to erase at 2026-11-22 09:31 UTC; api.aptrinsic.com took the request on.',
  leavesUnsaid: ['Nothing is said about backups.'],
  subjectHash: 'Z'.repeat(43),
  subjectHashKeyId: 'hash-key-1',
  rounds: [
    {
      number: 1,
      askedAt: '2026-11-22T09:31:00.000Z',
      answeredAt: '2026-11-22T09:31:02.250Z',
      windowKind: 'revival',
      windowEndsAt: '2026-11-29T09:31:02.250Z',
      marginMs: 3_600_000,
      evidence: { host: 'api.aptrinsic.com', httpStatus: 204, facts: { hardDelete: true }, bodyHmac: 'H'.repeat(43) },
    },
  ],
  lastObservation: {
    at: '2026-11-30T10:31:02.250Z',
    found: 'absent',
    evidence: { host: 'eu.aptrinsic.com', httpStatus: 404 },
  },
  decisions: [],
  settledAt: '2026-11-30T13:31:02.250Z',
};

export const claims: CertificateClaims = {
  format: 'erasure-certificate/1',
  environment: 'test',
  requestId,
  workflowId: `erasure-${requestId}`,
  runId,
  regulation: 'gdpr',
  submittedAt: '2026-11-20T09:30:00.000Z',
  intakeAt: '2026-11-22T09:30:59.000Z',
  issuedAt: '2026-11-30T14:00:00.000Z',
  receivedVia: 'web-form',
  ground: 'consent-withdrawn',
  verification: { method: 'account-login', by: 'staff-18', at: '2026-11-22T09:20:00.000Z', reference: 'PRIV-1' },
  filedBy: 'staff-19',
  decisionMode: 'asserted',
  decisions: [
    {
      kind: 'approve',
      at: '2026-11-22T10:00:00.000Z',
      actor: 'staff-17',
      reason: { code: 'checked', ticket: 'PRIV-9' },
    },
  ],
  outcome: 'completed',
  meaning: 'At every provider the data are erased, or the provider knows no such identifier.',
  providers: [providerClaim],
};

export interface TestIssuer {
  readonly keys: IssuerKeys;
  /** What is in certificate.public.jwk. */
  readonly publicKey: string;
  /** Whatever it is. */
  sign(content: object): Promise<string>;
  /** A fact about the first provider of `claims`, as its worker signs it. */
  fact(content: object, kind?: FactKind): Promise<object>;
  /** The proof of an approval, as the server signs it. */
  approval(content: object): Promise<object>;
  remove(): Promise<void>;
}

export async function createTestIssuer(): Promise<TestIssuer> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-issuer-'));
  await initKeys({ directory, environment: 'test', now: Date.parse('2026-11-01T00:00:00Z') });
  const signer = createCertificateSigner(await readCertificateKeys(directory));
  const worker = createFactSigner(await readProviderKeys(directory, 'aptrinsic'));
  const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(directory));
  return {
    keys: {
      certificate: await readPublicCertificateKeys(directory),
      facts: await readFactKeys(directory),
      decisions: await readDecisionKeys(directory),
    },
    publicKey: await readFile(join(directory, 'certificate.public.jwk'), 'utf8'),
    sign: (content) => signer.sign(content),
    fact: async (content, kind = 'observation') => ({
      kind,
      content,
      witness: worker.sign({ kind, requestId, run: runId, provider: 'aptrinsic', content }, 1),
    }),
    approval: async (content) => {
      const issued = await issuer.issue({ requestId, run: runId, kind: 'approve', content, now: Date.now() });
      return { tokenId: issued.tokenId, keyId: 'key-1', token: issued.token };
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
