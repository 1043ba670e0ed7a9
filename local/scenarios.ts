/** The stories that the demo tells: what the world does meanwhile, and how the request must end. */
import { providerKeys, type Provider } from '../domain/provider/provider-table';
import type { SimulatorControl } from './simulator/control';
import { simulatedProviders } from './simulator/simulator-registry';
import type { Story } from './simulator/simulated-provider';

/** Somebody made up: their id at each provider. */
export type Subject = Readonly<Record<Provider, string>>;

export interface Scenario extends Story {
  /** The provider that the story is about. */
  readonly provider?: Provider;
}

export const scenarios: readonly Scenario[] = [
  { name: 'happy', title: 'all providers, no trouble', ends: 'completed' },
  ...providerKeys.flatMap((provider) => simulatedProviders[provider].stories.map((story) => ({ ...story, provider }))),
];

/** The id by which the story's provider knows the person; of no use in a story about none. */
export function subjectOf({ provider }: Scenario, subject: Subject): string {
  return provider === undefined ? '' : subject[provider];
}

/** A demo and a sample request that end within the week. */
export async function shortenWindows(simulator: SimulatorControl): Promise<void> {
  const settings = providerKeys.map((provider) => [provider, simulatedProviders[provider].demoSettings ?? {}]);
  await simulator.configure(Object.fromEntries(settings));
}

export function findScenario(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name);
}
