/** Settings that look like ours and are none: a misspelt one would be ignored in silence. */
import { providerFacts, providerKeys } from '../domain/provider/provider-table';
import { clientVariables } from './client-config';
import type { Environment } from './environment';
import { gatewayVariables } from './gateway-config';
import { serverVariables } from './server-config';
import { providerVariables } from './provider-config';
import { staffVariables } from './staff-config';
import { workerVariables } from './worker-config';

/** Of all processes, since they may share one file. */
const ours: readonly string[] = [
  ...Object.keys(workerVariables),
  ...Object.keys(gatewayVariables),
  ...Object.keys(serverVariables),
  ...Object.keys(clientVariables),
  ...Object.keys(staffVariables),
  ...Object.values(providerVariables).flatMap((variables) => Object.keys(variables)),
  // Read where they are needed: by the command line, the local stack and docker-compose.yml.
  'ERASURE_DEBUG',
  'ERASURE_ENGINE',
  'ERASURE_LOCAL_DIR',
  'ERASURE_SIMULATOR_URL',
  'ERASURE_ENV_FILE',
];

const pairs = ['CLIENT_CERT', 'CLIENT_KEY', 'SERVER_CA_CERT'].flatMap((name) => [`${name}_PATH`, `${name}_DATA`]);
const ofTls = [...pairs, 'SERVER_NAME', 'DISABLE_HOST_VERIFICATION'].map((name) => `TEMPORAL_TLS_${name}`);
const temporals: readonly string[] = [
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_CONFIG_FILE',
  'TEMPORAL_PROFILE',
  'TEMPORAL_CODEC_ENDPOINT',
  'TEMPORAL_CODEC_AUTH',
  'TEMPORAL_TLS',
  ...ofTls,
];

const known = [...new Set([...ours, ...temporals])];
/** Of a provider the first word only: `ACME_CLIENT_ID` is meant for `ACME_API_CLIENT_ID`. */
const ofProviders = providerKeys.map((provider) => `${providerFacts(provider).limits.variables.split('_')[0]}_`);
const prefixes = ['ERASURE_', 'GATEWAY_', 'SERVER_OIDC_', ...ofProviders];
/** What Kubernetes and Docker put into the environment for a service of such a name. */
const ofService = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const isOfService = (name: string, value: string): boolean =>
  ofService.test(name) || (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value));
/** Shorter names, such as LOG_LEVEL, are near to those of others. */
const LENGTH_MIN = 12;
const LETTERS_FOR_A_SLIP = 6;

/** A sentence for each, without its value. Other tools have settings of Temporal too, and so only what is near to one is named. */
export function unknownSettings(environment: Environment): readonly string[] {
  return Object.entries(environment).flatMap(([name, value = '']) => {
    if (value.trim() === '' || known.includes(name) || isOfService(name, value)) return [];
    const near = nearest(name);
    if (near !== undefined) return [`${name} is no setting of ours and is ignored: did you mean ${near}?`];
    return prefixes.some((prefix) => name.startsWith(prefix))
      ? [`${name} is no setting of ours and is ignored: see docs/configuration.md`]
      : [];
  });
}

function nearest(name: string): string | undefined {
  const upper = name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
  if (upper.length < LENGTH_MIN) return undefined;
  const [best] = known
    .filter((candidate) => candidate.length >= LENGTH_MIN)
    .map((candidate) => ({ candidate, slips: slipsBetween(upper, candidate) }))
    .toSorted((one, other) => one.slips - other.slips);
  return best !== undefined && best.slips <= upper.length / LETTERS_FOR_A_SLIP ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function slipsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of one.split('').entries()) {
    const next = [i + 1];
    for (const [j, wanted] of other.split('').entries()) {
      const replaced = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
