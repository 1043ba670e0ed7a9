/** Whether the key files of one process belong together. */
import { DECISION_KEYS_FILE, FACT_KEYS_FILE, GATEWAY_DECISION_FILE, providerFile } from './key-generation';
import type {
  CertificateKeys,
  ClientKeys,
  DecisionKeys,
  FactKeys,
  FactRole,
  FactSigningKeys,
  GatewayDecisionKeys,
  GatewayKeys,
  ProviderKeys,
} from './key-shapes';

type RoleKeys =
  ClientKeys | ProviderKeys | CertificateKeys | GatewayKeys | GatewayDecisionKeys | DecisionKeys | FactKeys;

/** What is wrong, as a sentence that names both files, or undefined. */
export function environmentProblem(files: readonly RoleKeys[]): string | undefined {
  const [first, ...others] = files;
  const other = others.find(({ environment }) => environment !== first?.environment);
  if (first === undefined || other === undefined) return undefined;
  return (
    `${fileOf(first)} was made for the environment ${first.environment}, and ${fileOf(other)} for ${other.environment}: ` +
    'keys of different environments do not work together'
  );
}

/**
 * Why nobody would believe what a process with these keys has seen: a sentence that names the file, or undefined. `known`
 * is what is in fact-keys.json.
 */
export function factKeyProblem(keys: FactSigningKeys, known: FactKeys): string | undefined {
  const file = fileOf(keys);
  const role = factRoleOf(keys);
  for (const { kid } of keys.facts) {
    const entry = known.keys.find(({ key }) => key.kid === kid);
    if (entry === undefined) {
      return `${file}: its facts key is not in ${FACT_KEYS_FILE}; run erasure keys init --upgrade`;
    }
    if (entry.for !== role) return `${file}: its facts key is in ${FACT_KEYS_FILE} as one of another role`;
  }
  return environmentProblem([keys, known]);
}

export function factRoleOf(keys: FactSigningKeys): FactRole {
  switch (keys.role) {
    case 'provider':
      return keys.provider;
    case 'gateway':
      return 'gateway';
    case 'certificate':
      return 'workflows';
  }
}

function fileOf(keys: RoleKeys): string {
  switch (keys.role) {
    case 'provider':
      return providerFile(keys.provider);
    case 'decision':
      return DECISION_KEYS_FILE;
    case 'fact-keys':
      return FACT_KEYS_FILE;
    case 'gateway-decision':
      return GATEWAY_DECISION_FILE;
    case 'client':
    case 'certificate':
    case 'gateway':
      return `${keys.role}.json`;
  }
}
