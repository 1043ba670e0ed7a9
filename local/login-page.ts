/** What `npm run up` has for a company's identity provider: a page that logs in whom it is told to. For this machine only. */
import { createHash, randomBytes } from 'node:crypto';
import formbody from '@fastify/formbody';
import fastify, { type FastifyInstance } from 'fastify';
import { calculateJwkThumbprint, importJWK, SignJWT, type JWK } from 'jose';
import { z } from 'zod';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import { htmlText } from '../domain/text';
import { newKeyPair } from '../security/key-pair';

const CODE_MS_MAX = MINUTE_MS;
const TOKEN_S = HOUR_MS / SECOND_MS;

export const LOCAL_CLIENT_ID = 'erasure-console';
export const LOCAL_AUDIENCE = 'erasure-api';

/** Invented. The console's four roles are divided so that nobody can both file and approve a request. */
export const localStaff = [
  { id: 'staff-clerk', role: 'clerk', may: 'view, file and decide' },
  { id: 'staff-officer', role: 'officer', may: 'view, decide and approve' },
] as const;

export const LOCAL_ROLES = 'clerk=view|file|decide,officer=view|decide|approve';

export interface LocalLogin {
  /** The issuer. */
  readonly url: string;
  close(): Promise<void>;
}

const authorization = z.object({
  response_type: z.literal('code'),
  client_id: z.literal(LOCAL_CLIENT_ID),
  redirect_uri: z.string(),
  state: z.string().min(1).max(512),
  nonce: z.string().min(1).max(512),
  code_challenge: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  code_challenge_method: z.literal('S256'),
});
type Authorization = z.infer<typeof authorization>;

const choice = z.object({ staff: z.enum(localStaff.map(({ id }) => id)) });

const exchange = z.object({
  grant_type: z.literal('authorization_code'),
  code: z.string(),
  redirect_uri: z.string(),
  code_verifier: z.string(),
});

/** OpenID Connect as far as the console needs it: authorization code with PKCE. `redirectUri`: the only one it sends anybody to. */
export async function startLocalLogin({
  port,
  redirectUri,
}: {
  readonly port: number;
  readonly redirectUri: string;
}): Promise<LocalLogin> {
  const pair = newKeyPair('P-256');
  const privateKey = await importJWK(pair.privateKey as JWK, 'ES256');
  const jwk = { ...pair.publicKey, alg: 'ES256', use: 'sig' } as JWK;
  const kid = await calculateJwkThumbprint(jwk);
  const codes = new Map<
    string,
    Authorization & { readonly staff: (typeof localStaff)[number]; readonly until: number }
  >();

  const app = fastify({ logger: false, bodyLimit: 16_384 });
  await app.register(formbody);
  let issuer = '';
  // A page from elsewhere whose name was made to lead here would have another host.
  app.addHook('onRequest', async (request, reply) =>
    `http://${request.headers.host}` === issuer ? undefined : reply.code(403).send('For this machine only.'),
  );
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
    });
  });
  app.get('/.well-known/openid-configuration', async () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
  }));
  app.get('/jwks', async () => ({ keys: [{ ...jwk, kid }] }));
  app.get('/login.css', async (_request, reply) => reply.type('text/css').send(stylesheet));
  addAuthorization(app, { codes, redirectUri });

  const sign = (audience: string, claims: Readonly<Record<string, unknown>>) => {
    const nowS = Math.floor(Date.now() / SECOND_MS);
    return new SignJWT({ ...claims, iss: issuer, aud: audience, iat: nowS, exp: nowS + TOKEN_S })
      .setProtectedHeader({ alg: 'ES256', kid, typ: 'JWT' })
      .sign(privateKey);
  };
  app.post('/token', async (request, reply) => {
    const asked = exchange.safeParse(request.body);
    const granted = asked.success ? codes.get(asked.data.code) : undefined;
    if (!asked.success || granted === undefined) return reply.code(400).send({ error: 'invalid_grant' });
    codes.delete(asked.data.code);
    const { redirect_uri: redirect, code_verifier: verifier } = asked.data;
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const holds = granted.until > Date.now() && redirect === redirectUri && challenge === granted.code_challenge;
    if (!holds) return reply.code(400).send({ error: 'invalid_grant' });
    const { staff, nonce } = granted;
    const claims = { sub: staff.id, roles: [staff.role] };
    return {
      access_token: await sign(LOCAL_AUDIENCE, claims),
      id_token: await sign(LOCAL_CLIENT_ID, { ...claims, nonce }),
      token_type: 'Bearer',
      expires_in: TOKEN_S,
    };
  });

  issuer = await app.listen({ host: '127.0.0.1', port });
  return { url: issuer, close: () => app.close() };
}

function addAuthorization(
  app: FastifyInstance,
  {
    codes,
    redirectUri,
  }: {
    readonly codes: Map<
      string,
      Authorization & { readonly staff: (typeof localStaff)[number]; readonly until: number }
    >;
    readonly redirectUri: string;
  },
): void {
  app.get('/authorize', async (request, reply) => {
    const asked = authorization.safeParse(request.query);
    if (!asked.success || asked.data.redirect_uri !== redirectUri) {
      return reply
        .code(400)
        .type('text/plain; charset=utf-8')
        .send('This is no login of the console beside this page.\n');
    }
    return reply.type('text/html; charset=utf-8').send(pageFor(asked.data));
  });
  app.post('/authorize', async (request, reply) => {
    const asked = authorization.safeParse(request.body);
    const chosen = choice.safeParse(request.body);
    if (!asked.success || asked.data.redirect_uri !== redirectUri || !chosen.success) return reply.code(400).send();
    const staff = localStaff.find(({ id }) => id === chosen.data.staff) ?? localStaff[0];
    for (const [code, { until }] of codes) if (until <= Date.now()) codes.delete(code);
    const code = randomBytes(24).toString('base64url');
    codes.set(code, { ...asked.data, staff, until: Date.now() + CODE_MS_MAX });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.data.state);
    return reply.redirect(back.href, 303);
  });
}

function pageFor(asked: Authorization): string {
  const hidden = Object.entries(asked).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${htmlText(value)}">`,
  );
  const buttons = localStaff.map(
    ({ id, may }) => `<p><button name="staff" value="${id}">Log in as ${id}</button> may ${may}</p>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Local login</title><link rel="stylesheet" href="/login.css"></head>',
    '<body><main><h1>Local login</h1>',
    '<p>For trying the console on this machine only: nobody is asked for a password, and both staff members are invented. A real server uses your company’s identity provider.</p>',
    '<form method="post" action="/authorize">',
    ...hidden,
    ...buttons,
    '</form></main></body></html>',
    '',
  ].join('\n');
}

const stylesheet = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 36rem; margin: 10vh auto; padding: 0 1rem; }
button { font: inherit; font-weight: 600; padding: 0.5rem 1rem; margin-right: 0.5rem; cursor: pointer; }
`;
