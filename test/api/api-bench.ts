/** The real server over a scripted client: no Temporal, real routes, real keys, a log that can be read. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAuthenticator } from '../../access/authenticate';
import { createReporter } from '../../api/reporting';
import { apiRoutes } from '../../api/routes';
import type { ApiServices } from '../../api/services';
import { rowIdsWith } from '../../client/bulk/row-ids';
import type { AccessRole } from '../../domain/access-role';
import { createDecisionTokenIssuer } from '../../security/decision-token';
import { initKeys, readServerDecisionKeys, readServiceKeys } from '../../security/key-files';
import { addServiceKey } from '../../security/service-keys';
import { createHttpServer } from '../../server/http-server';
import { LogCapture } from '../gateway/callback-bench';

export const NOW = Date.parse('2026-11-22T09:30:00Z');
export const requestId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10';
/** Stands for everything that must never come out again. */
export const PLANTED = 'planted-person-1';

export const submission = {
  requestId,
  regulation: 'gdpr',
  submittedAt: '2026-11-20T08:00:00.000Z',
  subject: { measureone: { individualId: PLANTED } },
};

type Client = ApiServices['client'];

/** Everything that the routes may ask of the client; what a test has not scripted is an error of ours. */
export function scriptedClient(scripted: Partial<Client>): Client {
  const unscripted = (name: string) => () => {
    throw new Error(`${name} was not expected`);
  };
  const names = ['submit', 'get', 'page', 'certificate', 'decide', 'runOf', 'find', 'origin', 'retentionMs'] as const;
  return { ...Object.fromEntries(names.map((name) => [name, unscripted(name)])), ...scripted } as Client;
}

export interface Bench {
  readonly log: LogCapture;
  readonly calls: { readonly operation: string; readonly status: number }[];
  /** A key of a service with these roles. */
  keyFor(roles: readonly AccessRole[]): string;
  open(client: Partial<Client>, more?: BenchOptions): Promise<FastifyInstance>;
  close(): Promise<void>;
}

interface BenchOptions extends Partial<Pick<ApiServices, 'policy' | 'webhookHosts'>> {
  readonly signs?: boolean;
  readonly callsPerMinute?: number;
  readonly refusalsPerMinute?: number;
  readonly isReady?: boolean;
}

const combinations: readonly (readonly AccessRole[])[] = [
  ['view'],
  ['file'],
  ['decide'],
  ['approve'],
  ['view', 'file', 'decide', 'approve'],
];

export async function createBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-api-'));
  await initKeys({ directory, environment: 'test', now: NOW });
  const keys = new Map<string, string>();
  for (const roles of combinations) {
    const added = await addServiceKey({ directory, service: roles.join('.'), roles, now: NOW });
    keys.set(roles.join(), added.key);
  }
  const serviceKeys = await readServiceKeys(directory);
  const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(directory));
  const opened: FastifyInstance[] = [];
  const log = new LogCapture();
  const calls: { operation: string; status: number }[] = [];
  return {
    log,
    calls,
    keyFor: (roles) => keys.get(roles.join()) ?? '',
    open: async (
      client,
      { policy, webhookHosts, signs = false, callsPerMinute, refusalsPerMinute, isReady = true } = {},
    ) => {
      const scripted = scriptedClient(client);
      const server = createHttpServer({
        routes: apiRoutes({
          client: scripted,
          report: createReporter(scripted),
          policy,
          webhookHosts,
          rowIds: async (batch) => rowIdsWith('secret', batch),
          issuer: signs ? issuer : undefined,
        }),
        authenticate: createAuthenticator({ serviceKeys }),
        callsPerMinute: callsPerMinute ?? 100_000,
        refusalsPerMinute: refusalsPerMinute ?? 100_000,
        version: '0.0.0',
        logger: log.logger,
        onCall: (call) => calls.push(call),
        now: () => NOW,
        isReady: async () => isReady,
      });
      opened.push(server);
      await server.ready();
      return server;
    },
    close: async () => {
      for (const server of opened) await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
