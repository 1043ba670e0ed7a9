/**
 * Reads a typed filter of requests, in a small part of Temporal's query language. What somebody typed is never passed on: it
 * is read, checked against the names and values there are, and written anew.
 */
import { parseInstant } from '../domain/instant';
import { isOpaque } from '../domain/text';
import { isProvider, providerKeys } from '../domain/provider/provider-table';
import { compare, requestRuns } from '../temporal/request-query';
import { FilterError } from './errors';
import { filterAttributes, namedConditions, namedFilters, waitingForProvider } from './filters';

const LENGTH_MAX = 1_000;
const DEPTH_MAX = 10;

/** The filter in Temporal's own words. Throws `FilterError`. */
export function parseFilter(filter: string): string {
  if (filter.length > LENGTH_MAX) throw new FilterError(`The filter is longer than ${LENGTH_MAX} characters.`);
  const reader = new FilterReader(filter);
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

class FilterReader {
  readonly #filter: string;
  #at = 0;

  constructor(filter: string) {
    this.#filter = filter;
    this.#skip(0);
  }

  /** The first of these words (in any case) and signs that comes next, if one does. */
  take(...texts: readonly string[]): string | undefined {
    const [sign] = this.#peek(/<=|>=|!=|[=<>(),]|[A-Za-z][A-Za-z0-9-]*/y) ?? [];
    const found = texts.find((text) => text === sign?.toUpperCase());
    if (found !== undefined) this.#skip(found.length);
    return found;
  }

  expect(text: string): void {
    if (this.take(text) === undefined) throw this.expected(text);
  }

  word(holds: (text: string) => boolean, expected: string): string {
    return this.#next(/([A-Za-z][A-Za-z0-9-]*)/y, holds, expected);
  }

  quoted(holds: (text: string) => boolean, expected: string): string {
    return this.#next(/'([A-Za-z0-9:.+_/#-]*)'/y, holds, expected);
  }

  expectEnd(expected: string): void {
    if (this.#at < this.#filter.length) throw this.expected(expected);
  }

  expected(what: string): FilterError {
    return new FilterError(`The filter, at character ${this.#at + 1}: expected ${what}.`);
  }

  #next(pattern: RegExp, holds: (text: string) => boolean, expected: string): string {
    const [all = '', text] = this.#peek(pattern) ?? [];
    if (text === undefined || !holds(text)) throw this.expected(expected);
    this.#skip(all.length);
    return text;
  }

  #peek(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#filter);
  }

  #skip(length: number): void {
    this.#at += length;
    this.#at += this.#peek(/\s*/y)?.[0].length ?? 0;
  }
}

/** Written in the order in which it was typed, so that AND and OR bind as in Temporal. */
function expression(reader: FilterReader, depth: number): string {
  const parts = [operand(reader, depth)];
  for (;;) {
    const joinedBy = reader.take('AND', 'OR');
    if (joinedBy === undefined) return parts.join(' ');
    parts.push(joinedBy, operand(reader, depth));
  }
}

function operand(reader: FilterReader, depth: number): string {
  if (reader.take('(') !== undefined) {
    if (depth === DEPTH_MAX) throw reader.expected(`at most ${DEPTH_MAX} parentheses inside each other`);
    const inner = expression(reader, depth + 1);
    reader.expect(')');
    return `(${inner})`;
  }
  const name = reader.word(
    (word) => word === 'waiting-for' || Object.hasOwn(namedConditions, word) || Object.hasOwn(filterAttributes, word),
    `one of ${[...namedFilters, ...Object.keys(filterAttributes)].join(', ')}`,
  );
  if (name !== 'waiting-for') return namedConditions[name] ?? comparison(reader, name);
  reader.expect('=');
  return waitingForProvider(reader.word(isProvider, `one of ${providerKeys.join(', ')}`));
}

function comparison(reader: FilterReader, name: string): string {
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

function value(reader: FilterReader, name: string): string {
  const { values = [] } = filterAttributes[name] ?? {};
  if (values === 'ticket') {
    return `'${reader.quoted(isOpaque, `a ticket in single quotes, e.g. 'PRIV-1234'`)}'`;
  }
  if (values !== 'instant') {
    const expected = `in single quotes, for ${name}, one of ${values.join(', ')}`;
    return `'${reader.quoted((text) => values.includes(text), expected)}'`;
  }
  const expected = `an RFC 3339 instant in single quotes, e.g. '2026-11-22T09:30:00Z'`;
  const typed = reader.quoted((text) => parseInstant(text) !== undefined, expected);
  return `'${new Date(parseInstant(typed) ?? 0).toISOString()}'`;
}
