/** A decision as it is sent and kept: its content by its kind, the one guard and the one reader. */
import { isRecord } from '../text';
import type { ContentOf, Fields } from './decision-field';
import {
  commonFields,
  decisionKinds,
  decisionRow,
  type DecisionFields,
  type DecisionKind,
  type ProviderDecisionKind,
  type RequestDecisionKind,
} from './decision-table';

/** Who decides and why, in every decision. */
export type DecisionBase = ContentOf<typeof commonFields>;

/** What a decision says, by its kind. */
export type DecisionContents = { readonly [K in DecisionKind]: DecisionBase & ContentOf<DecisionFields<K>> };
export type DecisionContent<K extends DecisionKind = DecisionKind> = DecisionContents[K];

export type Decision<K extends DecisionKind = DecisionKind> = {
  readonly [P in K]: { readonly kind: P; readonly content: DecisionContents[P] };
}[K];
export type RequestDecision = Decision<RequestDecisionKind>;

/** How we know that a decision is its actor's own: a token that the activity checked. */
export interface DecisionProof {
  readonly tokenId: string;
  /** The key that signed the token. */
  readonly keyId: string;
  /** The token itself: whoever issues the certificate checks it again. */
  readonly token: string;
}

export const providerDecisionKinds = decisionKinds.filter(isAboutProvider);
/** Decisions that take effect only with a signed token in `authenticated` mode. */
export const guardedKinds = decisionKinds.filter((kind) => decisionRow(kind).isGuarded);

export function isDecisionKind(value: unknown): value is DecisionKind {
  return decisionKinds.some((kind) => kind === value);
}

export function isAboutProvider(kind: DecisionKind): kind is ProviderDecisionKind {
  return decisionRow(kind).about === 'provider';
}

export function isProviderDecision(decision: Decision): decision is Decision<ProviderDecisionKind> {
  return isAboutProvider(decision.kind);
}

/** Why `value` is no decision of this kind, or undefined when it is one. Names every field that is wrong, never repeats values. */
export function decisionProblem(kind: DecisionKind, value: unknown): string | undefined {
  if (!isRecord(value)) return `expected an object ${decisionShape(kind)}`;
  return together(fieldProblems(value, fieldsOf(kind)));
}

/** The same of what is sent to a run: with what may not come along (`excessProblem`). */
export function sentProblem(kind: DecisionKind, sent: readonly unknown[]): string | undefined {
  return together([decisionProblem(kind, sent[0]), excessProblem(kind, sent)].flatMap((problem) => problem ?? []));
}

function together(problems: readonly string[]): string | undefined {
  return problems.length === 0 ? undefined : problems.join('; ');
}

/** `{ actor, reason: { code, ticket }, … }`, as whoever types it has to know. */
export function decisionShape(kind: DecisionKind): string {
  const { token: _token, ...fields } = fieldsOf(kind);
  return shapeOf(fields);
}

/**
 * Why a decision may not be sent in this way: what comes along with it would stay in the history of the run, however long
 * or personal it is. Field names that are unknown are not repeated. `sent` begins with what has been found to be a decision.
 */
export function excessProblem(kind: DecisionKind, [decision, ...more]: readonly unknown[]): string | undefined {
  return more.length > 0 ? 'expected one object and nothing after it' : excessFieldProblem(decision, fieldsOf(kind));
}

/** The decision itself: without its token, and without anything else that was sent along. `value` has been found to be one. */
export function readDecision<K extends DecisionKind>(kind: K, value: object): Decision<K> {
  const { token: _token, ...fields } = fieldsOf(kind);
  const decision: unknown = { kind, content: only(value, fields) };
  return decision as Decision<K>;
}

function fieldsOf(kind: DecisionKind): Fields {
  return { ...commonFields, ...decisionRow(kind).fields };
}

function fieldProblems(value: Readonly<Record<string, unknown>>, fields: Fields, path = ''): readonly string[] {
  return Object.entries(fields).flatMap(([name, { holds, expected, isOptional, fields: inner }]) => {
    const given = value[name];
    if (given === undefined && isOptional) return [];
    if (!holds(given)) return [`${path}${name}: expected ${expected}`];
    return inner && isRecord(given) ? fieldProblems(given, inner, `${path}${name}.`) : [];
  });
}

function excessFieldProblem(value: unknown, fields: Fields, path = ''): string | undefined {
  if (!isRecord(value)) return undefined;
  const names = Object.keys(fields);
  if (Object.keys(value).some((name) => !names.includes(name))) {
    return `${path}has a field other than ${names.join(', ')}`;
  }
  return Object.entries(fields)
    .map(([name, { fields: inner }]) => inner && excessFieldProblem(value[name], inner, `${path}${name}: `))
    .find((problem) => problem !== undefined);
}

function only(value: object, fields: Fields): object {
  const given = Object.entries(value).filter(([name, field]) => Object.hasOwn(fields, name) && field !== undefined);
  return Object.fromEntries(
    given.map(([name, field]: [string, unknown]) => {
      const inner = fields[name]?.fields;
      return [name, inner && isRecord(field) ? only(field, inner) : field];
    }),
  );
}

function shapeOf(fields: Fields): string {
  const names = Object.entries(fields).map(([name, { fields: inner }]) =>
    inner === undefined ? name : `${name}: ${shapeOf(inner)}`,
  );
  return `{ ${names.join(', ')} }`;
}
