/** What every answer of the server leaves behind, be it of the API or a page: a line in the log, and a count. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { failureCode } from '../temporal/temporal-failure';
import { ApiProblem } from './problem';
import { problemOf } from './problem-of-error';

export interface CallLog {
  readonly logger: Logger;
  /** After each call, for the metrics. */
  readonly onCall: (call: { readonly operation: string; readonly status: number; readonly elapsedMs: number }) => void;
}

/** What was thrown, as it is answered: told in the log where it is ours, and noted for the line of the call. */
export function toldProblem(
  error: unknown,
  {
    request,
    reply,
    logger,
  }: { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly logger: Logger },
): ApiProblem {
  const problem = problemOf(error);
  const { code, cause, parts } = problem;
  if (code === 'internal') {
    logger.error({ callId: request.id, reason: failureCode(error) }, 'A call failed inside the server');
  }
  if (cause !== undefined) {
    logger.warn({ callId: request.id, problem: code, reason: failureCode(cause) }, 'A call could not be served');
  }
  request.problemCode = code;
  if (parts.retryAfterS !== undefined) reply.header('retry-after', parts.retryAfterS);
  return problem;
}

/** The operation and not the URL, and nothing of what was sent. */
export function recordCall(
  operation: string,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  { logger, onCall }: CallLog,
): void {
  const { principal, problemCode: problem, id: callId } = request;
  const { elapsedTime: elapsedMs, statusCode: status } = reply;
  onCall({ operation, status, elapsedMs });
  logger.info(
    { callId, operation, status, problem, caller: principal?.id, ms: Math.round(elapsedMs) },
    'A call was answered',
  );
}

/** By what `createRateLimit` has counted. */
export function refuseExcess(
  counted:
    | { readonly isAllowed: true }
    | { readonly isAllowed: false; readonly isExceeded: boolean; readonly ttlInSeconds: number },
): void {
  if (counted.isAllowed || !counted.isExceeded) return;
  throw new ApiProblem('too-many-calls', { retryAfterS: counted.ttlInSeconds });
}

/**
 * Sends the answer of a handler once it is there, and its failure otherwise. A reply is not returned by a handler, nor waited
 * for: it fails where its reader has gone, which is no failure of the call.
 */
export function answerOnceServed<Answer>(
  reply: FastifyReply,
  served: Promise<Answer>,
  send: (answer: Answer) => FastifyReply,
): void {
  void served.then((answer) => void send(answer)).catch((error: unknown) => void reply.send(error));
}
