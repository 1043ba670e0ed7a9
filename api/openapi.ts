/** The description of the API (OpenAPI 3.1), made from the routes and the schemas that check what comes in. */
import { z } from 'zod';
import { accessRoleMeaning } from '../domain/access-role';
import { problems, type ProblemCode } from './problem';
import type { AnswerShape, ApiRoute } from './route';
import { problemShape } from './schemas';

export const API_PATH = '/api/v1';
const PROBLEM_TYPE = 'application/problem+json';

/** What every call can be answered. */
const everywhere: readonly ProblemCode[] = [
  'not-authenticated',
  'not-allowed',
  'too-many-calls',
  'internal',
  'temporal-unavailable',
  'identity-provider-unavailable',
];

type Json = Readonly<Record<string, unknown>>;

export function openApiDocument(routes: readonly ApiRoute[], version: string): Json {
  const schemas = new Map<string, Json>();
  const paths: Record<string, Record<string, Json>> = {};
  for (const one of routes) {
    const path = (paths[`${API_PATH}${one.path}`] ??= {});
    path[one.method.toLowerCase()] = operationOf(one, schemas);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Erasure requests',
      version,
      description:
        'File erasure requests, follow them and decide about them. Accepted is not erased, and neither is silence: only the certificate says what is known.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An access token of the company’s identity provider (JWT), or the key of a service (erasure keys add-service).',
        },
      },
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operationOf(one: ApiRoute, schemas: Map<string, Json>): Json {
  const { name, summary, description, role, parameters, query, body, streams } = one;
  const needs = `Needs the role \`${role}\` (${accessRoleMeaning[role]}).`;
  return {
    operationId: name,
    summary,
    description: [description, needs].filter(Boolean).join('\n\n'),
    ...listed('parameters', [...parametersOf(parameters, 'path', schemas), ...parametersOf(query, 'query', schemas)]),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input', schemas) } },
          },
        }),
    ...(streams === undefined ? {} : { requestBody: { required: true, content: streamsOf(streams) } }),
    responses: { ...answersOf(one.answers, schemas), ...problemsOf(one, schemas) },
    'x-required-role': role,
  };
}

function listed(name: string, values: readonly unknown[]): Json {
  return values.length === 0 ? {} : { [name]: values };
}

function streamsOf(streams: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(streams).map(([type, description]) => [type, { schema: { type: 'string', description } }]),
  );
}

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query', schemas: Map<string, Json>): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input', schemas) as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

function answersOf(answers: ApiRoute['answers'], schemas: Map<string, Json>): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { description, content }]) => [
      status,
      { description, ...(content === undefined ? {} : { content: contentOf(content, schemas) }) },
    ]),
  );
}

function contentOf(content: NonNullable<AnswerShape['content']>, schemas: Map<string, Json>): Json {
  const byType = content instanceof z.ZodType ? { 'application/json': content } : content;
  return Object.fromEntries(
    Object.entries(byType).map(([type, shape]) => [
      type,
      { schema: shape === 'text' ? { type: 'string' } : schemaOf(shape, 'output', schemas) },
    ]),
  );
}

/** Several problems share a status. */
function problemsOf({ problems: own }: ApiRoute, schemas: Map<string, Json>): Json {
  const codes = [...new Set([...own, ...everywhere])];
  const statuses = [...new Set(codes.map((code) => problems[code].status))].sort((a, b) => a - b);
  const schema = schemaOf(problemShape, 'output', schemas);
  return Object.fromEntries(
    statuses.map((status) => {
      const named = codes.filter((code) => problems[code].status === status);
      const description = named.map((code) => `\`${code}\`: ${problems[code].title}`).join('. ');
      return [status, { description, content: { [PROBLEM_TYPE]: { schema } } }];
    }),
  );
}

/** What has an id becomes a component of its own. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Map<string, Json>): Json {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', reused: 'inline' }) as Json & {
    readonly $defs?: Readonly<Record<string, Json>>;
  };
  const { $schema: _dialect, $defs = {}, ...rest } = made;
  for (const [id, definition] of Object.entries($defs)) schemas.set(id, moved(definition) as Json);
  const { id, ...own } = moved(rest) as Json;
  if (typeof id !== 'string') return own;
  schemas.set(id, own);
  return { $ref: `#/components/schemas/${id}` };
}

/** References lead to the components, where the definitions are. */
function moved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moved);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string' ? inner.replace('#/$defs/', '#/components/schemas/') : moved(inner),
    ]),
  );
}
