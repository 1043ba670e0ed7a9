import type { PolicyFile } from '../config/policy-file';
import type { CommandContext } from './context';

/** The company's policy file: as named by `--policy`, else by ERASURE_POLICY_FILE, else what is built in. Throws `ConfigurationError`. */
export async function readPolicy(
  path: string | undefined,
  { environment }: CommandContext,
): Promise<{ readonly policy: PolicyFile; readonly isBuiltIn: boolean }> {
  const { readEnvironment } = await import('../config/environment.js');
  const { readPolicyFile } = await import('../config/policy-file.js');
  const { workerVariables } = await import('../config/worker-config.js');
  const { ERASURE_POLICY_FILE } = workerVariables;
  const named = path ?? readEnvironment({ ERASURE_POLICY_FILE }, environment).ERASURE_POLICY_FILE;
  return { policy: readPolicyFile(named), isBuiltIn: named === undefined };
}
