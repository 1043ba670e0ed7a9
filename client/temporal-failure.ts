/** Tells trouble with Temporal itself from an answer about a request. */
import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import { TemporalUnavailableError } from './errors';

const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;
export const INVALID_ARGUMENT = 3;
export const FAILED_PRECONDITION = 9;

/** The gRPC status at the root of what the SDK threw; it wraps it in errors of its own. */
export function grpcStatusOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return undefined;
}

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

/** Overload, an outage or a slow answer: trying again later may help. Refused credentials or a missing namespace do not mend. */
export function mayPass(error: unknown): boolean {
  const status = grpcStatusOf(error);
  return status !== undefined && [CANCELLED, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE].includes(status);
}

export function unreachable(cause: unknown): TemporalUnavailableError {
  return new TemporalUnavailableError('Temporal could not be reached. Check TEMPORAL_ADDRESS and its credentials.', {
    cause,
  });
}
