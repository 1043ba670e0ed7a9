/** What the pages work with. */
import type { ApiServices } from '../api/services';
import type { ErasureClient } from '../client/erasure-client';

export interface ConsoleServices extends ApiServices {
  readonly client: ApiServices['client'] & Pick<ErasureClient, 'urgentFirst' | 'urgentCounts'>;
}
