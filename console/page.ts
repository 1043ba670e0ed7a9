/** One row of the console: who may see a page or send its form, and what is shown. */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { VNode } from 'preact';
import type { Principal } from '../access/principal';
import { ApiProblem } from '../api/problem';
import type { AccessRole } from '../domain/access-role';

/** The fields of a form or a query: a field that was sent several times has several values. */
export type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Somebody at a page. */
export interface Visit {
  readonly principal: Principal;
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: Fields;
  /** Of a POST; empty otherwise, and where the page reads the body itself. */
  readonly form: Fields;
  /** Epoch ms. */
  readonly now: number;
  readonly request: FastifyRequest;
}

export interface ShownPage {
  /** 200 where absent. */
  readonly status?: number;
  /** Without the product's name. */
  readonly title: string;
  readonly body: VNode;
  /** Names of files in `assets/scripts`, for what a page can do beyond what works without. */
  readonly scripts?: readonly string[];
}

/** What is no page. */
export interface SentContent {
  readonly content: string | Readable;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `redirectTo`: a path of ours, after a form was taken. */
export type PageAnswer = ShownPage | SentContent | { readonly redirectTo: string };

export interface PageRoute {
  readonly method: 'GET' | 'POST';
  /** With `:requestId` for what varies. */
  readonly path: string;
  readonly role: AccessRole;
  /** Where more than `role` may come in; the page looks again. */
  readonly isAllowed?: (principal: Principal) => boolean;
  /** Unique, for log and metrics. */
  readonly name: string;
  /** `multipart`: the page reads an upload itself. `urlencoded` where absent. */
  readonly form?: 'multipart';
  /** A page asks for it by itself: it keeps nobody logged in. */
  readonly isBackground?: true;
  readonly show: (visit: Visit) => Promise<PageAnswer>;
}

/** The one value of a field; undefined where it is missing, empty or there several times. */
export function valueOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What a parser of uploads has thrown: most of it says that there is no form, or half of one, in words that may quote it. */
export function uploadProblem(error: unknown): unknown {
  const isTold = typeof (error as { readonly statusCode?: unknown } | undefined)?.statusCode === 'number';
  return isTold ? error : new ApiProblem('not-json', {}, { cause: error });
}

/** Whether this principal may see what the row shows. */
export function mayVisit(principal: Principal, { role, isAllowed }: Pick<PageRoute, 'role' | 'isAllowed'>): boolean {
  return isAllowed?.(principal) ?? principal.roles.has(role);
}
