/** An activity serves the run of its own request, and nothing else: anybody who may write to the namespace can start one. */
import { ApplicationFailure, Context, type Info } from '@temporalio/activity';
import { originalRunOf } from '../temporal/history';
import { workflowIdOf, WORKFLOW_TYPE } from '../temporal/names';

/** What every activity of a request is told of it. `run`: the run that it was started as; a reset keeps it. */
export interface RunOfRequest {
  readonly requestId: string;
  readonly run: string;
}

export type FirstRunOf = (execution: { readonly workflowId: string; readonly runId: string }) => Promise<string>;

/** Throws `NotItsOwnRun`, by name and for good, unless the activity was scheduled by the run that `call` is about. */
export async function refuseForeignRun(
  { requestId, run }: RunOfRequest,
  originOf: FirstRunOf = originFromHistory,
): Promise<void> {
  const { info } = Context.current();
  const { workflowExecution: execution } = info;
  if (!info.inWorkflow || execution === undefined) throw refused(info, 'it was started by itself, outside a workflow');
  if (info.workflowType !== WORKFLOW_TYPE) throw refused(info, 'it was scheduled by a workflow of another type');
  if (execution.workflowId !== workflowIdOf(requestId)) throw refused(info, 'it was scheduled for another request');
  if (execution.runId === run) return;
  // A reset goes on as a run of its own; only its history says which run it goes on with.
  if ((await originOf(execution)) !== run) throw refused(info, 'it was scheduled for another run of this request');
}

function refused({ activityType }: Info, why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(`${activityType} was refused: ${why}.`, 'NotItsOwnRun');
}

async function originFromHistory(execution: { readonly workflowId: string; readonly runId: string }): Promise<string> {
  const { client } = Context.current();
  return (await originalRunOf(client, { namespace: client.options.namespace, ...execution })) ?? '';
}
