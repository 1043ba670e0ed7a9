/** The signed proof of who decided what: one token for one decision about one request. */
import { createHash, randomUUID } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { decisionProblem, readDecision, type DecisionProof } from '../domain/decision/decision';
import { decisionKinds, type DecisionKind } from '../domain/decision/decision-table';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { isRequestId } from '../domain/request/request';
import { opaquePattern } from '../domain/text';
import type { DecisionKeys, ServerDecisionKeys, StaffKeys } from './key-table';
import { assertPlainJson } from './plain-json';
import { createClaimsChecker, createClaimsSigner, type RefusalReason } from './signed-claims';

export const DECISION_TOKEN_LIFETIME_MS = 15 * MINUTE_MS;
/** For a token that is made on a machine without a network, and carried. */
export const DECISION_TOKEN_LIFETIME_MS_MAX = 24 * HOUR_MS;
/** Who signs and who checks have clocks of their own. */
export const DECISION_TOKEN_CLOCK_TOLERANCE_MS = 30 * SECOND_MS;
const TOKEN_LENGTH_MAX = 4_096;
const CLAIMS_TYPE = 'erasure-decision+jwt';

/** What a token is made for. `content` may carry more than the decision itself: that is neither signed nor checked. */
export interface DecisionForRun {
  readonly requestId: string;
  /** The run that the request was started as, a UUID: a token is good for no other run of the same request id. */
  readonly run: string;
  readonly kind: DecisionKind;
  readonly content: object;
}

/** The decision is none, or not the signer's to take. The message is a plain sentence that repeats no value. */
export class DecisionNotSignable extends Error {
  override readonly name = 'DecisionNotSignable';
}

export interface IssuedDecisionToken {
  readonly token: string;
  readonly tokenId: string;
  /** RFC 3339 instant. */
  readonly expiresAt: string;
}

export interface DecisionTokenIssuer {
  /** Throws `DecisionNotSignable`. `now`: epoch ms. `lifetimeMs`: 15 minutes where it is left out, at most 24 h. */
  issue(options: DecisionForRun & { readonly now: number; readonly lifetimeMs?: number }): Promise<IssuedDecisionToken>;
}

export type DecisionTokenVerdict =
  | { readonly status: 'proven'; readonly proof: DecisionProof }
  /** A plain sentence that says what is wrong. */
  | { readonly status: 'refused'; readonly why: string };

export interface DecisionTokenChecker {
  /**
   * Whether the token was signed by somebody we trust, for exactly this decision. `now`: epoch ms; `taken` where the decision
   * was taken before, while the token held.
   */
  check(
    options: DecisionForRun & { readonly token: unknown; readonly now: number | 'taken' },
  ): Promise<DecisionTokenVerdict>;
}

const decisionClaims = z.strictObject({
  aud: z.string(),
  requestId: z.string(),
  run: z.string(),
  kind: z.string(),
  actor: z.string().regex(opaquePattern),
  /** SHA-256 of the decision's canonical JSON, base64url. */
  digest: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
});
type DecisionClaims = z.infer<typeof decisionClaims>;

const runId = z.string().refine(isRequestId);
const decisionForRun = z.strictObject({
  requestId: runId,
  run: runId,
  kind: z.enum(decisionKinds),
  content: z.record(z.string(), z.unknown()),
});

export function createDecisionTokenIssuer(keys: ServerDecisionKeys | StaffKeys): DecisionTokenIssuer {
  const signer = createClaimsSigner(CLAIMS_TYPE, keys.decision[0]);
  const owner = keys.role === 'staff' ? keys : undefined;

  return {
    async issue({ requestId, run, kind, content, now, lifetimeMs = DECISION_TOKEN_LIFETIME_MS }) {
      if (!isRequestId(requestId)) throw new DecisionNotSignable('The request id is no lower case UUID.');
      if (!isRequestId(run)) throw new DecisionNotSignable('The run is no lower case UUID.');
      const problem = decisionProblem(kind, content);
      if (problem !== undefined) throw new DecisionNotSignable(`This is no decision: ${problem}.`);
      const decision = readDecision(kind, content).content;
      if (owner !== undefined && decision.actor !== owner.actor) {
        throw new DecisionNotSignable('This key belongs to another staff member than the decision names as its actor.');
      }
      if (owner?.kinds !== undefined && !owner.kinds.includes(kind)) {
        throw new DecisionNotSignable('This key may not sign decisions of this kind.');
      }
      if (!(lifetimeMs > 0 && lifetimeMs <= DECISION_TOKEN_LIFETIME_MS_MAX)) {
        throw new DecisionNotSignable('A decision token holds for at most 24 hours.');
      }
      const iat = Math.floor(now / SECOND_MS);
      const exp = iat + Math.ceil(lifetimeMs / SECOND_MS);
      const claims: DecisionClaims = {
        aud: keys.environment,
        requestId,
        run,
        kind,
        actor: decision.actor,
        digest: digestOf(decision),
        iat,
        exp,
        jti: randomUUID(),
      };
      const token = await signer.sign(claims);
      return { token, tokenId: claims.jti, expiresAt: new Date(exp * SECOND_MS).toISOString() };
    },
  };
}

export function createDecisionTokenChecker(keys: DecisionKeys): DecisionTokenChecker {
  const checkClaims = createClaimsChecker(CLAIMS_TYPE, {
    keys: keys.keys.map(({ key }) => key),
    lengthMax: TOKEN_LENGTH_MAX,
  });
  const owners = new Map(keys.keys.map(({ key, for: owner }) => [key.kid, owner]));

  return {
    async check({ token, requestId, run, kind, content, now }) {
      const verified = await checkClaims(token);
      if (verified.refused !== undefined) return refused(unverified[verified.refused]);
      const parsed = decisionClaims.safeParse(verified.claims);
      if (!parsed.success) return refused('does not say what a decision token has to say');
      const claims = parsed.data;
      const problem =
        signerProblem(owners.get(verified.keyId), claims) ??
        contentProblem(claims, { environment: keys.environment, requestId, run, kind, content }) ??
        (now === 'taken' ? undefined : timeProblem(claims, now));
      if (problem !== undefined) return refused(problem);
      return { status: 'proven', proof: { tokenId: claims.jti, keyId: verified.keyId, token: String(token) } };
    },
  };
}

function refused(why: string): DecisionTokenVerdict {
  return { status: 'refused', why: `The decision token ${why}` };
}

const unverified: Readonly<Record<RefusalReason, string>> = {
  malformed: 'is malformed or incomplete',
  'algorithm-not-allowed': 'is signed with an algorithm that is not allowed',
  'wrong-type': 'is something else: it was not signed as a decision token',
  'unknown-key': 'is signed by a key that is not trusted here: see decision.json',
  altered: 'was altered, or signed by another key than it says',
};

function signerProblem(
  owner: DecisionKeys['keys'][number]['for'] | undefined,
  { actor, kind }: DecisionClaims,
): string | undefined {
  if (owner === undefined) throw new TypeError('Every key that verifies has an owner');
  // They sign for everybody whom they have authenticated.
  if (typeof owner === 'string') return undefined;
  if (owner.actor !== actor) return 'is signed by the key of another staff member than it names';
  if (owner.kinds !== undefined && !owner.kinds.some((allowed) => allowed === kind)) {
    return 'is signed by a key that may not sign decisions of this kind';
  }
  return undefined;
}

function contentProblem(
  claims: DecisionClaims,
  { environment, requestId, run, kind, content }: DecisionForRun & { readonly environment: string },
): string | undefined {
  if (claims.aud !== environment) return 'was made for another environment';
  if (claims.requestId !== requestId) return 'was made for another request';
  if (claims.run !== run) return 'was made for another run of this request';
  if (claims.kind !== kind) return 'was made for a decision of another kind';
  const problem = decisionProblem(kind, content);
  if (problem !== undefined) return `belongs to no decision: ${problem}`;
  const decision = readDecision(kind, content).content;
  if (claims.actor !== decision.actor) return 'was made for another actor';
  if (claims.digest !== digestOf(decision)) return 'was made for a decision that says something else';
  return undefined;
}

function timeProblem({ iat, exp }: DecisionClaims, now: number): string | undefined {
  if ((exp - iat) * SECOND_MS > DECISION_TOKEN_LIFETIME_MS_MAX) return 'holds for longer than 24 hours';
  if (!(now >= iat * SECOND_MS - DECISION_TOKEN_CLOCK_TOLERANCE_MS)) {
    return 'does not hold yet: the clock of the machine that signed it is ahead';
  }
  if (!(now < exp * SECOND_MS + DECISION_TOKEN_CLOCK_TOLERANCE_MS)) return 'has expired: make a new one';
  return undefined;
}

function digestOf(decision: object): string {
  assertPlainJson(decision);
  return createHash('sha256')
    .update(canonicalize(decision) ?? '')
    .digest('base64url');
}

/** What somebody posted or wrote to a file to have it signed, or undefined. Its content may still be no decision. */
export function parseDecisionForRun(value: unknown): DecisionForRun | undefined {
  return decisionForRun.safeParse(value).data;
}
