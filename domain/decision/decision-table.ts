/**
 * What a staff member can decide: one row for each kind. Update, checks, client, command line and help are made from it.
 * When it can be taken is in domain/request/decision-problem.ts, what it changes in request-state.ts beside it; about a
 * provider, both are in domain/leg/leg-decisions.ts.
 */
import { isProvider, providerKeys, type Provider } from '../provider/provider-table';
import {
  code,
  decisionToken,
  instant,
  oneOf,
  optional,
  reason,
  reference,
  required,
  staffId,
  type Fields,
} from './decision-field';

/** Why a request is not carried out. The letters are those of GDPR Art. 17(3) and of Cal. Civ. Code 1798.105(d). */
export const rejectionGrounds = [
  'unverified',
  'exempt-art-17-3-a',
  'exempt-art-17-3-b',
  'exempt-art-17-3-c',
  'exempt-art-17-3-d',
  'exempt-art-17-3-e',
  'exempt-ccpa-105-d',
  'excessive',
  'out-of-scope',
] as const;
export type RejectionGround = (typeof rejectionGrounds)[number];

/** Why data must not be erased for now. */
export const holdGrounds = ['legal-claims', 'legal-obligation', 'court-order', 'authority-request'] as const;
export type HoldGround = (typeof holdGrounds)[number];

/** The only reasons for which the law gives more time; a provider's delay is none. */
export const extensionGrounds = ['complexity', 'number-of-requests'] as const;
export type ExtensionGround = (typeof extensionGrounds)[number];

/** Who wants a request withdrawn: the person, or it should never have been filed. */
export const withdrawalWishes = ['subject', 'misfiled'] as const;
export type WithdrawalWish = (typeof withdrawalWishes)[number];

/** What a notice tells: receipt confirmed, more time taken, not done (yet) and why, what was done. */
export const noticeKinds = ['acknowledged', 'extended', 'refused', 'outcome'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

interface DecisionRow {
  /** The name of its update. */
  readonly update: string;
  readonly about: 'provider' | 'request';
  /** Takes effect only with a signed token in `authenticated` mode. Those that are not guarded neither withdraw nor spare anything. */
  readonly isGuarded: boolean;
  /** Beside actor and reason. */
  readonly fields: Fields;
  /** One line, of the command and of the update in the Temporal UI. */
  readonly description: string;
  readonly command: {
    readonly explanation: string;
    /** What is typed in the examples, before actor and reason. */
    readonly examples: readonly string[];
    /** The code of a reason, in the examples. */
    readonly reasonCode: string;
    /** It is asked for a confirmation at a terminal, after the explanation. */
    readonly isConfirmed?: true;
    /** Said once it was taken; the id follows. */
    readonly afterwards?: string;
    /** It can be taken about every open request that a filter names (`--where`). The others are about one person's case, or cannot be taken back. */
    readonly bulk?: {
      /** A filter for those that it can change something about. */
      readonly filter?: (content: Readonly<Record<string, unknown>>) => string;
    };
  };
}

/** The fields of every decision. */
export const commonFields = {
  /** Opaque id of whoever decides, never a name or an address. */
  actor: staffId('who decides: an opaque staff id, no name and no e-mail address'),
  reason,
  /** The signed decision token, where the rules ask for one. */
  token: optional(decisionToken),
};

const id = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';

const provider = required({
  holds: (value): value is Provider => isProvider(value),
  expected: `the key of a provider, e.g. "${providerKeys[0]}"`,
  option: { placeholder: 'PROVIDER', help: 'whose leg it is about', isArgument: true, choices: providerKeys },
});

export const decisionTable = {
  approve: {
    update: 'approveRequest',
    about: 'request',
    isGuarded: true,
    fields: {},
    description: 'let a request be carried out that waits for its approval; not by whoever filed it',
    command: {
      explanation: 'Its providers are asked at once. Whoever filed a request cannot approve it.',
      examples: [id],
      reasonCode: 'identity-checked',
    },
  },
  reject: {
    update: 'rejectRequest',
    about: 'request',
    isGuarded: true,
    fields: { ground: oneOf(rejectionGrounds, { placeholder: 'GROUND', help: 'on what ground' }) },
    description: 'refuse to carry out a request that nobody has approved yet, for good',
    command: {
      explanation: `Nothing is sent to any provider; the certificate says who and on what ground. The person is still to be told why
(erasure notice ID refused), within the law's time. The letters are those of GDPR Art. 17(3) and Cal. Civ. Code 1798.105(d).`,
      examples: [`${id} --ground exempt-art-17-3-b`],
      reasonCode: 'retention-duty',
    },
  },
  hold: {
    update: 'holdRequest',
    about: 'request',
    isGuarded: true,
    fields: {
      ground: oneOf(holdGrounds, { placeholder: 'GROUND', help: 'why the data must be kept' }),
      owner: staffId('who answers for the hold: an opaque staff id'),
      reviewAt: instant('when it is to be looked at again, e.g. 2027-03-01T09:00:00Z'),
    },
    description:
      'put a request on legal hold: nothing more is sent, and what can be withdrawn at a provider is withdrawn',
    command: {
      explanation: `The law's clock goes on. Tell the person why it is held back (erasure notice ID refused), and release it when the
ground is gone. What a provider has erased already stays erased.`,
      examples: [
        `${id} --ground legal-claims --owner staff-9 --review-at 2027-03-01T09:00:00Z`,
        `--where "ErasureProviders = '${providerKeys[0]}'" --ground court-order --owner staff-9 --review-at 2027-03-01T09:00:00Z`,
      ],
      reasonCode: 'litigation-hold',
      bulk: {},
    },
  },
  release: {
    update: 'releaseRequest',
    about: 'request',
    isGuarded: true,
    fields: {},
    description: 'end the legal hold of a request: what was held back goes on',
    command: {
      explanation:
        'Providers where it was withdrawn, or that were not asked yet, are asked now; the others go on where they were.',
      examples: [id, '--where on-hold'],
      reasonCode: 'claims-settled',
      bulk: { filter: () => 'on-hold' },
    },
  },
  withdraw: {
    update: 'withdrawRequest',
    about: 'request',
    isGuarded: true,
    fields: {
      wantedBy: oneOf(withdrawalWishes, {
        placeholder: 'WHO',
        help: 'who wants it: the person, or it should not have been filed',
      }),
    },
    description: 'end a request before its time, withdrawing at each provider what can be withdrawn',
    command: {
      explanation: `Withdrawing ends the request for good: providers not asked yet are not asked, those asked are told to withdraw it where
they can, and the certificate says what was withdrawn and what was not. What is erased already stays erased.`,
      examples: [`${id} --wanted-by subject`],
      reasonCode: 'person-changed-mind',
      isConfirmed: true,
      afterwards: 'The withdrawal is taken. Follow it with: erasure watch',
    },
  },
  extend: {
    update: 'extendDeadline',
    about: 'request',
    isGuarded: true,
    fields: { because: oneOf(extensionGrounds, { placeholder: 'REASON', help: 'why the law allows it' }) },
    description: "take the law's longer time for the answer, which holds once the person has been told of it",
    command: {
      explanation: `It holds only once the person has been told inside the first period: record that with erasure notice ID extended.
The law allows it once, and only for these two reasons; a slow provider is none.`,
      examples: [`${id} --because complexity`],
      reasonCode: 'many-systems',
    },
  },
  notice: {
    update: 'recordNotice',
    about: 'request',
    isGuarded: false,
    fields: {
      notice: oneOf(noticeKinds, { placeholder: 'NOTICE', help: 'what was told', isArgument: true }),
      /** When it was given: RFC 3339 instant. */
      at: instant('when it was told, e.g. 2026-11-22T09:30:00Z'),
      channel: code('email', 'how, e.g. email, letter or portal'),
      /** Opaque reference of the message in the system that sent it. */
      reference: reference('the message in the system that sent it, e.g. MSG-1234'),
      /** A recipient who must be told too (GDPR Art. 19, 11 CCR 7022); absent for the person. */
      recipient: optional(code('marketing-platform', 'a recipient other than the person, e.g. marketing-platform')),
    },
    description: 'record that the person, or a recipient of their data, was told',
    command: {
      explanation: `It is told outside this system; here it is recorded that, when and how. "acknowledged": receipt confirmed. "extended": it takes
longer. "refused": not done (yet), and why. "outcome": what came of it. The last two stop the law's clock; the one that is
owed at the end ends the request. With --recipient it is about somebody else who must be told, and stops nothing.`,
      examples: [`${id} outcome --at 2026-12-01T10:00:00Z --channel email --reference MSG-1234`],
      reasonCode: 'person-told',
    },
  },
  identity: {
    update: 'confirmIdentity',
    about: 'request',
    isGuarded: false,
    fields: {
      /** When it was checked: RFC 3339 instant. */
      at: instant('when it was checked, e.g. 2026-11-22T09:30:00Z'),
      /** When what they were asked for arrived; absent where nothing was sent, e.g. with a login. */
      informationReceivedAt: optional(
        instant('when what they were asked for arrived, e.g. 2026-11-20T08:00:00Z; left out where nothing was sent'),
      ),
      method: code('account-login', 'how, e.g. account-login'),
      reference: reference('where that is on record, e.g. PRIV-1234'),
    },
    description: 'record that the person proved who they are',
    command: {
      explanation: `For a request that was filed with identityAskedAt. Where the law starts its clock with the information that was asked for (UK
GDPR), the due dates are computed anew from --information-received-at; without it they stay.`,
      examples: [
        `${id} --at 2026-11-22T09:30:00Z --information-received-at 2026-11-20T08:00:00Z --method identity-card --reference PRIV-1234`,
      ],
      reasonCode: 'identity-checked',
    },
  },
  retry: {
    update: 'retryProvider',
    about: 'provider',
    isGuarded: false,
    fields: { provider },
    description: 'repeat the step that a provider in attention did not get through, now',
    command: {
      explanation: 'Repeats that step only, and looks first where the provider can be asked.',
      examples: [`${id} ${providerKeys[0]}`, `${providerKeys[0]} --where needs-staff`],
      reasonCode: 'credentials-mended',
      bulk: { filter: (content) => `waiting-for=${String(content['provider'])}` },
    },
  },
  waive: {
    update: 'waiveProvider',
    about: 'provider',
    isGuarded: true,
    fields: { provider },
    description: 'release a request from one provider, for good',
    command: {
      explanation: `That leg ends as waived for good, and the request as completed-with-exceptions: the certificate says who and why.
It cannot be taken back, and nothing is claimed about this provider any more.`,
      examples: [`${id} ${providerKeys[0]}`],
      reasonCode: 'contract-ended',
      isConfirmed: true,
    },
  },
  attest: {
    update: 'attestProvider',
    about: 'provider',
    isGuarded: true,
    fields: { provider },
    description: 'vouch that one provider has erased, for good',
    command: {
      explanation: `That leg ends as attested for good, and the request as completed-with-exceptions: the certificate says who and why.
It cannot be taken back: the certificate rests on your word.`,
      examples: [`${id} ${providerKeys[0]}`],
      reasonCode: 'confirmed-in-writing',
      isConfirmed: true,
    },
  },
} as const satisfies Readonly<Record<string, DecisionRow>>;

type DecisionTable = typeof decisionTable;
export type DecisionKind = keyof DecisionTable;
export type ProviderDecisionKind = KindAbout<'provider'>;
export type RequestDecisionKind = KindAbout<'request'>;
type KindAbout<A extends DecisionRow['about']> = {
  [K in DecisionKind]: DecisionTable[K]['about'] extends A ? K : never;
}[DecisionKind];
export type DecisionFields<K extends DecisionKind> = DecisionTable[K]['fields'];

export const decisionKinds = Object.keys(decisionTable) as readonly DecisionKind[];

export function decisionRow(kind: DecisionKind): DecisionRow {
  return decisionTable[kind];
}
