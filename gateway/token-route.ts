/** Where a provider fetches the token that it puts on a callback. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SECOND_MS } from '../domain/duration';
import { isProvider } from '../domain/provider/provider-table';
import { isHandle } from '../security/callback-capability';
import { TOKEN_LIFETIME_MS, type TokenIssuer } from '../security/callback-token';
import { providersThatCallBack } from '../security/key-table';
import type { PresentedCredentials } from '../security/token-credentials';
import { answer, answerTooMany } from './http-answers';
import type { TokenResult } from './metrics';
import type { RouteContext } from './route-context';
import { readTokenBody } from './token-body';

const path = '/callbacks/:provider/token/:handle';
const BODY_BYTES_MAX = 8 * 1_024;
interface Path {
  Params: { readonly provider: string; readonly handle: string };
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What became of a request for a token, for the metrics. */
    tokenResult: TokenResult | undefined;
  }
}

export interface TokenRouteOptions extends RouteContext {
  readonly issuer: TokenIssuer;
  /** Whether a caller has sent what we told the provider to send. */
  readonly isCaller: (presented: PresentedCredentials) => boolean;
}

/**
 * The handle in the path says which callback the token is for. It is public, and not checked here: a token opens nothing
 * without the capability of the same handle.
 */
export function addTokenRoute(app: FastifyInstance, options: TokenRouteOptions): void {
  const { issuer, isCaller, now, countInvalid, metrics, logger } = options;

  app.decorateRequest('tokenResult', undefined);
  const route = { bodyLimit: BODY_BYTES_MAX, onResponse: measure };
  app.post<Path>(path, route, async (request, reply) => {
    const token = await issueTo(request);
    if (token === undefined) return refuse(request, reply);
    const lifetimeS = TOKEN_LIFETIME_MS / SECOND_MS;
    return uncached(reply).send({ access_token: token, token_type: 'Bearer', expires_in: lifetimeS });
  });
  /** For a provider that takes the whole answer for the token. */
  app.post<Path>(`${path}/plain`, route, async (request, reply) => {
    const token = await issueTo(request);
    return token === undefined ? refuse(request, reply) : uncached(reply).type('text/plain').send(token);
  });

  async function issueTo(request: FastifyRequest<Path>): Promise<string | undefined> {
    const { provider, handle } = request.params;
    const { headers } = request;
    const data = readTokenBody(request.body as Buffer | undefined, headers['content-type']);
    if (!isCaller({ headers, data })) return undefined;
    if (!isProvider(provider) || !providersThatCallBack.includes(provider) || !isHandle(handle)) return undefined;
    const token = await issuer.issue({ provider, handle, now: now() });
    request.tokenResult = 'issued';
    logger.info({ provider, handle }, 'A token for a callback was issued');
    return token;
  }

  async function refuse(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const retryAfterS = await countInvalid(request);
    request.tokenResult = retryAfterS === undefined ? 'refused' : 'too-many';
    if (retryAfterS !== undefined) return answerTooMany(reply, retryAfterS);
    logger.warn('A request for a token was refused: unknown credentials, or for no callback of ours');
    return answer(reply, 401);
  }

  async function measure(request: FastifyRequest<Path>, reply: FastifyReply): Promise<void> {
    metrics.token(request.tokenResult ?? 'failed');
    metrics.handled('token', reply.elapsedTime);
  }
}

function uncached(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
}
