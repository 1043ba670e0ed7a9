import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MINUTE_MS } from '../domain/duration';

/** Counts a request that does not prove itself. The seconds to stay away for if its address has sent too many, else undefined. */
export type InvalidLimit = (request: FastifyRequest) => Promise<number | undefined>;

/**
 * One count for each address, over all routes together. Only what does not prove itself is counted, so nobody can keep
 * out a true caller, not even from the same address.
 */
export function createInvalidLimit(app: FastifyInstance, perMinuteMax: number): InvalidLimit {
  const count = app.createRateLimit({ max: perMinuteMax, timeWindow: MINUTE_MS });
  return async (request) => {
    const counted = await count(request);
    return !counted.isAllowed && counted.isExceeded ? counted.ttlInSeconds : undefined;
  };
}
