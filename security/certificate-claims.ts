/** The claims of a certificate as they are read back: its signature says who wrote it, not that this version can read it. */
import { z } from 'zod';
import type { CertificateClaims } from '../domain/certificate/certificate';
import { factWords } from '../domain/fact/fact';
import type { Assurance, LegOutcome } from '../domain/leg/outcome';
import { callbackRemarks } from '../domain/leg/receipt';
import { isRecord, parsedJson } from '../domain/text';
import { CERTIFICATE_LENGTH_MAX } from './certificate-signature';
import { compactParts, jsonOf } from './compact-text';
import { unpackCertificate } from './packed-certificate';

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

const withdrawal = z.looseObject({ at: text, result: text, evidence: evidence.optional() });

/** As much of the shape as is needed to print it. */
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
          withdrawal: withdrawal.optional(),
          withdrawalBrokenOffAt: text.optional(),
        }),
      ),
      callback: z.looseObject({ at: text, handle: text, event: text.optional() }).optional(),
      callbackReports: z
        .array(
          z.looseObject({
            says: z.enum(Object.keys(callbackRemarks)),
            handle: text,
            at: text,
            lastAt: text,
            count: z.number(),
          }),
        )
        .optional(),
      lastObservation: z.looseObject({ at: text, found: text, evidence }).optional(),
      withdrawal: withdrawal.optional(),
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

/** Far more than any certificate has: what is checked further must not go deep. */
const DEPTH_MAX = 32;

/** Undefined where this version does not know their form. */
export function certificateClaimsIn(claims: unknown): CertificateClaims | undefined {
  const parsed = isShallow(claims) ? certificateClaims.safeParse(claims) : undefined;
  return parsed?.success === true ? (parsed.data as unknown as CertificateClaims) : undefined;
}

/** What it says, whoever signed it: for whoever has no key, and is told so. */
export function uncheckedClaimsIn(certificate: string): CertificateClaims | undefined {
  const parts = compactParts(certificate, { count: 3, lengthMax: CERTIFICATE_LENGTH_MAX });
  return certificateClaimsIn(jsonOf(parts?.[1]));
}

function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return false;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return true;
}

/**
 * The signed text in what somebody hands over: itself, or JSON with a member "certificate"; undefined where that is missing.
 * Only the line break that ends a text file is forgiven: the rest must be what was signed.
 */
export function certificateIn(text: string): string | undefined {
  const trimmed = text.replace(/\r?\n$/, '');
  if (!/^\s*\{/.test(trimmed)) return unpackCertificate(trimmed);
  const content = parsedJson(trimmed);
  return isRecord(content) && typeof content['certificate'] === 'string'
    ? unpackCertificate(content['certificate'])
    : undefined;
}
