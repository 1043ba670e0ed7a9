/** What submitting a file would mean: by when its people have to be answered, and how long the providers take. */
import { problemsOfCalendars } from '../../activities/terms-activities';
import type { ErasureSubmission } from '../../client/submission';
import { ConfigurationError, readEnvironment, type Environment } from '../../config/environment';
import { readPolicyFile } from '../../config/policy-file';
import { readLimits } from '../../config/provider-config';
import { workerVariables } from '../../config/worker-config';
import { noClockMeaning } from '../../domain/law/legal-clock';
import { byProvider, providerKeys, type Provider } from '../../domain/provider/provider-table';
import type { CommandContext } from '../context';
import { DueDates, type DueRange } from './row-due-dates';
import { describeLoad, providerLoad, type ProviderLoad } from './provider-load';

export interface BulkPlan {
  add(submission: ErasureSubmission): void;
  lines(): readonly string[];
  json(): { readonly due: readonly DueRange[]; readonly providers: readonly ProviderLoad[] };
}

/** `policy`: path of the policy file; ERASURE_POLICY_FILE where absent. Throws `ConfigurationError`. */
export function planOf(policy: string | undefined, { environment }: CommandContext): BulkPlan {
  const { ERASURE_POLICY_FILE } = workerVariables;
  const named = policy ?? readEnvironment({ ERASURE_POLICY_FILE }, environment).ERASURE_POLICY_FILE;
  const file = readPolicyFile(named);
  const problems = problemsOfCalendars(file);
  if (problems.length > 0) throw new ConfigurationError(problems);
  const rates = ratesFrom(environment);
  const requests = byProvider(() => 0);
  // Without a file nobody has settled which calendars count, and a date that may not hold is worse than none.
  const due = named === undefined ? undefined : new DueDates(file);
  const loads = (): readonly ProviderLoad[] =>
    providerKeys
      .filter((provider) => requests[provider] > 0)
      .map((provider) =>
        providerLoad(requests[provider], {
          provider,
          requestsPerSecond: rates[provider],
          patience: file.rules.patience,
          now: Date.now(),
        }),
      );
  return {
    add(submission) {
      due?.add(submission);
      for (const provider of providerKeys) if (submission.subject[provider] !== undefined) requests[provider] += 1;
    },
    lines() {
      const ranges = due?.ranges() ?? [];
      return [
        ...(due === undefined
          ? ['Due dates   not computed: name the policy with --policy FILE or ERASURE_POLICY_FILE']
          : ranges.map((range) => `Due         ${describeRange(range)}`)),
        ...loads().map((load) => `Asking      ${describeLoad(load, ranges)}`),
      ];
    },
    json: () => ({ due: due?.ranges() ?? [], providers: loads() }),
  };
}

function ratesFrom(environment: Environment): Readonly<Record<Provider, number>> {
  return byProvider((provider) => readLimits(provider, environment).requestsPerSecond);
}

function describeRange({ regulation, requests, earliest, latest, noClock }: DueRange): string {
  const without = noClock === undefined ? '' : `no due date: ${noClockMeaning[noClock]}`;
  if (earliest === undefined || latest === undefined) return `${regulation}: ${requests} requests, ${without}`;
  const over = earliest.at < Date.now() ? '; the first is OVERDUE already' : '';
  const days = earliest.on === latest.on ? earliest.on : `from ${earliest.on} to ${latest.on}`;
  const some = without === '' ? '' : `; some have ${without}`;
  return `${regulation}: ${requests} requests, due ${days}${over}${some}`;
}
