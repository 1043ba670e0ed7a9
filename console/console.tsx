/** The console: pages for staff, made here whole. Who may, from where a form may come, and what is shown where it goes wrong. */
import formbody from '@fastify/formbody';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { BrowserLogin } from '../access/browser-login';
import type { Principal } from '../access/principal';
import { answerOnceServed, recordCall, refuseExcess, toldProblem, type CallLog } from '../api/answered-call';
import { mediaTypeOf } from '../api/media-type';
import { API_PATH } from '../api/openapi';
import { ApiProblem } from '../api/problem';
import { requestIdParameter } from '../api/schemas';
import { MINUTE_MS } from '../domain/duration';
import type { ServerSessionKeys } from '../security/key-table';
import { addAssets } from './assets';
import { documentOf } from './document';
import { addLogin } from './login-pages';
import { mayVisit, type Fields, type PageAnswer, type PageRoute, type ShownPage } from './page';
import { plainPage, problemPage } from './problem-page';
import { addSessions, keepAwake, staffOf } from './session';
import { common } from './texts/common';
import { problemTexts as texts } from './texts/problems';

export interface ConsoleOptions extends CallLog {
  readonly pages: readonly PageRoute[];
  readonly login: BrowserLogin;
  readonly sessionKeys: ServerSessionKeys;
  /** Scheme, host and port that browsers call us by. */
  readonly publicUrl: string;
  /** Calls that one staff member may make each minute. */
  readonly callsPerMinute: number;
  /** Epoch ms. */
  readonly now: () => number;
}

/** No script, style, form target or frame but our own, and nothing inline. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
].join('; ');

/** Of an upload of many requests; everything else is held to the server's own limit. */
const UPLOAD_BYTES_MAX = 16 * 1_024 * 1_024;

/** To be called inside a scope of its own. */
export function addConsole(app: FastifyInstance, options: ConsoleOptions): void {
  const { pages, publicUrl, logger, now } = options;
  const countCalls = app.createRateLimit({
    max: options.callsPerMinute,
    timeWindow: MINUTE_MS,
    keyGenerator: ({ principal }) => `staff ${principal?.id}`,
  });

  addSessions(app, { keys: options.sessionKeys, isSecure: publicUrl.startsWith('https:') });
  app.register(formbody);
  app.register(multipart, { limits: { fileSize: UPLOAD_BYTES_MAX, files: 1, fields: 10, fieldSize: 1_024 } });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('content-security-policy', CONTENT_POLICY);
    // Browsers say in `Origin` where a form comes from only if they may say where links come from.
    reply.header('referrer-policy', 'same-origin');
    reply.header('cross-origin-opener-policy', 'same-origin');
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.method === 'POST' && !isFromHere(request, publicUrl)) {
      logger.warn({ callId: request.id }, 'A form that was not sent from the console was refused');
      return send(request, reply, plainPage(403, { title: texts.foreignFormTitle, text: texts.foreignForm }));
    }
    return undefined;
  });
  app.setErrorHandler((error, request, reply) =>
    send(request, reply, problemPage(toldProblem(error, { request, reply, logger }), request.id)),
  );

  addAssets(app);
  // In a scope of their own, since plugins of this one are there only from then on.
  app.register(async (routes) => {
    addLogin(routes, { login: options.login, publicUrl, logger, now });
    for (const page of pages) {
      routes.route({
        method: page.method,
        url: page.path,
        onRequest: (request, reply) => admit(request, reply, page),
        handler: (request, reply) =>
          answerOnceServed(reply, serve(request, page), (answer) => answerWith(request, reply, answer)),
        onResponse: async (request, reply) => recordCall(page.name, { request, reply }, options),
      });
    }
    routes.get('/*', (request, reply) => {
      if (request.url.startsWith(`${API_PATH}/`)) return reply.callNotFound();
      request.principal = staffOf(request, now());
      return send(request, reply, problemPage(new ApiProblem('not-found'), request.id));
    });
  });

  async function admit(request: FastifyRequest, reply: FastifyReply, page: PageRoute): Promise<FastifyReply | void> {
    const principal = staffOf(request, now());
    if (principal === undefined) return sendToLogin(request, reply, page);
    request.principal = principal;
    refuseExcess(await countCalls(request));
    if (!mayVisit(principal, page)) return sendElsewhere(request, reply, { principal, page });
    if (page.isBackground !== true) keepAwake(request, now());
    if (page.method === 'POST') refuseOtherTypes(request, page);
    return undefined;
  }

  async function serve(request: FastifyRequest, page: PageRoute): Promise<PageAnswer> {
    const { principal } = request;
    if (principal === undefined) throw new TypeError('Nobody is served who was not let in');
    const parameters = request.params as Readonly<Record<string, string>>;
    if (parameters['requestId'] !== undefined && !requestIdParameter.safeParse(parameters).success) {
      throw new ApiProblem('request-not-found');
    }
    const isForm = page.method === 'POST' && page.form === undefined;
    return page.show({
      principal,
      parameters,
      query: request.query as Fields,
      form: isForm ? ((request.body ?? {}) as Fields) : {},
      now: now(),
      request,
    });
  }
}

function answerWith(request: FastifyRequest, reply: FastifyReply, answer: PageAnswer): FastifyReply {
  if ('redirectTo' in answer) return reply.redirect(answer.redirectTo, 303);
  if ('body' in answer) return send(request, reply, answer);
  return reply
    .headers(answer.headers ?? {})
    .type(answer.type)
    .send(answer.content);
}

function send(request: FastifyRequest, reply: FastifyReply, page: ShownPage): FastifyReply {
  const html = documentOf(page, { principal: request.principal, path: request.routeOptions.url ?? '' });
  return reply
    .code(page.status ?? 200)
    .type('text/html; charset=utf-8')
    .send(html);
}

/** A form is not thrown away: reloading sends it again after the login. */
function sendToLogin(request: FastifyRequest, reply: FastifyReply, page: PageRoute): FastifyReply {
  if (page.isBackground === true) return reply.code(401).send();
  if (page.method === 'GET') return reply.redirect(`/login?returnTo=${encodeURIComponent(request.url)}`, 303);
  const more = (
    <p>
      <a class="button" href="/login" target="_blank" rel="noopener">
        {texts.logInNewTab}
      </a>
    </p>
  );
  return send(request, reply, plainPage(401, { title: texts.sessionOverTitle, text: texts.sessionOver, more }));
}

function sendElsewhere(
  request: FastifyRequest,
  reply: FastifyReply,
  { principal, page }: { readonly principal: Principal; readonly page: PageRoute },
): FastifyReply {
  if (principal.roles.size === 0) {
    return send(request, reply, plainPage(403, { title: texts.noRolesTitle, text: texts.noRoles(principal.id) }));
  }
  // Whoever may only file begins there.
  if (page.path === '/' && principal.roles.has('file')) return reply.redirect('/requests/new', 303);
  const back = (
    <p>
      <a href="/">{common.backToInbox}</a>
    </p>
  );
  const text = texts.notAllowed(page.role);
  return send(request, reply, plainPage(403, { title: texts.notAllowedTitle, text, more: back }));
}

/** What is no form would be read as an empty one. */
function refuseOtherTypes({ headers }: FastifyRequest, { form }: PageRoute): void {
  const type = mediaTypeOf(headers['content-type']);
  if (type === 'application/x-www-form-urlencoded' || (form !== undefined && type === `${form}/form-data`)) return;
  throw new ApiProblem('unsupported-media-type');
}

/** Every browser of today says one of these with a form. */
function isFromHere({ headers }: FastifyRequest, publicUrl: string): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  return headers.origin === publicUrl;
}
