/** What submitting a file would mean: by when its people have to be answered, and how long the providers take. */
import { problemsOfCalendars } from '../../domain/law/counting/chosen-calendars';
import type { BulkCheck } from '../../client/bulk/submit-bulk';
import type { ErasureSubmission } from '../../client/submission';
import { ConfigurationError, type Environment } from '../../config/environment';
import type { PolicyFile } from '../../config/policy-file';
import { readLimits, type ProviderLimits } from '../../config/provider-config';
import { noClockMeaning } from '../../domain/law/legal-clock';
import { byProvider, providerKeys, type Provider } from '../../domain/provider/provider-table';
import type { CommandContext } from '../context';
import { readPolicy } from '../policy';
import { describeLoad, providerLoad, type ProviderLoad } from './provider-load';
import { DueDates, type DueRange } from './row-due-dates';

export class BulkPlan {
  readonly #policy: PolicyFile;
  readonly #limits: Readonly<Record<Provider, ProviderLimits>>;
  /** Without a file nobody has settled which calendars count, and a date that may not hold is worse than none. */
  readonly #due: DueDates | undefined;

  private constructor({ policy, isBuiltIn }: Awaited<ReturnType<typeof readPolicy>>, environment: Environment) {
    this.#policy = policy;
    this.#limits = byProvider((provider) => readLimits(provider, environment));
    this.#due = isBuiltIn ? undefined : new DueDates(policy);
  }

  /** `path`: of the policy file; ERASURE_POLICY_FILE where absent. Throws `ConfigurationError`. */
  static async under(path: string | undefined, context: CommandContext): Promise<BulkPlan> {
    const read = await readPolicy(path, context);
    const problems = problemsOfCalendars(read.policy);
    if (problems.length > 0) throw new ConfigurationError(problems);
    return new BulkPlan(read, context.environment);
  }

  add(submission: ErasureSubmission): void {
    this.#due?.add(submission);
  }

  json({ requests }: BulkCheck): { readonly due: readonly DueRange[]; readonly providers: readonly ProviderLoad[] } {
    const asked = providerKeys.filter((provider) => requests[provider] > 0);
    const providers = asked.map((provider) => {
      const { patience } = this.#policy.rules;
      return providerLoad(requests[provider], { provider, limits: this.#limits[provider], patience, now: Date.now() });
    });
    return { due: this.#due?.ranges() ?? [], providers };
  }

  lines(check: BulkCheck): readonly string[] {
    const { due, providers } = this.json(check);
    return [
      ...(this.#due === undefined
        ? ['Due dates   not computed: name the policy with --policy FILE or ERASURE_POLICY_FILE']
        : due.map((range) => `Due         ${describeRange(range)}`)),
      ...providers.map((load) => `Asking      ${describeLoad(load, due)}`),
    ];
  }
}

function describeRange({ regulation, requests, earliest, latest, noClock }: DueRange): string {
  const without = noClock === undefined ? '' : `no due date: ${noClockMeaning[noClock]}`;
  if (earliest === undefined || latest === undefined) return `${regulation}: ${requests} requests, ${without}`;
  const over = earliest.at < Date.now() ? '; the first is OVERDUE already' : '';
  const days = earliest.on === latest.on ? earliest.on : `from ${earliest.on} to ${latest.on}`;
  const some = without === '' ? '' : `; some have ${without}`;
  return `${regulation}: ${requests} requests, due ${days}${over}${some}`;
}
