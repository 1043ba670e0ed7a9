/** What Temporal's two clients, ours and the worker's, are given to connect by the settings. */
import { isIPv6 } from 'node:net';
import {
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
  type ConnectionLike,
  type ConnectionOptions,
} from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { dialledAddress, type TemporalConfig } from '../config/temporal-config';
import type { Proxy } from '../network/proxy';

/** `Connection` would take a proxy from the environment by itself. */
export const channelArgs = { 'grpc.enable_http_proxy': 0 } as const;

/** For `Connection`. */
export function clientOptions({ connection, proxy }: Omit<TemporalConfig, 'namespace'>): ConnectionOptions {
  if (proxy === undefined) return { ...connection, channelArgs, interceptors };
  const target = dialledAddress({ connection });
  const { credentials } = proxy;
  return {
    ...connection,
    address: proxyAddress(proxy),
    interceptors,
    channelArgs: {
      ...channelArgs,
      'grpc.http_connect_target': `dns:${target}`,
      'grpc.default_authority': target,
      ...(credentials && { 'grpc.http_connect_creds': `${credentials.username}:${credentials.password}` }),
    },
  };
}

type Interceptor = NonNullable<ConnectionOptions['interceptors']>[number];
type Call = ReturnType<Interceptor>;
type Listener = Parameters<Call['start']>[1];

/** gRPC's `CANCELLED`: nobody tries again. */
const CANCELLED = 1;

/**
 * A call that failed is tried again by a timer of Temporal's client, also where its caller has given up and the connection was
 * closed meanwhile: the error that a closed channel throws would then be nobody's, and end the process.
 */
const endsWithConnection: Interceptor = (options, nextCall) => {
  try {
    return nextCall(options) as Call;
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'Channel has been shut down') throw error;
    const nothing = (): void => undefined;
    const ended = {
      start: (metadata: unknown, listener: Listener) =>
        listener?.onReceiveStatus?.({ code: CANCELLED, details: 'The connection was closed', metadata } as never),
      sendMessage: nothing,
      halfClose: nothing,
      startRead: nothing,
      cancelWithStatus: nothing,
      getPeer: () => '',
      getAuthContext: () => null,
    };
    return ended as unknown as Call;
  }
};

/** Innermost last. */
const interceptors = [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), endsWithConnection];

/** For `NativeConnection`. */
export function nativeOptions({ connection, proxy }: Omit<TemporalConfig, 'namespace'>): NativeConnectionOptions {
  if (proxy === undefined) return connection;
  const { credentials: basicAuth } = proxy;
  return {
    ...connection,
    proxy: { type: 'http-connect', targetHost: proxyAddress(proxy), ...(basicAuth && { basicAuth }) },
  };
}

function proxyAddress({ host, port }: Proxy): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** Where a connection leads: behind a proxy, to where that leads. */
export function addressOf(connection: ConnectionLike): string | undefined {
  if (!(connection instanceof Connection)) return undefined;
  const { address, channelArgs: args } = connection.options;
  return args['grpc.http_connect_target']?.replace(/^dns:/, '') ?? address;
}
