/** What the routes work with. */
import type { ErasureClient } from '../client/erasure-client';
import type { RowIds } from '../client/bulk/row-ids';
import type { PolicyFile } from '../config/policy-file';
import type { WebhookHosts } from '../config/webhook-config';
import type { DecisionTokenIssuer } from '../security/decision-token';
import type { Reporter } from './reporting';

export interface ApiServices {
  readonly client: Pick<
    ErasureClient,
    'submit' | 'get' | 'page' | 'certificate' | 'decide' | 'runOf' | 'find' | 'origin' | 'retentionMs'
  >;
  /** Makes one report at a time, for the API and the console together. */
  readonly report: Reporter;
  /** Ids for rows that bring none. */
  readonly rowIds: (batch: string) => Promise<RowIds>;
  /** The company's policy file; undefined where none is named, and no due date can be promised. */
  readonly policy: PolicyFile | undefined;
  /** Who may be told of the changes of requests; undefined where nobody may. */
  readonly webhookHosts: WebhookHosts | undefined;
  /** Signs decisions for whoever is logged in; undefined where the server has no key for it. */
  readonly issuer: DecisionTokenIssuer | undefined;
}
