import { defined } from '../domain/defined';
import { parseInstant } from '../domain/instant';
import type { ClockFacts } from '../domain/law/counting/due-dates';
import type { ErasureSubmission } from './submission';

type DatedFields = Pick<
  ErasureSubmission,
  'regulation' | 'submittedAt' | 'identityAskedAt' | 'informationReceivedAt'
> & { readonly verification?: { readonly at: string } | undefined };

/** What the due dates of a request depend on, as its workflow will find it. */
export function clockFactsOf({ regulation, submittedAt, verification, ...given }: DatedFields): ClockFacts {
  const askedAt = parseInstant(given.identityAskedAt);
  const informationReceivedAt = parseInstant(given.informationReceivedAt);
  const provenAt = parseInstant(verification?.at);
  const identity = askedAt === undefined ? undefined : { askedAt, ...defined({ informationReceivedAt, provenAt }) };
  return { regulation, submittedAt: parseInstant(submittedAt) ?? NaN, ...defined({ identity }) };
}
