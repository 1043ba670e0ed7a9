/** One row of the API: everything that serves it, checks it and describes it is made from the row. */
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Principal } from '../access/principal';
import type { AccessRole } from '../domain/access-role';
import type { ProblemCode } from './problem';

/** One call, whose parts have been checked. */
export interface ApiCall<Parameters = unknown, Query = unknown, Body = unknown> {
  readonly principal: Principal;
  readonly parameters: Parameters;
  readonly query: Query;
  readonly body: Body;
  /** Epoch ms. */
  readonly now: number;
  readonly request: FastifyRequest;
}

export interface ApiAnswer {
  readonly status: number;
  /** JSON, or a text or a stream with its `contentType`. */
  readonly body: unknown;
  readonly contentType?: string;
  readonly location?: string;
}

/** What a body of the answer is, for the description. */
export interface AnswerShape {
  readonly description: string;
  /** By media type; JSON where it is a schema. */
  readonly content?: z.ZodType | Readonly<Record<string, z.ZodType | 'text'>>;
}

export interface ApiRoute<
  Parameters extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST';
  /** Behind `/api/v1`, with `{requestId}` for what varies. */
  readonly path: string;
  readonly role: AccessRole;
  /** Where more than `role` may come in; the handler looks again. */
  readonly isAllowed?: (principal: Principal) => boolean;
  /** Unique; names the operation in generated clients. */
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: Parameters;
  readonly query?: Query;
  /** A JSON body. */
  readonly body?: Body;
  /** `body` only describes: the handler reads what was sent itself, and says what is wrong with it. */
  readonly checksBodyItself?: true;
  /** Media types of a body that is read as it comes in. */
  readonly streams?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, AnswerShape>>;
  /** Beside those that every route has. */
  readonly problems: readonly ProblemCode[];
  readonly handle: (call: ApiCall<z.output<Parameters>, z.output<Query>, z.output<Body>>) => Promise<ApiAnswer>;
}

/** Keeps the types of one row together. */
export function route<Parameters extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  row: ApiRoute<Parameters, Query, Body>,
): ApiRoute {
  return row as unknown as ApiRoute;
}
