/** Dockerfile, docker-compose.yml and deploy/kubernetes are held against the code. `deploy/check` checks their syntax. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { problemsOfCalendars } from '../../domain/law/counting/chosen-calendars';
import { clientVariables } from '../../config/client-config';
import { gatewayVariables, readGatewayConfig } from '../../config/gateway-config';
import { providerVariables } from '../../config/provider-config';
import { readServerConfig, serverVariables } from '../../config/server-config';
import { readWorkerConfig, workerVariables } from '../../config/worker-config';
import { providerKeys } from '../../domain/provider/provider-table';
import { regulations } from '../../domain/law/regulation';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import { factRoles } from '../../domain/fact/fact';
import { readFactKeys } from '../../security/key-files';
import { newKeyFiles } from '../../security/key-generation';
import { providerKeyFile } from '../../security/key-table';
import { SHUTDOWN_FORCE_MS } from '../../worker/worker';
import {
  composeServices,
  dockerfileStages,
  engines,
  envFile,
  exists,
  isErasureCommand,
  manifests,
  read,
  root,
  scripts,
  sourceFolders,
  version,
  without,
  type Manifest,
  type Service,
  type Stage,
  type ValueFrom,
} from './deployment-files';
import { RETENTION_DAYS_MIN } from '../../temporal/retention';

const gatewayPort = gatewayVariables.GATEWAY_PORT.parse(undefined);
const METRICS_PORT = 9464;
const GATEWAY_METRICS_PORT = 9465;
const serverPort = serverVariables.SERVER_PORT.parse(undefined);
const SERVER_METRICS_PORT = 9466;
const TEMPORAL_PORT = 7233;
const UI_PORT = 8233;
/** The pause of its preStop, and what it takes to finish what is under way. */
const GATEWAY_DRAIN_MS = 20_000;
const SERVER_DRAIN_MS = 35_000;
const temporalSettings = read(join('node_modules', '@temporalio', 'envconfig', 'lib', 'envconfig-toml.js'));
const settings: Readonly<Record<'worker' | 'gateway' | 'server' | 'client', readonly string[]>> = {
  worker: [...Object.keys(workerVariables), ...Object.values(providerVariables).flatMap(Object.keys)],
  gateway: Object.keys(gatewayVariables),
  server: Object.keys(serverVariables),
  client: Object.keys(clientVariables),
};

function unknownSettings(names: readonly string[], process: keyof typeof settings): readonly string[] {
  return names.filter(
    (name) =>
      !settings[process].includes(name) &&
      name !== 'NODE_EXTRA_CA_CERTS' &&
      !(name.startsWith('TEMPORAL_') && temporalSettings.includes(`'${name}'`)),
  );
}

describe('Dockerfile', () => {
  const stages = dockerfileStages();
  const stage = (name: string): Stage => {
    const found = stages.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`There is no stage ${name}`);
    return found;
  };
  const all = (keyword: string, among: readonly Stage[] = stages) =>
    among.flatMap(({ instructions }) => instructions.filter((one) => one.keyword === keyword).map(({ rest }) => rest));
  const words = (array: string): readonly string[] => JSON.parse(array) as string[];

  it('starts every stage from one version of a glibc image that the package supports', () => {
    const [, major = '', minor = ''] =
      /^ARG NODE_IMAGE=node:(\d+)\.(\d+)\.\d+-bookworm-slim$/m.exec(read('Dockerfile')) ?? [];
    expect(engines.node).toBe('^20.19.0 || >=22.12.0');
    expect(Number(major) * 100 + Number(minor)).toBeGreaterThanOrEqual(2212);
    const bases = stages.map(({ from }) => from);
    expect(bases.filter((from) => from !== '${NODE_IMAGE}' && from !== 'runtime')).toEqual([]);
    expect(stages.at(-1)?.name).toBe('worker');
  });

  it('installs what production needs only, and runs no install script', () => {
    const installs = all('RUN').filter((command) => command.includes('npm ci'));
    expect(installs).toEqual(['npm ci --ignore-scripts', 'npm ci --omit=dev --ignore-scripts']);
    expect(all('COPY', [stage('runtime')])).toContain('--from=dependencies /app/node_modules node_modules');
  });

  it('runs scripts and commands that exist', () => {
    const run = all('RUN').flatMap((command) =>
      [...command.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(run).toEqual(['build']);
    expect(run.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    expect(all('ENTRYPOINT', [stage('runtime')])).toEqual(['["erasure"]']);
    for (const name of ['runtime', 'gateway', 'server', 'worker']) {
      const [command = '[]'] = all('CMD', [stage(name)]);
      expect([name, isErasureCommand(words(command))]).toEqual([name, true]);
      for (const check of all('HEALTHCHECK', [stage(name)])) {
        const [program, ...rest] = words(check.slice(check.indexOf('CMD ') + 4));
        expect([program, isErasureCommand(rest)]).toEqual(['erasure', true]);
      }
    }
    expect(all('HEALTHCHECK')).toHaveLength(3);
    for (const file of all('COPY').filter((copied) => copied.startsWith('deploy/'))) {
      expect(exists(file.split(' ')[0] ?? '')).toBe(true);
    }
  });

  it('sets what is a setting of the process, and exposes the port that it listens on', () => {
    const environment = (name: string): readonly string[] =>
      all('ENV', [stage('runtime'), stage(name)])
        .flatMap((line) => line.split(' '))
        .filter((pair) => !pair.startsWith('NODE_ENV='));
    const names = (name: string): readonly string[] => environment(name).map((pair) => pair.split('=')[0] ?? '');
    expect(unknownSettings(names('worker'), 'worker')).toEqual([]);
    expect(unknownSettings(names('gateway'), 'gateway')).toEqual([]);
    expect(environment('gateway')).toContain(`GATEWAY_PORT=${gatewayPort}`);
    expect(environment('gateway')).toContain(`GATEWAY_METRICS_ADDRESS=0.0.0.0:${GATEWAY_METRICS_PORT}`);
    expect(unknownSettings(names('server'), 'server')).toEqual([]);
    expect(environment('server')).toContain(`SERVER_PORT=${serverPort}`);
    expect(all('EXPOSE', [stage('server')])).toEqual([`${serverPort} ${SERVER_METRICS_PORT}`]);
    expect(environment('worker')).toContain(`METRICS_ADDRESS=0.0.0.0:${METRICS_PORT}`);
    expect(all('EXPOSE', [stage('gateway')])).toEqual([`${gatewayPort} ${GATEWAY_METRICS_PORT}`]);
    expect(all('EXPOSE', [stage('worker')])).toEqual([String(METRICS_PORT)]);
  });

  it('ends as a user that is not root, by number', () => {
    expect(all('USER')).toEqual(['1000:1000']);
    expect(all('USER', [stage('runtime')])).toHaveLength(1);
  });
});

describe('.dockerignore', () => {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));

  it('lets in every folder that is compiled, and the files that are copied, and nothing else', () => {
    expect(lines[0]).toBe('*');
    const let_in = lines.slice(1).map((line) => line.slice(1));
    expect(lines.slice(1).filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(let_in.filter((name) => !exists(name))).toEqual([]);
    const files = let_in.filter((name) => statSync(join(root, name)).isFile());
    expect(let_in.filter((name) => !files.includes(name)).toSorted()).toEqual(sourceFolders().toSorted());
    const build = ['.npmrc', 'LICENSE', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
    expect(files.toSorted()).toEqual([...build, 'deploy/prune-native.sh'].toSorted());
  });
});

describe('docker-compose.yml', () => {
  const services = composeServices();
  const service = (name: string): Service => {
    const found = services[name];
    if (found === undefined) throw new Error(`There is no service ${name}`);
    return found;
  };
  const targets = dockerfileStages().map(({ name }) => name);
  const ours = Object.entries(services).filter(([, { image = '' }]) => image.startsWith('erasure-'));

  it('pins every image to a version, and our own to the version of the package', () => {
    const images = Object.values(services).map(({ image = '' }) => image);
    expect(images.filter((image) => !/^[\w./-]+:\d+(\.\d+)+(-[\w.]+)?$/.test(image))).toEqual([]);
    const own = targets.map((target) => `erasure-${target}:${version}`);
    expect(ours.filter(([, { image = '' }]) => !own.includes(image))).toEqual([]);
    for (const [, { image, build }] of ours)
      expect([image, undefined]).toContain(build && `erasure-${build.target}:${version}`);
  });

  it('gives worker, gateway, server and command settings that they read', () => {
    const names = (name: string): readonly string[] => Object.keys(service(name).environment ?? {});
    expect(unknownSettings(names('worker'), 'worker')).toEqual([]);
    expect(unknownSettings(names('gateway'), 'gateway')).toEqual([]);
    expect(unknownSettings(names('server'), 'server')).toEqual([]);
    expect(unknownSettings(names('cli'), 'client')).toEqual([]);
    const gateway = readGatewayConfig(interpolated(service('gateway').environment));
    expect(gateway).toMatchObject({ port: gatewayPort, host: '0.0.0.0', invalidPerMinute: 60, logLevel: 'info' });
    // Those of the others come with .env as a whole.
    expect(names('gateway')).toEqual(expect.arrayContaining([...settings.gateway]));
    const server = readServerConfig(without(interpolated(service('server').environment), 'ERASURE_POLICY_FILE'));
    expect(server).toMatchObject({ port: serverPort, host: '0.0.0.0' });
    expect(names('server')).toEqual(expect.arrayContaining([...settings.server]));
    expect(service('worker').env_file).toEqual(['${ERASURE_ENV_FILE:-.env}']);
  });

  it('lets worker, gateway, server and command find a CA of the company', () => {
    for (const name of ['worker', 'gateway', 'server', 'cli']) {
      expect(service(name).environment?.['NODE_EXTRA_CA_CERTS']).toBe('/setup/company-ca.pem');
      expect(service(name).volumes).toContain('./deploy/compose:/setup:ro');
    }
    expect(read(join('docs', 'deployment.md'))).toContain('`deploy/compose/company-ca.pem`');
  });

  it('publishes nothing beyond this machine, and on the ports that the documents name', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    expect(published.toSorted()).toEqual(
      [
        `127.0.0.1:${TEMPORAL_PORT}:${TEMPORAL_PORT}`,
        `127.0.0.1:${UI_PORT}:8080`,
        `127.0.0.1:${gatewayPort}:${gatewayPort}`,
        `127.0.0.1:${METRICS_PORT}:${METRICS_PORT}`,
        `127.0.0.1:${GATEWAY_METRICS_PORT}:${GATEWAY_METRICS_PORT}`,
        `127.0.0.1:${serverPort}:${serverPort}`,
        `127.0.0.1:${SERVER_METRICS_PORT}:${SERVER_METRICS_PORT}`,
      ].toSorted(),
    );
    for (const name of ['worker', 'gateway', 'server', 'simulator'])
      expect(service(name).network_mode).toBe('service:pod');
  });

  it('holds no secret', () => {
    const secrets = Object.values(services)
      .flatMap(({ environment = {} }) => Object.entries(environment))
      .filter(([name, value]) => value !== null && /PASSWORD|PWD|SECRET|TOKEN|KEY/.test(name))
      .filter(([name]) => !name.endsWith('_FILE') && !['ERASURE_KEYS_DIR', 'KEYS_ENVIRONMENT'].includes(name));
    expect(secrets).toEqual([]);
  });

  it.each([
    ['x86_64', 'linux-x64'],
    ['aarch64', 'linux-arm64'],
  ])('leaves of the native libraries in an image what a machine loads: %s', (machine, architecture) => {
    const directory = mkdtempSync(join(tmpdir(), 'erasure-native-'));
    const modules = join(directory, 'node_modules');
    const bridge = join('@temporalio', 'core-bridge');
    const releases = join(bridge, 'releases');
    const prebuilds = join('sodium-native', 'prebuilds');
    const prune = () =>
      spawnSync('sh', [join(root, 'deploy', 'prune-native.sh'), modules], {
        encoding: 'utf8',
        env: { PATH: `${directory}:${process.env['PATH']}` },
      });
    try {
      writeFileSync(join(directory, 'uname'), `#!/bin/sh\necho ${machine}\n`, { mode: 0o755 });
      // As they are installed, by their names.
      for (const within of [bridge, releases, prebuilds]) {
        for (const name of readdirSync(join(root, 'node_modules', within))) {
          mkdirSync(join(modules, within, name), { recursive: true });
        }
      }
      expect(prune()).toMatchObject({ status: 0, stderr: '' });
      expect(readdirSync(join(modules, releases))).toEqual([`${machine}-unknown-linux-gnu`]);
      expect(readdirSync(join(modules, prebuilds))).toEqual([architecture]);
      rmSync(join(modules, prebuilds, architecture), { recursive: true });
      const again = prune();
      expect([again.status, again.stderr]).toEqual([1, expect.stringContaining(`There is no ${architecture} in `)]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('runs scripts that exist and that a shell can read', () => {
    const run = Object.values(services)
      .flatMap(({ entrypoint = [] }) => entrypoint)
      .filter((word) => word.startsWith('/setup/'))
      .map((word) => word.replace('/setup/', 'deploy/compose/'));
    expect(run).toHaveLength(5);
    for (const script of [...run, 'deploy/prune-native.sh']) execFileSync('sh', ['-n', join(root, script)]);
    expect(
      exists(service('temporal').environment?.['DYNAMIC_CONFIG_FILE_PATH']?.replace('/setup', 'deploy/compose') ?? ''),
    ).toBe(true);
  });

  it('keeps ended requests for as long as a worker wishes, and gives it the time to end', () => {
    expect(service('temporal-namespace').environment?.['RETENTION']).toBe(`${RETENTION_DAYS_MIN}d`);
    expect(Number.parseInt(service('worker').stop_grace_period ?? '', 10) * 1000).toBeGreaterThan(SHUTDOWN_FORCE_MS);
  });

  it('hardens each container of ours', () => {
    expect(ours).toHaveLength(8);
    for (const [, container] of ours) {
      expect(container).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    }
  });

  it('has a demo whose settings are complete, and are what the simulator expects', () => {
    const demo = envFile(join('deploy', 'compose', 'demo.env'));
    const own = ['COMPOSE_PROFILES', 'ERASURE_ENV_FILE', 'KEYS_ENVIRONMENT'];
    expect(demo).toMatchObject({ COMPOSE_PROFILES: 'demo', ERASURE_ENV_FILE: 'deploy/compose/demo.env' });
    expect(unknownSettings(Object.keys(without(demo, ...own)), 'worker')).toEqual([]);
    const { ERASURE_POLICY_FILE: policyFile = '', ...environment } = interpolated(service('worker').environment);
    const config = readWorkerConfig({
      ...demo,
      ...environment,
      ERASURE_POLICY_FILE: join(root, policyFile.replace('/setup', 'deploy/compose')),
    });
    expect(problemsOfCalendars(config.policy)).toEqual([]);
    expect(Object.keys(config.policy.calendars)).toEqual(expect.arrayContaining([...regulations]));
    expect(config.settings.measureone).toMatchObject(defaultCredentials.measureone);
    expect(config.settings.person).toMatchObject(defaultCredentials.person);
    expect(config.settings.aptrinsic).toMatchObject(defaultCredentials.aptrinsic);
    expect(config.gatewayUrl).toBe(`http://127.0.0.1:${gatewayPort}`);
    const simulator = dockerfileStages().find(({ name }) => name === 'simulator');
    const [command = ''] =
      simulator?.instructions.filter(({ keyword }) => keyword === 'CMD').map(({ rest }) => rest) ?? [];
    for (const provider of providerKeys) {
      const [, port] = new RegExp(`"--${provider}-port", "(\\d+)"`).exec(command) ?? [];
      expect(config.settings[provider]?.baseUrl).toBe(`http://127.0.0.1:${port}`);
    }
  });

  function interpolated(environment: Service['environment'] = {}): Readonly<Record<string, string>> {
    return Object.fromEntries(
      // Without a value it is handed through from .env.
      Object.entries(environment).flatMap(([name, value]) =>
        value === null ? [] : [[name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]],
      ),
    );
  }
});

describe('the scripts of the composed system', () => {
  let directory: string;
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'erasure-compose-'))));
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const run = (script: string, environment: Readonly<Record<string, string>>): string =>
    execFileSync('sh', [join(root, 'deploy', 'compose', script)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: `${directory}/bin:${process.env['PATH'] ?? ''}`, ...environment },
    });

  function initKeys(): void {
    mkdirSync(join(directory, 'bin'), { recursive: true });
    const main = join(process.env['TEST_PROGRAMS'] ?? '', 'cli', 'main.js');
    writeFileSync(join(directory, 'bin', 'erasure'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
    chmodSync(join(directory, 'bin', 'erasure'), 0o755);
    mkdirSync(join(directory, 'keys'), { recursive: true, mode: 0o700 });
    run('init-keys.sh', { ERASURE_KEYS_DIR: join(directory, 'keys'), KEYS_ENVIRONMENT: 'compose' });
  }

  const serverFiles = [
    'certificate.public.jwk',
    'client.json',
    'decision.json',
    'fact-keys.json',
    'server-decision.json',
    'server-session.json',
  ];

  it('give each role its own keys, once, also after an interruption', () => {
    const list = (role: string): readonly string[] => readdirSync(join(directory, 'keys', role)).toSorted();
    mkdirSync(join(directory, 'keys', 'worker'), { recursive: true });
    mkdirSync(join(directory, 'keys', 'new', 'all'), { recursive: true });
    writeFileSync(join(directory, 'keys', 'worker', 'half.json'), '{}');
    initKeys();
    expect(readdirSync(join(directory, 'keys')).toSorted()).toEqual(['client', 'gateway', 'server', 'worker']);
    expect(list('worker')).toEqual(
      [
        ...providerKeys.map((provider) => providerKeyFile(provider).name),
        'certificate.json',
        'decision.json',
        'fact-keys.json',
      ].toSorted(),
    );
    expect(list('gateway')).toEqual(['fact-keys.json', 'gateway.json']);
    expect(list('server')).toEqual(serverFiles);
    expect(list('client')).toEqual(['certificate.public.jwk', 'client.json']);
    const kept = ['gateway/gateway.json', 'server/server-session.json', 'server/server-decision.json'];
    const contents = (): readonly string[] => kept.map((file) => readFileSync(join(directory, 'keys', file), 'utf8'));
    const before = contents();
    initKeys();
    expect(contents()).toEqual(before);
  });

  it('add to the keys of an earlier release what they lack, also after an interruption', async () => {
    initKeys();
    const path = (role: string, file: string): string => join(directory, 'keys', role, file);
    const facts = (role: string, file: string): unknown =>
      (JSON.parse(readFileSync(path(role, file), 'utf8')) as { facts: unknown }).facts;
    const kept = readFileSync(path('worker', 'provider-person.json'), 'utf8');
    const older = JSON.parse(readFileSync(path('gateway', 'gateway.json'), 'utf8')) as Record<string, unknown>;
    delete older['facts'];
    writeFileSync(path('gateway', 'gateway.json'), JSON.stringify(older));
    for (const role of ['worker', 'gateway']) rmSync(path(role, 'fact-keys.json'));
    mkdirSync(join(directory, 'keys', 'new', 'all'), { recursive: true });
    initKeys();
    expect(readdirSync(join(directory, 'keys')).toSorted()).toEqual(['client', 'gateway', 'server', 'worker']);
    expect(facts('gateway', 'gateway.json')).toHaveLength(1);
    expect(readFileSync(path('worker', 'provider-person.json'), 'utf8')).toBe(kept);
    for (const role of ['worker', 'gateway']) {
      const known = await readFactKeys(join(directory, 'keys', role));
      expect(known.keys.map((entry) => entry.for).toSorted()).toEqual([...factRoles].toSorted());
    }
  });

  it('give a server to the keys of 0.3, whose gateway signed decisions', () => {
    initKeys();
    const keys = join(directory, 'keys');
    const read = (path: string) => JSON.parse(readFileSync(join(keys, path), 'utf8')) as Record<string, unknown>;
    const earlier = { ...read('server/server-decision.json'), role: 'gateway-decision' };
    const believed = read('worker/decision.json');
    rmSync(join(keys, 'server'), { recursive: true });
    writeFileSync(join(keys, 'gateway', 'gateway-decision.json'), JSON.stringify(earlier), { mode: 0o600 });
    initKeys();
    expect(readdirSync(join(keys, 'server')).toSorted()).toEqual(serverFiles);
    expect(readdirSync(join(keys, 'gateway')).toSorted()).toEqual(['fact-keys.json', 'gateway.json']);
    expect(read('worker/decision.json')).toEqual(believed);
  });

  it('make a long random password, once', () => {
    const PASSWORD_FILE = join(directory, 'password');
    run('make-password.sh', { PASSWORD_FILE });
    const password = readFileSync(PASSWORD_FILE, 'utf8');
    expect(password).toMatch(/^[0-9a-f]{48}$/);
    run('make-password.sh', { PASSWORD_FILE });
    expect(readFileSync(PASSWORD_FILE, 'utf8')).toBe(password);
    run('make-password.sh', { PASSWORD_FILE: `${PASSWORD_FILE}-2` });
    expect(readFileSync(`${PASSWORD_FILE}-2`, 'utf8')).not.toBe(password);
  });
});

describe('deploy/kubernetes', () => {
  const all = manifests();
  const named = (kind: string, name: string): Manifest | undefined =>
    all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  const deployments = all.filter(({ kind }) => kind === 'Deployment');
  const workers = deployments.filter(({ metadata }) => metadata.name.startsWith('erasure-worker-'));

  function podOf({ spec, metadata }: Manifest) {
    const pod = spec?.template?.spec;
    if (pod === undefined) throw new Error(`${metadata.name} has no pods`);
    const [container] = pod.containers;
    const fromMaps = container.envFrom.map(({ configMapRef }) => named('ConfigMap', configMapRef?.name ?? '')?.data);
    const environment: Record<string, string> = Object.assign(
      {},
      ...fromMaps,
      Object.fromEntries(
        container.env.map(({ name, value, valueFrom }) => [name, value ?? fieldOf(metadata, valueFrom)]),
      ),
    );
    const secrets = container.envFrom.flatMap(({ secretRef }) => (secretRef === undefined ? [] : [secretRef.name]));
    const mounted = container.volumeMounts.map(({ name, mountPath }) => ({
      path: mountPath,
      configMap: pod.volumes.find((volume) => volume.name === name)?.configMap?.name,
    }));
    const keys = pod.volumes.flatMap(({ secret }) => secret?.secretName ?? []);
    const modes = pod.volumes.flatMap(({ secret }) => secret?.defaultMode ?? []);
    return { pod, container, environment, keys, secrets, mounted, modes };
  }

  /** What a field of the pod itself would be, of those that are used. */
  function fieldOf(deployment: { readonly name: string }, from: ValueFrom | undefined): string {
    if (from?.fieldRef.fieldPath !== 'metadata.name') throw new Error('There is neither a value nor a field for it');
    return `${deployment.name}-7d9f5c-x2x4q`;
  }

  it('has one worker for each provider, with the keys and credentials of no other', () => {
    const names = [...providerKeys, 'workflows'].map((name) => `erasure-worker-${name}`);
    expect(workers.map(({ metadata }) => metadata.name).toSorted()).toEqual(names.toSorted());
    for (const provider of providerKeys) {
      const { environment, keys, secrets } = podOf(named('Deployment', `erasure-worker-${provider}`)!);
      expect(environment).toMatchObject({
        ERASURE_PROVIDERS: provider,
        ERASURE_SERVE_WORKFLOWS: 'false',
        // No two pods have one name, and a container that is started anew keeps its pod's.
        ERASURE_WORKER_NAME: `erasure-worker-${provider}-7d9f5c-x2x4q`,
      });
      expect({ keys, secrets }).toEqual({
        keys: [`erasure-keys-${provider}`],
        secrets: [`erasure-credentials-${provider}`],
      });
    }
  });

  it('has workers of the workflows, which sign, know the policy, and can open no identifier', () => {
    const { environment, keys, secrets, mounted } = podOf(named('Deployment', 'erasure-worker-workflows')!);
    expect(environment).toMatchObject({ ERASURE_PROVIDERS: 'none', ERASURE_SERVE_WORKFLOWS: 'true' });
    expect({ keys, secrets }).toEqual({ keys: ['erasure-keys-certificate'], secrets: [] });
    expect(mounted).toContainEqual({ path: '/policy', configMap: 'erasure-policy' });
    expect(environment['ERASURE_POLICY_FILE']).toBe('/policy/policy.json');
    const policy = named('ConfigMap', 'erasure-policy')?.data?.['policy.json'] ?? '';
    expect(JSON.parse(policy)).toEqual(JSON.parse(read(join('deploy', 'compose', 'policy.json'))));
  });

  it('gives each process settings that are complete once the credentials are there', () => {
    const credentials = without(
      Object.fromEntries(
        Object.values(providerVariables)
          .flatMap(Object.keys)
          .filter((name) => /_(ID|SECRET|API_KEY)$/.test(name))
          .map((name) => [name, 'given']),
      ),
    );
    for (const manifest of workers) {
      const { environment } = podOf(manifest);
      expect(unknownSettings(Object.keys(environment), 'worker')).toEqual([]);
      const { ERASURE_POLICY_FILE: _policyFile, ...rest } = environment;
      const filledIn = Object.entries(rest).map(([name, value]) => [name, value.replace('your-environment-id', 'env')]);
      const config = readWorkerConfig({ ...Object.fromEntries(filledIn), ...credentials });
      expect(config.providers).toHaveLength(config.servesWorkflows ? 0 : 1);
    }
    const { environment } = podOf(named('Deployment', 'erasure-gateway')!);
    expect(unknownSettings(Object.keys(environment), 'gateway')).toEqual([]);
    expect(readGatewayConfig(environment).port).toBe(gatewayPort);
    const ofServer = podOf(named('Deployment', 'erasure-server')!);
    expect(unknownSettings(Object.keys(ofServer.environment), 'server')).toEqual([]);
    expect(readServerConfig(ofServer.environment).port).toBe(serverPort);
    expect(ofServer.mounted).toContainEqual({ path: '/policy', configMap: 'erasure-policy' });
  });

  describe.each(deployments.map((manifest) => [manifest.metadata.name, manifest] as const))('%s', (name, manifest) => {
    const { pod, container, environment } = podOf(manifest);
    const isWorker = workers.includes(manifest);
    const isServer = name === 'erasure-server';
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe];

    it('listens where it is probed, and nowhere else', () => {
      const [port] = container.ports;
      const ports = container.ports.map(({ containerPort }) => containerPort);
      const [own, ofMetrics] = isServer ? [serverPort, SERVER_METRICS_PORT] : [gatewayPort, GATEWAY_METRICS_PORT];
      expect(ports).toEqual(isWorker ? [METRICS_PORT] : [own, ofMetrics]);
      const prefix = isServer ? 'SERVER' : 'GATEWAY';
      const listening = isWorker
        ? { METRICS_ADDRESS: `0.0.0.0:${METRICS_PORT}` }
        : {
            [`${prefix}_HOST`]: '0.0.0.0',
            [`${prefix}_PORT`]: String(own),
            [`${prefix}_METRICS_ADDRESS`]: `0.0.0.0:${ofMetrics}`,
          };
      expect(environment).toMatchObject(listening);
      const asked = probes.flatMap((probe) => (probe?.httpGet === undefined ? [] : [probe.httpGet]));
      const paths = isWorker ? ['/metrics', '/metrics'] : ['/healthz', '/readyz'];
      expect(asked).toEqual(paths.map((path) => ({ path, port: port?.name })));
    });

    it('trusts the company CA where there is one, and takes no setting from the names of services', () => {
      expect(environment['NODE_EXTRA_CA_CERTS']).toBe('/company-ca/ca.crt');
      expect(podOf(manifest).mounted).toContainEqual({ path: '/company-ca', configMap: 'erasure-company-ca' });
      expect(pod.volumes).toContainEqual({
        name: 'company-ca',
        configMap: { name: 'erasure-company-ca', optional: true },
      });
      expect(pod.enableServiceLinks).toBe(false);
    });

    it('runs commands that exist', () => {
      const run = [
        ['erasure', ...container.args],
        ...probes.flatMap((probe) => (probe?.exec ? [probe.exec.command] : [])),
      ];
      expect(run).toHaveLength(isWorker ? 2 : 1);
      expect(run.filter(([program, ...rest]) => program !== 'erasure' || !isErasureCommand(rest))).toEqual([]);
    });

    it('has the time to end, a limit of memory, and a budget for disruptions', () => {
      const neededMs = isWorker ? SHUTDOWN_FORCE_MS : isServer ? SERVER_DRAIN_MS : GATEWAY_DRAIN_MS;
      expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(neededMs);
      expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/);
      expect(named('PodDisruptionBudget', name)?.spec?.selector).toEqual(manifest.spec?.selector);
    });
  });

  it('lets in what is listened for, and no more', () => {
    expect(named('Service', 'erasure-gateway')?.spec?.ports?.map(({ port }) => port)).toEqual([gatewayPort]);
    expect(named('Service', 'erasure-server')?.spec?.ports?.map(({ port }) => port)).toEqual([serverPort]);
    const allowed = all
      .filter(({ kind }) => kind === 'NetworkPolicy')
      .flatMap(({ spec }) => spec?.ingress?.flatMap(({ ports }) => ports.map(({ port }) => port)) ?? []);
    expect(allowed).toEqual([METRICS_PORT, gatewayPort, GATEWAY_METRICS_PORT, serverPort, SERVER_METRICS_PORT]);
  });

  it('runs the version of the package, not as root, and writes nothing', () => {
    for (const manifest of deployments) {
      const { pod, container, modes } = podOf(manifest);
      const target = workers.includes(manifest) ? 'worker' : manifest.metadata.name.replace('erasure-', '');
      expect(container.image).toBe(`registry.example.com/erasure-${target}:${version}`);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 });
      expect(container.securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      expect(modes).toEqual([0o440]);
    }
  });

  it('uses the secrets that docs/deployment.md says how to make', () => {
    const text = read(join('docs', 'deployment.md'));
    const used = deployments.flatMap((manifest) => {
      const { keys, secrets } = podOf(manifest);
      return [...keys, ...secrets];
    });
    const made = [...text.matchAll(/kubectl create secret generic (\S+)/g)].map(([, name = '']) => name);
    expect([...new Set(used)].toSorted()).toEqual(made.toSorted());
  });
});

describe('docs/deployment.md', () => {
  const commands = [...read(join('docs', 'deployment.md')).matchAll(/^```bash\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '');

  it('shows commands of targets, services, files and subcommands that exist', () => {
    expect(commands.length).toBeGreaterThan(10);
    for (const command of commands) expect([command, isKnown(command)]).toEqual([command, true]);
  });

  function isKnown(command: string): boolean {
    const services = composeServices();
    const [, target] = /^docker build --target (\S+) --tag \S+ \.$/.exec(command) ?? [];
    if (target !== undefined) return dockerfileStages().some(({ name }) => name === target);
    const [, file, verb = '', rest = ''] =
      /^docker compose (?:--env-file (\S+) )?(up|down|run|logs)\b ?(.*)$/.exec(command) ?? [];
    if (verb !== '') {
      if (file !== undefined && !exists(file)) return false;
      if (verb !== 'run')
        return rest.split(' ').every((word) => word === '' || word.startsWith('--') || word in services);
      const [, service = '', typed = ''] = /^--rm (?:-T )?(\S+) ([^<>]*)/.exec(rest) ?? [];
      return service in services && isErasureCommand(typed.trim().split(' '));
    }
    const [, made = ''] = /^kubectl create secret generic \S+ (.*)$/.exec(command) ?? [];
    if (made !== '') {
      const files = [...made.matchAll(/--from-file=keys\/(\S+)/g)].map(([, name = '']) => name);
      const known = newKeyFiles('production', '2026-11').map(({ file }) => file.name);
      return (
        files.every((name) => known.includes(name)) && (files.length > 0 || /--from-env-file=\S+\.env$/.test(made))
      );
    }
    if (command === 'kubectl create configmap erasure-company-ca --from-file=ca.crt') return true;
    const [, erasure] = /^erasure (.*)$/.exec(command) ?? [];
    if (erasure !== undefined) return isErasureCommand(erasure.split(' '));
    return ['kubectl apply -f deploy/kubernetes', 'npm pack'].includes(command) || /^npm install \S/.test(command);
  }
});
