/** How a request and its run stand, each in one word. */
import type { RunEnd } from '../temporal/run-end';
import type { RequestProgressState } from '../domain/request/request-progress';

/** How the run of a request ended, or that it has not. */
export type RunStatus = 'running' | RunEnd;

/**
 * Where a request stands, in one word. `attention`: it runs, and at least one provider's leg waits for a staff member or
 * for the world to mend. `awaiting-answer`: its certificate is there, and the answer to the person is not recorded yet.
 * `running` also where no worker could say more.
 */
export type RequestStateName = RunStatus | 'attention' | RequestProgressState;
