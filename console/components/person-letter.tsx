/** The certificate for the person: what is known of each place, and how, in plain words and without any id of ours. */
import type { CertificateClaims, ProviderClaim } from '../../domain/certificate/certificate';
import { callbackRemarks, speaksAgainst } from '../../domain/leg/receipt';
import { letterTexts as texts } from '../texts/person-letter';

export function PersonLetter({ claims }: { readonly claims: CertificateClaims }) {
  const { submittedAt, issuedAt, outcome, providers, decisions = [] } = claims;
  const isRejected = outcome === 'rejected';
  const asked = day(submittedAt);
  const ground = isRejected ? decisions.find(({ kind }) => kind === 'reject')?.['ground'] : undefined;
  return (
    <article class="sheet letter panel">
      <p class="letter-date">{texts.date(day(issuedAt))}</p>
      <h2>{texts.title}</h2>
      <p>{isRejected ? texts.introRejected(asked) : texts.intro(asked)}</p>
      <p>
        <strong>{texts.outcome(outcome) ?? claims.meaning}</strong> {texts.rejection(ground)}
      </p>
      {!isRejected && providers.map((claim) => <Place key={claim.provider} claim={claim} />)}
      <p class="note">{texts.foot}</p>
    </article>
  );
}

function Place({ claim }: { readonly claim: ProviderClaim }) {
  const { name, leavesUnsaid } = claim;
  const { known, basis } = findingOf(claim);
  return (
    <section>
      <h3>{name}</h3>
      <dl class="entries">
        <div>
          <dt>{texts.what}</dt>
          <dd>
            <strong>{known}</strong>
          </dd>
        </div>
        <div>
          <dt>{texts.how}</dt>
          {[...askedOf(claim), ...withdrawnOf(claim), ...reportsOf(claim), ...basis].map((sentence) => (
            <dd key={sentence}>{sentence}</dd>
          ))}
        </div>
        {leavesUnsaid.length > 0 && (
          <div>
            <dt>{texts.open}</dt>
            {leavesUnsaid.map((sentence) => (
              <dd key={sentence}>{sentence}</dd>
            ))}
          </div>
        )}
      </dl>
    </section>
  );
}

interface Finding {
  readonly known: string;
  readonly basis: readonly string[];
}

function findingOf({ name, outcome, assurance, ...claim }: ProviderClaim): Finding {
  switch (outcome) {
    case 'erased': {
      if (assurance === 'verified') {
        const look = claim.lastObservation;
        const lookedOn = look?.found === 'absent' ? day(look.at) : undefined;
        return { known: texts.verified, basis: [texts.verifiedBasis(lookedOn, claim.rounds.at(-1)?.windowKind)] };
      }
      if (assurance === 'confirmed') {
        const reportedOn = claim.callback && day(claim.callback.at);
        return { known: texts.confirmed, basis: [texts.confirmedBasis(name, reportedOn)] };
      }
      return { known: texts.erased, basis: [] };
    }
    case 'presumed-erased': {
      const isContradicted = claim.callbackReports?.some(({ says }) => speaksAgainst(says)) ?? false;
      return isContradicted
        ? { known: texts.presumedDespiteKnown, basis: [texts.presumedDespite] }
        : { known: texts.presumed, basis: [texts.presumedBasis] };
    }
    case 'not-found': {
      const isTwice = claim.rounds.at(-1)?.windowEndsAt !== undefined;
      return { known: texts.notFound(name), basis: [isTwice ? texts.notFoundTwiceBasis : texts.notFoundBasis] };
    }
    case 'attested':
      return { known: texts.attested, basis: [texts.attestedBasis] };
    case 'waived':
      return { known: texts.waived, basis: [texts.waivedBasis] };
    case 'withdrawn':
      return { known: texts.withdrawn, basis: [texts.withdrawnBasis] };
    case 'never-asked':
      return { known: texts.neverAsked, basis: [texts.neverAskedBasis] };
    case 'unknown':
      return { known: texts.unknown, basis: [texts.unknownBasis] };
  }
}

function askedOf({ name, rounds, outcome }: ProviderClaim): readonly string[] {
  if (outcome === 'never-asked') return [];
  const answered = rounds.filter(({ answeredAt }) => answeredAt !== undefined);
  const unanswered = rounds.filter(({ answeredAt }) => answeredAt === undefined);
  return [
    ...(answered.length === 0 ? [] : [texts.asked(name, days(answered))]),
    ...(unanswered.length === 0 ? [] : [texts.tried(name, days(unanswered))]),
  ];
}

function withdrawnOf({ rounds }: ProviderClaim): readonly string[] {
  return rounds.flatMap(({ withdrawnAt }) => (withdrawnAt === undefined ? [] : [texts.withdrawnOn(day(withdrawnAt))]));
}

function days(rounds: ProviderClaim['rounds']): string {
  return [...new Set(rounds.map(({ askedAt }) => day(askedAt)))].join(texts.and);
}

function reportsOf({ name, callbackReports = [] }: ProviderClaim): readonly string[] {
  return callbackReports.map(({ says, at }) => texts.reported(name, day(at), callbackRemarks[says]));
}

/** `22 November 2026`; as it stands where it is no day. */
function day(at: string): string {
  const instant = Date.parse(at);
  if (Number.isNaN(instant)) return at;
  return new Date(instant).toLocaleDateString(texts.locale, { dateStyle: 'long', timeZone: 'UTC' });
}
