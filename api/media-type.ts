export const ndjson = 'application/x-ndjson';
export const csv = 'text/csv';

/** Without its parameters, in lower case; empty where none is given. */
export function mediaTypeOf(header: string | undefined): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
