/** What somebody who may write to the namespace, and holds no key, can run as a workflow of their own. */
import { proxyActivities, workflowInfo } from '@temporalio/workflow';

export interface ForgedStep {
  readonly queue: string;
  readonly activity: string;
  readonly input: object;
  /** Puts the run's own id in, and the approvalRule that a worker of ours signed for it in an earlier step. */
  readonly asOwn?: boolean;
}

interface Taken {
  readonly rules: { readonly approvalNeeded: boolean; readonly decisionMode: string };
  readonly approvalRuleWitness: object;
}

/** Under the name of ours: says of each step what came of it. */
export async function erasureRequest({ steps }: { readonly steps: readonly ForgedStep[] }): Promise<readonly string[]> {
  const { runId } = workflowInfo();
  const told: string[] = [];
  let approvalRule: object = {};
  for (const { queue, activity, input, asOwn } of steps) {
    const { [activity]: run } = proxyActivities<Record<string, (input: object) => Promise<unknown>>>({
      taskQueue: queue,
      startToCloseTimeout: 30_000,
      retry: { maximumAttempts: 1 },
    });
    try {
      const result = await run?.({ ...input, ...(asOwn === true ? { run: runId, runId, ...approvalRule } : {}) });
      if (activity === 'determineTerms') {
        const { rules, approvalRuleWitness } = result as Taken;
        const { approvalNeeded, decisionMode } = rules;
        approvalRule = { approvalRule: { approvalNeeded, decisionMode, witness: approvalRuleWitness } };
      }
      told.push('done');
    } catch (error) {
      const { type, message } = (error as { readonly cause: { readonly type: string; readonly message: string } })
        .cause;
      told.push(`${type}: ${message}`);
    }
  }
  return told;
}

export const somethingElse = erasureRequest;
