/** What text may look like that is not ours: codes, opaque references, and nothing that a person could be named with. */

/** Opaque references: no `@`, no spaces, so that neither an address nor a sentence fits in. */
export const opaquePattern = /^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}$/;
/** Whether it can be an opaque reference. */
export function isOpaque(value: unknown): value is string {
  return isMatch(value, opaquePattern);
}

export const reasonCodePattern = /^[a-z0-9]+(-[a-z0-9]+){0,7}$/;

/** Lower case words joined by hyphens, e.g. `web-form`. */
export function isCode(value: unknown): value is string {
  return isMatch(value, reasonCodePattern) && value.length <= 64;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMatch(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}

/** What is in a JSON text; undefined for any other. It says nothing why: a parser's message quotes the text. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Whether an object of a JSON text, which must be valid, gives one name twice: it says two things then, and a parser keeps the
 * last of them without a word.
 */
export function givesNameTwice(json: string): boolean {
  /** The names of each object that is open; none for a list. */
  const open: (Set<string> | undefined)[] = [];
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}[\]]/gs;
  for (const [token, colon] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string;
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}

/** Of a name in JSON, so that `created_at`, `createdAt` and `Created-At` are one. */
export function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, '');
}

/** In any case. */
export function isUuid(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** The code of a system's error, e.g. `ENOENT`: its message names whole paths. */
export function errorCode(error: unknown): string {
  return isRecord(error) && typeof error['code'] === 'string' ? error['code'] : 'unknown reason';
}

/** For HTML that is put together by hand, between tags and in quoted attributes. */
export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
