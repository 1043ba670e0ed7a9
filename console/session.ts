/** Who is logged in at the console: an encrypted cookie, and no state of ours. */
import secureSession, { type Session, type SessionData } from '@fastify/secure-session';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { LoginSecrets } from '../access/oidc-client';
import type { Principal } from '../access/principal';
import { accessRoles, type AccessRole } from '../domain/access-role';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../domain/duration';
import type { ServerSessionKeys } from '../security/key-table';

/** Whoever walks away from a screen is logged out after this time. */
const IDLE_MS_MAX = 30 * MINUTE_MS;
/** Roles are those of the login: who lost one keeps it no longer than this. */
const SESSION_MS_MAX = 8 * HOUR_MS;
const LOGIN_MS_MAX = 10 * MINUTE_MS;
/** A cookie is not written anew for every page. */
const SEEN_STEP_MS = MINUTE_MS;

interface SessionContent {
  readonly id: string;
  readonly roles: readonly AccessRole[];
  /** Epoch ms. */
  readonly since: number;
  readonly seen: number;
}

/** A login on its way to the identity provider and back. */
export interface PendingLogin extends LoginSecrets {
  /** The page that was asked for. */
  readonly returnTo: string;
  /** Epoch ms. */
  readonly since: number;
}

declare module '@fastify/secure-session' {
  interface SessionData {
    staff: SessionContent;
    pendingLogin: PendingLogin;
  }
}
declare module 'fastify' {
  interface FastifyRequest {
    login: Session<SessionData>;
  }
}

/**
 * Two cookies, so that the one of a session is only ever written by a login that has succeeded. `__Host-`: no other host
 * of the domain can plant one. Lax and not Strict: the identity provider sends the browser back here.
 */
export function addSessions(
  app: FastifyInstance,
  { keys, isSecure }: { readonly keys: ServerSessionKeys; readonly isSecure: boolean },
): void {
  const key = keys.session.map(({ k }) => Buffer.from(k, 'base64url'));
  const prefix = isSecure ? '__Host-' : '';
  const cookie = { path: '/', httpOnly: true, secure: isSecure, sameSite: 'lax' as const };
  app.register(secureSession, [
    {
      key,
      sessionName: 'session',
      cookieName: `${prefix}erasure-session`,
      expiry: SESSION_MS_MAX / SECOND_MS,
      cookie,
    },
    {
      key,
      sessionName: 'login',
      cookieName: `${prefix}erasure-login`,
      expiry: LOGIN_MS_MAX / SECOND_MS,
      cookie: { ...cookie, maxAge: LOGIN_MS_MAX / SECOND_MS },
    },
  ]);
}

/** Undefined where nobody is logged in any more. */
export function staffOf({ session }: FastifyRequest, now: number): Principal | undefined {
  const content = session.get('staff');
  if (content === undefined) return undefined;
  const { id, roles, since, seen } = content;
  if (now - since > SESSION_MS_MAX || now - seen > IDLE_MS_MAX) {
    session.delete();
    return undefined;
  }
  return { kind: 'staff', id, roles: new Set(accessRoles.filter((role) => roles.includes(role))) };
}

/** A page was asked for by a person; what a page asks for by itself keeps nobody logged in. */
export function keepAwake({ session }: FastifyRequest, now: number): void {
  const content = session.get('staff');
  if (content !== undefined && now - content.seen > SEEN_STEP_MS) session.set('staff', { ...content, seen: now });
}

export function beginSession({ session }: FastifyRequest, { id, roles }: Principal, now: number): void {
  session.regenerate();
  session.set('staff', { id, roles: [...roles], since: now, seen: now });
}

export function endSession({ session, login }: FastifyRequest): void {
  session.delete();
  login.delete();
}

export function beginLogin({ login }: FastifyRequest, pending: PendingLogin): void {
  login.set('pendingLogin', pending);
}

/** Each can be used once. */
export function takeLogin({ login }: FastifyRequest, now: number): PendingLogin | undefined {
  const pending = login.get('pendingLogin');
  login.delete();
  return pending !== undefined && now - pending.since <= LOGIN_MS_MAX ? pending : undefined;
}
