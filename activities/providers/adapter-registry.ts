/** The adapter of each provider: one line for each. */
import type { Provider, ProviderSettings } from '../../domain/provider/provider-table';
import { createAptrinsicAdapter } from './aptrinsic';
import type { Http } from './http';
import { createMeasureOneAdapter } from './measureone';
import { createPersonAdapter } from './person';
import type { CallbackRequest, ProviderAdapter } from './provider';

export type AdapterOptions<P extends Provider> = ProviderSettings<P> & {
  readonly http: Http;
  /** Absent where the provider cannot call back, or nobody could take its callback. */
  readonly callback?: CallbackRequest;
};

export const adapters: { readonly [P in Provider]: (options: AdapterOptions<P>) => ProviderAdapter } = {
  measureone: createMeasureOneAdapter,
  person: createPersonAdapter,
  aptrinsic: createAptrinsicAdapter,
};
