/** What a worker says in its log, at its start, of a namespace that is not as it should be. Neither check ever throws. */
import type { ConnectionLike } from '@temporalio/client';
import type { Logger } from 'pino';
import { DAY_MS } from '../domain/duration';
import type { Terms } from '../domain/rules/terms';
import { RETENTION_DAYS_MIN, retentionMsOf } from '../temporal/retention';
import { searchAttributes } from '../temporal/names';
import { searchAttributeProblems, type NamespaceOf } from '../temporal/search-attributes';
import { grpcStatusOf } from '../temporal/temporal-failure';

/** A short retention harms certificates, not erasures. */
export async function checkRetention({
  logger,
  ...where
}: {
  readonly connection: ConnectionLike;
  readonly namespace: string;
  readonly logger: Logger;
}): Promise<void> {
  const about = { namespace: where.namespace, wantedDays: RETENTION_DAYS_MIN };
  try {
    const retentionMs = await retentionMsOf(where);
    if (retentionMs === undefined) {
      logger.info(about, 'Temporal does not tell the retention of the namespace; check it yourself');
    } else if (retentionMs < RETENTION_DAYS_MIN * DAY_MS) {
      logger.warn(
        { ...about, retentionDays: retentionMs / DAY_MS },
        'Temporal forgets ended requests, and their certificates, too early: give the namespace a longer retention',
      );
    }
  } catch (error) {
    logger.info(
      { ...about, grpcCode: grpcStatusOf(error) },
      'The retention of the namespace cannot be read; check it yourself',
    );
  }
}

/**
 * Whether requests can be filtered by what they wait for: it holds for those that this process starts to serve. A run
 * that used an attribute nobody registered would block.
 */
export async function checkSearchAttributes({
  logger,
  ...where
}: NamespaceOf & { readonly logger: Logger }): Promise<Pick<Terms, 'isIndexed' | 'areTicketsIndexed'>> {
  const { namespace } = where;
  try {
    const { missing, mistyped } = await searchAttributeProblems(where);
    const wrong = [...missing, ...mistyped];
    if (wrong.length === 0) return { isIndexed: true, areTicketsIndexed: true };
    if (wrong.every((name) => name === searchAttributes.tickets.name)) {
      logger.warn(
        { namespace, missing, mistyped },
        'A search attribute is missing: requests cannot be found by their tickets. Run "erasure setup", then restart',
      );
      return { isIndexed: true };
    }
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
  return { isIndexed: false };
}
