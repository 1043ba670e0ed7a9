/** Whether requests can be filtered by what they wait for. A run that used an attribute nobody registered would block. */
import { isGrpcServiceError } from '@temporalio/client';
import type { Logger } from 'pino';
import { searchAttributeStanding, type NamespaceOf } from '../config/search-attributes';

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
    const grpcCode = isGrpcServiceError(error) ? error.code : undefined;
    logger.warn(
      { namespace, grpcCode },
      'The search attributes of the namespace cannot be read: requests go without them',
    );
  }
  return false;
}
