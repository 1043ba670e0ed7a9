import type { Logger } from 'pino';
import type { InvalidLimit } from './invalid-limit';
import type { GatewayMetrics } from './metrics';

/** What all routes have in common. */
export interface RouteContext {
  /** Epoch ms. */
  readonly now: () => number;
  readonly countInvalid: InvalidLimit;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
}
