/** What the certificate is about to claim, and on what basis: composed from the legs' facts and nothing else. */
import { defined } from '../defined';
import { describeInstant } from '../duration';
import { seenIn, type Fact, type Witness } from '../fact/fact';
import { attentionGuide, failureWords } from '../leg/failure';
import { isContradicted } from '../leg/leg-callbacks';
import { lastRound } from '../leg/rounds';
import { windowIsOverAt } from '../leg/leg-windows';
import { settled, type LegState, type Round, type SettledLeg } from '../leg/leg-state';
import type { RequestOutcome } from '../leg/outcome';
import { describeReport } from '../leg/leg-progress';
import { providerName } from '../provider/provider-table';
import type { Receipt } from '../leg/receipt';
import type { Verification } from '../request/request';
import type { Regulation } from '../law/regulation';
import { isExtended, outcomeOf, type TrailEntry } from '../request/request-state';
import type { RequestSnapshot } from '../request/snapshot';
import type { Terms } from '../rules/terms';

/** Everything that the certificate is made from, as the workflow's history holds it. Instants in epoch ms. */
export interface Statement {
  readonly requestId: string;
  readonly workflowId: string;
  readonly runId: string;
  /** The run that the request was started as, which its facts are signed for; a reset keeps it. */
  readonly run: string;
  readonly regulation: Regulation;
  readonly submittedAt: number;
  /** When the run started: the time that our own records prove. */
  readonly startedAt: number;
  readonly receivedVia?: string;
  readonly ground?: string;
  readonly verification?: Verification;
  readonly filedBy?: string;
  readonly outcome: RequestOutcome;
  readonly legs: readonly SettledLeg[];
  /** What the request was held to, as it was signed when it started. */
  readonly terms: Terms;
  /** The same, signed again where the proof of identity has moved the due dates. */
  readonly laterTerms?: Terms;
  readonly isExtended: boolean;
  /** What staff decided about the whole request, and what was reported of it, in order. */
  readonly trail: readonly TrailEntry[];
}

/** Of a request whose providers have all settled. */
export function statementOf(
  { request, startedAt, state, legs }: RequestSnapshot,
  ids: Pick<Statement, 'workflowId' | 'runId' | 'run'>,
): Statement {
  const { requestId, regulation, submittedAt, receivedVia, ground, verification, filedBy } = request;
  const { terms, laterTerms, trail } = state;
  if (terms === undefined) throw new TypeError('A request settles once its terms are known');
  return {
    requestId,
    ...ids,
    regulation,
    submittedAt,
    startedAt,
    ...defined({ receivedVia, ground, verification, filedBy }),
    outcome: outcomeOf(state),
    legs: legs.map(settled),
    terms,
    ...defined({ laterTerms }),
    isExtended: isExtended(state),
    trail,
  };
}

/** In plain words: what is known about this leg, how we know it, and never more. */
export function basisOf(leg: LegState): string {
  return [...storyOf(leg), conclusionOf(leg)].join(' ');
}

function storyOf(leg: LegState): string[] {
  const name = providerName(leg.provider);
  const story: string[] = [];
  for (const round of leg.rounds) {
    const receipt = round.receipt;
    const when = describeInstant(round.askedAt);
    if (receipt === undefined && round.mayHaveReached !== true) {
      story.push(`We tried to ask ${name} to erase at ${when}; no call of ours can have reached it.`);
      continue;
    }
    const asked = `${round.number === 1 ? 'We asked' : `In round ${round.number} we asked`} ${name} to erase at ${when}`;
    const withdrawn = withdrawalOf(round);
    if (receipt === undefined || round.answeredAt === undefined) {
      story.push(`${asked}; no answer that counts has come.${withdrawn}`);
      continue;
    }
    const answer = answerOf(receipt);
    const window =
      round.windowEndsAt === undefined
        ? ''
        : `; its ${receipt.windowKind} window ends at ${describeInstant(round.windowEndsAt)}`;
    const [said, butWhat = ''] = answer;
    story.push(
      `${asked}; ${receipt.evidence.host} ${said} at ${describeInstant(round.answeredAt)}${butWhat}${window}.${withdrawn}`,
    );
  }
  if (leg.seen) story.push('The record was known to be there before it was to be erased.');
  if (leg.callback !== undefined) story.push(`Its callback came at ${describeInstant(leg.callback.at)}.`);
  for (const report of leg.reports ?? []) story.push(`${describeReport(report)}; it confirmed nothing.`);
  if (leg.lastObservation !== undefined) {
    story.push(`When we last looked, at ${describeInstant(leg.lastObservation.at)}, ${finding(leg.lastObservation)}.`);
  }
  return story;
}

/** What became of withdrawing a round because of a legal hold. */
function withdrawalOf({ withdrawnAt, withdrawal, withdrawalBrokenOffAt }: Round): string {
  const because = 'because of a legal hold';
  if (withdrawnAt !== undefined)
    return ` It was withdrawn at the provider at ${describeInstant(withdrawnAt)}, ${because}.`;
  const brokenOff =
    withdrawalBrokenOffAt === undefined
      ? ''
      : ` Withdrawing it ${because} was broken off at ${describeInstant(withdrawalBrokenOffAt)}; whether the provider withdrew it is not known.`;
  if (withdrawal === undefined) return brokenOff;
  const found = withdrawal.status === 'too-late' ? 'it was too late' : 'the provider had nothing to withdraw';
  return ` Withdrawing it ${because} was tried at ${describeInstant(withdrawal.at)}: ${found}.${brokenOff}`;
}

/** What the provider did after a staff member had decided. */
function afterwards({ provider, withdrawnAfterDecisionAt: at }: SettledLeg): string {
  return at === undefined
    ? ''
    : ` Afterwards, at ${describeInstant(at)}, ${providerName(provider)} withdrew what it had been asked: no request of ours stands there any more.`;
}

/** What the provider's answer said, and after its time what it did not say. */
function answerOf(receipt: Receipt): readonly [said: string, but?: string] {
  const knowsNone = 'answered that it knows no such identifier';
  if (receipt.status === 'unknown') return [knowsNone];
  switch (receipt.basis) {
    case 'taken-on':
      return ['took the request on'];
    case 'unknown-after-asking':
      return [
        knowsNone,
        ', after an asking of ours whose fate is not known. It never said that it took the request on; we wait as if it had',
      ];
    case 'queued-already':
      return [
        'answered that an erasure is queued',
        '. Whether an asking of ours queued it is not known; we wait for that one',
      ];
  }
}

function finding(observation: NonNullable<LegState['lastObservation']>): string {
  switch (observation.status) {
    case 'absent':
      return 'the record was absent';
    case 'present':
      if (observation.takenOffQueue === true) return 'the record was there and no longer queued for erasure';
      if (observation.sameRecord === 'unclear') return 'a record was there, and it was unclear whether the same';
      return observation.sameRecord ? 'the same record was there' : 'a newer record was there';
    case 'pending':
      return `the provider meant to erase at ${describeInstant(observation.endsAt)}`;
    case 'inconclusive':
      return 'its answer allowed no conclusion';
  }
}

function conclusionOf(leg: LegState): string {
  const name = providerName(leg.provider);
  const decision = leg.decisions.at(-1);
  const by =
    decision === undefined ? '' : ` (staff ${decision.actor}, ${decision.reason.code}, ${decision.reason.ticket})`;
  if (leg.phase !== 'settled') return 'This leg has not settled.';
  switch (leg.outcome) {
    case 'erased':
      return leg.assurance === 'verified'
        ? 'The record was there before and was absent after the window: erased, verified by looking.'
        : `${name} itself reports the erasure, and its window is over: erased, confirmed by the provider.`;
    case 'presumed-erased':
      return isContradicted(leg)
        ? 'The window is over, and there is no proof of the erasure: what its callback said speaks against it.'
        : 'The window is over and nothing contradicts the erasure, but there is no proof of it.';
    case 'not-found':
      return leg.rounds.at(-1)?.windowEndsAt === undefined
        ? `${name} knew no such identifier. That says nothing about data under other identifiers.`
        : `${name} knew no such identifier when asked, nor after the window in which one could have been hidden.`;
    case 'attested':
      return `A staff member vouches for the erasure${by}; this certificate adds no evidence of its own.${afterwards(leg)}`;
    case 'waived':
      return `A staff member released us from this provider${by}; nothing is claimed about the data.${afterwards(leg)}`;
    case 'withdrawn':
      return 'The request was withdrawn, and was withdrawn at the provider in time. The data were not erased by it.';
    case 'never-asked':
      return 'The request ended before the provider was asked. The data were not erased by it.';
    case 'unknown':
      return unknownEnd(leg);
  }
}

function unknownEnd(leg: SettledLeg): string {
  const since = leg.withdrawal?.status === 'too-late' ? leg.withdrawal.since : undefined;
  const overAt = windowIsOverAt(leg);
  const late = since === undefined ? '' : ` It was too late to withdraw since ${describeInstant(since)}.`;
  const due = overAt === undefined ? '' : ` The window and margin end at ${describeInstant(overAt)}.`;
  const contradiction =
    leg.endedInAttention === undefined ? '' : ` Before that ${attentionGuide[leg.endedInAttention].happened}.`;
  const failed =
    leg.couldNotWithdraw === undefined ? '' : ` Withdrawing it failed: ${failureWords(leg.couldNotWithdraw)}.`;
  return `The request ended while ${providerName(leg.provider)} had been asked and the result could not be learnt.${late}${failed}${due}${contradiction}`;
}

/** What the provider's documents leave unsaid, as its adapter states it. */
export function leavesUnsaid(leg: LegState): readonly string[] {
  return lastRound(leg)?.receipt?.leavesUnsaid ?? [];
}

/** A fact as the run holds it, with the signature that came with it. */
export type SignedFact = Pick<Fact, 'kind' | 'provider' | 'content'> & { readonly witness: Witness | undefined };

/** What a leg's claim rests on; the certificate holds the same. */
export function factsOfLeg(leg: SettledLeg): readonly SignedFact[] {
  const { provider, rounds, sighting, lastObservation, withdrawal, callback, reports = [] } = leg;
  const answers = [
    ...rounds.flatMap(({ receipt }) => (receipt === undefined ? [] : [{ kind: 'receipt' as const, answer: receipt }])),
    ...[sighting, lastObservation].flatMap((look) =>
      look === undefined ? [] : [{ kind: 'observation' as const, answer: look }],
    ),
    // One answer to withdrawing is about every round that stood.
    ...[...new Set([...rounds.map((round) => round.withdrawal), withdrawal])].flatMap((answer) =>
      answer === undefined ? [] : [{ kind: 'withdrawal' as const, answer }],
    ),
    ...(callback === undefined ? [] : [{ kind: 'callback' as const, answer: callback }]),
    ...reports.map(({ handle, says, witness }) => ({
      kind: 'callback' as const,
      answer: { handle, says, ...defined({ witness }) },
    })),
  ];
  return answers.map(({ kind, answer }) => {
    // The workflow adds to an answer when it came; nobody signed for that.
    const { at: _at, ...content } = { at: undefined, ...seenIn(answer) };
    return { kind, provider, content, witness: answer.witness };
  });
}
