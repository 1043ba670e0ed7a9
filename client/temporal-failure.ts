/** Tells trouble with Temporal itself from an answer about a request. */
import { Connection, NamespaceNotFoundError, type ConnectionLike } from '@temporalio/client';
import { grpcStatus, grpcStatusOf } from '../temporal/grpc-status';
import { lostConnection, noNamespace, unauthorized } from '../temporal/temporal-trouble';
import { TemporalUnavailableError } from './errors';

const { CANCELLED, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNAVAILABLE } =
  grpcStatus;

/**
 * The failure to report when Temporal did not serve us; undefined when it did and `error` is about something else.
 * `address`: where it was, as far as that is known.
 */
export function temporalTrouble(error: unknown, address?: string): TemporalUnavailableError | undefined {
  if (error instanceof NamespaceNotFoundError) {
    return new TemporalUnavailableError(noNamespace(error.namespace, address), { cause: error });
  }
  switch (grpcStatusOf(error)) {
    case DEADLINE_EXCEEDED:
    case CANCELLED:
      return new TemporalUnavailableError('Temporal did not answer in time.', { timedOut: true, cause: error });
    case UNAVAILABLE:
      return new TemporalUnavailableError(lostConnection(address, error), { cause: error });
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new TemporalUnavailableError(unauthorized(address), { cause: error });
    case RESOURCE_EXHAUSTED:
      return new TemporalUnavailableError('Temporal is overloaded and refused the call.', { cause: error });
    default:
      return undefined;
  }
}

const passing = [CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE] as const;

/** Overload, an outage or a slow answer: trying again later may help. Refused credentials or a missing namespace do not mend. */
export function mayPass(error: unknown): boolean {
  const status = grpcStatusOf(error);
  return passing.some((one) => one === status);
}

/** Where a connection leads: behind a proxy, to where that leads. */
export function addressOf(connection: ConnectionLike): string | undefined {
  if (!(connection instanceof Connection)) return undefined;
  const { address, channelArgs } = connection.options;
  return channelArgs['grpc.http_connect_target']?.replace(/^dns:/, '') ?? address;
}
