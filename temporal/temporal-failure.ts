/** What a failure of Temporal's clients means. gRPC codes, and the server's words where there is no code, are read here only. */
import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import { getGrpcStatusDetails } from '@temporalio/client/lib/helpers';

/** The gRPC codes that Temporal's answers are told apart by. The SDK exports none, and its gRPC package is not ours to import. */
const grpcStatus = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

/** The gRPC status at the root of what the SDK threw; it wraps it in errors of its own. */
export function grpcStatusOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return undefined;
}

export function hasGrpcStatus(error: unknown, ...names: readonly (keyof typeof grpcStatus)[]): boolean {
  const status = grpcStatusOf(error);
  return names.some((name) => grpcStatus[name] === status);
}

/** Overload, an outage or a slow answer: trying again later may help. Refused credentials or a missing namespace do not mend. */
export function mayPass(error: unknown): boolean {
  return hasGrpcStatus(error, 'CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE');
}

/**
 * What to say when Temporal did not serve us; undefined when it did and `error` is about something else. `address`: where
 * it was, as far as that is known.
 */
export function unavailability(
  error: unknown,
  address?: string,
): { readonly message: string; readonly timedOut?: boolean } | undefined {
  if (error instanceof NamespaceNotFoundError) return { message: noNamespace(error.namespace, address) };
  switch (grpcStatusOf(error)) {
    case grpcStatus.DEADLINE_EXCEEDED:
    case grpcStatus.CANCELLED:
      return { message: 'Temporal did not answer in time.', timedOut: true };
    case grpcStatus.UNAVAILABLE:
      return { message: lostConnection(address, error) };
    case grpcStatus.PERMISSION_DENIED:
    case grpcStatus.UNAUTHENTICATED:
      return { message: unauthorized(address) };
    case grpcStatus.RESOURCE_EXHAUSTED:
      return { message: 'Temporal is overloaded and refused the call.' };
    default:
      return undefined;
  }
}

export function unauthorized(address: string | undefined): string {
  return `Temporal${at(address)} refused our credentials. Check TEMPORAL_API_KEY, or the client certificate (TEMPORAL_TLS_…), and TEMPORAL_NAMESPACE.`;
}

export function noNamespace(namespace: string | undefined, address: string | undefined): string {
  return `Temporal${at(address)} knows no namespace ${namespace ?? 'of this name'}. Check TEMPORAL_NAMESPACE.`;
}

/** Node's code is all there is to say. */
function lostConnection(address: string | undefined, error: unknown): string {
  const [code] = (error instanceof Error ? /\b(E[A-Z]{4,}|EAI_AGAIN)\b/.exec(allMessages(error)) : null) ?? [];
  return `Temporal could not be reached${at(address)} (TEMPORAL_ADDRESS)${code === undefined ? '' : `: ${tcpProblem(code)}`}.`;
}

/** What a code of Node's says about a connection that did not come about. */
export function tcpProblem(code: string): string {
  switch (code) {
    case 'ETIMEDOUT':
      return 'nothing answered in time (ETIMEDOUT)';
    case 'ECONNREFUSED':
      return 'nobody listens there (ECONNREFUSED)';
    case 'ENOTFOUND':
      return 'its name is not known (ENOTFOUND)';
    case 'EAI_AGAIN':
      return 'no name server answers (EAI_AGAIN)';
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'EADDRNOTAVAIL':
      return `there is no way there (${code})`;
    default:
      return `no connection came about (${code})`;
  }
}

export function allMessages(error: Error): string {
  return error.cause instanceof Error ? `${error.message}\n${allMessages(error.cause)}` : error.message;
}

function at(address: string | undefined): string {
  return address === undefined ? '' : ` at ${address}`;
}

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
