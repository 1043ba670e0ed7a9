/** Verifies a certificate as anybody could, with the public keys alone, and holds its facts against what the providers answered. */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createFactChecker, type FactChecker } from '../security/facts';
import { keyFiles, verifyingKeyFile } from '../security/key-table';
import type { FactKind, Witness } from '../domain/fact/fact';
import type { Claim, ReadCertificate } from './claim-read';
import { callsOf, type ErasureEvidence } from './erasure-evidence';
import { finding, type Finding } from './suite-finding';

const jwk = z.looseObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string().optional(),
});
const keySet = z.union([z.object({ keys: z.array(jwk) }), jwk.transform((key) => ({ keys: [key] }))]);

export class CertificateCheck {
  readonly #keys: readonly KeyObject[];
  readonly #facts: FactChecker;

  /** Reads the public files of `directory`: after a rotation they hold the old keys too. */
  constructor(directory: string) {
    const read = (name: string): unknown => JSON.parse(readFileSync(join(directory, name), 'utf8'));
    const { keys } = keySet.parse(read(verifyingKeyFile.name));
    this.#keys = keys.map(({ kty, crv, x }) => createPublicKey({ key: { kty, crv, x }, format: 'jwk' }));
    this.#facts = createFactChecker(keyFiles['fact-keys'].shape.parse(read(keyFiles['fact-keys'].name)));
  }

  findings(jws: string, certificate: ReadCertificate, evidence: ErasureEvidence): Finding[] {
    const findings: Finding[] = [];
    if (!this.#isSigned(jws)) findings.push(finding('certificate-holds', 'its signature does not hold', [jws]));
    if (certificate.requestId !== evidence.requestId) {
      findings.push(finding('certificate-holds', `it is about request ${certificate.requestId}`, [certificate]));
    }
    return [...findings, ...certificate.providers.flatMap((claim) => this.#factFindings(claim, certificate, evidence))];
  }

  #isSigned(jws: string): boolean {
    const [header = '', payload = '', signature = ''] = jws.split('.');
    const message = Buffer.from(`${header}.${payload}`);
    return this.#keys.some((key) => verify(null, message, key, Buffer.from(signature, 'base64url')));
  }

  #factFindings(claim: Claim, certificate: ReadCertificate, evidence: ErasureEvidence): Finding[] {
    const { provider, facts = [] } = claim;
    const { requestId, startedAsRunId, runId } = certificate;
    return facts.flatMap(({ kind, content, witness }) => {
      const fact = { kind: kind as FactKind, requestId, run: startedAsRunId ?? runId, provider, content };
      const problem = this.#facts.problem(fact, witness as unknown as Witness);
      const status = statusIn(content);
      const isSeen = status === undefined || callsOf(evidence, provider).some(({ call }) => call.status === status);
      return [
        ...(problem === undefined
          ? []
          : [finding('certificate-holds', `${provider}: a ${kind} ${problem}`, [content])]),
        ...(isSeen
          ? []
          : [
              finding('certificate-holds', `${provider}: a ${kind} says ${status}, which was never answered`, [
                content,
              ]),
            ]),
      ];
    });
  }
}

/** Of what the provider answered; 0 stands for an answer that no call was needed for. */
function statusIn(content: Readonly<Record<string, unknown>>): number | undefined {
  const { data } = z.object({ evidence: z.object({ httpStatus: z.number().positive() }) }).safeParse(content);
  return data?.evidence.httpStatus;
}
