/** The real server with its console over a scripted client, and browsers that are logged in without an identity provider. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { createAuthenticator, type Authenticator } from '../../access/authenticate';
import type { BrowserLogin, LoginResult } from '../../access/browser-login';
import { createReporter } from '../../api/reporting';
import { apiRoutes } from '../../api/routes';
import { rowIdsWith } from '../../client/bulk/row-ids';
import { consolePages } from '../../console/pages';
import type { ConsoleServices } from '../../console/console-services';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import { createDecisionTokenIssuer } from '../../security/decision-token';
import { initKeys, readServerDecisionKeys, readServerSessionKeys } from '../../security/key-files';
import { createHttpServer } from '../../server/http-server';
import { LogCapture } from '../gateway/callback-bench';

export const NOW = Date.parse('2026-11-22T09:30:00Z');
export const PUBLIC_URL = 'https://erasure.example.com';
export const requestId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10';
/** Stands for everything that must never come out again. */
export const PLANTED = 'planted-person-1';

/** What a test has not scripted is an error of ours. */
export function scriptedClient(scripted: Partial<ConsoleServices['client']>): ConsoleServices['client'] {
  return new Proxy(scripted, {
    get: (target, name) =>
      Reflect.get(target, name) ??
      (() => {
        throw new Error(`${String(name)} was not expected`);
      }),
  }) as ConsoleServices['client'];
}

export function servicesWith(
  client: Partial<ConsoleServices['client']>,
  more: Partial<Pick<ConsoleServices, 'policy' | 'issuer' | 'issuerKeys'>> = {},
): ConsoleServices {
  const scripted = scriptedClient(client);
  return {
    client: scripted,
    report: createReporter(scripted),
    policy: undefined,
    webhookHosts: undefined,
    rowIds: async (batch) => rowIdsWith('secret', batch),
    issuer: undefined,
    issuerKeys: {},
    ...more,
  };
}

/** One browser: keeps its cookies, and says where its forms come from. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #server: FastifyInstance;

  constructor(server: FastifyInstance) {
    this.#server = server;
  }

  get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<LightMyRequestResponse> {
    return this.#send({ method: 'GET', url, headers: { 'sec-fetch-site': 'same-origin', ...headers } });
  }

  post(
    url: string,
    fields: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<LightMyRequestResponse> {
    return this.#send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'sec-fetch-site': 'same-origin',
        origin: PUBLIC_URL,
        ...headers,
      },
      payload: new URLSearchParams(fields).toString(),
    });
  }

  /** As `multipart/form-data`: texts, and files with their content. */
  async upload(
    url: string,
    parts: Readonly<Record<string, string | Blob>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<LightMyRequestResponse> {
    const form = new FormData();
    for (const [name, part] of Object.entries(parts)) form.append(name, part);
    const encoded = new Response(form);
    const payload = Buffer.from(await encoded.arrayBuffer());
    return this.#send({
      method: 'POST',
      url,
      headers: {
        'content-type': encoded.headers.get('content-type') ?? '',
        'content-length': String(payload.length),
        'sec-fetch-site': 'same-origin',
        origin: PUBLIC_URL,
        ...headers,
      },
      payload,
    });
  }

  async #send(options: InjectOptions): Promise<LightMyRequestResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ');
    const answer = await this.#server.inject({
      ...options,
      headers: { ...options.headers, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const { name, value } of answer.cookies) {
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

export interface ConsoleBench {
  readonly log: LogCapture;
  /** Epoch ms; the server lives in it. */
  now: number;
  open(
    client: Partial<ConsoleServices['client']>,
    more?: Parameters<typeof servicesWith>[1] & BenchOptions,
  ): Promise<FastifyInstance>;
  /** A browser in which this staff member has logged in. */
  loggedIn(server: FastifyInstance, roles?: readonly AccessRole[], id?: string): Promise<Browser>;
  /** What the identity provider says of the next login. */
  nextLogin: LoginResult;
  close(): Promise<void>;
}

interface BenchOptions {
  readonly signs?: boolean;
  readonly callsPerMinute?: number;
  readonly isProviderAway?: boolean;
  /** In place of the scripted one. */
  readonly login?: BrowserLogin;
  readonly bodyMsMax?: number;
  /** Who calls the API; nobody where absent. */
  readonly authenticate?: Authenticator;
}

export async function createConsoleBench(): Promise<ConsoleBench> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-console-'));
  await initKeys({ directory, environment: 'test', now: NOW });
  const sessionKeys = await readServerSessionKeys(directory);
  const issuer = createDecisionTokenIssuer(await readServerDecisionKeys(directory));
  const opened: FastifyInstance[] = [];
  const bench: ConsoleBench = {
    log: new LogCapture(),
    now: NOW,
    nextLogin: { verdict: 'refused', reason: 'not-scripted' },
    open: async (
      client,
      {
        signs = false,
        callsPerMinute = 100_000,
        isProviderAway = false,
        login: given,
        authenticate = createAuthenticator({}),
        bodyMsMax,
        ...more
      } = {},
    ) => {
      const services = servicesWith(client, { ...more, ...(signs ? { issuer } : {}) });
      const login: BrowserLogin = {
        endSessionUrl: 'https://login.example.com/end',
        begin: async (redirectUri) =>
          isProviderAway
            ? undefined
            : {
                url: `https://login.example.com/authorize?redirect_uri=${encodeURIComponent(redirectUri)}`,
                secrets: { state: 'state-1', nonce: 'nonce-1', codeVerifier: 'verifier-1' },
              },
        finish: async (url, { state }) =>
          url.searchParams.get('state') === state ? bench.nextLogin : { verdict: 'refused', reason: 'wrong-state' },
      };
      const server = createHttpServer({
        routes: apiRoutes(services),
        authenticate,
        ...(bodyMsMax !== undefined && { bodyMsMax }),
        callsPerMinute,
        refusalsPerMinute: 100_000,
        version: '0.0.0',
        logger: bench.log.logger,
        onCall: () => undefined,
        now: () => bench.now,
        isReady: async () => true,
        console: { pages: consolePages(services), login: given ?? login, sessionKeys, publicUrl: PUBLIC_URL },
      });
      opened.push(server);
      await server.ready();
      return server;
    },
    loggedIn: async (server, roles = accessRoles, id = 'staff-1') => {
      const browser = new Browser(server);
      await browser.get('/login');
      bench.nextLogin = { verdict: 'known', principal: { kind: 'staff', id, roles: new Set(roles) } };
      const answer = await browser.get('/login/callback?code=1&state=state-1');
      if (answer.statusCode !== 303) throw new Error(`The login was answered ${answer.statusCode}`);
      return browser;
    },
    close: async () => {
      for (const server of opened) await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return bench;
}
