/** Agents for addresses that somebody else chose: they connect to public addresses only, whatever a name turns out to stand for. */
import { RequestFilteringHttpAgent, RequestFilteringHttpsAgent } from 'request-filtering-agent';
import type { Agents } from './agents';
import { ATTEMPT_MS_MAX } from './attempts';

/** The address is judged when the connection is made, so a name that changes between two look-ups gains nothing. */
export function outsideAgents(): Agents {
  const options = { keepAlive: true, autoSelectFamilyAttemptTimeout: ATTEMPT_MS_MAX };
  return { http: new RequestFilteringHttpAgent(options), https: new RequestFilteringHttpsAgent(options) };
}
