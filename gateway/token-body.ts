import { isRecord, parsedJson } from '../domain/text';

/**
 * The fields of a token request. They come as JSON or as a form, and a provider's document may not say which of the two when
 * no content type was asked for; so whatever is not named a form is read as JSON. What is neither has no fields.
 */
export function readTokenBody(body: Buffer | undefined, contentType: string | undefined): ReadonlyMap<string, string> {
  const text = new TextDecoder().decode(body);
  return contentType?.toLowerCase().includes('application/x-www-form-urlencoded')
    ? fieldsOfForm(text)
    : fieldsOfJson(text);
}

/** A field given twice says two things, and so nothing. */
function fieldsOfForm(text: string): ReadonlyMap<string, string> {
  const form = new URLSearchParams(text);
  return new Map([...form].filter(([name]) => form.getAll(name).length === 1));
}

function fieldsOfJson(text: string): ReadonlyMap<string, string> {
  const content = parsedJson(text);
  const entries = isRecord(content) ? Object.entries(content) : [];
  return new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}
