/** Tells trouble with Temporal itself from an answer about a request. */
import { NamespaceNotFoundError } from '@temporalio/client';
import { grpcStatus, grpcStatusOf } from '../config/grpc-status';
import { TemporalUnavailableError } from './errors';

const { CANCELLED, DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNAVAILABLE } =
  grpcStatus;

/** The failure to report when Temporal did not serve us; undefined when it did and `error` is about something else. */
export function temporalTrouble(error: unknown): TemporalUnavailableError | undefined {
  if (error instanceof NamespaceNotFoundError) {
    return new TemporalUnavailableError('Temporal knows no such namespace. Check TEMPORAL_NAMESPACE.', {
      cause: error,
    });
  }
  switch (grpcStatusOf(error)) {
    case DEADLINE_EXCEEDED:
    case CANCELLED:
      return new TemporalUnavailableError('Temporal did not answer in time.', { timedOut: true, cause: error });
    case UNAVAILABLE:
      return unreachable(error);
    case PERMISSION_DENIED:
    case UNAUTHENTICATED:
      return new TemporalUnavailableError('Temporal refused our credentials. Check the TEMPORAL_* settings.', {
        cause: error,
      });
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

export function unreachable(cause: unknown): TemporalUnavailableError {
  return new TemporalUnavailableError('Temporal could not be reached. Check TEMPORAL_ADDRESS and its credentials.', {
    cause,
  });
}
