/** The certificate in the words of a letter to the person: never more than the certificate says, and no id of ours. */
import type { RejectionGround } from '../../domain/decision/decision-table';
import type { RequestOutcome } from '../../domain/leg/outcome';

const outcomes: Readonly<Record<RequestOutcome, string>> = {
  completed:
    'Everywhere we asked, your data are erased, or nothing is known there under the identifier that we have of you.',
  'completed-with-exceptions':
    'We cannot say of every place that your data are erased there. What we know of each is below.',
  withdrawn: 'Your request was ended before all of it was done. What we know of each place is below.',
  rejected: 'We did not carry out your request, and asked nobody to erase your data.',
};

const rejectionReasons: Readonly<Record<RejectionGround, string>> = {
  unverified: 'We could not make sure that the request came from you.',
  'exempt-art-17-3-a':
    'The data are needed for the right of freedom of expression and information (GDPR Art. 17(3)(a)).',
  'exempt-art-17-3-b': 'The law obliges us to keep the data (GDPR Art. 17(3)(b)).',
  'exempt-art-17-3-c': 'The data are needed in the public interest in the area of public health (GDPR Art. 17(3)(c)).',
  'exempt-art-17-3-d': 'The data are needed for archiving, research or statistics (GDPR Art. 17(3)(d)).',
  'exempt-art-17-3-e': 'The data are needed for legal claims (GDPR Art. 17(3)(e)).',
  'exempt-ccpa-105-d': 'The law allows us to keep the data (California Civil Code 1798.105(d)).',
  excessive: 'The request was found to be excessive.',
  'out-of-scope': 'The request was found to be outside what this law gives a right to.',
};

export const letterTexts = {
  /** How a day is written. */
  locale: 'en-GB',
  title: 'Your request to erase your data',
  date: (day: string) => `Date: ${day}`,
  intro: (day: string) =>
    `On ${day} you asked us to erase your data. This letter says what we know about your data at each of the following places, and how we know it.`,
  introRejected: (day: string) => `On ${day} you asked us to erase your data.`,
  outcome: (outcome: string) => (outcomes as Readonly<Record<string, string>>)[outcome],
  rejection: (ground: unknown) =>
    typeof ground === 'string' ? (rejectionReasons as Readonly<Record<string, string>>)[ground] : undefined,
  what: 'What we know',
  how: 'How we know it',
  open: 'What its documents do not say',
  verified: 'Your data are erased there.',
  verifiedBasis: (day: string | undefined, window: string | undefined) =>
    `Your record was there before. When we looked${day === undefined ? '' : ` on ${day}`}, after the time ${
      window === 'revival' ? 'in which it could have come back' : 'that an erasure takes there'
    }, it was gone.`,
  confirmed: 'Your data are erased there.',
  confirmedBasis: (name: string, day: string | undefined) =>
    `${name} itself reported it to us${day === undefined ? '' : ` on ${day}`}, and the time that it needs is over. We did not look ourselves.`,
  erased: 'Your data are erased there.',
  presumed: 'We take it that your data are erased there. There is no proof.',
  presumedDespiteKnown: 'There is no proof that your data are erased there.',
  presumedBasis: 'The time that it needs for an erasure is over, and nothing that we know speaks against it.',
  presumedDespite: 'The time that it needs for an erasure is over. What it reported to us speaks against an erasure.',
  notFound: (name: string) => `${name} knows nothing under the identifier that we have of you.`,
  notFoundBasis: 'It said so when we asked. That says nothing about data under another identifier.',
  notFoundTwiceBasis:
    'It said so when we asked, and again after the time in which data could have been hidden. That says nothing about data under another identifier.',
  attested: 'A member of our staff vouches that your data are erased there.',
  attestedBasis: 'We have no proof of our own.',
  waived: 'We ended the request there, and say nothing about your data there.',
  waivedBasis: 'A member of our staff decided so.',
  withdrawn: 'Your data were not erased by this request.',
  withdrawnBasis: 'The request was withdrawn there in time.',
  neverAsked: 'Your data were not erased by this request.',
  neverAskedBasis: 'We did not ask there.',
  unknown: 'We do not know whether your data are erased there.',
  unknownBasis: 'We had asked, and the request ended before we could learn what came of it.',
  asked: (name: string, days: string) => `We asked ${name} to erase your data on ${days}.`,
  tried: (name: string, days: string) => `We tried to ask ${name} on ${days}, and had no answer that counts.`,
  withdrawnOn: (on: string) => `On ${on} what we had asked was withdrawn there.`,
  reported: (name: string, day: string, what: string) =>
    `On ${day} a message of ${name} ${what}; it confirmed nothing.`,
  and: ' and ',
  foot: 'This letter repeats a signed certificate that we keep. If the two differ, the certificate holds. Days are those of UTC.',
  notice:
    'To be given to the person: copy it into your own letter, or print it. It names no request, no ticket and no member of staff. Where you print it, switch off the headers and footers of the browser: they show the address of this page. This note is not printed.',
} as const;
