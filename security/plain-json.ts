/**
 * Throws a `TypeError` unless `value` is what JSON can hold, apart from members that are undefined.
 * Canonical JSON of anything else drops content silently (a Map becomes `{}`), and two requests would look the same.
 */
export function assertPlainJson(value: unknown): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'number' && Number.isFinite(value)) return;
  if (typeof value === 'string' && isWellFormed(value)) return;
  if (Array.isArray(value)) {
    // Not `forEach`: it would skip holes.
    for (const element of value as unknown[]) assertPlainJson(element);
    return;
  }
  if (!isPlainObject(value)) throw new TypeError('Expected plain JSON.');
  for (const [key, member] of Object.entries(value)) {
    if (!isWellFormed(key)) throw new TypeError('Expected plain JSON.');
    if (member !== undefined) assertPlainJson(member);
  }
}

/** RFC 8785 has no canonical form for half of a surrogate pair. */
function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]' && !('toJSON' in (value as object));
}
