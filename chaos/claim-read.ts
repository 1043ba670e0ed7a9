/** The claims of a certificate, as anybody outside reads them: its payload, without a word of ours. */
import { inflateRawSync } from 'node:zlib';
import { z } from 'zod';

const instant = z.iso.datetime().transform((text) => Date.parse(text));

const claimSchema = z.looseObject({
  provider: z.enum(['measureone', 'person', 'aptrinsic']),
  outcome: z.string(),
  assurance: z.string().optional(),
  settledAt: instant,
  rounds: z.array(z.looseObject({ number: z.number(), askedAt: instant })),
  decisions: z.array(z.looseObject({ kind: z.string() })),
  facts: z
    .array(z.looseObject({ kind: z.string(), content: z.looseObject({}), witness: z.looseObject({}) }))
    .optional(),
});
export type Claim = z.infer<typeof claimSchema>;

const certificateSchema = z.looseObject({
  environment: z.string(),
  requestId: z.string(),
  runId: z.string(),
  startedAsRunId: z.string().optional(),
  issuedAt: instant,
  outcome: z.string(),
  providers: z.array(claimSchema),
});
export type ReadCertificate = z.infer<typeof certificateSchema>;

const PACKED = /^zip\.([\w-]+)\.([\w-]+)\.([\w-]+)$/;

/** The compact JWS of a certificate as a run's result has it, by docs/other-languages.md: its payload is deflated there. */
export function unpackedJws(certificate: string): string {
  const [, header, packed = '', signature] = PACKED.exec(certificate) ?? [];
  if (signature === undefined) return certificate;
  const payload = inflateRawSync(Buffer.from(packed, 'base64url')).toString('base64url');
  return `${header}.${payload}.${signature}`;
}

/** Throws where the text is no certificate. */
export function readCertificate(jws: string): ReadCertificate {
  const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8');
  return certificateSchema.parse(JSON.parse(payload));
}

/** In one word, as the model has them. */
export function claimOf({ outcome, assurance }: Pick<Claim, 'outcome' | 'assurance'>): string {
  return assurance === undefined ? outcome : `${outcome}/${assurance}`;
}
