import { createHash } from 'node:crypto';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { CompactSign } from 'jose';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../domain/duration';
import {
  createDecisionTokenChecker,
  createDecisionTokenIssuer,
  DECISION_TOKEN_CLOCK_TOLERANCE_MS,
  DECISION_TOKEN_LIFETIME_MS,
  DecisionNotSignable,
  parseDecisionForRun,
  type DecisionForRun,
  type DecisionTokenChecker,
} from '../../security/decision-token';
import {
  addStaffKey,
  initKeys,
  readDecisionKeys,
  readServerDecisionKeys,
  readStaffKeys,
} from '../../security/key-files';
import type { DecisionKeys, ServerDecisionKeys, StaffKeys } from '../../security/key-table';
import { base64url, NOW, otherRequestId, replaceAt, requestId, run, withDirectory } from './key-fixtures';

const waive: DecisionForRun = {
  requestId,
  run,
  kind: 'waive',
  content: { provider: 'person', actor: 'staff-17', reason: { code: 'contract-ended', ticket: 'PRIV-1' } },
};
const hold: DecisionForRun = {
  requestId,
  run,
  kind: 'hold',
  content: {
    actor: 'staff-17',
    reason: { code: 'lawsuit', ticket: 'LEGAL-9' },
    ground: 'legal-claims',
    owner: 'staff-3',
    reviewAt: '2027-01-10T09:00:00Z',
  },
};
const typ = 'erasure-decision+jwt';
const iat = NOW / 1_000;

interface DecisionKeySet {
  readonly known: DecisionKeys;
  readonly gateway: ServerDecisionKeys;
  readonly staff17: StaffKeys;
  /** May approve and reject only. */
  readonly staff9: StaffKeys;
}

async function makeDecisionKeys(environment = 'test'): Promise<DecisionKeySet> {
  return withDirectory(async (directory) => {
    await initKeys({ directory, environment, now: NOW });
    const [file17, file9] = [join(directory, 'staff-17.json'), join(directory, 'staff-9.json')];
    await addStaffKey({ directory, actor: 'staff-17', file: file17, now: NOW });
    await addStaffKey({ directory, actor: 'staff-9', kinds: ['approve', 'reject'], file: file9, now: NOW });
    return {
      known: await readDecisionKeys(directory),
      gateway: await readServerDecisionKeys(directory),
      staff17: await readStaffKeys(file17),
      staff9: await readStaffKeys(file9),
    };
  });
}

let keys: DecisionKeySet;
let stranger: DecisionKeySet;
let checker: DecisionTokenChecker;
let token: string;
let tokenId: string;
beforeAll(async () => {
  keys = await makeDecisionKeys();
  stranger = await makeDecisionKeys();
  checker = createDecisionTokenChecker(keys.known);
  ({ token, tokenId } = await createDecisionTokenIssuer(keys.gateway).issue({ ...waive, now: NOW }));
});

const check = (presented: unknown, more: Partial<DecisionForRun & { readonly now: number }> = {}) =>
  checker.check({ ...waive, token: presented, now: NOW, ...more });
const refused = (why: string) => ({ status: 'refused', why: `The decision token ${why}` });

const digest = createHash('sha256')
  .update(canonicalize(waive.content) ?? '')
  .digest('base64url');
const claimsNow = {
  aud: 'test',
  requestId,
  run,
  kind: 'waive',
  actor: 'staff-17',
  digest,
  iat,
  exp: iat + 900,
  jti: 'a-token-id-of-some-length',
};

function signByHand(
  claims: object | string,
  header: object = {},
  from: ServerDecisionKeys | StaffKeys = keys.gateway,
): Promise<string> {
  const [{ kid, ...jwk }] = from.decision;
  return new CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
    .setProtectedHeader({ alg: 'EdDSA', kid, typ, ...header })
    .sign(jwk);
}

describe('a decision token', () => {
  it('says for which decision it is, of whom, and nothing of what was decided', async () => {
    const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header ?? '')).toEqual({ alg: 'EdDSA', kid: keys.gateway.decision[0].kid, typ });
    expect(JSON.parse(claims ?? '')).toEqual({ ...claimsNow, jti: tokenId });
    expect(token.length).toBeLessThan(1_024);
    expect(await check(token)).toEqual({
      status: 'proven',
      proof: { tokenId, keyId: keys.gateway.decision[0].kid, token },
    });
    expect(await check(await signByHand(claimsNow))).toMatchObject({ status: 'proven' });
  });

  it('is another one each time, so that each can be used once', async () => {
    const issuer = createDecisionTokenIssuer(keys.gateway);
    const again = await issuer.issue({ ...waive, now: NOW });
    expect(again.tokenId).not.toBe(tokenId);
    expect(again.expiresAt).toBe(new Date(NOW + DECISION_TOKEN_LIFETIME_MS).toISOString());
  });

  it('is good for a decision about the whole request as well, and for what a run keeps of it', async () => {
    const { token: ofHold } = await createDecisionTokenIssuer(keys.gateway).issue({ ...hold, now: NOW });
    expect(await check(ofHold, hold)).toMatchObject({ status: 'proven' });
    const sent = { ...hold.content, token: ofHold, more: 'ignored by the run' };
    expect(await check(ofHold, { ...hold, content: sent })).toMatchObject({ status: 'proven' });
    const reordered = Object.fromEntries(Object.entries(hold.content).toReversed());
    expect(await check(ofHold, { ...hold, content: reordered })).toMatchObject({ status: 'proven' });
    expect(await check(ofHold, { ...hold, content: { ...hold.content, owner: 'staff-4' } })).toEqual(
      refused('was made for a decision that says something else'),
    );
  });

  it.each<[string, Partial<DecisionForRun>, string]>([
    ['another request', { requestId: otherRequestId }, 'was made for another request'],
    ['another kind', { kind: 'attest' }, 'was made for a decision of another kind'],
    [
      'another provider',
      { content: { ...waive.content, provider: 'aptrinsic' } },
      'was made for a decision that says something else',
    ],
    [
      'another reason',
      { content: { ...waive.content, reason: { code: 'contract-ended', ticket: 'PRIV-2' } } },
      'was made for a decision that says something else',
    ],
    ['another actor', { content: { ...waive.content, actor: 'staff-18' } }, 'was made for another actor'],
    [
      'no decision at all',
      { content: { actor: 'staff-17' } },
      'belongs to no decision: reason: expected an object { code, ticket }; provider: expected the key of a provider, e.g. "measureone"',
    ],
  ])('is refused for %s', async (_what, about, why) => {
    expect(await check(token, about)).toEqual(refused(why));
  });

  it('is refused in another environment, though its key were known there', async () => {
    const elsewhere = createDecisionTokenChecker({ ...keys.known, environment: 'staging' });
    expect(await elsewhere.check({ ...waive, token, now: NOW })).toEqual(refused('was made for another environment'));
  });

  it('is refused when signed by a key that nobody told us of', async () => {
    const { token: foreign } = await createDecisionTokenIssuer(stranger.gateway).issue({ ...waive, now: NOW });
    expect(await check(foreign)).toEqual(refused('is signed by a key that is not trusted here: see decision.json'));
    const posing = await signByHand(claimsNow, { kid: keys.gateway.decision[0].kid }, stranger.gateway);
    expect(await check(posing)).toEqual(refused('was altered, or signed by another key than it says'));
  });

  it.each<[string, object | string, object, string]>([
    [
      'of another type',
      claimsNow,
      { typ: 'erasure-callback+jwt' },
      'is something else: it was not signed as a decision token',
    ],
    ['with an unknown claim', { ...claimsNow, sub: 'staff-17' }, {}, 'does not say what a decision token has to say'],
    ['without an end', { ...claimsNow, exp: undefined }, {}, 'does not say what a decision token has to say'],
    ['without an id', { ...claimsNow, jti: '' }, {}, 'does not say what a decision token has to say'],
    [
      'with an address as its actor',
      { ...claimsNow, actor: 'a@b.example' },
      {},
      'does not say what a decision token has to say',
    ],
    ['of no JSON', 'staff-17 said so', {}, 'is malformed or incomplete'],
    ['that holds too long', { ...claimsNow, exp: iat + 86_401 }, {}, 'holds for longer than 24 hours'],
  ])('is refused %s, though signed by our key', async (_what, claims, header, why) => {
    expect(await check(await signByHand(claims, header))).toEqual(refused(why));
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'is malformed or incomplete'],
    ['no text', { token: 'x' }, 'is malformed or incomplete'],
    ['half a token', 'e30.e30', 'is malformed or incomplete'],
    ['a very long text', 'A'.repeat(5_000), 'is malformed or incomplete'],
    [
      'a token without a signature',
      `${base64url({ alg: 'none', kid: 'k', typ })}.${base64url(claimsNow)}.`,
      'is signed with an algorithm that is not allowed',
    ],
    [
      'a token signed with a secret',
      `${base64url({ alg: 'HS256', kid: 'k', typ })}.${base64url(claimsNow)}.AAAA`,
      'is signed with an algorithm that is not allowed',
    ],
  ])('is refused when it is %s', async (_what, presented, why) => {
    expect(await check(presented)).toEqual(refused(why));
  });

  it('holds for 15 minutes, and half a minute more or less for clocks that differ', async () => {
    const end = NOW + DECISION_TOKEN_LIFETIME_MS + DECISION_TOKEN_CLOCK_TOLERANCE_MS;
    expect([DECISION_TOKEN_LIFETIME_MS, DECISION_TOKEN_CLOCK_TOLERANCE_MS]).toEqual([15 * MINUTE_MS, 30 * SECOND_MS]);
    expect(await check(token, { now: end - 1 })).toMatchObject({ status: 'proven' });
    expect(await check(token, { now: end })).toEqual(refused('has expired: make a new one'));
    const start = NOW - DECISION_TOKEN_CLOCK_TOLERANCE_MS;
    expect(await check(token, { now: start })).toMatchObject({ status: 'proven' });
    const early = refused('does not hold yet: the clock of the machine that signed it is ahead');
    expect(await check(token, { now: start - 1 })).toEqual(early);
    expect(await check(token, { now: Number.NaN })).toEqual(early);
  });

  it('does not hold with any byte altered', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=';
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet.split('')), async (index, letter) => {
        fc.pre(token[index] !== letter);
        expect((await check(replaceAt(token, index, letter))).status).toBe('refused');
      }),
      { numRuns: 500 },
    );
  });

  it('does not hold for a decision with any field altered', async () => {
    const text = fc.stringMatching(/^[a-z0-9]{1,12}$/);
    await fc.assert(
      fc.asyncProperty(text, text, text, async (actor, code, ticket) => {
        const content = { provider: 'person', actor, reason: { code, ticket } };
        expect((await check(token, { content })).status).toBe('refused');
      }),
    );
  });
});

describe("a staff member's own key", () => {
  it('signs what its owner decides, up to 24 hours ahead', async () => {
    const issuer = createDecisionTokenIssuer(keys.staff17);
    const own = await issuer.issue({ ...waive, now: NOW, lifetimeMs: 24 * HOUR_MS });
    expect(await check(own.token, { now: NOW + 23 * HOUR_MS })).toEqual({
      status: 'proven',
      proof: { tokenId: own.tokenId, keyId: keys.staff17.decision[0].kid, token: own.token },
    });
    await expect(issuer.issue({ ...waive, now: NOW, lifetimeMs: 24 * HOUR_MS + 1 })).rejects.toThrow(
      new DecisionNotSignable('A decision token holds for at most 24 hours.'),
    );
  });

  it('signs for nobody else, and what it is made to sign for another is refused', async () => {
    const content = { ...waive.content, actor: 'staff-18' };
    await expect(createDecisionTokenIssuer(keys.staff17).issue({ ...waive, content, now: NOW })).rejects.toThrow(
      'This key belongs to another staff member than the decision names as its actor.',
    );
    const forged = await signByHand({ ...claimsNow, actor: 'staff-18' }, {}, keys.staff17);
    expect(await check(forged, { content })).toEqual(
      refused('is signed by the key of another staff member than it names'),
    );
  });

  it('signs only the kinds that it may', async () => {
    const content = { ...waive.content, actor: 'staff-9' };
    await expect(createDecisionTokenIssuer(keys.staff9).issue({ ...waive, content, now: NOW })).rejects.toThrow(
      'This key may not sign decisions of this kind.',
    );
    const forged = await signByHand({ ...claimsNow, actor: 'staff-9' }, {}, keys.staff9);
    expect(await check(forged, { content })).toEqual(
      refused('is signed by a key that may not sign decisions of this kind'),
    );
    const approve = {
      requestId,
      run,
      kind: 'approve',
      content: { actor: 'staff-9', reason: { code: 'ok', ticket: 'P-1' } },
    } as const;
    const issued = await createDecisionTokenIssuer(keys.staff9).issue({ ...approve, now: NOW });
    expect(await check(issued.token, approve)).toMatchObject({ status: 'proven' });
  });

  it('is good no more once it is taken out of decision.json', async () => {
    const { token: own } = await createDecisionTokenIssuer(keys.staff17).issue({ ...waive, now: NOW });
    const without = keys.known.keys.filter(({ for: owner }) => typeof owner === 'string' || owner.actor !== 'staff-17');
    const later = createDecisionTokenChecker({ ...keys.known, keys: without });
    expect(await later.check({ ...waive, token: own, now: NOW })).toEqual(
      refused('is signed by a key that is not trusted here: see decision.json'),
    );
  });
});

describe('what is to be signed', () => {
  it.each<[string, unknown]>([
    ['no object', 'waive'],
    ['no request id', { ...waive, requestId: 'erasure-1' }],
    ['an unknown kind', { ...waive, kind: 'erase' }],
    ['no content', { ...waive, content: [] }],
    ['more than that', { ...waive, actor: 'staff-17' }],
  ])('is not %s', (_what, value) => {
    expect(parseDecisionForRun(value)).toBeUndefined();
  });

  it('is a decision', async () => {
    expect(parseDecisionForRun(JSON.parse(JSON.stringify(waive)))).toEqual(waive);
    const issuer = createDecisionTokenIssuer(keys.gateway);
    const named = { ...waive, content: { ...waive.content, actor: 'planted@person.example' } };
    const failure = await issuer.issue({ ...named, now: NOW }).catch((error: unknown) => error as Error);
    expect(failure).toBeInstanceOf(DecisionNotSignable);
    expect((failure as Error).message).not.toContain('planted');
    await expect(issuer.issue({ ...waive, requestId: 'x', now: NOW })).rejects.toThrow('no lower case UUID');
  });
});
