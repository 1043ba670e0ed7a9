/** The server with its console in a process of its own, over an index with very many open requests, and somebody logged in. */
import { createAuthenticator } from '../../access/authenticate';
import type { BrowserLogin } from '../../access/browser-login';
import { RequestCalls } from '../../client/request-calls';
import { urgentCounts, urgentFirst } from '../../client/urgent-list';
import { consolePages } from '../../console/pages';
import type { ConsoleServices } from '../../console/console-services';
import { COUNTS_KEPT_MS } from '../../console/shared-counts';
import { createLogger } from '../../config/logging';
import { SECOND_MS } from '../../domain/duration';
import { readServerSessionKeys } from '../../security/key-files';
import { createHttpServer } from '../../server/http-server';
import { createServerMetrics } from '../../server/server-metrics';
import { answerParent } from '../frame/asked-process';
import { standInIndex } from './index-stand-in';

/** `age`: the counts that were last made are too old from now on. */
export interface InboxQuestion {
  readonly do: 'where' | 'age';
}

/** Where it listens, and the cookie of whoever is logged in. */
export interface InboxAnswer {
  readonly url: string;
  readonly cookie: string;
}

const PUBLIC_URL = 'https://erasure.example.com';

const everybodyIn: BrowserLogin = {
  endSessionUrl: undefined,
  begin: async () => ({ url: PUBLIC_URL, secrets: { state: 'bench', nonce: 'bench', codeVerifier: 'bench' } }),
  finish: async () => ({
    verdict: 'known',
    principal: { kind: 'staff', id: 'staff-1', roles: new Set(['view', 'file', 'decide'] as const) },
  }),
};

const clock = Date.now;
let passedMs = 0;
/** Nobody has to wait until counts are too old. */
function passTime(ms: number): void {
  passedMs += ms;
  Date.now = () => clock() + passedMs;
}

answerParent<InboxQuestion, InboxAnswer>(async () => {
  const calls = new RequestCalls(standInIndex(Number(process.env['OPEN_REQUESTS'])), SECOND_MS);
  // What the inbox needs of it; no other page is asked for.
  const services = {
    client: {
      urgentCounts: () => urgentCounts(calls),
      urgentFirst: (options: Parameters<typeof urgentFirst>[1]) => urgentFirst(calls, options),
    },
    issuerKeys: {},
  } as unknown as ConsoleServices;
  const since = Date.now();
  const server = createHttpServer({
    routes: [],
    authenticate: createAuthenticator({}),
    callsPerMinute: Number.MAX_SAFE_INTEGER,
    refusalsPerMinute: Number.MAX_SAFE_INTEGER,
    version: '0.0.0',
    logger: createLogger({ name: 'inbox', level: 'warn' }),
    onCall: createServerMetrics().called,
    // Sessions do not grow old with the counts.
    now: () => since,
    isReady: async () => true,
    console: {
      pages: consolePages(services),
      login: everybodyIn,
      sessionKeys: await readServerSessionKeys(process.env['ERASURE_KEYS_DIR'] ?? ''),
      publicUrl: PUBLIC_URL,
    },
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  const begun = await server.inject('/login');
  const [pending] = begun.cookies;
  const back = await server.inject({
    url: '/login/callback?code=1&state=bench',
    cookies: { [pending?.name ?? '']: pending?.value ?? '' },
  });
  const session = back.cookies.find(({ name }) => name.endsWith('session'));
  if (session === undefined) throw new Error(`The login was answered ${back.statusCode}`);
  const where = { url, cookie: `${session.name}=${encodeURIComponent(session.value)}` };

  return async (question) => {
    if (question.do === 'age') passTime(COUNTS_KEPT_MS);
    return where;
  };
});
