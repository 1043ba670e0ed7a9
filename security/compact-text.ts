import { parsedJson } from '../domain/text';

const textDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The parts of a JOSE compact serialization, or undefined when it is none or is too long.
 * One value has many spellings in lenient base64url (spare bits, padding, white space), and a verifier that takes them all
 * lets a byte be altered unnoticed. So each part must be exactly what encoding its own value gives.
 */
export function compactParts(
  text: unknown,
  { count, lengthMax }: { readonly count: number; readonly lengthMax: number },
): readonly string[] | undefined {
  if (typeof text !== 'string' || text.length > lengthMax) return undefined;
  const parts = text.split('.');
  const canonical = parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
  return parts.length === count && canonical ? parts : undefined;
}

/** The JSON in a base64url part, or undefined. */
export function jsonOf(part: string | undefined): unknown {
  return parseJson(Buffer.from(part ?? '', 'base64url'));
}

export function parseJson(bytes: Uint8Array): unknown {
  try {
    return parsedJson(textDecoder.decode(bytes));
  } catch {
    return undefined;
  }
}
