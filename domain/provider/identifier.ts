/**
 * Which identifiers are refused at intake and by the workers, and which are odd enough to be warned of. Asking about a wrong
 * one ends as `not-found`, or erases a record that many people share. No sentence repeats the identifier.
 */
import { isUuid } from '../text';
import { identifierFields, providerFacts, providerName, type Provider } from './provider-table';

/** UTF-16 units. No provider that takes any text names a limit of its own. */
export const IDENTIFIER_LENGTH_MAX = 512;

/** Why it is no identifier of anybody at this provider, or undefined. The sentences complete "the identifier …". */
export function identifierProblem(provider: Provider, identifier: string): string | undefined {
  const { form, reserved = [] } = providerFacts(provider).identifier;
  if (identifier === '') return 'is empty';
  if (identifier.length > IDENTIFIER_LENGTH_MAX) return `has more than ${IDENTIFIER_LENGTH_MAX} characters`;
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(identifier)) return 'has a control character or a line break in it';
  if (identifier.trim() !== identifier) return 'has white space around it';
  if (invisible.test(identifier)) return 'has an invisible character in it';
  if (damaged.test(identifier)) return 'has a damaged character in it';
  if (isPlaceholder(identifier) || isUnfilled(identifier)) {
    return 'is a placeholder, or a name that stands for many people';
  }
  if (reserved.includes(identifier)) return `names something else at ${providerName(provider)}`;
  if (form === 'uuid' && !isUuid(identifier)) return `is not a UUID, as all ids of ${providerName(provider)} are`;
  return undefined;
}

/** What is odd about one that is taken. */
export function identifierWarnings(provider: Provider, identifier: string): readonly string[] {
  const odd = oddities.filter(([isOdd]) => isOdd(identifier, provider)).map(([, says]) => says(provider));
  return [...new Set(odd)];
}

/** Format characters, variation selectors, fillers: text that differs by them looks the same. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** Half a surrogate pair, the replacement characters, and what no two systems show alike. */
const damaged = /[\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\uFFFC\uFFFD]/u;

/**
 * Refused in any case, with or without quotes and brackets around it, and with blanks, hyphens or underscores between its
 * words. So are: text without any letter or digit, nothing but zeros, error values of spreadsheets, and templates that were
 * not filled in.
 */
export const placeholders: readonly string[] = [
  ...listed(
    'undefined, null, nil, NaN, NaT, none, n/a, n.a., na, not available, not applicable, not set, no value, ' +
      'missing, empty, blank, void, anonymous, anon, true, false, infinity, invalid date, loading..., tbd, ' +
      'sysmis',
  ),
  ...Object.values(identifierFields),
];

/** Warned of, by themselves or as the name of a mailbox: a record under such a name may be shared by many. */
export const sharedNames: readonly string[] = listed(
  'test, test user, tester, unknown, guest, visitor, user, admin, administrator, root, system, default, ' +
    'demo, dummy, example, sample, shared, public, nobody, deleted, redacted, all, info, support, noreply, ' +
    'no reply',
);

function listed(words: string): readonly string[] {
  return words.split(', ');
}

const wrapping = /^[\s"'`<>()[\]{}«»‹›“”„‘’]+|[\s"'`<>()[\]{}«»‹›“”„‘’]+$/gu;

function bare(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(wrapping, '')
    .replace(/[\s_-]+/gu, ' ')
    .trim();
}

const placeholderSet: ReadonlySet<string> = new Set(placeholders.map(bare));
const sharedSet: ReadonlySet<string> = new Set(sharedNames.map(bare));
/** Of these also as the name of a mailbox: nobody is called so. */
const emptyMailboxes: ReadonlySet<string> = new Set(['undefined', 'null', 'nan', 'none', 'anonymous', 'object object']);

/** Whether it is what a program, a spreadsheet or a database writes in place of a value, or of a person. */
export function isPlaceholder(text: string): boolean {
  const plain = text.normalize('NFKC').toLowerCase();
  const letters = plain.replace(/[^\p{L}\p{N}\p{Extended_Pictographic}]/gu, '');
  if (/^(0*|0x0+|f{32})$/.test(letters)) return true;
  if (/^-(1|9+)(\.0+)?$/.test(plain.replace(wrapping, ''))) return true;
  return placeholderSet.has(bare(text)) || isSpreadsheetError(plain.replace(wrapping, '')) || /^\\+n$/.test(plain);
}

/** `#REF!`, `#NAME?`, `#N/A` and their kin in any language, `#####`, and what LibreOffice writes. */
function isSpreadsheetError(plain: string): boolean {
  return /^#(\S*[!?]|\p{L}\/\p{L}{1,4}|nv|na|getting_data|null#?|empty)$|^err:\d{3}$/u.test(plain);
}

/** A template, a formula or a printed object, as opposed to what should have come of it. */
function isUnfilled(identifier: string): boolean {
  const plain = identifier.normalize('NFKC').toLowerCase();
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return (
    words.includes('undefined') ||
    (words.length > 0 && words.every((word) => placeholderSet.has(word))) ||
    emptyMailboxes.has(bare(/^[^@]*(?=@)/.exec(plain)?.[0] ?? '')) ||
    /\[object [\w ]+\]|\{\{|\}\}|[$#]\{|<%|%>|\{%|%\}|\[\[|\]\]|\*\||\|\*|\$\(|%%\w+%%|%7b%7b|\(\) ?=>/.test(plain) ||
    /^(=.*|\{[\w. ]*\}|<[\w. -]*>|%\w+%|%\(\w+\)[sd]|%[sdv@]|:[a-z_]\w*|\$\w+\$?)$/.test(plain) ||
    /^__[A-Z][A-Z0-9_]*__$/.test(identifier) ||
    /^function\b.*\(|^%!\w?\(/.test(plain)
  );
}

type Oddity = readonly [
  isOdd: (identifier: string, provider: Provider) => boolean,
  says: (provider: Provider) => string,
];

const spreadsheet = (pattern: RegExp): Oddity => [
  (identifier) => pattern.test(identifier),
  () => 'reads like a number or a date that a spreadsheet has rewritten',
];
const looks = (pattern: RegExp, says: string): Oddity => [(identifier) => pattern.test(identifier), () => says];
const month = '(?:jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*\\.?';
/** What follows the first byte of a UTF-8 sequence, where each byte was read as a character of Windows-1252. */
const misread = '[\\u0080-\\u00BF€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]';
const alphabets = [/\p{sc=Latn}/u, /\p{sc=Cyrl}/u, /\p{sc=Grek}/u, /\p{sc=Armn}/u, /\p{sc=Cher}/u, /\p{sc=Copt}/u];

const oddities: readonly Oddity[] = [
  [(identifier) => isSharedName(identifier), () => 'is a name that several people may have in common'],
  // 1.23457E+11, 4711.0, 1,234,567, and digits beyond the fifteenth.
  spreadsheet(/^[+-]?\d+(?:[.,]\d+)?e[+-]?\d+$/i),
  spreadsheet(/^[+-]?\d+[.,]0+$/),
  spreadsheet(/^\d{1,3}(?:[.,'’\p{Zs}]\d{3})+(?:[.,]\d{1,2})?$/u),
  [(identifier) => hasLostDigits(identifier), () => 'reads like a number or a date that a spreadsheet has rewritten'],
  spreadsheet(/^\d{4}-\d\d?-\d\d?(?:[t ].*)?$|^\d\d?[./-]\d\d?[./-](?:\d\d)?\d\d$/i),
  spreadsheet(new RegExp(`^\\d\\d?[-. ]+${month}(?:[-. ]+\\d+)?$|^${month}[-. ]+\\d+$`, 'i')),
  looks(/^['’]/, 'begins with an apostrophe, as spreadsheets mark text'),
  looks(/^["`«»‹›“”„<([{]|["`«»‹›“”„>)\]}]$/, 'has quotes or brackets around it'),
  looks(/^(?:mailto|tel|https?|urn|file|acct):/i, 'begins like a link'),
  looks(/%[0-9a-f]{2}/i, 'reads as if it were encoded for a URL'),
  looks(/&(?:#\d+|#x[0-9a-f]+|[a-z]+);|\\u[0-9a-f]{4}|_x[0-9a-f]{4}_/i, 'reads as if some characters were escaped'),
  looks(/@.*@|[,;|].*@|@.*[,;|]/, 'reads like more than one identifier'),
  looks(/[.,;:]$/, 'ends with a punctuation mark'),
  looks(/\?/, 'has a question mark in it, as is written for letters that got lost'),
  looks(
    new RegExp(`[\\u00C2-\\u00DF]${misread}|[\\u00E0-\\u00EF]${misread}{2}`),
    'reads like text that was decoded wrongly',
  ),
  // No-break and other typographic blanks, and the empty braille pattern.
  looks(/[^\P{Zs} ]|\u2800| {2}/u, 'has an unusual blank in it'),
  [(identifier) => identifier !== identifier.normalize('NFC'), () => 'is not in Unicode normal form C'],
  [
    (identifier) => identifier.normalize('NFC') !== identifier.normalize('NFKC'),
    () => 'has characters in it that look like others',
  ],
  [(identifier) => mixesAlphabets(identifier), () => 'mixes letters of different alphabets in one word'],
  [
    (identifier) => /(?:^|[^\p{L}\p{N}])(?:null|nan|none)(?![\p{L}\p{N}])/iu.test(identifier),
    () => 'has a part that programs write where a value is missing',
  ],
  [(identifier) => /^(.)\1*$/u.test(identifier.replace(/-/g, '')), () => 'is one character, or the same one repeated'],
  [
    (identifier, provider) =>
      providerFacts(provider).identifier.tellsCase && /@/.test(identifier) && /\p{Lu}/u.test(identifier),
    (provider) => `has capital letters: ids are told apart by case at ${providerName(provider)}`,
  ],
];

function isSharedName(identifier: string): boolean {
  const name = bare(identifier);
  return sharedSet.has(name) || sharedSet.has(bare(name.split('@')[0] ?? '')) || /^test ?\d+$/.test(name);
}

/** Spreadsheets keep 15 digits of a number and write zeros for the rest. */
function hasLostDigits(identifier: string): boolean {
  return /^\d{16,}$/.test(identifier) && /^0+$/.test(identifier.slice(15));
}

function mixesAlphabets(identifier: string): boolean {
  return identifier
    .split(/[^\p{L}\p{M}]+/u)
    .some((word) => alphabets.filter((alphabet) => alphabet.test(word)).length > 1);
}
