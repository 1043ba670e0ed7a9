/** Why Temporal could not be reached: its clients keep it to themselves, or say it in words of their own, so we look once more. */
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { NamespaceNotFoundError } from '@temporalio/client';
import { dialledAddress, hostOf, type TemporalConfig } from '../config/temporal-config';
import { ATTEMPT_MS_MAX } from '../network/attempts';
import type { Target } from '../network/proxy';
import { openTunnel, ProxyFailure } from '../network/tunnel';
import { allMessages, hasGrpcStatus, noNamespace, tcpProblem, unauthorized } from './temporal-failure';

const LOOK_MS_MAX = 5_000;

/**
 * Whole sentences for `error`, which one of Temporal's clients threw when it connected or worked. Nothing but the kind of
 * it is repeated.
 */
export async function explainConnectionFailure(
  temporal: TemporalConfig,
  error: unknown,
  lookMsMax = LOOK_MS_MAX,
): Promise<string> {
  const address = dialledAddress(temporal);
  const message = error instanceof Error ? allMessages(error) : '';
  // The worker's own client has words of its own for each of these.
  if (
    error instanceof NamespaceNotFoundError ||
    hasGrpcStatus(error, 'NOT_FOUND') ||
    /code: NotFound\b/.test(message)
  ) {
    return noNamespace(temporal.namespace, address);
  }
  const [, httpStatus] = /HTTP status code (\d{3})/.exec(message) ?? [];
  if (httpStatus !== undefined) return unreachable(temporal, `something else answers there (HTTP ${httpStatus})`);
  const isRefused =
    hasGrpcStatus(error, 'UNAUTHENTICATED', 'PERMISSION_DENIED') ||
    /code: 'The (request does not have valid authentication credentials|caller does not have permission)|code: (Unauthenticated|PermissionDenied)\b/.test(
      message,
    );
  if (isRefused) return unauthorized(address);
  if (hasGrpcStatus(error, 'RESOURCE_EXHAUSTED')) {
    return unreachable(temporal, 'it is overloaded and refused the call');
  }
  const unexplained = /InvalidCertificate/.test(message)
    ? "Temporal's own client does not trust its certificate: set TEMPORAL_TLS_SERVER_CA_CERT_PATH, since NODE_EXTRA_CA_CERTS does not count for it"
    : 'it takes connections, and did not answer in time';
  return unreachable(temporal, (await problemFound(temporal, lookMsMax)) ?? unexplained);
}

/** For the start, when nothing has failed yet: a sentence if no connection comes about, undefined if one does. */
export async function connectionProblem(temporal: TemporalConfig): Promise<string | undefined> {
  const problem = await problemFound(temporal, LOOK_MS_MAX);
  return problem === undefined ? undefined : unreachable(temporal, problem);
}

function unreachable(temporal: TemporalConfig, what: string): string {
  const address = dialledAddress(temporal);
  return temporal.connection.address === undefined
    ? `Temporal could not be reached at ${address}, where it is looked for as TEMPORAL_ADDRESS is not set: ${what}.`
    : `Temporal could not be reached at ${address} (TEMPORAL_ADDRESS): ${what}.`;
}

/** What is in the way of a connection; undefined where there is nothing. */
async function problemFound({ connection, proxy }: TemporalConfig, msMax: number): Promise<string | undefined> {
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
  if (step === 'tcp') return tcpProblem(code);
  if (code === 'ETIMEDOUT') return 'it fell silent (ETIMEDOUT)';
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
