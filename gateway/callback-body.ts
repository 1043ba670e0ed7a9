/** What a callback says: its body decoded, read and judged. Nothing of it goes further than a code and the name that we expect. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { namedIdentifiers } from '../domain/provider/named-identifiers';
import { completionEventOf, type Provider } from '../domain/provider/provider-table';
import type { CallbackRemark } from '../domain/leg/receipt';
import { givesNameTwice, isRecord, letters, parsedJson } from '../domain/text';
import type { CheckedSubject } from '../security/callback-capability';

/** Bytes of a body once it is decompressed. */
export const DECODED_BYTES_MAX = 64 * 1_024;

export type CallbackBody =
  | { readonly verdict: 'confirms'; readonly event: string }
  | { readonly verdict: 'reports'; readonly says: Exclude<CallbackRemark, 'unreadable'> }
  /** Neither JSON nor a form, or in an encoding that we do not know. */
  | { readonly verdict: 'unreadable' | 'unknown-encoding' | 'too-large' };

export interface ReceivedBody {
  readonly bytes: Buffer | undefined;
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
}

/**
 * A provider's document may leave the body of its callback open: one reads the event's name from `event` in a sample, and
 * has our request name it `event_type`. So a body confirms if it is an object with that name in one of the two, with no other
 * name in either, with nothing in it that says otherwise, and with no identifier but the person's. All else is kept as what it
 * is, and confirms nothing.
 */
export async function readCallbackBody(
  received: ReceivedBody,
  { provider, isPerson }: Pick<CheckedSubject, 'provider' | 'isPerson'>,
): Promise<CallbackBody> {
  const decoded = await decode(received);
  if (typeof decoded === 'string') return { verdict: decoded };
  const text = new TextDecoder().decode(decoded).trim();
  if (text === '') return { verdict: 'reports', says: 'no-event' };
  const content = contentOf(text, received.contentType ?? '');
  if (content === undefined) return { verdict: 'unreadable' };
  const isAboutAnother = namedIdentifiers(content, provider).some((group) => !group.some(isPerson));
  return isAboutAnother ? { verdict: 'reports', says: 'another-person' } : judge(content, provider);
}

function judge(content: unknown, provider: Provider): CallbackBody {
  const expected = completionEventOf(provider);
  const isAgainst = speaksAgainst(content);
  const names = isRecord(content) ? [content['event'], content['event_type']].flatMap(given) : [];
  if (names.length === 0) return { verdict: 'reports', says: isAgainst ? 'failure' : 'no-event' };
  if (expected === undefined || !names.includes(expected)) {
    const isFailure =
      isAgainst ||
      // Lists in lists are looked into, but not without end.
      names.flat(3).some((name) => typeof name === 'string' && (/error/i.test(name) || failureWords.test(name)));
    return { verdict: 'reports', says: isFailure ? 'failure' : 'another-event' };
  }
  if (isAgainst || names.some((name) => name !== expected)) return { verdict: 'reports', says: 'contradiction' };
  return { verdict: 'confirms', event: expected };
}

/** A field that is given twice in a form, or holds a list, names all of them. */
function given(name: unknown): unknown[] {
  return [name].flat().filter((one) => one !== undefined && one !== null);
}

const failureWords =
  /fail|reject|refus|denied|abort|cancel|invalid|unsuccess|pending|progress|queued|partial|could ?not|not[ _-]?(been[ _-])?(found|purged|deleted|erased)/i;
/** What a field that tells how it went may say beside the event; any other word speaks against it. */
const successWords =
  /^(|0|2\d\d|true|yes|ok|none|null|success|successful|succeeded|done|complete|completed|finished|processed|purged|deleted|erased)$/i;
const outcomeField = /(status|statuscode|result|outcome)$/;
/** Words for people: only what clearly says that it failed counts. */
const wordsField = /(state|phase|stage|message|msg|reason|details?|description)$/;
const failureField =
  /^(is|has|had|was)?(error|failure|failed|exception)|(errors?|failed|failures?|exceptions?|unsuccessful)$|^not(yet|been)*(purged|deleted|erased|completed|done|found|successful)$/;
const successField = /^(is|was|has|been)*(success|succeeded|successful|ok|purged|deleted|erased|completed?)$/;
/** One of several numbers of things may well be 0. */
const successEnding = /(?<!un|not|in)(success|succeeded|successful|purged|deleted|erased|completed?)$/;
const nothingWords = /^(|0|false|no|none|null)$/i;

/** Whether any field, however deep, says that it failed or is not done. */
function speaksAgainst(content: unknown): boolean {
  const open: unknown[] = [content];
  for (let at = 0; at < open.length; at += 1) {
    const value = open[at];
    if (Array.isArray(value)) open.push(...(value as unknown[]));
    else if (isRecord(value)) {
      for (const [field, held] of Object.entries(value)) {
        if (isAgainst(letters(field), held)) return true;
        open.push(held);
      }
    }
  }
  return false;
}

function isAgainst(field: string, held: unknown): boolean {
  return [held].flat().some((value) => {
    if (typeof value === 'object' && value !== null) return failureField.test(field) && Object.keys(value).length > 0;
    const word = String(value).trim();
    if (failureField.test(field)) return !nothingWords.test(word);
    if (outcomeField.test(field)) return !successWords.test(word);
    if (wordsField.test(field)) return failureWords.test(word);
    return /^(false|no)$/i.test(word)
      ? successEnding.test(field) || successField.test(field)
      : word === '0' && successField.test(field);
  });
}

/** Undefined for what is neither. A form is looked for only where it is called one, since almost any text could be read as one. */
function contentOf(text: string, contentType: string): unknown {
  const json = parsedJson(text);
  // Which of two would it mean? A form can be asked for both; of JSON, no parser tells.
  if (json !== undefined && givesNameTwice(text)) return undefined;
  if (json !== undefined || !/^\s*application\/x-www-form-urlencoded\b/i.test(contentType)) return json;
  const form = new URLSearchParams(text);
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}

type Decompress = (bytes: Buffer, limit: { readonly maxOutputLength: number }) => Promise<Buffer>;

/** Some senders of `deflate` leave out the wrapper that its definition asks for. */
const decompressors: ReadonlyMap<string, readonly Decompress[]> = new Map([
  ['gzip', [promisify(gunzip)]],
  ['x-gzip', [promisify(gunzip)]],
  ['deflate', [promisify(inflate), promisify(inflateRaw)]],
  ['br', [promisify(brotliDecompress)]],
  ['identity', []],
  ['', []],
]);

/** A proxy may have decompressed a body and left its header: what cannot be decompressed is read as it is. */
async function decode({
  bytes,
  contentEncoding = '',
}: ReceivedBody): Promise<Buffer | 'unknown-encoding' | 'too-large'> {
  const ways = decompressors.get(contentEncoding.trim().toLowerCase());
  if (ways === undefined) return 'unknown-encoding';
  const received = bytes ?? Buffer.alloc(0);
  for (const decompress of received.length === 0 ? [] : ways) {
    try {
      return await decompress(received, { maxOutputLength: DECODED_BYTES_MAX });
    } catch (error) {
      if (isRecord(error) && error['code'] === 'ERR_BUFFER_TOO_LARGE') return 'too-large';
    }
  }
  return received;
}
