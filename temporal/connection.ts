/** What Temporal's two clients, ours and the worker's, are given to connect by the settings. */
import { isIPv6 } from 'node:net';
import { Connection, type ConnectionLike, type ConnectionOptions } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { dialledAddress, type TemporalConfig } from '../config/temporal-config';
import type { Proxy } from '../network/proxy';

/** `Connection` would take a proxy from the environment by itself. */
export const channelArgs = { 'grpc.enable_http_proxy': 0 } as const;

/** For `Connection`. */
export function clientOptions({ connection, proxy }: Omit<TemporalConfig, 'namespace'>): ConnectionOptions {
  if (proxy === undefined) return { ...connection, channelArgs };
  const target = dialledAddress({ connection });
  const { credentials } = proxy;
  return {
    ...connection,
    address: proxyAddress(proxy),
    channelArgs: {
      ...channelArgs,
      'grpc.http_connect_target': `dns:${target}`,
      'grpc.default_authority': target,
      ...(credentials && { 'grpc.http_connect_creds': `${credentials.username}:${credentials.password}` }),
    },
  };
}

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
