/** A server of ours that passes on to Temporal what it is sent: it starts, tells how Temporal answers, and drains. */
import { Connection } from '@temporalio/client';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { TemporalConfig } from '../config/temporal-config';
import { createMetricsServer, listenOptions } from '../network/metrics-server';
import { clientOptions } from './connection';
import { connectionProblem, explainConnectionFailure } from './connection-problem';
import { createReadiness } from './readiness';

export interface Listening {
  readonly url: string;
  /** Where the metrics are served, if they are. */
  readonly metricsUrl: string | undefined;
  /** Takes no new calls, finishes those under way, and disconnects. */
  close(): Promise<void>;
}

/** The connection need not stand: whoever asks meanwhile is answered that it does not. */
export class TemporalBehind {
  readonly connection: Connection;
  readonly isReady: () => Promise<boolean>;
  readonly #config: TemporalConfig;
  readonly #logger: Logger;
  readonly #meanwhile: string;

  /** `meanwhile`: what becomes of calls while Temporal is away, for the log. */
  constructor(config: TemporalConfig, { logger, meanwhile }: { readonly logger: Logger; readonly meanwhile: string }) {
    this.connection = Connection.lazy(clientOptions(config));
    this.#config = config;
    this.#logger = logger;
    this.#meanwhile = meanwhile;
    const { connection } = this;
    this.isReady = createReadiness({
      connection,
      namespace: config.namespace,
      tell: (error) => void this.#tell(error),
    });
  }

  /** Throws where a port is taken; nothing is left open then. */
  async listen(
    app: FastifyInstance,
    {
      host,
      port,
      metricsAddress,
      registry,
      drainMsMax,
      details,
      says,
    }: {
      readonly host: string;
      readonly port: number;
      readonly metricsAddress: string | undefined;
      readonly registry: Registry;
      readonly drainMsMax: number;
      /** Beside the addresses, for the line of the log that says that it listens. */
      readonly details: Readonly<Record<string, unknown>>;
      readonly says: string;
    },
  ): Promise<Listening> {
    const metricsServer = metricsAddress === undefined ? undefined : createMetricsServer(registry);
    let url: string;
    let metricsUrl: string | undefined;
    try {
      if (metricsAddress !== undefined) metricsUrl = await metricsServer?.listen(listenOptions(metricsAddress));
      url = await app.listen({ host, port });
    } catch (error) {
      await app.close();
      await metricsServer?.close();
      await this.connection.close();
      throw error;
    }
    this.#logger.info({ url, metricsUrl, namespace: this.#config.namespace, ...details }, says);
    // Nobody may ask for a while, and what is wrong should be told at the start.
    void connectionProblem(this.#config).then((because) => because !== undefined && this.#warn(because));

    const drain = async (): Promise<void> => {
      // A client that sends its request drop by drop must not hold us up.
      const timer = setTimeout(() => app.server.closeAllConnections(), drainMsMax);
      await app.close().finally(() => clearTimeout(timer));
      await this.connection.close();
      // Last, so that what happened until now can still be read.
      await metricsServer?.close();
    };
    let closed: Promise<void> | undefined;
    return { url, metricsUrl, close: () => (closed ??= drain()) };
  }

  async #tell(error: unknown): Promise<void> {
    if (error === undefined) this.#logger.info('Temporal answers again');
    else this.#warn(await explainConnectionFailure(this.#config, error));
  }

  #warn(because: string): void {
    this.#logger.warn({ because }, `Temporal does not answer: ${this.#meanwhile} until it does`);
  }
}
