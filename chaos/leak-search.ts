/**
 * Looks for identifiers where none may be. Every made-up identifier has a form of its own, so a text is read once, whatever
 * number of people there are: what looks like an identifier is looked up. Also inside base64, deflated there, hex and percent-encoding.
 */
import { inflateRawSync } from 'node:zlib';

const BASE64_RUN = /[A-Za-z0-9+/_-]{16,}={0,2}/g;
/** What is packed has digits; most runs of a history are names, and to try each of them takes most of the time. */
const WORD = /^[A-Za-z_/-]+$/;
const HEX_RUN = /(?:[0-9a-f]{2}){12,}/gi;
const UNPACKING_DEPTH_MAX = 3;
const INFLATED_LENGTH_MAX = 1_048_576;

/** `idv_…` of MeasureOne, `…@customer.example` of Aptrinsic, and UUIDs of the person API with or without hyphens. */
const identifier = /idv_[0-9a-z_-]{8,64}|[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi;
const MAIL_HOST = '@customer.example';
const MAIL_NAME = /[0-9a-z.+-]{1,64}$/i;

export interface Leak {
  readonly requestId: string;
  /** How it was written: never the identifier itself. */
  readonly as: string;
}

export class LeakSearch {
  readonly #owners = new Map<string, string>();
  /** Same for all: credentials, and what the simulated providers make up about people. */
  readonly #secrets: readonly string[];

  constructor(secrets: readonly string[] = []) {
    this.#secrets = secrets;
  }

  add(requestId: string, identifiers: readonly string[]): void {
    for (const id of identifiers) this.#owners.set(keyOf(id), requestId);
  }

  /** Each once. */
  leaksIn(text: string): Leak[] {
    const leaks = this.#formsOf(text).flatMap(({ as, form }) => [
      ...identifiersIn(form).flatMap((found) => {
        const requestId = this.#owners.get(keyOf(found));
        return requestId === undefined ? [] : [{ requestId, as }];
      }),
      ...this.#secrets
        .filter((secret) => form.includes(secret))
        .map((secret) => ({ requestId: '', as: `${as}: ${secret}` })),
    ]);
    return [...new Map(leaks.map((leak) => [`${leak.requestId} ${leak.as}`, leak])).values()];
  }

  #formsOf(text: string): { readonly as: string; readonly form: string }[] {
    const unescaped = /%[0-9a-f]{2}/i.test(text)
      ? [
          {
            as: 'percent-encoded',
            form: text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          },
        ]
      : [];
    const hex = [...text.matchAll(HEX_RUN)].map(([run]) => Buffer.from(run, 'hex').toString('latin1')).join('\n');
    return [
      { as: 'plain text', form: text },
      ...unescaped,
      ...(hex === '' ? [] : [{ as: 'hex', form: hex }]),
      ...unpacked(text, 1),
    ];
  }
}

function identifiersIn(text: string): string[] {
  const found = [...text.matchAll(identifier)].map(([id]) => id);
  // A pattern that begins with a name of any length would be tried anew at each letter of a long text.
  for (let at = text.indexOf(MAIL_HOST); at !== -1; at = text.indexOf(MAIL_HOST, at + 1)) {
    const name = MAIL_NAME.exec(text.slice(Math.max(0, at - 64), at))?.[0] ?? '';
    found.push(`${name}${MAIL_HOST}`);
  }
  return found;
}

function unpacked(text: string, depth: number): { readonly as: string; readonly form: string }[] {
  if (depth > UNPACKING_DEPTH_MAX) return [];
  // What is sealed or signed decodes to bytes: only text is worth another look, and what is deflated.
  const runs = [...text.matchAll(BASE64_RUN)].flatMap(([run]) => {
    const bytes = Buffer.from(run, 'base64');
    return (WORD.test(run) ? [bytes] : [bytes, inflated(bytes)])
      .map((form) => form.toString('latin1'))
      .filter((form) => form !== '' && isText(form));
  });
  const form = runs.join('\n');
  return form === '' ? [] : [{ as: `base64 (${depth})`, form }, ...unpacked(form, depth + 1)];
}

/** Empty where it is not: certificates in histories are. */
function inflated(bytes: Buffer): Buffer {
  try {
    return inflateRawSync(bytes, { maxOutputLength: INFLATED_LENGTH_MAX });
  } catch {
    return Buffer.alloc(0);
  }
}

function isText(bytes: string): boolean {
  let printable = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const code = bytes.charCodeAt(index);
    if (code >= 32 && code < 127) printable += 1;
  }
  return printable >= bytes.length * 0.8;
}

function keyOf(identifierText: string): string {
  const lower = identifierText.toLowerCase();
  return /^[0-9a-f-]{32,36}$/.test(lower) ? lower.replaceAll('-', '') : lower;
}
