/** A decision as it is taken by whoever calls: they are its actor, and the server signs for them where that is needed. */
import { randomUUID } from 'node:crypto';
import type { Principal } from '../access/principal';
import type { DecisionOptions } from '../client/deciding';
import { decisionProblem } from '../domain/decision/decision';
import { decisionRow, type DecisionKind } from '../domain/decision/decision-table';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import { ApiProblem } from './problem';
import type { ApiServices } from './services';

export interface DecisionToTake {
  readonly kind: DecisionKind;
  readonly requestId: string;
  /** As in the decision table, without actor and token. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly principal: Principal;
  /** Makes repeating it safe: the same id is taken once for each request. */
  readonly decisionId?: string;
  /** Epoch ms. */
  readonly now: number;
}

/** The provider, or the request, as it stands then. Throws `ApiProblem` and what `ErasureClient.decide` throws. */
export async function takeDecision(
  { client, issuer }: Pick<ApiServices, 'client' | 'issuer'>,
  { kind, requestId, fields, principal, decisionId = randomUUID(), now }: DecisionToTake,
): Promise<LegProgress | RequestProgress> {
  const content = { ...fields, actor: principal.id };
  const problem = decisionProblem(kind, content);
  if (problem !== undefined) throw new ApiProblem('invalid-request', { errors: [{ field: 'decision', problem }] });
  const signed =
    issuer !== undefined && decisionRow(kind).isGuarded
      ? await issuer.issue({ requestId, run: await client.runOf(requestId), kind, content, now })
      : undefined;
  const token = signed === undefined ? {} : { token: signed.token };
  return client.decide(kind, requestId, { ...content, ...token, decisionId } as DecisionOptions);
}
