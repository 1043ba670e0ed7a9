import { z } from 'zod';
import type { CertificateClaims } from '../domain/certificate/certificate';
import { factWords } from '../domain/fact/fact';
import type { Assurance, LegOutcome } from '../domain/leg/outcome';
import { InputError } from './command-failure';

const text = z.string();
const legOutcome = z.enum([
  'erased',
  'presumed-erased',
  'not-found',
  'attested',
  'waived',
  'withdrawn',
  'never-asked',
  'unknown',
] satisfies LegOutcome[]);
const factKind = z.enum(Object.keys(factWords));
const proof = z.looseObject({ tokenId: text, keyId: text });
const witness = z.looseObject({ keyId: text, at: z.number(), signature: text });
const assurance = z.enum(['verified', 'confirmed'] satisfies Assurance[]);
const evidence = z.looseObject({
  host: text,
  httpStatus: z.number(),
  bodyHmac: text.optional(),
  facts: z.record(text, z.union([text, z.number(), z.boolean()])).optional(),
});

/** As much of the shape as is needed to print it. A signature says who wrote it, not that this version can read it. */
const certificateClaims = z.looseObject({
  format: z.literal('erasure-certificate/1'),
  environment: text,
  requestId: text,
  workflowId: text,
  runId: text,
  startedAsRunId: text.optional(),
  regulation: text,
  submittedAt: text,
  intakeAt: text,
  issuedAt: text,
  receivedVia: text.optional(),
  ground: text.optional(),
  verification: z.looseObject({ method: text, by: text, at: text, reference: text }).optional(),
  filedBy: text.optional(),
  decisionMode: z.enum(['asserted', 'authenticated']),
  legalClock: z
    .looseObject({
      rule: text,
      source: text,
      calendar: text,
      calendarSource: text,
      timeZone: text,
      startsAt: text,
      answerBy: text,
      extended: z.boolean(),
    })
    .optional(),
  decisions: z.array(z.looseObject({ kind: text, at: text, proof: proof.optional() })).optional(),
  outcome: text,
  meaning: text,
  providers: z.array(
    z.looseObject({
      provider: text,
      name: text,
      outcome: legOutcome,
      assurance: assurance.optional(),
      basis: text,
      leavesUnsaid: z.array(text),
      subjectHash: text.optional(),
      subjectHashKeyId: text.optional(),
      rounds: z.array(
        z.looseObject({
          number: z.number(),
          askedAt: text,
          answeredAt: text.optional(),
          windowKind: text.optional(),
          windowEndsAt: text.optional(),
          marginMs: z.number().optional(),
          evidence: evidence.optional(),
          withdrawnAt: text.optional(),
        }),
      ),
      callback: z.looseObject({ at: text, handle: text, event: text.optional() }).optional(),
      lastObservation: z.looseObject({ at: text, found: text, evidence }).optional(),
      withdrawal: z.looseObject({ at: text, result: text, evidence: evidence.optional() }).optional(),
      decisions: z.array(
        z.looseObject({
          kind: text,
          at: text,
          actor: text,
          reason: z.looseObject({ code: text, ticket: text }),
          proof: proof.optional(),
        }),
      ),
      settledAt: text,
      facts: z.array(z.looseObject({ kind: factKind, content: z.looseObject({}), witness })).optional(),
    }),
  ),
});

export function parseCertificateClaims(claims: unknown): CertificateClaims {
  const parsed = certificateClaims.safeParse(claims);
  if (parsed.success) return parsed.data as unknown as CertificateClaims;
  throw new InputError('The signature is valid, but this version does not know the form of this certificate.');
}
