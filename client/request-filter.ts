/**
 * Filters of open and ended requests, in a small part of Temporal's query language. What somebody typed is never passed
 * on: it is read, checked against the names and values there are, and written anew.
 */
import { parseInstant } from '../domain/instant';
import { byProvider, isProvider, providerKeys } from '../domain/provider/provider-table';
import { needingStaff, type BlockedOn, type Visible } from '../domain/request/visibility';
import { WORKFLOW_TYPE, searchAttributes } from '../temporal/names';

/** The filter is none. The message names positions and what is known, never what was typed. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

const LENGTH_MAX = 1_000;
const DEPTH_MAX = 10;

/** As keys, so that the compiler misses none. */
const states = Object.keys({
  'awaiting-approval': true,
  running: true,
  'on-hold': true,
  completed: true,
  'completed-with-exceptions': true,
  withdrawn: true,
  rejected: true,
} satisfies Record<Visible['state'], true>);
const blockers = Object.keys({
  ...byProvider(() => true as const),
  staff: true,
  certificate: true,
  approval: true,
  hold: true,
  answer: true,
  'notice-of-hold': true,
  todo: true,
  'due-soon': true,
  overdue: true,
  unanswered: true,
  'cannot-make-it': true,
} satisfies Record<BlockedOn, true>);

interface Attribute {
  readonly operators: readonly string[];
  readonly values: readonly string[] | 'instant';
}

const equalities = ['=', '!=', 'IN', 'IS'];
/** One cannot be told apart from the others by `!=`: that would hold for a list with any other value as well. */
const ofLists = ['=', 'IN', 'IS'];
const comparisons = ['=', '!=', '<', '<=', '>', '>=', 'IS'];

const attributes: Readonly<Record<string, Attribute>> = {
  [searchAttributes.state.name]: { operators: equalities, values: states },
  [searchAttributes.providers.name]: { operators: ofLists, values: providerKeys },
  [searchAttributes.blockedOn.name]: { operators: ofLists, values: blockers },
  [searchAttributes.dueAt.name]: { operators: comparisons, values: 'instant' },
  StartTime: { operators: comparisons.filter((operator) => operator !== 'IS'), values: 'instant' },
};

const { state, blockedOn } = searchAttributes;
const named: Readonly<Record<string, string>> = {
  'needs-staff': `${blockedOn.name} IN (${needingStaff.map((value) => `'${value}'`).join(', ')})`,
  overdue: `${blockedOn.name} = 'overdue'`,
  'due-soon': `${blockedOn.name} = 'due-soon'`,
  'on-hold': `${state.name} = 'on-hold'`,
};
/** As they can be typed. */
export const namedFilters: readonly string[] = [...Object.keys(named), 'waiting-for=PROVIDER'];
export const filterAttributes: readonly string[] = Object.keys(attributes);

interface Token {
  readonly text: string;
  readonly kind: 'word' | 'quoted' | 'sign';
  /** From 1. */
  readonly at: number;
}

/** The filter in Temporal's own words. Throws `FilterError`. */
export function parseFilter(filter: string): string {
  if (filter.length > LENGTH_MAX) throw new FilterError(`The filter is longer than ${LENGTH_MAX} characters.`);
  const reader = new Reader(tokens(filter), filter.length + 1);
  const query = either(reader, 1);
  reader.expectEnd();
  return query;
}

/** Always of our workflow only; `filter` has been through `parseFilter`. */
export function filterQuery({ filter, open }: { readonly filter?: string; readonly open?: boolean }): string {
  return [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    ...(open === true ? ["ExecutionStatus = 'Running'"] : []),
    ...(filter === undefined ? [] : [`(${filter})`]),
  ].join(' AND ');
}

function tokens(filter: string): readonly Token[] {
  const found: Token[] = [];
  const pattern = /\s*(?:'([A-Za-z0-9:.+_-]*)'|([A-Za-z][A-Za-z0-9-]*)|(<=|>=|!=|[=<>(),]))\s*/y;
  while (pattern.lastIndex < filter.length) {
    const at = pattern.lastIndex + 1;
    const [, quoted, word, sign] = pattern.exec(filter) ?? [];
    const text = quoted ?? word ?? sign;
    if (text === undefined) throw new FilterError(`The filter cannot be read from character ${at} on.`);
    found.push({ text, at, kind: quoted !== undefined ? 'quoted' : word !== undefined ? 'word' : 'sign' });
  }
  return found;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #endsAt: number;
  #next = 0;

  constructor(found: readonly Token[], endsAt: number) {
    this.#tokens = found;
    this.#endsAt = endsAt;
  }

  /** The next one, if it is this word (in any case) or sign. */
  take(text: string): boolean {
    const token = this.#tokens[this.#next];
    const isIt = token !== undefined && token.kind !== 'quoted' && token.text.toUpperCase() === text.toUpperCase();
    if (isIt) this.#next += 1;
    return isIt;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.wrong(text);
  }

  next(kind: Token['kind'], expected: string): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind) throw this.wrong(expected);
    this.#next += 1;
    return token.text;
  }

  expectEnd(): void {
    if (this.#next < this.#tokens.length) throw this.wrong('AND, OR or the end');
  }

  /** `back`: of the token before the next one. */
  wrong(expected: string, { back = false } = {}): FilterError {
    const at = this.#tokens[this.#next - (back ? 1 : 0)]?.at ?? this.#endsAt;
    return new FilterError(`The filter, at character ${at}: expected ${expected}.`);
  }
}

function either(reader: Reader, depth: number): string {
  if (depth > DEPTH_MAX) throw reader.wrong(`at most ${DEPTH_MAX} parentheses inside each other`);
  const parts = [both(reader, depth)];
  while (reader.take('OR')) parts.push(both(reader, depth));
  return parts.join(' OR ');
}

function both(reader: Reader, depth: number): string {
  const parts = [one(reader, depth)];
  while (reader.take('AND')) parts.push(one(reader, depth));
  return parts.join(' AND ');
}

function one(reader: Reader, depth: number): string {
  if (reader.take('(')) {
    const inner = either(reader, depth + 1);
    reader.expect(')');
    return `(${inner})`;
  }
  const known = `one of ${[...namedFilters, ...filterAttributes].join(', ')}`;
  const name = reader.next('word', known);
  if (Object.hasOwn(named, name)) return named[name] ?? '';
  if (name === 'waiting-for') {
    reader.expect('=');
    const provider = reader.next('word', `one of ${providerKeys.join(', ')}`);
    if (!isProvider(provider)) throw reader.wrong(`one of ${providerKeys.join(', ')}`, { back: true });
    return `${blockedOn.name} = '${provider}'`;
  }
  const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (attribute === undefined) throw reader.wrong(known, { back: true });
  return comparison(reader, name, attribute);
}

function comparison(reader: Reader, name: string, { operators, values }: Attribute): string {
  const operator = operators.find((candidate) => reader.take(candidate));
  switch (operator) {
    case undefined:
      throw reader.wrong(`one of ${operators.join(', ')} after ${name}`);
    case 'IS': {
      const not = reader.take('NOT') ? 'NOT ' : '';
      reader.expect('NULL');
      return `${name} IS ${not}NULL`;
    }
    case 'IN': {
      reader.expect('(');
      const listed = [value(reader, name, values)];
      while (reader.take(',')) listed.push(value(reader, name, values));
      reader.expect(')');
      return `${name} IN (${listed.join(', ')})`;
    }
    default:
      return `${name} ${operator} ${value(reader, name, values)}`;
  }
}

function value(reader: Reader, name: string, values: Attribute['values']): string {
  const isInstant = values === 'instant';
  const expected = isInstant
    ? `an RFC 3339 instant in single quotes, e.g. '2026-11-22T09:30:00Z'`
    : `in single quotes, for ${name}, one of ${values.join(', ')}`;
  const text = reader.next('quoted', expected);
  if (!isInstant) {
    if (!values.includes(text)) throw reader.wrong(expected, { back: true });
    return `'${text}'`;
  }
  const at = parseInstant(text);
  if (at === undefined) throw reader.wrong(expected, { back: true });
  return `'${new Date(at).toISOString()}'`;
}
