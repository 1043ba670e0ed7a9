/** Logging in and out. The browser goes to the identity provider and comes back with a code; we keep no password. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { BrowserLogin } from '../access/browser-login';
import { documentOf } from './document';
import type { ShownPage } from './page';
import { plainPage } from './problem-page';
import { beginLogin, beginSession, endSession, takeLogin } from './session';
import { problemTexts as texts } from './texts/problems';

export const CALLBACK_PATH = '/login/callback';
/** It goes into a cookie, of which browsers keep 4,096 bytes; encrypted it is longer by a third. */
const RETURN_TO_LENGTH_MAX = 2_000;

export interface LoginOptions {
  readonly login: BrowserLogin;
  /** Scheme, host and port. */
  readonly publicUrl: string;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now: () => number;
}

export function addLogin(app: FastifyInstance, { login, publicUrl, logger, now }: LoginOptions): void {
  const redirectUri = `${publicUrl}${CALLBACK_PATH}`;

  app.get('/login', async (request, reply) => {
    const at = now();
    const begun = await login.begin(redirectUri, at);
    if (begun === undefined) return send(request, reply, awayPage(request.id));
    const { returnTo } = request.query as { readonly returnTo?: unknown };
    beginLogin(request, { ...begun.secrets, returnTo: localPath(returnTo), since: at });
    return reply.redirect(begun.url, 303);
  });

  app.get(CALLBACK_PATH, async (request, reply) => {
    const pending = takeLogin(request, now());
    if (pending === undefined) return send(request, reply, refusedPage(texts.loginStale));
    // The address that the provider was given, whatever the request says of its host.
    const query = new URL(request.url, publicUrl).search;
    const result = await login.finish(new URL(`${redirectUri}${query}`), pending, now());
    if (result.verdict !== 'known') {
      const { verdict, reason } = result;
      logger.warn({ callId: request.id, verdict, reason }, 'A login did not succeed');
      return send(request, reply, verdict === 'away' ? awayPage(request.id) : refusedPage(texts.loginRefused(reason)));
    }
    const { principal } = result;
    beginSession(request, principal, now());
    logger.info({ callId: request.id, caller: principal.id, roles: [...principal.roles] }, 'A staff member logged in');
    return reply.redirect(pending.returnTo, 303);
  });

  app.post('/logout', async (request, reply) => {
    endSession(request);
    return send(request, reply, loggedOutPage(login.endSessionUrl));
  });
}

/** A path of this console: a link to the login must not lead anywhere else. */
export function localPath(given: unknown): string {
  const base = 'http://console.invalid';
  if (typeof given !== 'string' || given.length > RETURN_TO_LENGTH_MAX) return '/';
  // Browsers take a backslash for a slash, and leave tabs and line ends out.
  if (!/^\/[\x21-\x5b\x5d-\x7e]*$/.test(given) || !URL.canParse(given, base)) return '/';
  const url = new URL(given, base);
  const isOurs = url.origin === base && !/^\/(login|logout|assets|\/)/.test(url.pathname);
  return isOurs ? `${url.pathname}${url.search}` : '/';
}

function send(request: FastifyRequest, reply: FastifyReply, page: ShownPage): FastifyReply {
  const html = documentOf(page, { principal: undefined, path: request.routeOptions.url ?? '' });
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(html);
}

const again = (
  <p>
    <a class="button" href="/login">
      {texts.logInAgain}
    </a>
  </p>
);

function refusedPage(text: string): ShownPage {
  return plainPage(403, { title: texts.loginRefusedTitle, text, more: again });
}

function awayPage(callId: string): ShownPage {
  return plainPage(503, {
    title: texts.loginRefusedTitle,
    text: texts.loginAway,
    more: (
      <>
        {again}
        <p class="note">{texts.callId(callId)}</p>
      </>
    ),
  });
}

function loggedOutPage(endSessionUrl: string | undefined): ShownPage {
  const text = endSessionUrl === undefined ? texts.loggedOut : `${texts.loggedOut} ${texts.stillThere}`;
  return plainPage(200, {
    title: texts.loggedOutTitle,
    text,
    more: (
      <>
        {endSessionUrl !== undefined && (
          <p>
            <a href={endSessionUrl}>{texts.endThere}</a>
          </p>
        )}
        {again}
      </>
    ),
  });
}
