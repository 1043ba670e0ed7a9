/** What a failure of the client library means to whoever called the API. */
import {
  DecisionRefusedError,
  FilterError,
  InvalidSubmissionError,
  NoWorkerError,
  RequestConflictError,
  RequestFailedError,
  RequestNotFoundError,
  RequestOverError,
  RequestStillRunningError,
  TemporalUnavailableError,
} from '../client/errors';
import { DecisionNotSignable } from '../security/decision-token';
import { hasGrpcStatus } from '../temporal/temporal-failure';
import { ApiProblem } from './problem';

const RETRY_TEMPORAL_S = 10;
const RETRY_WORKER_S = 30;

/** `internal` for what nobody foresaw. */
export function problemOf(error: unknown): ApiProblem {
  return problemOfError(error) ?? problemOfFramework(error);
}

function problemOfError(error: unknown): ApiProblem | undefined {
  if (error instanceof ApiProblem) return error;
  if (error instanceof InvalidSubmissionError) return new ApiProblem('invalid-request', { errors: error.problems });
  if (error instanceof RequestNotFoundError) return new ApiProblem('request-not-found');
  if (error instanceof RequestConflictError) return new ApiProblem('request-exists', { detail: error.message });
  if (error instanceof RequestStillRunningError) return new ApiProblem('no-certificate-yet', { detail: error.message });
  if (error instanceof RequestFailedError) return new ApiProblem('no-certificate', { detail: error.message });
  if (error instanceof FilterError) return new ApiProblem('invalid-filter', { detail: error.message });
  if (
    error instanceof DecisionRefusedError ||
    error instanceof RequestOverError ||
    error instanceof DecisionNotSignable
  ) {
    return new ApiProblem('decision-refused', { detail: error.message });
  }
  if (error instanceof NoWorkerError) {
    return new ApiProblem('no-worker', { detail: error.message, retryAfterS: RETRY_WORKER_S });
  }
  if (error instanceof TemporalUnavailableError) {
    return new ApiProblem('temporal-unavailable', { retryAfterS: RETRY_TEMPORAL_S }, { cause: error });
  }
  if (hasGrpcStatus(error, 'INVALID_ARGUMENT')) {
    return new ApiProblem('not-set-up', { detail: 'Run erasure setup once for this namespace.' }, { cause: error });
  }
  return undefined;
}

/** What fastify itself refuses. Its messages are not repeated: they may quote what was sent. */
function problemOfFramework(error: unknown): ApiProblem {
  const status = (error as { readonly statusCode?: unknown } | undefined)?.statusCode;
  if (status === 413) return new ApiProblem('too-large');
  if (status === 415) return new ApiProblem('unsupported-media-type');
  if (typeof status === 'number' && status >= 400 && status < 500) return new ApiProblem('not-json');
  return new ApiProblem('internal');
}
