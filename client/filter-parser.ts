/**
 * Reads a typed filter of requests, in a small part of Temporal's query language. What somebody typed is never passed on: it
 * is read, checked against the names and values there are, and written anew.
 */
import { parseInstant } from '../domain/instant';
import { isProvider, providerKeys } from '../domain/provider/provider-table';
import { compare, requestRuns } from '../temporal/request-query';
import { filterAttributes, namedConditions, namedFilters, waitingForProvider } from './filters';

/** The filter cannot be read. The message names positions and what is known, never what was typed. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

const LENGTH_MAX = 1_000;
const DEPTH_MAX = 10;

/** The filter in Temporal's own words. Throws `FilterError`. */
export function parseFilter(filter: string): string {
  if (filter.length > LENGTH_MAX) throw new FilterError(`The filter is longer than ${LENGTH_MAX} characters.`);
  const reader = new TokenReader(filter);
  const query = expression(reader, 1);
  reader.expectEnd('AND, OR or the end');
  return query;
}

/** The runs of requests that a typed filter names. Throws `FilterError`. */
export function filterQuery({ filter, open }: { readonly filter?: string; readonly open?: boolean }): string {
  return requestRuns(
    ...(open === true ? [compare('ExecutionStatus', '=', 'Running')] : []),
    ...(filter === undefined ? [] : [`(${parseFilter(filter)})`]),
  );
}

interface Token {
  readonly text: string;
  readonly kind: 'word' | 'quoted' | 'sign';
  /** From 1. */
  readonly at: number;
}

function tokensOf(filter: string): readonly Token[] {
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

class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #endsAt: number;
  #next = 0;

  constructor(filter: string) {
    this.#tokens = tokensOf(filter);
    this.#endsAt = filter.length + 1;
  }

  /** The first of these words (in any case) and signs that comes next, if one does. */
  take(...texts: readonly string[]): string | undefined {
    const token = this.#tokens[this.#next];
    if (token === undefined || token.kind === 'quoted') return undefined;
    const found = texts.find((text) => text === token.text.toUpperCase());
    if (found !== undefined) this.#next += 1;
    return found;
  }

  expect(text: string): void {
    if (this.take(text) === undefined) throw this.expected(text);
  }

  /** The next token, which has to be of this kind and to hold. */
  next(kind: Token['kind'], holds: (text: string) => boolean, expected: string): string {
    const token = this.#tokens[this.#next];
    if (token?.kind !== kind || !holds(token.text)) throw this.expected(expected);
    this.#next += 1;
    return token.text;
  }

  expectEnd(expected: string): void {
    if (this.#next < this.#tokens.length) throw this.expected(expected);
  }

  expected(what: string): FilterError {
    return new FilterError(
      `The filter, at character ${this.#tokens[this.#next]?.at ?? this.#endsAt}: expected ${what}.`,
    );
  }
}

/** Written in the order in which it was typed, so that AND and OR bind as in Temporal. */
function expression(reader: TokenReader, depth: number): string {
  const parts = [operand(reader, depth)];
  for (;;) {
    const joinedBy = reader.take('AND', 'OR');
    if (joinedBy === undefined) return parts.join(' ');
    parts.push(joinedBy, operand(reader, depth));
  }
}

function operand(reader: TokenReader, depth: number): string {
  if (reader.take('(') !== undefined) {
    if (depth === DEPTH_MAX) throw reader.expected(`at most ${DEPTH_MAX} parentheses inside each other`);
    const inner = expression(reader, depth + 1);
    reader.expect(')');
    return `(${inner})`;
  }
  const name = reader.next(
    'word',
    (word) => word === 'waiting-for' || Object.hasOwn(namedConditions, word) || Object.hasOwn(filterAttributes, word),
    `one of ${[...namedFilters, ...Object.keys(filterAttributes)].join(', ')}`,
  );
  if (name !== 'waiting-for') return namedConditions[name] ?? comparison(reader, name);
  reader.expect('=');
  const provider = reader.next('word', isProvider, `one of ${providerKeys.join(', ')}`);
  return isProvider(provider) ? waitingForProvider(provider) : '';
}

function comparison(reader: TokenReader, name: string): string {
  const { operators = [] } = filterAttributes[name] ?? {};
  const operator = reader.take(...operators);
  switch (operator) {
    case undefined:
      throw reader.expected(`one of ${operators.join(', ')} after ${name}`);
    case 'IS': {
      const not = reader.take('NOT') === undefined ? '' : 'NOT ';
      reader.expect('NULL');
      return `${name} IS ${not}NULL`;
    }
    case 'IN': {
      reader.expect('(');
      const values = [value(reader, name)];
      while (reader.take(',') !== undefined) values.push(value(reader, name));
      reader.expect(')');
      return `${name} IN (${values.join(', ')})`;
    }
    default:
      return `${name} ${operator} ${value(reader, name)}`;
  }
}

function value(reader: TokenReader, name: string): string {
  const { values = [] } = filterAttributes[name] ?? {};
  if (values !== 'instant') {
    const expected = `in single quotes, for ${name}, one of ${values.join(', ')}`;
    return `'${reader.next('quoted', (text) => values.includes(text), expected)}'`;
  }
  const expected = `an RFC 3339 instant in single quotes, e.g. '2026-11-22T09:30:00Z'`;
  const typed = reader.next('quoted', (text) => parseInstant(text) !== undefined, expected);
  return `'${new Date(parseInstant(typed) ?? 0).toISOString()}'`;
}
