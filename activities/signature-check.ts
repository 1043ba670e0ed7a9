/** Whether every fact of a statement was signed by whoever saw it, for this request, run and provider. */
import { defined } from '../domain/defined';
import {
  guardedKinds,
  type DecisionContent,
  type DecisionProof,
  type RequestDecision,
} from '../domain/decision/decision';
import type { DecisionKind } from '../domain/decision/decision-table';
import { factWords } from '../domain/fact/fact';
import { providerName } from '../domain/provider/provider-table';
import type { Terms } from '../domain/rules/terms';
import { factsOfLeg, type SignedFact, type Statement } from '../domain/certificate/statement';
import type { DecisionTokenChecker } from '../security/decision-token';
import type { FactChecker } from '../security/facts';

/** Plain sentences, none where all holds. */
export async function signatureProblems(
  statement: Statement,
  { checker, decisions }: { readonly checker: FactChecker; readonly decisions: DecisionTokenChecker | undefined },
): Promise<readonly string[]> {
  const { requestId, run, terms, laterTerms, legs, filedBy } = statement;
  const facts = [terms, ...(laterTerms === undefined ? [] : [laterTerms])].flatMap(factsOfTerms);
  return [
    ...[...facts, ...legs.flatMap(factsOfLeg)].flatMap(({ witness, ...fact }) => {
      const problem = checker.problem({ ...fact, requestId, run }, witness);
      const whose = fact.provider === undefined ? '' : `${providerName(fact.provider)}: `;
      return problem === undefined ? [] : [`${whose}${factWords[fact.kind]} ${problem}`];
    }),
    ...legs
      .filter((leg) => leg.rounds.some(({ receipt }) => receipt !== undefined && receipt.witness?.filedBy !== filedBy))
      .map(({ provider }) => `${providerName(provider)}: who filed the request is not who signed for it`),
    ...(terms.rules.decisionMode === 'authenticated' ? await tokenProblems(statement, decisions) : []),
  ];
}

function factsOfTerms({ rules, clock, witness }: Terms): readonly SignedFact[] {
  return [{ kind: 'rules', content: { rules, ...defined({ clock }) }, witness }];
}

async function tokenProblems(
  { requestId, run, trail, legs }: Statement,
  decisions: DecisionTokenChecker | undefined,
): Promise<readonly string[]> {
  const taken = [
    ...trail.flatMap((entry) => ('content' in entry ? [decisionIn(entry)] : [])),
    ...legs.flatMap((leg) => leg.decisions.map(({ kind, proof, ...content }) => ({ kind, proof, content }))),
  ].filter(({ kind, proof }) => guardedKinds.includes(kind) && proof !== undefined);
  if (taken.length > 0 && decisions === undefined) {
    return ['this worker has no decision.json, so it cannot check who decided'];
  }
  const verdicts = await Promise.all(
    taken.map(async ({ kind, proof, content }) => {
      const subject = { requestId, run, kind, content, token: proof?.token, now: 'taken' } as const;
      const verdict = await decisions?.check(subject);
      return verdict?.status === 'refused' ? [`the decision to ${kind}: ${verdict.why}`] : [];
    }),
  );
  return verdicts.flat();
}

function decisionIn({ kind, content, proof }: RequestDecision & { readonly proof?: DecisionProof }): {
  readonly kind: DecisionKind;
  readonly content: DecisionContent;
  readonly proof: DecisionProof | undefined;
} {
  return { kind, content, proof };
}
