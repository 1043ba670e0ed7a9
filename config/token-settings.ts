/** The credentials of a provider's token request: what the worker tells it to send, and what the gateway lets in. */
import { z } from 'zod';
import { defined } from '../domain/defined';
import { parsedJson } from '../domain/text';
import type { TokenCredentials } from '../domain/provider/provider-settings';

const SECRET_LENGTH_MIN = 16;
/** The HTTP client that calls us sets these as it likes, so they prove nothing. */
const headersOfAnyClient = ['accept', 'connection', 'content-length', 'content-type', 'host', 'transfer-encoding'];

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);
const fieldName = z.string().min(1).max(64);
/** Fits into a header: printable ASCII, no space at either end. */
const value = z.string().regex(/^[!-~](?:[ -~]{0,4094}[!-~])?$/);
const values = {
  headers: z.record(headerName, value).optional(),
  data: z.record(fieldName, value).optional(),
};

const sent = z
  .strictObject({ key_id: z.string().min(1).max(256).optional(), ...values })
  .refine(({ headers, data }) => countOf(headers) + countOf(data) > 0);

/** For the worker: goes to the provider as it is. */
export const sentTokenCredentials = z.string().transform((text, context): TokenCredentials => {
  const parsed = sent.safeParse(parsedJson(text));
  if (!parsed.success) {
    const message =
      'expected JSON with "headers" or "data", objects of texts, and perhaps "key_id" if these are encrypted';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  }
  const { key_id: keyId, headers, data } = parsed.data;
  if (keyId === undefined && !holdsSecret([headers, data])) {
    context.addIssue({ code: 'custom', message: noSecret });
    return z.NEVER;
  }
  return defined({ keyId, headers, data });
});

export interface AcceptedTokenCredentials {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

const accepted = z.strictObject(values);

/** For the gateway: one object or a list of them, since what a provider was told days ago must go on to be let in. */
export const acceptedTokenCredentials = z.string().transform((text, context): readonly AcceptedTokenCredentials[] => {
  const refuse = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  const content = parsedJson(text);
  const parsed = z
    .array(accepted)
    .min(1)
    .max(10)
    .safeParse(Array.isArray(content) ? content : [content]);
  if (!parsed.success) {
    return refuse('expected JSON with "headers" or "data" in the clear, objects of texts, or a list of up to 10 such');
  }
  const all = parsed.data.map(({ headers = {}, data = {} }) => ({ headers: lowerCaseNames(headers), data }));
  if (!all.every(({ headers, data }) => holdsSecret([headers, data]))) return refuse(noSecret);
  const reserved = all.flatMap(({ headers }) => headersOfAnyClient.filter((name) => Object.hasOwn(headers, name)));
  if (reserved.length > 0) return refuse(`leave the header ${reserved[0]} out: it proves nothing`);
  return all;
});

const noSecret = `expected at least one value of ${SECRET_LENGTH_MIN} characters or more in each, as the secret`;

function holdsSecret(parts: readonly (Readonly<Record<string, string>> | undefined)[]): boolean {
  return parts
    .flatMap((part) => Object.entries(part ?? {}))
    .some(([name, text]) => text.length >= SECRET_LENGTH_MIN && !headersOfAnyClient.includes(name.toLowerCase()));
}

function countOf(part: object | undefined): number {
  return Object.keys(part ?? {}).length;
}

function lowerCaseNames(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text]));
}
