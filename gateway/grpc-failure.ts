import { isGrpcServiceError } from '@temporalio/client';
import { getGrpcStatusDetails } from '@temporalio/client/lib/helpers';
import { grpcStatus } from '../temporal/grpc-status';

/** The server's word for "no such workflow" and "that workflow is over"; a missing namespace has a word of its own. */
const NOT_FOUND_DETAIL = 'type.googleapis.com/temporal.api.errordetails.v1.NotFoundFailure';

/** Temporal itself says that there is no such open workflow. A NOT_FOUND by anything else, such as a proxy, is no such answer. */
export function isWorkflowNotFound(error: unknown): boolean {
  if (!isGrpcServiceError(error) || error.code !== grpcStatus.NOT_FOUND) return false;
  return (getGrpcStatusDetails(error) ?? []).some(({ type_url: type }) => type === NOT_FOUND_DETAIL);
}

/** The server's word that a run has been sent as many signals as it takes: there is no code of its own for it. */
export function isSignalLimit(error: unknown): boolean {
  return (
    isGrpcServiceError(error) &&
    error.code === grpcStatus.INVALID_ARGUMENT &&
    /exceeded workflow execution limit for signal events/i.test(error.details)
  );
}

/** For the log: a gRPC code such as `14 UNAVAILABLE` or the kind of error; never its message, which may quote anything. */
export function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return (isGrpcServiceError(error) ? /^\d{1,2} [A-Z_]+/.exec(error.message)?.[0] : undefined) ?? error.name;
}
