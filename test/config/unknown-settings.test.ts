import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unknownSettings } from '../../config/unknown-settings';

const read = (file: string): string => readFileSync(join(__dirname, '..', '..', file), 'utf8');
const value = 'planted';

describe('unknownSettings', () => {
  it.each([
    ['PERSON_API_REQUEST_PER_SECOND', 'PERSON_API_REQUESTS_PER_SECOND'],
    ['PERSON_REQUESTS_PER_SECOND', 'PERSON_API_REQUESTS_PER_SECOND'],
    ['PERSON_API_CLIENTID', 'PERSON_API_CLIENT_ID'],
    ['APTRINISC_API_KEY', 'APTRINSIC_API_KEY'],
    ['MEASURE_ONE_CLIENT_SECRET', 'MEASUREONE_CLIENT_SECRET'],
    ['ERASURE_PROVIDER', 'ERASURE_PROVIDERS'],
    ['ERASURE_KEY_DIR', 'ERASURE_KEYS_DIR'],
    ['Erasure_Keys_Dir', 'ERASURE_KEYS_DIR'],
    ['ERASURE-KEYS-DIR', 'ERASURE_KEYS_DIR'],
    ['SERVER_OIDC_ISUER', 'SERVER_OIDC_ISSUER'],
    ['TEMPORAL_ADRESS', 'TEMPORAL_ADDRESS'],
    ['TEMPORAL_APIKEY', 'TEMPORAL_API_KEY'],
    ['TEMPORAL_TLS_CLIENT_CERTIFICATE_PATH', undefined],
    ['TEMPORAL_TLS_CLIENT_CERTS_PATH', 'TEMPORAL_TLS_CLIENT_CERT_PATH'],
    ['METRIC_ADDRESS', 'METRICS_ADDRESS'],
  ])('names %s, and what was meant', (name, meant) => {
    expect(unknownSettings({ [name]: value })).toEqual(
      meant === undefined ? [] : [`${name} is no setting of ours and is ignored: did you mean ${meant}?`],
    );
  });

  it('names what has our prefix and is near to nothing', () => {
    expect(unknownSettings({ PERSON_CLIENT_ID: value })).toHaveLength(1);
    expect(unknownSettings({ ERASURE_COLOUR_OF_LOGS: value })).toEqual([
      'ERASURE_COLOUR_OF_LOGS is no setting of ours and is ignored: see docs/configuration.md',
    ]);
  });

  it('is silent about every setting of the documents, and about what is empty', () => {
    const names = [...read('docs/configuration.md').matchAll(/^\| `([A-Z][A-Z0-9_]+)`/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(50);
    expect(unknownSettings(Object.fromEntries(names.map((name) => [name, value])))).toEqual([]);
    expect(unknownSettings({ ERASURE_PROVIDER: '', GATEWAY_HOSTS: ' ' })).toEqual([]);
  });

  it('is silent about the demo of docker-compose.yml, and about what others set', () => {
    const demo = [...read('deploy/compose/demo.env').matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
    const others = [
      'PATH',
      'HOME',
      'HTTPS_PROXY',
      'NODE_EXTRA_CA_CERTS',
      'KUBERNETES_SERVICE_HOST',
      'TEMPORAL_GRPC_META_X_TEAM',
      'TEMPORAL_CODEC_ENDPOINT',
      'TEMPORAL_CLI_OUTPUT',
      'POSTGRES_SEEDS',
      'NPM_CONFIG_REGISTRY',
      'LOG_LEVELS',
    ];
    expect(unknownSettings(Object.fromEntries([...demo, ...others].map((name) => [name, value])))).toEqual([]);
  });

  it('is silent about what Kubernetes sets for a service of ours', () => {
    expect(
      unknownSettings({
        ERASURE_GATEWAY_SERVICE_HOST: '10.0.0.1',
        ERASURE_GATEWAY_SERVICE_PORT: '8080',
        ERASURE_GATEWAY_SERVICE_PORT_HTTP: '8080',
        ERASURE_GATEWAY_PORT: 'tcp://10.0.0.1:8080',
        ERASURE_GATEWAY_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
        ERASURE_GATEWAY_PORT_8080_TCP_PROTO: 'tcp',
        ERASURE_GATEWAY_PORT_8080_TCP_PORT: '8080',
        ERASURE_GATEWAY_PORT_8080_TCP_ADDR: '10.0.0.1',
      }),
    ).toEqual([]);
  });
});
