/** Whether requests can be filtered by what they wait for. A run that used an attribute nobody registered would block. */
import type { Logger } from 'pino';
import { searchAttributeStanding, type NamespaceOf } from '../temporal/search-attributes';
import { grpcStatusOf } from '../temporal/temporal-failure';

/** What is found out holds for the requests that this process takes on. */
export async function checkSearchAttributes({
  logger,
  ...where
}: NamespaceOf & { readonly logger: Logger }): Promise<boolean> {
  const { namespace } = where;
  try {
    const { missing, mistyped } = await searchAttributeStanding(where);
    if (missing.length === 0 && mistyped.length === 0) return true;
    logger.warn(
      { namespace, missing, mistyped },
      'Search attributes are missing: requests cannot be filtered by what they wait for. Run "erasure setup", then restart',
    );
  } catch (error) {
    logger.warn(
      { namespace, grpcCode: grpcStatusOf(error) },
      'The search attributes of the namespace cannot be read: requests go without them',
    );
  }
  return false;
}
