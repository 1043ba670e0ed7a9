/** An identity provider as far as an API is concerned: it says which keys it signs with, and has signed one token. */
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

const AUDIENCE = 'erasure-bench';
const ROLE = 'filer';

export interface TokenIssuer {
  /** Of a bearer of this id who may file, for as long as anything is measured. */
  readonly token: string;
  /** What the server has to be told. */
  readonly settings: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export async function startTokenIssuer(bearerId: string): Promise<TokenIssuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: 'bench', alg: 'RS256', use: 'sig' };
  let issuer = '';
  const server = createServer((request, response) => {
    const found = request.url === '/keys' ? { keys: [key] } : { issuer, jwks_uri: `${issuer}/keys` };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The identity provider has no port');
  issuer = `http://127.0.0.1:${address.port}`;
  const token = await new SignJWT({ roles: [ROLE] })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(AUDIENCE)
    .setSubject(bearerId)
    .setIssuedAt()
    .setExpirationTime('12h')
    .sign(privateKey);
  return {
    token,
    settings: {
      SERVER_OIDC_ISSUER: issuer,
      SERVER_OIDC_AUDIENCE: AUDIENCE,
      SERVER_OIDC_ROLES: `${ROLE}=file`,
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
