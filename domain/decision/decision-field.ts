/** What one field of a decision may hold, and how it is given on the command line. */
import { parseInstant } from '../instant';
import { isCode, isMatch, isOpaque, isRecord } from '../text';

export interface Field<T = unknown, Optional extends boolean = boolean> {
  readonly holds: (value: unknown) => value is T;
  /** What a refusal says: "<field>: expected <expected>". */
  readonly expected: string;
  readonly isOptional: Optional;
  /** Absent for what is not given by an option of its own. */
  readonly option?: FieldOption;
  /** The fields of a field that is an object. */
  readonly fields?: Fields;
}

export type Fields = Readonly<Record<string, Field>>;

/** An option that is called like its field, `--review-at <INSTANT>`. */
export interface FieldOption {
  readonly placeholder: string;
  readonly help: string;
  /** It stands behind the id instead of being an option. */
  readonly isArgument?: true;
  readonly choices?: readonly string[];
  /** The field's value, or undefined where the text holds none; the text itself where absent. */
  readonly parse?: (text: string) => unknown;
}

/** The object that has these fields. */
export type ContentOf<F extends Fields> = {
  readonly [K in keyof F as F[K] extends Field<unknown, true> ? never : K]: ValueOf<F[K]>;
} & { readonly [K in keyof F as F[K] extends Field<unknown, true> ? K : never]?: ValueOf<F[K]> };
type ValueOf<F extends Field> = F extends Field<infer T> ? T : never;

/** A staff member's reason: a code and a ticket reference, never free text. */
export interface Reason {
  /** e.g. `credentials-mended`. Lower case words joined by hyphens. */
  readonly code: string;
  /** e.g. `PRIV-1234`. */
  readonly ticket: string;
}

export function required<T>(parts: Pick<Field<T>, 'holds' | 'expected' | 'option' | 'fields'>): Field<T, false> {
  return { ...parts, isOptional: false };
}

export function optional<T>(field: Field<T, false>): Field<T, true> {
  return { ...field, isOptional: true };
}

export function oneOf<const T extends string>(
  choices: readonly T[],
  option: Omit<FieldOption, 'choices'>,
): Field<T, false> {
  return required({
    holds: (value): value is T => choices.some((one) => one === value),
    expected: `one of ${choices.join(', ')}`,
    option: { ...option, choices },
  });
}

/** What is dated outside of these years was mistyped. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** An RFC 3339 instant. */
export function instant(help: string): Field<string, false> {
  return required({
    holds: (value): value is string => {
      const at = parseInstant(value);
      return at !== undefined && at >= EARLIEST && at < LATEST;
    },
    expected: 'an RFC 3339 instant from 2000 to 2099, e.g. 2026-11-22T09:30:00Z',
    option: { placeholder: 'INSTANT', help },
  });
}

export function code(example: string, help: string): Field<string, false> {
  return required({
    holds: isCode,
    expected: `a code of lower case words joined by hyphens, e.g. "${example}"`,
    option: { placeholder: 'CODE', help },
  });
}

export function reference(help: string): Field<string, false> {
  return required({
    holds: isOpaque,
    expected: 'a reference of letters, digits and . _ : / # -',
    option: { placeholder: 'REFERENCE', help },
  });
}

export function staffId(help: string): Field<string, false> {
  return required({
    holds: isOpaque,
    expected: 'an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name)',
    option: { placeholder: 'STAFF', help },
  });
}

const TOKEN_LENGTH_MAX = 4_096;
const tokenPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

export const decisionToken = required({
  holds: (value): value is string => isMatch(value, tokenPattern) && value.length <= TOKEN_LENGTH_MAX,
  expected: 'a signed decision token',
});

export const reason = required({
  holds: (value): value is Reason => isRecord(value),
  expected: 'an object { code, ticket }',
  option: { placeholder: 'CODE:TICKET', help: 'why: a code and a ticket reference', parse: parseReason },
  fields: {
    code: required({ holds: isCode, expected: 'lower case words joined by hyphens, e.g. "credentials-mended"' }),
    ticket: required({ holds: isOpaque, expected: 'a ticket reference, e.g. "PRIV-1234"' }),
  },
});

/** Codes hold no colon, references may. */
function parseReason(text: string): Reason | undefined {
  const [, reasonCode = '', ticket = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
  return ticket === '' ? undefined : { code: reasonCode, ticket };
}
