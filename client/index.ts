/** The public door of the library. */
export { ErasureClient, type ConnectOptions, type ErasureClientParts } from './erasure-client';
export type { DecisionOptions } from './deciding';
export type { SubmitOptions, Submitted } from './submitting';
export type { WaitOptions, WatchOptions } from './following';
export {
  BulkFileError,
  DecisionRefusedError,
  ErasureClientError,
  FilterError,
  InvalidSubmissionError,
  NoWorkerError,
  RequestConflictError,
  RequestFailedError,
  RequestNotFoundError,
  RequestOverError,
  RequestStillRunningError,
  SealingUnavailableError,
  TemporalUnavailableError,
  type FieldProblem,
} from './errors';
export {
  checkBulk,
  submitBulk,
  type BulkCheck,
  type BulkOptions,
  type BulkResult,
  type BulkSubmitted,
  type BulkTally,
  type SubmitBulkOptions,
} from './bulk/submit-bulk';
export { namedFilters, requestStates, type ListOptions } from './filters';
export type { FindOptions, PageOptions, RequestPage } from './listing';
export type { FoundRequest, RequestOrigin } from './found-request';
export { byUrgency, urgencyOf, type ListedRequest, type Urgency } from './listed-request';
export { requestStateWords, shortTodo } from './request-words';
export type { UrgentCounts, UrgentList, UrgentOptions } from './urgent-list';
export { prepareRequest, sealerFromFiles, type PreparedRequest } from './prepared-request';
export type { CertifiedResult, RequestStatus, OutstandingAnswer } from './request-status';
export type { RequestStateName, RunStatus } from './states';
export { parseSubmission, submissionWarnings, type ErasureSubmission } from './submission';
export { ConfigurationError } from '../config/environment';
export { KeyFileError } from '../security/key-file-error';
export { unpackCertificate } from '../security/packed-certificate';
export type { Decision, DecisionBase, DecisionContent, DecisionContents } from '../domain/decision/decision';
export type { Reason } from '../domain/decision/decision-field';
export type { DecisionKind, ProviderDecisionKind, RequestDecisionKind } from '../domain/decision/decision-table';
export type { Assurance, LegOutcome, RequestOutcome } from '../domain/leg/outcome';
export type { LegProgress, LegProgressState } from '../domain/leg/leg-progress';
export type { DueProgress } from '../domain/request/due-progress';
export type { ErasureResult } from '../domain/request/erasure-result';
export type { RequestProgress, RequestProgressState } from '../domain/request/request-progress';
export { identifierFields, type Provider } from '../domain/provider/provider-table';
export type { Regulation } from '../domain/law/regulation';
export type { ErasureRequestInput, Verification } from '../domain/request/request';
export type { StepUnderWay } from '../domain/leg/step-under-way';
export type { DecisionAnswer } from '../workflows/messages';
