/** What the console says of each decision: what it is called, what it will do, and what of it cannot be undone. */
import type { DecisionKind } from '../../domain/decision/decision-table';

interface DecisionTexts {
  /** On the button that takes it. */
  readonly title: string;
  readonly does: string;
  /** Asks for a confirmation. */
  readonly isFinal?: string;
}

export const decisionTexts: Readonly<Record<DecisionKind, DecisionTexts>> = {
  approve: {
    title: 'Approve the request',
    does: 'Every provider is asked to erase, at once. Whoever filed the request cannot approve it.',
    isFinal: 'I have checked the request. What a provider has erased cannot be brought back.',
  },
  reject: {
    title: 'Reject the request',
    does: 'Nothing is sent to any provider, and the request ends. The person must then be told why, within the law’s time.',
    isFinal: 'This ends the request for good. A new one can be filed.',
  },
  hold: {
    title: 'Put it on legal hold',
    does: 'Nothing more is sent, and what a provider can still withdraw is withdrawn. The law’s clock goes on: tell the person why it is held. What is erased already stays erased.',
  },
  release: {
    title: 'Release the hold',
    does: 'What was held back goes on: providers where it was withdrawn, or that were not asked yet, are asked at once.',
  },
  withdraw: {
    title: 'Withdraw the request',
    does: 'Providers that were not asked are not asked. Those that were are told to withdraw it where they can. The certificate says what was withdrawn and what was not. What is erased already stays erased.',
    isFinal: 'This ends the request for good.',
  },
  extend: {
    title: 'Extend the time to answer',
    does: 'The law gives more time once, and only for these reasons; a slow provider is none. It holds only once the person was told inside the first period: record that as a notice.',
  },
  notice: {
    title: 'Record that somebody was told',
    does: 'Telling them happens outside of this console. Here it is recorded that, when and how. The notice that is owed at the end ends the request.',
  },
  identity: {
    title: 'Record the proof of identity',
    does: 'Where the law starts its clock with the information that was asked for, the due date is computed anew.',
  },
  retry: {
    title: 'Try again now',
    does: 'The step that did not get through is repeated, and nothing else. Where the provider can be asked, it is looked first.',
  },
  waive: {
    title: 'Waive this provider',
    does: 'The request goes on without this provider. The certificate says who decided it and why.',
    isFinal: 'This provider stays waived. What it was asked already may still be carried out.',
  },
  attest: {
    title: 'Attest that it has erased',
    does: 'You vouch for the erasure, from what you know outside of this system. The certificate says that a staff member vouches for it, and for what reason.',
    isFinal: 'I know that this provider has erased the data. This cannot be taken back.',
  },
};

interface FieldTexts {
  readonly label: string;
  readonly hint?: string;
}

/** By the names in the decision table; `kind.name` where it means something else there. */
export const decisionFieldTexts: Readonly<Record<string, FieldTexts>> = {
  'reason.code': {
    label: 'Reason',
    hint: 'A code of lower case words joined by hyphens, no free text: it ends up in the certificate.',
  },
  'reason.ticket': { label: 'Ticket', hint: 'Where the reason is on record, e.g. PRIV-1234. No name, no address.' },
  ground: { label: 'Ground' },
  owner: { label: 'Who answers for the hold', hint: 'An opaque staff id, no name and no e-mail address.' },
  reviewAt: { label: 'To be reviewed', hint: 'Date and time in UTC, at most a year ahead.' },
  wantedBy: { label: 'Who wants it withdrawn' },
  because: { label: 'Why the law allows it' },
  notice: { label: 'What was told' },
  at: { label: 'When', hint: 'Date and time in UTC.' },
  channel: { label: 'How', hint: 'A code such as email, letter or portal.' },
  reference: { label: 'Reference', hint: 'Of the message or record in the system that has it, e.g. MSG-1234.' },
  recipient: {
    label: 'Somebody other than the person',
    hint: 'A code for a recipient who must be told too, e.g. marketing-platform. Leave it empty if it was the person.',
  },
  informationReceivedAt: {
    label: 'When the information arrived',
    hint: 'Date and time in UTC. Leave it empty where nothing was sent, e.g. with a login.',
  },
  method: { label: 'How it was proven', hint: 'A code such as account-login or identity-card.' },
};

/** Choices whose own word does not explain itself. */
export const choiceTexts: Readonly<Record<string, string>> = {
  unverified: 'The person could not be verified',
  'exempt-art-17-3-a': 'Exempt: freedom of expression (GDPR Art. 17(3)(a))',
  'exempt-art-17-3-b': 'Exempt: legal obligation or public task (GDPR Art. 17(3)(b))',
  'exempt-art-17-3-c': 'Exempt: public health (GDPR Art. 17(3)(c))',
  'exempt-art-17-3-d': 'Exempt: archiving or research (GDPR Art. 17(3)(d))',
  'exempt-art-17-3-e': 'Exempt: legal claims (GDPR Art. 17(3)(e))',
  'exempt-ccpa-105-d': 'Exempt: Cal. Civ. Code 1798.105(d)',
  excessive: 'Excessive or manifestly unfounded',
  'out-of-scope': 'Out of scope',
  'legal-claims': 'Legal claims',
  'legal-obligation': 'Legal obligation to keep the data',
  'court-order': 'Court order',
  'authority-request': 'Request of an authority',
  complexity: 'The request is complex',
  'number-of-requests': 'The person has made many requests',
  subject: 'The person',
  misfiled: 'Nobody: it should not have been filed',
  acknowledged: 'That the request was received',
  extended: 'That it takes longer',
  refused: 'That it is not done (yet), and why',
  outcome: 'What came of it',
};

export const decisionPageTexts = {
  what: 'What it will do',
  final: 'What cannot be undone',
  confirmMissing: 'Confirm what cannot be undone',
  isMissing: (label: string) => `${label}: is needed`,
  expected: (label: string, expected: string) => `${label}: expected ${expected}`,
  refused: 'It was not taken',
  cancel: 'Back to the request',
  you: (id: string) => `It is recorded as decided by ${id}.`,
  notNow: 'This cannot be decided about the request as it stands now.',
  ownRequest: 'You filed this request yourself: somebody else has to approve it.',
} as const;
