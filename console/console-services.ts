/** What the pages work with. */
import type { ApiServices } from '../api/services';
import type { ErasureClient } from '../client/erasure-client';
import type { IssuerKeys } from '../security/certificate-verdict';

export interface ConsoleServices extends ApiServices {
  readonly client: ApiServices['client'] & Pick<ErasureClient, 'urgentFirst' | 'urgentCounts'>;
  /** What certificates are checked with; empty where the server was given no such keys. */
  readonly issuerKeys: IssuerKeys;
}
