/** The certificate for people: the whole of what it claims, as labelled entries. Text and page are made of the same. */
import type { CertificateClaims, DecisionClaim, LegalClockClaim, ProviderClaim, RoundClaim } from './certificate';
import { describeDuration } from '../duration';
import type { Assurance, LegOutcome } from '../leg/outcome';
import { REPORTS_COUNTED_MAX } from '../leg/leg-callbacks';
import { callbackRemarks, type Evidence } from '../leg/receipt';

/** One label, and what is said under it; a label that is empty goes on with the entry before. */
export interface CertificateEntry {
  readonly label: string;
  readonly value: string;
}

export interface CertificateEntries {
  readonly request: readonly CertificateEntry[];
  readonly providers: readonly { readonly title: string; readonly entries: readonly CertificateEntry[] }[];
}

const outcomeMeaning: Record<LegOutcome, string> = {
  erased: 'the data are erased',
  'presumed-erased': 'nothing contradicts the erasure, and there is no proof of it',
  'not-found': 'the provider knows no such identifier',
  attested: 'a staff member vouches for the erasure',
  waived: 'a staff member released the request from this provider; nothing is claimed',
  withdrawn: 'withdrawn at the provider in time; not erased by this request',
  'never-asked': 'the request ended before the provider was asked; not erased by this request',
  unknown: 'the provider had been asked, and the result could not be learnt',
};

const decisionModeMeaning: Record<CertificateClaims['decisionMode'], string> = {
  asserted: 'as stated by whoever could decide, without a signature of theirs',
  authenticated:
    'those that approve, reject, hold, release, withdraw, extend, waive or attest carry a signature of their actor',
};

const assuranceMeaning: Record<Assurance, string> = {
  verified: 'the record was there before, and absent when we looked after the window',
  confirmed: 'the provider itself reports the erasure, and its window is over',
};

/** Of unsigned claims: whoever needs proof checks the signature. `keyId` is the key whose signature was found to hold. */
export function certificateEntries(
  claims: CertificateClaims,
  { keyId }: { readonly keyId?: string } = {},
): CertificateEntries {
  return {
    request: requestEntries(claims, keyId),
    providers: claims.providers.map((claim, index) => ({
      title: clean(`${index + 1}. ${claim.name} (${claim.provider})`),
      entries: providerEntries(claim),
    })),
  };
}

function requestEntries(claims: CertificateClaims, keyId: string | undefined): CertificateEntry[] {
  const { verification } = claims;
  return [
    ...entry('Outcome', `${claims.outcome}: ${claims.meaning}`),
    ...entry('Request', claims.requestId),
    ...entry('Workflow', claims.workflowId),
    ...entry('Run', claims.runId),
    ...entry('', claims.startedAsRunId && `started as run ${claims.startedAsRunId}`),
    ...entry('Regulation', claims.regulation),
    ...entry('Submitted', `${instant(claims.submittedAt)} (as the request says)`),
    ...entry('Received', `${instant(claims.intakeAt)} (by our own record)`),
    ...entry('Issued', instant(claims.issuedAt)),
    ...entry('Environment', claims.environment),
    ...entry('Received via', claims.receivedVia),
    ...entry('Ground', claims.ground),
    ...entry(
      'Identity checked',
      verification &&
        `${verification.method} by ${verification.by} at ${instant(verification.at)}, ${verification.reference}`,
    ),
    ...entry('Filed by', claims.filedBy),
    ...entry('Answer due', claims.legalClock && dueLine(claims.legalClock)),
    ...entry('Decisions', `${claims.decisionMode}: ${decisionModeMeaning[claims.decisionMode]}`),
    ...(claims.decisions ?? []).flatMap((decision) => entry('', decisionLine(decision))),
    ...entry('Signed by key', keyId),
  ];
}

function dueLine({ answerBy, extended, rule, calendar, timeZone, source }: LegalClockClaim): string {
  return `${answerBy}${extended ? ' (extended)' : ''} by rule ${rule}, calendar ${calendar}, ${timeZone}: ${source}`;
}

function decisionLine({ kind, at, proof, actor, reason, ...details }: DecisionClaim): string {
  const { code, ticket } = (reason ?? {}) as { readonly code?: string; readonly ticket?: string };
  const by = typeof actor === 'string' ? ` by ${actor}: ${code}, ${ticket}` : '';
  const said = Object.entries(details).flatMap(([name, value]) =>
    typeof value === 'string' ? [`; ${name} ${value}`] : [],
  );
  return `${kind} at ${instant(at)}${by}${said.join('')}${proof === undefined ? '' : `; signed (${proof.keyId})`}`;
}

function providerEntries(claim: ProviderClaim): CertificateEntry[] {
  const { assurance, callback, lastObservation, withdrawal } = claim;
  return [
    ...entry('Outcome', `${claim.outcome}: ${outcomeMeaning[claim.outcome]}`),
    ...entry('Assurance', assurance === undefined ? 'none' : `${assurance}: ${assuranceMeaning[assurance]}`),
    ...entry('Basis', claim.basis),
    ...claim.rounds.flatMap(roundEntries),
    ...entry('Callback', callback && `${instant(callback.at)}, handle ${callback.handle}${named(callback.event)}`),
    ...(claim.callbackReports ?? []).flatMap(({ says, handle, at, lastAt, count }) =>
      entry(
        'Callback',
        `${instant(at)}${count === 1 ? '' : ` to ${instant(lastAt)}, ${count} times${count < REPORTS_COUNTED_MAX ? '' : ' or more'}`}: ` +
          `${callbackRemarks[says]}; confirmed nothing; handle ${handle}`,
      ),
    ),
    ...entry('Last look', lastObservation && `${instant(lastObservation.at)}: ${lastObservation.found}`),
    ...entry('', lastObservation && evidence(lastObservation.evidence)),
    ...entry('Withdrawal', withdrawal && `${instant(withdrawal.at)}: ${withdrawal.result}`),
    ...entry('', withdrawal?.evidence && evidence(withdrawal.evidence)),
    ...claim.decisions.flatMap(({ kind, at, actor, reason, proof }) =>
      entry(
        'Decision',
        `${kind} at ${instant(at)} by ${actor}: ${reason.code}, ${reason.ticket}${proof === undefined ? '' : `; signed (${proof.keyId})`}`,
      ),
    ),
    ...claim.leavesUnsaid.flatMap((sentence, index) => entry(index === 0 ? 'Leaves unsaid' : '', sentence)),
    ...entry('Subject hash', claim.subjectHash ?? 'none: the provider never answered'),
    ...entry('', claim.subjectHashKeyId && `by key ${claim.subjectHashKeyId}`),
    ...entry('Settled', instant(claim.settledAt)),
    ...(claim.facts ?? []).flatMap(({ kind, witness }, index) =>
      entry(index === 0 ? 'Signed facts' : '', `${kind}, by key ${witness.keyId}`),
    ),
  ];
}

function roundEntries(round: RoundClaim): CertificateEntry[] {
  const { answeredAt, windowEndsAt, windowKind, marginMs, withdrawnAt, withdrawal, withdrawalBrokenOffAt } = round;
  const answered = answeredAt === undefined ? 'no answer that counts' : `answered ${instant(answeredAt)}`;
  const margin = marginMs === undefined || marginMs === 0 ? '' : `, margin ${describeDuration(marginMs)}`;
  return [
    ...entry(`Round ${round.number}`, `asked ${instant(round.askedAt)}, ${answered}`),
    ...entry('', windowEndsAt && `${windowKind} window until ${instant(windowEndsAt)}${margin}`),
    ...entry('', round.evidence && evidence(round.evidence)),
    ...entry('', withdrawnAt && `withdrawn at the provider ${instant(withdrawnAt)}, because of a legal hold`),
    ...entry('', withdrawal && `withdrawal because of a legal hold, ${instant(withdrawal.at)}: ${withdrawal.result}`),
    ...entry('', withdrawal?.evidence && evidence(withdrawal.evidence)),
    ...entry('', withdrawalBrokenOffAt && `withdrawal broken off ${instant(withdrawalBrokenOffAt)}: no answer`),
  ];
}

function evidence({ host, httpStatus, bodyHmac, facts }: Evidence): string {
  const parts = [`${host} answered ${httpStatus}`];
  for (const [name, value] of Object.entries(facts ?? {})) parts.push(`${name} = ${value}`);
  if (bodyHmac !== undefined) parts.push(`HMAC of the answer ${bodyHmac}`);
  return `Evidence: ${parts.join('; ')}`;
}

function named(event: string | undefined): string {
  return event === undefined ? '' : `, event ${event}`;
}

/** Nothing at all where there is no value. */
function entry(label: string, value: string | undefined): CertificateEntry[] {
  return value === undefined || value === '' ? [] : [{ label, value: clean(value) }];
}

/** `2026-11-28 17:04:09 UTC` of an RFC 3339 instant in UTC. */
function instant(at: string): string {
  return at.replace(/^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?Z$/, '$1 $2 UTC');
}

/** Some of it are a provider's own words: they must not steer the terminal, nor pretend to be lines of ours. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
