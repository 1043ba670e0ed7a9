import type { Provider } from '../domain/provider/provider-table';
import type { CallbackEvidence, CallbackReport } from '../domain/leg/receipt';
import type { FactChecker } from '../security/facts';
import { refuseForeignRun, type RunOfRequest } from './run-guard';

export interface CallbackQuestion extends RunOfRequest {
  readonly provider: Provider;
  readonly evidence: CallbackEvidence | CallbackReport;
}

export interface CallbackActivities {
  /**
   * Null where a gateway signed for this callback, else why it does not count. Anybody who may write to the namespace can
   * send the signal, and a run cannot check a signature by itself. Safe to repeat: it only computes.
   */
  checkCallback(question: CallbackQuestion): Promise<string | null>;
}

export function createCallbackActivities({ checker }: { readonly checker: FactChecker }): CallbackActivities {
  return {
    async checkCallback({ requestId, run, provider, evidence }) {
      await refuseForeignRun({ requestId, run });
      const { witness, ...content } = evidence;
      return checker.problem({ kind: 'callback', requestId, run, provider, content }, witness) ?? null;
    },
  };
}
