import { ApplicationFailure } from '@temporalio/workflow';

/** Staff read it in the Temporal UI: where in our code it was said is nothing to them. */
export function refusal(message: string): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(message, 'DecisionRefused');
  failure.stack = '';
  return failure;
}
