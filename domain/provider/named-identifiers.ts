/** Whom a provider's words are about. Its document may leave open where, or whether, they give the person's identifier. */
import { isRecord, letters } from '../text';
import { identifierFields, type Provider } from './provider-table';

/**
 * The identifiers in a body, however deep: what stands under the provider's own name for it, in any spelling, or under `id` in
 * what that name is the id of, or a text in place of that. Those of one list are one group, of which one may be meant.
 */
export function namedIdentifiers(body: unknown, provider: Provider): readonly (readonly string[])[] {
  const field = letters(identifierFields[provider]);
  const identified = field.replace(/id$/, '');
  const idsIn = (value: unknown): string[] =>
    isRecord(value)
      ? Object.entries(value).flatMap(([name, held]) => (['id', field].includes(letters(name)) ? ids(held) : []))
      : ids(value);

  const groups: string[][] = [];
  // Without recursion: whoever writes the body says how deep it is.
  const open: unknown[] = [body];
  for (let at = 0; at < open.length; at += 1) {
    const value = open[at];
    if (Array.isArray(value)) open.push(...(value as unknown[]));
    else if (isRecord(value)) {
      for (const [name, held] of Object.entries(value)) {
        const one = letters(name).replace(/s$/, '');
        // Under the name of what it identifies, a number may say how many there are.
        const isNamed = one === field || (one === identified && typeof held !== 'number');
        const group = isNamed ? [held].flat().flatMap(idsIn) : [];
        if (group.length > 0) groups.push(group);
        else open.push(held);
      }
    }
  }
  return groups;
}

function ids(value: unknown): string[] {
  const all: unknown[] = [value].flat();
  return all.filter((id) => typeof id === 'number' || (typeof id === 'string' && id.trim() !== '')).map(String);
}
