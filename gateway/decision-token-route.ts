/** Where a staff member who is logged in gets a decision of theirs signed. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { decisionProblem } from '../domain/decision/decision';
import { isRecord, parsedJson } from '../domain/text';
import { parseDecisionForRun, type DecisionForRun, type DecisionTokenIssuer } from '../security/decision-token';
import { answer, answerLater, answerTooMany } from './http-answers';
import type { DecisionTokenResult } from './metrics';
import type { StaffIdentifier, StaffMember } from './staff-identity';
import type { RouteContext } from './route-context';

const path = '/decision-tokens';
const BODY_BYTES_MAX = 8 * 1_024;
const RETRY_AFTER_S = 10;

/** Told to whoever is logged in, so that they know what to mend. */
export type DecisionTokenDenial = 'no-opaque-id' | 'another-actor' | 'role-does-not-allow';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks for a decision token, once the identity provider's token was checked. */
    staffMember: StaffMember | undefined;
    /** What became of it, for the metrics. */
    decisionTokenResult: DecisionTokenResult | undefined;
  }
}

export interface DecisionTokenRouteOptions extends RouteContext {
  readonly issuer: DecisionTokenIssuer;
  readonly identify: StaffIdentifier;
}

export function addDecisionTokenRoute(app: FastifyInstance, options: DecisionTokenRouteOptions): void {
  const { issuer, identify, now, countInvalid, metrics, logger } = options;

  app.decorateRequest('staffMember', undefined);
  app.decorateRequest('decisionTokenResult', undefined);
  // Before its body is read: a stranger's is never looked at.
  app.post(path, { bodyLimit: BODY_BYTES_MAX, onRequest: authenticate, onResponse: measure }, sign);

  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    const [, token] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    const identification = await (token === undefined
      ? ({ verdict: 'unknown', reason: 'no-bearer-token' } as const)
      : identify(token, now()));
    switch (identification.verdict) {
      case 'known':
        request.staffMember = identification.member;
        return undefined;
      case 'unknown':
        return refuse(request, reply, identification.reason);
      case 'provider-away':
        request.decisionTokenResult = 'provider-away';
        logger.error({ reason: identification.reason }, 'The identity provider gives no keys to check staff with');
        return answerLater(reply, RETRY_AFTER_S);
    }
  }

  async function refuse(request: FastifyRequest, reply: FastifyReply, reason: string): Promise<FastifyReply> {
    const retryAfterS = await countInvalid(request);
    request.decisionTokenResult = retryAfterS === undefined ? 'not-authenticated' : 'too-many';
    if (retryAfterS !== undefined) return answerTooMany(reply, retryAfterS);
    logger.warn({ reason }, 'A request for a decision token was refused: not logged in');
    return answer(reply.header('www-authenticate', 'Bearer'), 401);
  }

  async function sign(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const member = request.staffMember;
    if (member === undefined) throw new TypeError('A decision is signed only for whoever is logged in');
    const decision = parseDecisionForRun(parsedJson(new TextDecoder().decode(request.body as Buffer | undefined)));
    if (decision === undefined || decisionProblem(decision.kind, decision.content) !== undefined) {
      request.decisionTokenResult = 'no-decision';
      return answer(reply, 400);
    }
    const { requestId, kind } = decision;
    const denial = denialOf(member, decision);
    if (denial !== undefined) {
      request.decisionTokenResult = 'not-allowed';
      logger.warn({ requestId, kind, reason: denial }, 'A decision token was denied');
      return reply.code(403).send({ error: 'not allowed', reason: denial });
    }
    const issued = await issuer.issue({ ...decision, now: now() });
    request.decisionTokenResult = 'issued';
    logger.info({ requestId, kind, tokenId: issued.tokenId }, 'A decision token was issued');
    return reply.header('cache-control', 'no-store').send(issued);
  }

  async function measure(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    metrics.decisionToken(request.decisionTokenResult ?? 'failed');
    metrics.handled('decision-token', reply.elapsedTime);
  }
}

function denialOf(member: StaffMember, { kind, content }: DecisionForRun): DecisionTokenDenial | undefined {
  if (member.actor === undefined) return 'no-opaque-id';
  if (!isRecord(content) || content['actor'] !== member.actor) return 'another-actor';
  return member.kinds.has(kind) ? undefined : 'role-does-not-allow';
}
