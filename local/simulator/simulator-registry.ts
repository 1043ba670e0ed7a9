/** The simulated providers: one line for each. */
import type { z } from 'zod';
import { simulatedAptrinsic } from './simulated-aptrinsic';
import { simulatedMeasureOne } from './simulated-measureone';
import { simulatedPerson } from './simulated-person';
import type { SimulatedProvider } from './simulated-provider';

const registry = {
  measureone: simulatedMeasureOne,
  person: simulatedPerson,
  aptrinsic: simulatedAptrinsic,
} satisfies Readonly<Record<string, SimulatedProvider>>;

type Registry = typeof registry;
export type ProviderName = keyof Registry;
export const providerNames = Object.keys(registry) as ProviderName[];
/** The same without what is particular to each of them. */
export const simulatedProviders: Readonly<Record<ProviderName, SimulatedProvider>> = registry;

export function byName<Value>(valueOf: (name: ProviderName) => Value): Record<ProviderName, Value> {
  return Object.fromEntries(providerNames.map((name) => [name, valueOf(name)])) as Record<ProviderName, Value>;
}

export type Credentials = { readonly [P in ProviderName]: Registry[P]['credentials'] };
export const defaultCredentials: Credentials = byName((name) => registry[name].credentials) as Credentials;

export type Records = { readonly [P in ProviderName]: ReturnType<ReturnType<Registry[P]['create']>['record']> };
export type Seed = {
  [P in ProviderName]: { readonly provider: P } & z.infer<Registry[P]['seed']['schema']>;
}[ProviderName];
export type SettingsPatch = {
  readonly [P in ProviderName]?: Partial<z.infer<Registry[P]['settingsSchema']>>;
};

type MethodsOf<Controls> = {
  [Name in keyof Controls]: Controls[Name] extends {
    schema: z.ZodType<infer Input>;
    run: (...input: never) => infer Output;
  }
    ? (...input: object extends Input ? [input?: Input] : [input: Input]) => Promise<Awaited<Output>>
    : never;
};
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer Both) => void
  ? Both
  : never;
/** What can be done to each of them, as one interface. */
export type ProviderControls = All<{ [P in ProviderName]: MethodsOf<Registry[P]['controls']> }[ProviderName]>;
