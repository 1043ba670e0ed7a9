/** Where Temporal is: the standard `TEMPORAL_*` settings and profile file, as every Temporal tool reads them. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import {
  loadClientConfig,
  loadClientConfigProfile,
  toClientOptions,
  type ClientConfigProfile,
  type ConfigDataSource,
} from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { isLoopback } from '../network/loopback';
import type { Proxy } from '../network/proxy';
import { readTemporalProxy } from './network-config';
import { ConfigurationError, isGiven, problemOfText, refuseHiddenNames, type Environment } from './environment';

export interface TemporalConfig {
  readonly namespace: string;
  /** Fits `Connection.connect` and `NativeConnection.connect` alike. */
  readonly connection: ConnectionOptions & NativeConnectionOptions;
  /** Temporal too lies beyond the company's proxy. */
  readonly proxy?: Proxy;
}

const ADDRESS_DEFAULT = 'localhost:7233';
const PORT_DEFAULT = 7233;
const PROFILE_FILE = 'The Temporal profile file (TEMPORAL_CONFIG_FILE, or at its usual place)';

export function readTemporalConfig(environment: Environment): TemporalConfig {
  const settings = Object.fromEntries(Object.entries(environment).filter(isSet));
  refuse([...problemsOf(() => refuseHiddenNames(environment)), ...problemsOfTexts(settings)]);
  const profile = readProfile(settings);
  const material = readMaterial(profile, settings);
  refuse([...material.problems, ...problemsOfProfile(profile, settings)]);
  const { connectionOptions, namespace } = toClientOptions({
    ...profile,
    ...(profile.tls && { tls: { ...profile.tls, ...material.sources } }),
  });
  const proxy = readTemporalProxy(environment);
  return {
    namespace: namespace ?? 'default',
    connection: connectionOptions as TemporalConfig['connection'],
    ...(proxy && { proxy }),
  };
}

/** To the library an empty TEMPORAL_API_KEY is a key, and switches TLS on. */
function isSet(entry: [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined && entry[1].trim() !== '';
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
}

function problemsOf(check: () => void): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}

type Settings = Readonly<Record<string, string>>;

const kindsOfMaterial = [
  { key: 'clientCert', name: 'TEMPORAL_TLS_CLIENT_CERT', inFile: 'tls.client_cert' },
  { key: 'clientKey', name: 'TEMPORAL_TLS_CLIENT_KEY', inFile: 'tls.client_key' },
  { key: 'serverCACert', name: 'TEMPORAL_TLS_SERVER_CA_CERT', inFile: 'tls.server_ca_cert' },
] as const;

/** The library takes every text as it is, and every word for TLS but two as "off". */
function problemsOfTexts(settings: Settings): readonly string[] {
  const own = Object.entries(settings).filter(([name]) => name.startsWith('TEMPORAL_'));
  const problems = own.flatMap(([name, value]) => {
    // PEM text ends with a line end.
    if (name.endsWith('_DATA')) return problemOfText(name, value.trim()) ?? [];
    if (value !== value.trim()) return `${name}: begins or ends with a blank or a line end; leave it out`;
    return problemOfText(name, value) ?? [];
  });
  const tls = settings['TEMPORAL_TLS']?.trim();
  if (tls !== undefined && !['true', 'false', '1', '0'].includes(tls)) {
    problems.push('TEMPORAL_TLS: expected true or false, in lower case');
  }
  for (const { name } of kindsOfMaterial) {
    if (isGiven(`${name}_PATH`, settings) && isGiven(`${name}_DATA`, settings)) {
      problems.push(`${name}_PATH and ${name}_DATA are both set: set one of them`);
    }
  }
  return problems;
}

function readProfile(settings: Settings): ClientConfigProfile {
  const file = settings['TEMPORAL_CONFIG_FILE'];
  const configSource = file === undefined ? undefined : { data: profileText(file) };
  const options = { overrideEnvVars: { ...settings }, ...(configSource && { configSource }) };
  // The library's own messages may quote the content of a key or a file.
  const { profiles } = orRefuse(`${PROFILE_FILE} is no TOML with profiles`, () => loadClientConfig(options));
  const name = settings['TEMPORAL_PROFILE'];
  if (name !== undefined && !Object.hasOwn(profiles, name)) {
    refuse(['TEMPORAL_PROFILE: the Temporal profile file has no such profile']);
  }
  return orRefuse(`${PROFILE_FILE} has a profile that does not fit the TEMPORAL_* settings`, () =>
    loadClientConfigProfile(options),
  );
}

/** The library takes a file that is not there for an empty one, also where it was named. */
function profileText(file: string): string {
  const bytes = orRefuse('TEMPORAL_CONFIG_FILE: the file cannot be read', () => readFileSync(file));
  return orRefuse('TEMPORAL_CONFIG_FILE: the file is not UTF-8', () =>
    new TextDecoder('utf-8', { fatal: true }).decode(bytes),
  );
}

function orRefuse<T>(problem: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new ConfigurationError([problem]);
  }
}

interface Material {
  readonly sources: Partial<Record<(typeof kindsOfMaterial)[number]['key'], ConfigDataSource>>;
  readonly problems: readonly string[];
}

/** Certificates and keys, read once: a file that changes in between would be checked in vain. */
function readMaterial({ tls }: ClientConfigProfile, settings: Settings): Material {
  const problems: string[] = [];
  const sources: Material['sources'] = {};
  const read: Partial<Record<keyof Material['sources'], { readonly bytes: Buffer; readonly label: string }>> = {};
  for (const { key, name, inFile } of kindsOfMaterial) {
    const source = tls?.[key];
    if (source === undefined) continue;
    const suffix = 'path' in source ? '_PATH' : '_DATA';
    const label = isGiven(`${name}${suffix}`, settings)
      ? `${name}${suffix}`
      : `${inFile}${suffix.toLowerCase()} of the Temporal profile file`;
    const found = problemsOf(() => {
      const bytes = orRefuse(`${label}: the file cannot be read`, () =>
        'path' in source ? readFileSync(source.path) : Buffer.from(source.data),
      );
      read[key] = { bytes, label };
      sources[key] = { data: new Uint8Array(bytes) };
      if (key === 'clientKey') {
        orRefuse(`${label}: is no private key in PEM form that opens without a passphrase`, () =>
          createPrivateKey(bytes),
        );
      } else orRefuse(`${label}: is no certificate in PEM form`, () => new X509Certificate(bytes));
    });
    problems.push(...found);
  }
  const { clientCert, clientKey } = read;
  if (problems.length === 0 && clientCert !== undefined && clientKey !== undefined) {
    const belongs = new X509Certificate(clientCert.bytes).checkPrivateKey(createPrivateKey(clientKey.bytes));
    if (!belongs) problems.push(`${clientKey.label}: is not the key of the client certificate`);
  }
  return { sources, problems };
}

function problemsOfProfile(profile: ClientConfigProfile, settings: Settings): readonly string[] {
  const { address, apiKey, tls, grpcMeta = {} } = profile;
  const label = (name: string, inFile: string): string =>
    isGiven(name, settings) ? name : `${inFile} of the Temporal profile file`;
  const problems: string[] = [];
  const addressProblem = address === undefined ? undefined : problemOfAddress(address);
  if (addressProblem !== undefined) problems.push(`${label('TEMPORAL_ADDRESS', 'address')}: ${addressProblem}`);
  const keyLabel = label('TEMPORAL_API_KEY', 'api_key');
  if (apiKey !== undefined && !/^[!-~]+$/.test(apiKey)) {
    problems.push(`${keyLabel}: expected the key alone, without a blank, a line end or "Bearer" in it`);
  }
  const headers = Object.entries(grpcMeta);
  for (const [name, value] of headers) {
    if (!/^[ -~]*$/.test(value)) problems.push(`TEMPORAL_GRPC_META: the header ${name} has a value that no header can`);
  }
  if (tls?.clientCert !== undefined && tls.clientKey === undefined) {
    problems.push(
      'TEMPORAL_TLS_CLIENT_CERT is set without its key, and would not be used: set TEMPORAL_TLS_CLIENT_KEY_PATH or _DATA as well',
    );
  }
  if (tls?.clientKey !== undefined && tls.clientCert === undefined) {
    problems.push(
      'TEMPORAL_TLS_CLIENT_KEY is set without its certificate, and would not be used: set TEMPORAL_TLS_CLIENT_CERT_PATH or _DATA as well',
    );
  }
  const isEncrypted = tls === undefined ? apiKey !== undefined : tls.disabled !== true;
  const isHere = addressProblem === undefined && isLoopback(hostOf(address ?? ADDRESS_DEFAULT));
  const inClear = [
    ...(apiKey === undefined ? [] : [keyLabel]),
    ...(headers.some(([name]) => name === 'authorization') ? ['TEMPORAL_GRPC_META_AUTHORIZATION'] : []),
  ];
  if (!isEncrypted && !isHere && addressProblem === undefined) {
    problems.push(
      ...inClear.map((name) => `${name}: would leave this machine in clear text, since TLS is off (TEMPORAL_TLS)`),
    );
  }
  return problems;
}

/** `host`, `host:port`, `[::1]:port`: what both of Temporal's clients understand. */
function problemOfAddress(address: string): string | undefined {
  const expected = 'expected host:port';
  if (/[\s,]/.test(address)) return `${expected}, one address without blanks`;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(address)) return `${expected}, without https:// or any other scheme before it`;
  if (/[/?#@\\]/.test(address)) return `${expected}, without path or credentials`;
  if (isIPv6(address) || /^[0-9a-f]*:[0-9a-f:]*:[0-9a-f.:]*$/i.test(address)) {
    return 'an IPv6 address stands in brackets, such as [::1]:7233';
  }
  const [, six, host = '', port] = /^(?:\[([^\]]*)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(address) ?? [];
  const isHost = six === undefined ? /^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(host) : isIPv6(six);
  if (!isHost || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) {
    return `${expected}, such as temporal.example.com:7233`;
  }
  return undefined;
}

/** Without the brackets of an IPv6 address. */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** What is dialled: with the default host, and with a port. */
export function dialledAddress({ connection }: Pick<TemporalConfig, 'connection'>): string {
  const address = connection.address ?? ADDRESS_DEFAULT;
  return /:\d+$/.test(address.replace(/^\[.*\]/, '')) ? address : `${address}:${PORT_DEFAULT}`;
}
