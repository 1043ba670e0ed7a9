/** Why Temporal could not be reached: its clients keep it to themselves, or say it in words of their own, so we look once more. */
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NamespaceNotFoundError } from '@temporalio/client';
import { ATTEMPT_MS_MAX } from '../network/attempts';
import type { Target } from '../network/proxy';
import { openTunnel, ProxyFailure } from '../network/tunnel';
import { grpcStatus, grpcStatusOf } from './grpc-status';
import { dialledAddress, hostOf, type TemporalConfig } from '../config/temporal-config';

const LOOK_MS_MAX = 5_000;

export interface TemporalTrouble {
  readonly kind: 'unreachable' | 'unauthorized' | 'no-namespace';
  /** Whole sentences, without anything that was read from outside. */
  readonly message: string;
}

/** `error`: what one of Temporal's clients threw, of which nothing but its kind is repeated. */
export async function explainTemporalTrouble(
  temporal: TemporalConfig,
  error: unknown,
  lookMsMax = LOOK_MS_MAX,
): Promise<TemporalTrouble> {
  const address = dialledAddress(temporal);
  const message = error instanceof Error ? allMessages(error) : '';
  const status = grpcStatusOf(error);
  // The worker's own client has words of its own for each of these.
  if (error instanceof NamespaceNotFoundError || status === grpcStatus.NOT_FOUND || /code: NotFound\b/.test(message)) {
    return { kind: 'no-namespace', message: noNamespace(temporal.namespace, address) };
  }
  const [, httpStatus] = /HTTP status code (\d{3})/.exec(message) ?? [];
  if (httpStatus !== undefined) {
    return { kind: 'unreachable', message: unreachable(temporal, `something else answers there (HTTP ${httpStatus})`) };
  }
  const isRefused =
    status === grpcStatus.UNAUTHENTICATED ||
    status === grpcStatus.PERMISSION_DENIED ||
    /code: 'The (request does not have valid authentication credentials|caller does not have permission)|code: (Unauthenticated|PermissionDenied)\b/.test(
      message,
    );
  if (isRefused) return { kind: 'unauthorized', message: unauthorized(address) };
  const seen =
    status === grpcStatus.RESOURCE_EXHAUSTED
      ? 'it is overloaded and refused the call'
      : await look(temporal, lookMsMax);
  const what =
    seen ??
    (/InvalidCertificate/.test(message)
      ? "Temporal's own client does not trust its certificate: set TEMPORAL_TLS_SERVER_CA_CERT_PATH, since NODE_EXTRA_CA_CERTS does not count for it"
      : 'it takes connections, and did not answer in time');
  return { kind: 'unreachable', message: unreachable(temporal, what) };
}

/** For the start, when nothing has failed yet: a sentence if no connection comes about, undefined if one does. */
export async function problemOfConnection(temporal: TemporalConfig): Promise<string | undefined> {
  const what = await look(temporal, LOOK_MS_MAX);
  return what === undefined ? undefined : unreachable(temporal, what);
}

function allMessages(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n${allMessages(error.cause)}` : error.message;
}

export function unauthorized(address: string | undefined): string {
  return `Temporal${at(address)} refused our credentials. Check TEMPORAL_API_KEY, or the client certificate (TEMPORAL_TLS_…), and TEMPORAL_NAMESPACE.`;
}

export function noNamespace(namespace: string | undefined, address: string | undefined): string {
  return `Temporal${at(address)} knows no namespace ${namespace ?? 'of this name'}. Check TEMPORAL_NAMESPACE.`;
}

function unreachable(temporal: TemporalConfig, what: string): string {
  const address = dialledAddress(temporal);
  return temporal.connection.address === undefined
    ? `Temporal could not be reached at ${address}, where it is looked for as TEMPORAL_ADDRESS is not set: ${what}.`
    : `Temporal could not be reached at ${address} (TEMPORAL_ADDRESS): ${what}.`;
}

function at(address: string | undefined): string {
  return address === undefined ? '' : ` at ${address}`;
}

/** For a connection that is lost later: Node's code is all there is to say. */
export function lostConnection(address: string | undefined, error: unknown): string {
  const [code] = (error instanceof Error ? /\b(E[A-Z]{4,}|EAI_AGAIN)\b/.exec(allMessages(error)) : null) ?? [];
  return `Temporal could not be reached${at(address)} (TEMPORAL_ADDRESS)${code === undefined ? '' : `: ${wordsFor(code, 'tcp')}`}.`;
}

/** What is in the way of a connection; undefined where there is nothing. */
async function look({ connection, proxy }: TemporalConfig, msMax: number): Promise<string | undefined> {
  const address = dialledAddress({ connection });
  const target = { host: hostOf(address), port: Number(/\d+$/.exec(address)?.[0]) };
  let socket: Socket | undefined;
  let step: Step = 'tcp';
  try {
    socket = proxy === undefined ? await dial(target, msMax) : await openTunnel(proxy, target, msMax);
    const isEncrypted = connection.tls === undefined ? connection.apiKey !== undefined : Boolean(connection.tls);
    step = 'tls';
    if (isEncrypted) socket = await encrypted(socket, { host: target.host, tls: connection.tls, msMax });
    step = isEncrypted ? 'h2-in-tls' : 'h2';
    await greet(socket, msMax);
    return undefined;
  } catch (error) {
    if (error instanceof ProxyFailure) return error.message.replace(/^The/, 'the').replace(/\.$/, '');
    return wordsFor(codeOf(error), step);
  } finally {
    socket?.destroy();
  }
}

type Step = 'tcp' | 'tls' | 'h2' | 'h2-in-tls';

function codeOf(error: unknown): string {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  return errors?.[0] === undefined ? 'no word why' : codeOf(errors[0]);
}

const untrusted = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
];

function wordsFor(code: string, step: Step): string {
  if (code === 'ETIMEDOUT')
    return step === 'tcp' ? 'nothing answered in time (ETIMEDOUT)' : 'it fell silent (ETIMEDOUT)';
  if (step === 'tcp') {
    if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
    if (code === 'ENOTFOUND') return 'its name is not known (ENOTFOUND)';
    if (code === 'EAI_AGAIN') return 'no name server answers (EAI_AGAIN)';
    if (['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'].includes(code)) return `there is no way there (${code})`;
    return `no connection came about (${code})`;
  }
  if (untrusted.includes(code)) {
    return `nobody that we trust has signed its certificate (${code}): set TEMPORAL_TLS_SERVER_CA_CERT_PATH`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `its certificate is for another name (${code}): set TEMPORAL_TLS_SERVER_NAME`;
  }
  if (code.startsWith('CERT_')) return `its certificate does not hold (${code})`;
  if (/ALERT/.test(code)) return `it ended TLS (${code}): perhaps it wants a client certificate, or another one`;
  if (step === 'tls') return `it does not speak TLS (${code}): check TEMPORAL_TLS, and whether a key switches it on`;
  return step === 'h2'
    ? `what answers there is not Temporal, or wants TLS (${code}): check TEMPORAL_TLS`
    : `what answers there is not Temporal (${code})`;
}

function dial({ host, port }: Target, msMax: number): Promise<Socket> {
  return settled(msMax, (resolve, reject) => {
    const socket = connectTcp({ host, port, autoSelectFamilyAttemptTimeout: ATTEMPT_MS_MAX });
    socket.once('connect', () => resolve(socket)).once('error', reject);
    return () => socket.destroy();
  });
}

function encrypted(
  socket: Socket,
  {
    host,
    tls,
    msMax,
  }: { readonly host: string; readonly tls: TemporalConfig['connection']['tls']; readonly msMax: number },
): Promise<Socket> {
  const {
    serverNameOverride,
    serverRootCACertificate: ca,
    clientCertPair,
  } = typeof tls === 'object' ? (tls ?? {}) : {};
  return settled(msMax, (resolve, reject) => {
    const stream = connectTls({
      socket,
      host,
      servername: serverNameOverride ?? (isIP(host) === 0 ? host : ''),
      ALPNProtocols: ['h2'],
      ...(ca && { ca: Buffer.from(ca) }),
      ...(clientCertPair && { cert: Buffer.from(clientCertPair.crt), key: Buffer.from(clientCertPair.key) }),
    });
    stream.once('secureConnect', () => resolve(stream)).once('error', reject);
    stream.once('close', () => reject(codedError('ECONNRESET')));
    return () => stream.destroy();
  });
}

/** Temporal greets with the settings of HTTP/2, as soon as a connection is there. */
function greet(socket: Socket, msMax: number): Promise<void> {
  return settled(msMax, (resolve, reject) => {
    const session = connectHttp2('http://temporal', { createConnection: () => socket });
    // What ends TLS after its handshake, such as a client certificate that is missing, comes here only.
    socket.once('error', reject);
    session.once('remoteSettings', () => resolve()).on('error', reject);
    session.once('close', () => reject(codedError('ECONNRESET')));
    return () => session.destroy();
  });
}

function settled<T>(
  msMax: number,
  start: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  return new Promise<T>((resolve, reject) => {
    const stop = start(resolve, reject);
    timer = setTimeout(() => {
      reject(codedError('ETIMEDOUT'));
      stop();
    }, msMax);
  }).finally(() => clearTimeout(timer));
}

function codedError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
