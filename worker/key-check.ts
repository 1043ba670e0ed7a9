import { ConfigurationError } from '../config/environment';
import type { WorkerConfig } from '../config/worker-config';
import {
  environmentProblem,
  factKeyProblem,
  hasDecisionKeys,
  readCertificateKeys,
  readDecisionKeys,
  readFactKeys,
  readProviderKeys,
} from '../security/key-files';

/** Refuses key files that do not belong together: what this worker seals, signs or checks would be good for nobody. */
export async function checkKeys({
  keysDirectory,
  keyPermissions,
  providers,
  servesWorkflows,
}: Pick<WorkerConfig, 'keysDirectory' | 'keyPermissions' | 'providers' | 'servesWorkflows'>): Promise<void> {
  const signing = await Promise.all([
    ...(servesWorkflows ? [readCertificateKeys(keysDirectory, keyPermissions)] : []),
    ...providers.map((provider) => readProviderKeys(keysDirectory, provider, keyPermissions)),
  ]);
  const decision = (await hasDecisionKeys(keysDirectory))
    ? [await readDecisionKeys(keysDirectory, keyPermissions)]
    : [];
  const known = await readFactKeys(keysDirectory, keyPermissions);
  const problem =
    environmentProblem([...signing, ...decision, known]) ??
    signing.map((keys) => factKeyProblem(keys, known)).find((found) => found !== undefined);
  if (problem !== undefined) throw new ConfigurationError([`ERASURE_KEYS_DIR: ${problem}`]);
}
