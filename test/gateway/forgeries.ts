/** Callbacks that nobody must take for true, of many kinds and each a little different from the next. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { CompactSign } from 'jose';
import { DAY_MS, MINUTE_MS } from '../../domain/duration';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import { createCapabilityIssuer } from '../../security/callback-capability';
import { createTokenIssuer } from '../../security/callback-token';
import { hasCallbackKeys } from '../../security/key-table';
import { readProviderKeys } from '../../security/key-files';
import { callbackOf, type Callback, type Keys } from './callback-bench';

export interface Forged {
  readonly provider: string;
  readonly handle: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Forgers {
  /** A true callback with its token: the control. */
  genuine(): Forged;
  /** By what is wrong with them. */
  readonly kinds: Readonly<Record<string, () => Forged>>;
}

const provider = 'measureone';
/** So many different ones of what is dear to sign are made and then taken in turn. */
const POOL = 40;

export async function createForgers(keys: Keys, strangers: Keys, now: number): Promise<Forgers> {
  const ours = await readProviderKeys(keys.directory, provider);
  if (!hasCallbackKeys(ours)) throw new Error('MeasureOne has callback keys');
  const [{ kty, crv, x, d, kid }] = ours.callback;
  const [tokenKey] = keys.gateway.token;
  const theirTokens = createTokenIssuer(strangers.gateway);
  const elsewhere = createTokenIssuer({ ...keys.gateway, environment: 'staging' });

  const callbacks = await Promise.all(Array.from({ length: POOL }, () => callbackOf(keys.issuer, { now })));
  const tokens = new Map<Callback, string>();
  for (const callback of callbacks) {
    tokens.set(callback, await keys.tokenIssuer.issue({ provider, handle: callback.handle, now }));
  }
  const turn = inTurn(callbacks);
  const tokenOf = (callback: Callback): string => tokens.get(callback) ?? '';
  const sent = (callback: Callback, capability: string, token?: string): Forged => ({
    provider,
    handle: callback.handle,
    headers: { [CAPABILITY_HEADER]: capability, authorization: `Bearer ${token ?? tokenOf(callback)}` },
  });
  const withCapability = (change: (capability: string, callback: Callback) => string) => (): Forged => {
    const callback = turn();
    return sent(callback, change(callback.capability, callback));
  };
  const withToken = (change: (token: string, callback: Callback) => string) => (): Forged => {
    const callback = turn();
    return sent(callback, callback.capability, change(tokenOf(callback), callback));
  };
  /** Signed once for each callback of the pool. */
  const signed = async (
    how: (callback: Callback) => Promise<string>,
    where: typeof withCapability,
  ): Promise<() => Forged> => {
    const made = new Map<Callback, string>();
    for (const callback of callbacks) made.set(callback, await how(callback));
    return where((_text, callback) => made.get(callback) ?? '');
  };
  const ourCapability =
    (change: object, header: object = {}) =>
    (callback: Callback) =>
      new CompactSign(Buffer.from(JSON.stringify({ ...claimsOf(callback.capability), ...change })))
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: 'erasure-callback+jwt', ...header })
        .sign({ kty, crv, x, d });
  const ourToken =
    (change: object, header: object = {}) =>
    (callback: Callback) =>
      new CompactSign(Buffer.from(JSON.stringify({ ...claimsOf(tokenOf(callback)), ...change })))
        .setProtectedHeader({ alg: 'HS256', kid: tokenKey.kid, typ: 'erasure-callback-token+jwt', ...header })
        .sign(Buffer.from(tokenKey.k, 'base64url'));
  const stranger = await readProviderKeys(strangers.directory, provider);
  if (!hasCallbackKeys(stranger)) throw new Error('MeasureOne has callback keys');
  const impostor = createCapabilityIssuer({ ...stranger, callback: [{ ...stranger.callback[0], kid }] });
  const publicKey = keys.gateway.callback[0];
  const publicSecrets = [publicKey.x, Buffer.from(publicKey.x, 'base64url'), JSON.stringify(publicKey), publicKey.kid];

  return {
    genuine() {
      const callback = turn();
      return sent(callback, callback.capability);
    },
    kinds: {
      'no capability': () => ({ ...sent(turn(), ''), headers: { authorization: `Bearer ${tokenOf(turn())}` } }),
      'the capability of another request': withCapability(() => turn().capability),
      'another handle': () => ({ ...sent(turn(), turn().capability), handle: randomBytes(24).toString('base64url') }),
      'a handle in other letters': () => {
        const callback = turn();
        return { ...sent(callback, callback.capability), handle: otherCase(callback.handle) };
      },
      'another provider': () => {
        const callback = turn();
        return { ...sent(callback, callback.capability), provider: pick(['person', 'aptrinsic', 'MEASUREONE', 'x']) };
      },
      'another purpose': await signed(ourCapability({ purpose: 'token' }), withCapability),
      'another audience': await signed(ourCapability({ aud: 'staging' }), withCapability),
      'a capability for another provider': await signed(ourCapability({ provider: 'person' }), withCapability),
      'a capability for another request, signed by us': await signed(
        ourCapability({ requestId: 'not-a-request' }),
        withCapability,
      ),
      'another type': await signed(ourCapability({}, { typ: 'erasure-certificate+jwt' }), withCapability),
      'an expired capability': await signed(
        async ({ requestId, runId }) =>
          (await callbackOf(keys.issuer, { requestId, runId, now: now - 61 * DAY_MS })).capability,
        withCapability,
      ),
      'a stranger’s key': await signed(
        async ({ requestId, runId }) => (await callbackOf(strangers.issuer, { requestId, runId, now })).capability,
        withCapability,
      ),
      'a stranger’s key under our key id': await signed(
        async ({ requestId, runId }) =>
          (await impostor.issue({ requestId, runId, provider, identifier: 'idv_planted', waitsUntil: now })).capability,
        withCapability,
      ),
      'alg none': withCapability((text) => unsigned(text, pick(['none', 'None', 'NONE', '']))),
      'HS256 with the public key': withCapability((text) => hmacSigned(text, { kid, secret: pick(publicSecrets) })),
      'an altered payload': withCapability((text) => alteredPart(text, 1)),
      'an altered header': withCapability((text) => alteredPart(text, 0)),
      'an altered signature': withCapability((text) => alteredPart(text, 2)),
      'a payload rewritten': withCapability((text) => rewritten(text, { requestId: randomUUID() })),
      'cut short': withCapability((text) => text.slice(0, Math.floor(Math.random() * text.length))),
      'doubled segments': withCapability((text) => doubled(text)),
      'another spelling': withCapability((text) => `${text}${pick(['=', '==', ' =', '.', '%3D', ',', `, ${text}`])}`),
      'far too long': withCapability((text) => text + 'A'.repeat(1_024 + Math.floor(Math.random() * 3_000))),
      'random bytes': withCapability(() => randomBytes(1 + Math.floor(Math.random() * 400)).toString('base64url')),
      'its token as the capability': withCapability((_text, callback) => tokenOf(callback)),

      'no token': () => {
        const { authorization: _left, ...headers } = sent(turn(), '').headers;
        const callback = turn();
        return { provider, handle: callback.handle, headers: { ...headers, [CAPABILITY_HEADER]: callback.capability } };
      },
      'a token in a header that we do not read': () => {
        const callback = turn();
        const headers = { [CAPABILITY_HEADER]: callback.capability, 'x-token': tokenOf(callback) };
        return { provider, handle: callback.handle, headers };
      },
      'the token of another handle': withToken(() => tokenOf(turn())),
      'an expired token': await signed(
        ({ handle }) => keys.tokenIssuer.issue({ provider, handle, now: now - 6 * MINUTE_MS }),
        withToken,
      ),
      'a token of the future': await signed(
        ({ handle }) => keys.tokenIssuer.issue({ provider, handle, now: now + 2 * MINUTE_MS }),
        withToken,
      ),
      'an expired token that claims a longer life': await signed(
        ourToken({ iat: Math.floor(now / 1_000) - 360, exp: Math.floor(now / 1_000) + 3_600 }),
        withToken,
      ),
      'a token with alg none': withToken((text) => unsigned(text, pick(['none', 'nOnE']))),
      'a token signed with a public key': withToken((text) =>
        hmacSigned(text, { kid: tokenKey.kid, secret: pick(publicSecrets) }),
      ),
      'a token by a stranger': await signed(({ handle }) => theirTokens.issue({ provider, handle, now }), withToken),
      'a token of another environment': await signed(
        ({ handle }) => elsewhere.issue({ provider, handle, now }),
        withToken,
      ),
      'a token by another issuer': await signed(ourToken({ iss: 'somebody' }), withToken),
      'a token of another type': await signed(ourToken({}, { typ: 'JWT' }), withToken),
      'a token for another provider': await signed(ourToken({ provider: 'person' }), withToken),
      'an altered token': withToken((text) => alteredPart(text, pick([0, 1, 2]))),
      'a token cut short': withToken((text) => text.slice(0, Math.floor(Math.random() * text.length))),
      'a token with doubled segments': withToken((text) => doubled(text)),
      'its capability as the token': withToken((_text, { capability }) => capability),
    },
  };
}

function inTurn<Item>(items: readonly Item[]): () => Item {
  let next = 0;
  return () => items[next++ % items.length] as Item;
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] as Item;
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function claimsOf(compact: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function headerOf(compact: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(compact.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function unsigned(compact: string, alg: string): string {
  const [, payload = '', signature = ''] = compact.split('.');
  return `${encoded({ ...headerOf(compact), alg })}.${payload}.${pick(['', signature])}`;
}

function hmacSigned(
  compact: string,
  { kid, secret }: { readonly kid: string; readonly secret: string | Buffer },
): string {
  const [, payload = ''] = compact.split('.');
  const input = `${encoded({ ...headerOf(compact), alg: pick(['HS256', 'EdDSA']), kid })}.${payload}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** Another character at some place of one part. */
function alteredPart(compact: string, part: number): string {
  const parts = compact.split('.');
  const text = parts[part] ?? '';
  const at = Math.floor(Math.random() * text.length);
  const other = pick(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('').filter((c) => c !== text[at]),
  );
  parts[part] = text.slice(0, at) + other + text.slice(at + 1);
  return parts.join('.');
}

function rewritten(compact: string, change: object): string {
  const [header, , signature] = compact.split('.');
  return `${header}.${encoded({ ...claimsOf(compact), ...change })}.${signature}`;
}

function doubled(compact: string): string {
  const [header, payload, signature] = compact.split('.');
  return pick([
    `${compact}.${compact}`,
    `${header}.${header}.${payload}.${signature}`,
    `${header}.${payload}.${payload}.${signature}`,
    `${header}.${payload}.${signature}.${signature}`,
    `${header}.${payload}${payload}.${signature}`,
    `${compact}${compact}`,
  ]);
}

function otherCase(text: string): string {
  return text.replace(/[a-zA-Z]/, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  );
}
