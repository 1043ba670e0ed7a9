/** Finds planted values wherever they should not be, in every form that software likes to give to text. */
import { createHash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';

export interface Planted {
  readonly name: string;
  readonly value: string;
  /** Short enough to be guessed: a plain digest gives it away, and so does another spelling. */
  readonly guessable: boolean;
}

/** Anything that outlives a request or is read by many: a history, a log, a page of metrics. */
export interface Place {
  readonly name: string;
  readonly content: Uint8Array | string;
}

interface Form {
  readonly name: string;
  /** Bytes as latin1 text. */
  readonly pattern: string;
  readonly anyCase: boolean;
}

/** Text inside base64 inside base64: payloads in proto-JSON, claims in a certificate. */
const UNPACKING_DEPTH_MAX = 3;
const BASE64_RUN = /[A-Za-z0-9+/_-]{16,}/g;
const PATTERN_LENGTH_MIN = 6;
const INFLATED_LENGTH_MAX = 4_194_304;

/** One sentence for each finding; it names the planted value and never repeats it. */
export function findPlanted(planted: readonly Planted[], places: readonly Place[]): string[] {
  const sought = planted.map(({ name, value, guessable }) => ({ name, forms: formsOf(value, guessable) }));
  return places.flatMap((place) => {
    const texts = unpack(bytesOf(place.content).toString('latin1'));
    const lowered = texts.map((text) => text.toLowerCase());
    return sought.flatMap(({ name, forms }) =>
      forms
        .filter(({ pattern, anyCase }) => (anyCase ? lowered : texts).some((text) => text.includes(pattern)))
        .map((form) => `${name} as ${form.name} in ${place.name}`),
    );
  });
}

function formsOf(value: string, guessable: boolean): Form[] {
  const spellings = guessable ? [...new Set([value, value.toLowerCase(), value.toUpperCase()])] : [value];
  const forms = spellings.flatMap((spelling) => [
    ...textForms(spelling),
    ...base64Forms(spelling),
    ...(guessable ? digestForms(spelling) : []),
  ]);
  // The plainest name first, where two forms look alike.
  const byPattern = new Map(forms.toReversed().map((each) => [each.pattern, each]));
  return [...byPattern.values()].filter(({ pattern }) => pattern.length >= PATTERN_LENGTH_MIN);
}

function textForms(value: string): Form[] {
  const bytes = Buffer.from(value);
  const escaped = JSON.stringify(value).slice(1, -1);
  return [
    form('plain text', latin1(value), true),
    form('percent-encoded', encodeURIComponent(value), true),
    form('percent-encoded throughout', [...bytes].map((byte) => `%${hexOf(byte)}`).join(''), true),
    form('JSON', latin1(escaped), true),
    form('JSON in JSON', latin1(JSON.stringify(escaped).slice(1, -1)), true),
    form('JSON in ASCII', asciiJson(value), true),
    form('hex', bytes.toString('hex'), true),
    form('a list of bytes', [...bytes].join(', '), true),
    form('a dense list of bytes', [...bytes].join(','), true),
  ];
}

function form(name: string, pattern: string, anyCase: boolean): Form {
  return { name, pattern: anyCase ? pattern.toLowerCase() : pattern, anyCase };
}

/** What stays the same of the value's base64 whatever comes before and after it, at each of the three alignments. */
function base64Forms(value: string): Form[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const inner = bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6));
    return [
      form(`base64 (alignment ${before})`, inner, false),
      form(`base64url (alignment ${before})`, inner.replaceAll('+', '-').replaceAll('/', '_'), false),
    ];
  });
}

function digestForms(value: string): Form[] {
  return ['sha256', 'sha512', 'sha1', 'md5'].flatMap((algorithm) => {
    const digest = createHash(algorithm).update(value).digest();
    return [
      form(`${algorithm} in hex`, digest.toString('hex'), true),
      form(`${algorithm} in base64`, digest.toString('base64').replace(/=+$/, ''), false),
      form(`${algorithm} in base64url`, digest.toString('base64url'), false),
      form(`${algorithm} in bytes`, digest.toString('latin1'), false),
    ];
  });
}

/** None where it is not deflated: certificates in histories are. */
function inflated(bytes: Buffer): readonly Buffer[] {
  try {
    return [inflateRawSync(bytes, { maxOutputLength: INFLATED_LENGTH_MAX })];
  } catch {
    return [];
  }
}

/** The text itself, and whatever of it decodes from base64, deflated or not. */
function unpack(text: string, depth = UNPACKING_DEPTH_MAX): string[] {
  if (depth === 0) return [text];
  const inner = [...text.matchAll(BASE64_RUN)].flatMap(([run]) => {
    const bytes = Buffer.from(run, 'base64');
    return [bytes, ...inflated(bytes)].map((one) => one.toString('latin1'));
  });
  return inner.length === 0 ? [text] : [text, ...unpack(inner.join('\n'), depth - 1)];
}

function bytesOf(content: Uint8Array | string): Buffer {
  return typeof content === 'string' ? Buffer.from(content) : Buffer.from(content);
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

function hexOf(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

function asciiJson(value: string): string {
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
