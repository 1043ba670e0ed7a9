/** The key files of a worker, each read once. */
import { ConfigurationError } from '../config/environment';
import type { WorkerConfig } from '../config/worker-config';
import type { Provider } from '../domain/provider/provider-table';
import {
  hasDecisionKeys,
  readCertificateKeys,
  readDecisionKeys,
  readFactKeys,
  readProviderKeys,
} from '../security/key-files';
import { environmentProblem, factKeyProblem } from '../security/key-sets';
import type { CertificateKeys, DecisionKeys, FactKeys, ProviderKeys } from '../security/key-table';

export interface WorkerKeys {
  /** Where it serves the workflows. */
  readonly certificate: CertificateKeys | undefined;
  readonly providers: ReadonlyMap<Provider, ProviderKeys>;
  readonly facts: FactKeys;
  /** Absent in a key directory of an earlier release. */
  readonly decision: DecisionKeys | undefined;
}

/** Refuses key files that do not belong together: what this worker seals, signs or checks would be good for nobody. */
export async function readWorkerKeys(
  config: Pick<WorkerConfig, 'keysDirectory' | 'keyPermissions' | 'providers' | 'servesWorkflows'>,
): Promise<WorkerKeys> {
  const { keysDirectory, keyPermissions, servesWorkflows } = config;
  const [certificate, ...providers] = await Promise.all([
    servesWorkflows ? readCertificateKeys(keysDirectory, keyPermissions) : undefined,
    ...config.providers.map((provider) => readProviderKeys(keysDirectory, provider, keyPermissions)),
  ]);
  const decision = (await hasDecisionKeys(keysDirectory))
    ? await readDecisionKeys(keysDirectory, keyPermissions)
    : undefined;
  const facts = await readFactKeys(keysDirectory, keyPermissions);
  const signing = [...(certificate ? [certificate] : []), ...providers];
  const problem =
    environmentProblem([...signing, ...(decision ? [decision] : []), facts]) ??
    signing.map((keys) => factKeyProblem(keys, facts)).find((found) => found !== undefined);
  if (problem !== undefined) throw new ConfigurationError([`ERASURE_KEYS_DIR: ${problem}`]);
  return { certificate, providers: new Map(providers.map((keys) => [keys.provider, keys])), facts, decision };
}
