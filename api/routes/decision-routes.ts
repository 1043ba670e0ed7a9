/** One route for each kind of decision, made from the decision table. */
import { z } from 'zod';
import { roleForDecision } from '../../access/principal';
import { isAboutProvider } from '../../domain/decision/decision';
import type { Field } from '../../domain/decision/decision-field';
import { commonFields, decisionKinds, decisionRow, type DecisionKind } from '../../domain/decision/decision-table';
import { progressJson } from '../../client/request-json';
import { takeDecision } from '../taking-decisions';
import { route, type ApiRoute } from '../route';
import { providerStatus, requestIdParameter, requestShape } from '../schemas';
import type { ApiServices } from '../services';

const decisionId = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,128}$/, 'expected 1 to 128 letters, digits and . _ -')
  .optional()
  .meta({ description: 'Makes a repetition of this very call safe: the same id is taken once for each request' });

/** The actor is whoever calls, and the token is made here: neither is a field. */
function bodyOf(kind: DecisionKind) {
  const { actor: _actor, token: _token, ...common } = commonFields;
  const fields = Object.entries({ ...decisionRow(kind).fields, ...common });
  return z
    .strictObject({ ...Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])), decisionId })
    .meta({ id: `Decision_${kind}` });
}

function schemaOf({ holds, expected, isOptional, fields, option }: Field): z.ZodType {
  const described = (schema: z.ZodType): z.ZodType =>
    schema.meta({ description: option?.help ?? `expected ${expected}` });
  const checked = (value: unknown): boolean => holds(value);
  const choices = option?.choices;
  const plain =
    fields !== undefined
      ? z.strictObject(Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOf(field)])))
      : choices === undefined
        ? z.string(`expected ${expected}`).refine(checked, `expected ${expected}`)
        : z.enum(choices as [string, ...string[]], `expected ${expected}`);
  return described(isOptional ? plain.optional() : plain);
}

export function decisionRoutes(services: ApiServices): readonly ApiRoute[] {
  return decisionKinds.map((kind) => {
    const { description, command } = decisionRow(kind);
    const isOfProvider = isAboutProvider(kind);
    return route({
      method: 'POST',
      path: `/requests/{requestId}/decisions/${kind}`,
      role: roleForDecision(kind),
      name: `${kind}Decision`,
      summary: `${description.charAt(0).toUpperCase()}${description.slice(1)}`,
      description: `${command.explanation.replaceAll('\n', ' ')} The actor is whoever calls.`,
      parameters: requestIdParameter,
      body: bodyOf(kind),
      answers: {
        200: {
          description: isOfProvider ? 'The provider as it stands then' : 'The request as it stands then',
          content: isOfProvider ? providerStatus : requestShape,
        },
      },
      problems: ['invalid-request', 'request-not-found', 'decision-refused', 'no-worker'],
      handle: async ({ principal, parameters: { requestId }, body, now }) => {
        const { decisionId, ...fields } = body as Readonly<Record<string, unknown>>;
        const given = typeof decisionId === 'string' ? { decisionId } : {};
        const answer = await takeDecision(services, { kind, requestId, fields, principal, now, ...given });
        return { status: 200, body: 'legs' in answer ? progressJson(answer) : answer };
      },
    });
  });
}
