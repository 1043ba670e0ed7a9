/** How our calls leave this machine: one pair of agents for all of them, which takes nothing from the environment. */
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { callbackify } from 'node:util';
import { ATTEMPT_MS_MAX } from './attempts';
import { goesThrough, type Proxy, type Target } from './proxy';
import { openTunnel, ProxyFailure } from './tunnel';

export interface Agents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}

export function createAgents({ proxy }: { readonly proxy?: Proxy | undefined } = {}): Agents {
  const options = { keepAlive: true, autoSelectFamilyAttemptTimeout: ATTEMPT_MS_MAX };
  return {
    // Plain HTTP goes to this machine itself only, and so never through a proxy.
    http: new HttpAgent(options),
    https: proxy === undefined ? new HttpsAgent(options) : new TunnelAgent(options, proxy),
  };
}

class TunnelAgent extends HttpsAgent {
  readonly #proxy: Proxy;

  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], proxy: Proxy) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const target = { host: options.host ?? 'localhost', port: Number(options.port ?? 443) };
    if (!goesThrough(this.#proxy, target)) return super.createConnection(options, callback);
    callbackify(() => this.#createTunnelled(options, target))((error, socket) => callback?.(error, socket));
    return undefined;
  }

  async #createTunnelled(options: RequestOptions, target: Target): Promise<Duplex> {
    const socket = await openTunnel(this.#proxy, target);
    return super.createConnection({ ...options, socket } as ClientRequestArgs) as Duplex;
  }
}

/** The proxy's own failure behind what an HTTP client made of it; undefined where it was something else. */
export function proxyFailureOf(error: unknown): ProxyFailure | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ProxyFailure) return cause;
  }
  return undefined;
}
