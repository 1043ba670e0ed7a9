/** What the outcome of one call says of its provider as a whole, for the provider's brake. */
import type { Sign } from '../domain/brake/streak';
import type { FailureType } from '../domain/leg/failure';
import type { Observation, Receipt, Withdrawal } from '../domain/leg/receipt';
import type { ProviderFailure } from './providers/provider';

export const nothingSaid: Sign = { says: 'nothing' };

const refusals: Partial<Record<FailureType, (Sign & { says: 'refuses' })['reason']>> = {
  ProviderUnauthorized: 'unauthorized',
  TokenRefused: 'unauthorized',
  ProviderUnavailable: 'unavailable',
  UnrecognizedAnswer: 'unrecognized',
};

/** `StillPending`: a provider that is late answers all the same. What is said of one person's request says nothing of all. */
export function signOfFailure({ type, isPaceOnly }: ProviderFailure): Sign {
  if (isPaceOnly) return nothingSaid;
  const reason = refusals[type];
  if (reason !== undefined) return { says: 'refuses', reason };
  return type === 'StillPending' ? { says: 'answers' } : nothingSaid;
}

/** A provider that took it on without having seen a record that it could have seen knows nobody, as far as we know. */
export function signOfReceipt(receipt: Receipt): Sign {
  if (receipt.status === 'unknown') return { says: 'knows-nobody' };
  if (receipt.basis !== 'taken-on') return { says: 'answers' };
  return receipt.seen || receipt.confirmedBy !== 'look' ? { says: 'serves' } : { says: 'knows-nobody' };
}

/** An adapter that need not call to give its answer has no status to tell. */
export function signOfLook({ status, evidence }: Observation): Sign {
  if (evidence.httpStatus === 0) return nothingSaid;
  return { says: status === 'present' || status === 'pending' ? 'serves' : 'answers' };
}

export function signOfWithdrawal({ status, evidence }: Withdrawal): Sign {
  if (evidence === undefined) return nothingSaid;
  return { says: status === 'withdrawn' ? 'serves' : 'answers' };
}
