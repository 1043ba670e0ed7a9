/** An identity provider (oauth2-mock-server) in a process of its own, and the means to sign whatever a test wants it to have signed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';

/** A package that ships ES modules only, and more of them than jest is told to translate. */
const program = `
import { OAuth2Server } from 'oauth2-mock-server';
const { key, claims } = JSON.parse(process.env.IDENTITY_PROVIDER);
const server = new OAuth2Server();
await server.issuer.keys.add(key);
await server.start(0, '127.0.0.1');
server.issuer.url = 'http://127.0.0.1:' + server.address().port;
server.service.on('beforeTokenSigning', (token) => Object.assign(token.payload, claims));
console.log(server.issuer.url);
`;

export type Claims = Readonly<Record<string, unknown>>;

export interface IdentityProvider {
  readonly issuer: string;
  /** A token as the provider would sign it: of an hour from now, for `audience`. */
  sign(claims: Claims, how?: { readonly key?: CryptoKey; readonly alg?: string }): Promise<string>;
  stop(): Promise<void>;
}

/** `claims`: what it puts into the tokens that it hands out to whoever logs in. */
export async function startIdentityProvider(claims: Claims = {}): Promise<IdentityProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: 'of-the-provider', alg: 'RS256' };
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    env: { PATH: process.env['PATH'], IDENTITY_PROVIDER: JSON.stringify({ key, claims }) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [issuer] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    issuer,
    sign: (payload, { key: signing = privateKey, alg = 'RS256' } = {}) => {
      const nowS = Math.floor(Date.now() / 1_000);
      return new SignJWT({ iss: issuer, iat: nowS, exp: nowS + 3_600, ...payload })
        .setProtectedHeader({ alg, kid: 'of-the-provider', typ: 'JWT' })
        .sign(signing);
    },
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
    },
  };
}
