/** Whether the key files of one process belong together. */
import type { FactRole } from '../domain/fact/fact';
import { keyFileOf, keyFiles, type FactKeys, type FactSigningKeys, type RoleKeys } from './key-table';

/** What is wrong, as a sentence that names both files, or undefined. */
export function environmentProblem(files: readonly RoleKeys[]): string | undefined {
  const [first, ...others] = files;
  const other = others.find(({ environment }) => environment !== first?.environment);
  if (first === undefined || other === undefined) return undefined;
  return (
    `${keyFileOf(first).name} was made for the environment ${first.environment}, and ${keyFileOf(other).name} ` +
    `for ${other.environment}: keys of different environments do not work together`
  );
}

/**
 * Why nobody would believe what a process with these keys has seen: a sentence that names the file, or undefined. `known`
 * is what is in fact-keys.json.
 */
export function factKeyProblem(keys: FactSigningKeys, known: FactKeys): string | undefined {
  const { name } = keyFileOf(keys);
  for (const { kid } of keys.facts) {
    const entry = known.keys.find(({ key }) => key.kid === kid);
    if (entry === undefined) {
      return `${name}: its facts key is not in ${keyFiles['fact-keys'].name}; run erasure keys init --upgrade`;
    }
    if (entry.for !== factRoleOf(keys)) {
      return `${name}: its facts key is in ${keyFiles['fact-keys'].name} as one of another role`;
    }
  }
  return environmentProblem([keys, known]);
}

export function factRoleOf(keys: FactSigningKeys): FactRole {
  const { signsAs } = keyFileOf(keys);
  if (signsAs === undefined) throw new TypeError('These keys sign no facts');
  return signsAs;
}
