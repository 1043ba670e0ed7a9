import { identifierProblem } from '../../domain/provider/identifier';
import { providerName, type Provider } from '../../domain/provider/provider-table';
import { ProviderFailure } from './provider';

/** The same rule as at intake: a request can also be sealed by another client than ours. */
export function refuseInvalid(provider: Provider, identifier: string): void {
  const problem = identifierProblem(provider, identifier);
  if (problem === undefined) return;
  throw new ProviderFailure('IdentifierInvalid', `${providerName(provider)} was not asked: the identifier ${problem}.`);
}
