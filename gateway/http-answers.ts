import type { FastifyReply } from 'fastify';

/** Every answer is one of these, whatever was asked: nothing of a request is ever repeated in its answer. */
const words = {
  400: 'bad request',
  401: 'not authorized',
  404: 'not found',
  413: 'too large',
  415: 'content encoding not supported',
  429: 'too many requests',
  500: 'internal error',
  503: 'try again later',
} as const;

export type ErrorStatus = keyof typeof words;

export function answer(reply: FastifyReply, status: ErrorStatus): FastifyReply {
  return reply.code(status).send({ error: words[status] });
}

/** To an address that has sent too much that does not prove itself. */
export function answerTooMany(reply: FastifyReply, retryAfterS: number): FastifyReply {
  return answer(reply.header('retry-after', retryAfterS), 429);
}

/** For what only time or another process can mend. */
export function answerLater(reply: FastifyReply, retryAfterS: number): FastifyReply {
  return answer(reply.header('retry-after', retryAfterS), 503);
}

export function isErrorStatus(status: unknown): status is ErrorStatus {
  return typeof status === 'number' && Object.hasOwn(words, status);
}
