/** Requests as the console is told of them, with their providers in given states. */
import type { RequestStatus } from '../../client/request-status';
import type { LegState } from '../../domain/leg/leg-state';
import { providerKeys } from '../../domain/provider/provider-table';
import { requestProgress } from '../../domain/request/request-progress';
import { advanceRequest, openRequest } from '../../domain/request/request-state';
import { T0 } from '../support/legs';
import { snapshotOf, started } from '../support/requests';
import { requestId } from './console-bench';

/** A running one: each state at another provider. */
export function runningWith(states: readonly LegState[]): RequestStatus & Required<Pick<RequestStatus, 'progress'>> {
  const state = advanceRequest(openRequest(), { ...started(), at: T0 });
  const legs = states.map((leg, index) => ({ ...leg, provider: providerKeys[index] ?? leg.provider }));
  const progress = requestProgress(snapshotOf(state, { request: { requestId }, legs }));
  return {
    requestId,
    workflowId: `erasure-${requestId}`,
    runId: 'run-1',
    status: 'running',
    state: progress.state,
    startedAt: progress.startedAt,
    progress,
  };
}
