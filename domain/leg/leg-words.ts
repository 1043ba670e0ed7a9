/** The states of a leg in a few words: the same in the Temporal UI, on the command line and in the console. */
import { describeInstant } from '../duration';
import type { LegProgress, LegProgressState } from './leg-progress';
import type { Assurance, LegOutcome } from './outcome';

export const legStateWords: Readonly<Record<LegProgressState, string>> = {
  'not-asked-yet': 'not asked yet',
  asking: 'asking',
  'waiting-out-window': 'waits out its window',
  'waiting-for-callback': 'waits for its callback',
  looking: 'looking whether it is gone',
  attention: 'needs attention',
  braked: 'waits at its brake',
  held: 'held back by a legal hold',
  withdrawing: 'withdrawing the request',
  settled: 'settled',
};

/** `presumed-erased` stays as it is: the certificate and the documents have these words. */
export function outcomeWords(outcome: LegOutcome, assurance?: Assurance): string {
  return assurance === undefined ? outcome : `${outcome} (${assurance})`;
}

/** With what keeps it, as a code that the documents explain: `needs attention (ProviderRejected)`. */
export function describeLegState({ state, outcome, assurance, attention, trouble, brake }: LegProgress): string {
  if (outcome !== undefined) return outcomeWords(outcome, assurance);
  const reason = (attention ?? trouble ?? brake)?.reason;
  return reason === undefined ? legStateWords[state] : `${legStateWords[state]} (${reason})`;
}

/** In a sentence behind the provider's name: `waits for … (ProviderRejected since …)`; undefined where it waits for nothing. */
export function describeLegWait({ waitsFor, attention, trouble, brake }: LegProgress): string | undefined {
  if (waitsFor === 'nothing') return undefined;
  const reason = attention ?? trouble ?? brake;
  const since = reason === undefined ? '' : ` (${reason.reason} since ${describeInstant(Date.parse(reason.since))})`;
  return `waits for ${waitsFor}${since}`;
}

/** Until when it waits, or since when it has settled; undefined where nobody can say. */
export function describeLegTime({ until, attention, settledAt }: LegProgress): string | undefined {
  if (until !== undefined) return describeInstant(Date.parse(until));
  if (attention?.triesDaily === true) return 'tried again daily';
  return settledAt === undefined ? undefined : `since ${describeInstant(Date.parse(settledAt))}`;
}
