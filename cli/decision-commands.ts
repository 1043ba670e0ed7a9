/** What staff can decide on the command line: one entry for each kind, from which command, options and help are made. */
import { Option } from 'commander';
import {
  extensionGrounds,
  holdGrounds,
  noticeKinds,
  rejectionGrounds,
  type DecisionKind,
  type RequestDecisionKind,
} from '../domain/decision/decision';
import { providerKeys } from '../domain/provider/provider-table';
import { choiceOption } from './options';

export interface DecisionCommand {
  readonly kind: DecisionKind | RequestDecisionKind;
  readonly description: string;
  readonly explanation: string;
  /** The field that stands as an argument behind the id. */
  readonly argument?: DecisionArgument;
  /** Fields of their own, as options named like them. Made anew for each program. */
  readonly options?: () => readonly Option[];
  /** What is typed in the examples: where, argument and own options, then the code of a reason. */
  readonly examples: readonly string[];
  readonly reason: string;
}

export interface DecisionArgument {
  readonly field: string;
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
}

const id = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';

const provider = {
  field: 'provider',
  name: 'PROVIDER',
  description: 'whose leg it is about',
  choices: providerKeys,
} as const;

function needed(flags: string, description: string): Option {
  return new Option(flags, description).makeOptionMandatory();
}

function neededChoice(flags: string, description: string, choices: readonly string[]): Option {
  return choiceOption(flags, description, choices).makeOptionMandatory();
}

/** `withdraw` has a command file of its own, since it can also be said without a reason. */
export const decisionCommands: readonly DecisionCommand[] = [
  {
    kind: 'approve',
    description: 'let a request be carried out that waits for its approval',
    explanation: 'Its providers are asked at once. Whoever filed a request cannot approve it.',
    examples: [id],
    reason: 'identity-checked',
  },
  {
    kind: 'reject',
    description: 'refuse to carry out a request that nobody has approved yet, for good',
    explanation: `Nothing is sent to any provider; the certificate says who and on what ground. The person is still to be told why
(erasure notice ID refused), within the law's time. The letters are those of GDPR Art. 17(3) and Cal. Civ. Code 1798.105(d).`,
    options: () => [neededChoice('--ground <GROUND>', 'on what ground', rejectionGrounds)],
    examples: [`${id} --ground exempt-art-17-3-b`],
    reason: 'retention-duty',
  },
  {
    kind: 'hold',
    description: 'put a request on legal hold: nothing more is sent, and what can be undone is undone',
    explanation: `The law's clock goes on. Tell the person why it is held back (erasure notice ID refused), and release it when the
ground is gone. What a provider has erased already stays erased.`,
    options: () => [
      neededChoice('--ground <GROUND>', 'why the data must be kept', holdGrounds),
      needed('--owner <STAFF>', 'who answers for the hold: an opaque staff id'),
      needed('--review-at <INSTANT>', 'when it is to be looked at again, e.g. 2027-03-01T09:00:00Z'),
    ],
    examples: [
      `${id} --ground legal-claims --owner staff-9 --review-at 2027-03-01T09:00:00Z`,
      `--where "ErasureProviders = '${providerKeys[0]}'" --ground court-order --owner staff-9 --review-at 2027-03-01T09:00:00Z`,
    ],
    reason: 'litigation-hold',
  },
  {
    kind: 'release',
    description: 'end the legal hold of a request: what was held back goes on',
    explanation: 'Providers that were undone, or not asked yet, are asked now; the others go on where they were.',
    examples: [id, '--where on-hold'],
    reason: 'claims-settled',
  },
  {
    kind: 'extend',
    description: "decide to take the law's longer time for the answer to the person",
    explanation: `It holds only once the person has been told inside the first period: record that with erasure notice ID extended.
The law allows it once, and only for these two reasons; a slow provider is none.`,
    options: () => [neededChoice('--because <REASON>', 'why the law allows it', extensionGrounds)],
    examples: [`${id} --because complexity`],
    reason: 'many-systems',
  },
  {
    kind: 'notice',
    description: 'record that the person, or a recipient of their data, was told',
    explanation: `It is told outside this system; here it is recorded that, when and how. "acknowledged": receipt confirmed. "extended": it takes
longer. "refused": not done (yet), and why. "outcome": what came of it. The last two stop the law's clock; the one that is
owed at the end ends the request. With --recipient it is about somebody else who must be told, and stops nothing.`,
    argument: { field: 'notice', name: 'NOTICE', description: 'what was told', choices: noticeKinds },
    options: () => [
      needed('--at <INSTANT>', 'when it was told, e.g. 2026-11-22T09:30:00Z'),
      needed('--channel <CODE>', 'how, e.g. email, letter or portal'),
      needed('--reference <REFERENCE>', 'the message in the system that sent it, e.g. MSG-1234'),
      new Option('--recipient <CODE>', 'a recipient other than the person, e.g. marketing-platform'),
    ],
    examples: [`${id} outcome --at 2026-12-01T10:00:00Z --channel email --reference MSG-1234`],
    reason: 'person-told',
  },
  {
    kind: 'identity',
    description: 'record that the person proved who they are',
    explanation:
      'For a request that was filed with identityAskedAt. Where the law starts its clock with the information that was asked for (UK GDPR), the due dates are computed anew from --information-received-at; without it they stay.',
    options: () => [
      needed('--at <INSTANT>', 'when it was checked, e.g. 2026-11-22T09:30:00Z'),
      new Option(
        '--information-received-at <INSTANT>',
        'when what they were asked for arrived, e.g. 2026-11-20T08:00:00Z; left out where nothing was sent',
      ),
      needed('--method <CODE>', 'how, e.g. account-login'),
      needed('--reference <REFERENCE>', 'where that is on record, e.g. PRIV-1234'),
    ],
    examples: [
      `${id} --at 2026-11-22T09:30:00Z --information-received-at 2026-11-20T08:00:00Z --method identity-card --reference PRIV-1234`,
    ],
    reason: 'identity-checked',
  },
  {
    kind: 'retry',
    description: 'repeat the step that a provider in attention did not get through, now',
    explanation: 'Repeats that step only, and looks first where the provider can be asked.',
    argument: provider,
    examples: [`${id} ${providerKeys[0]}`, `${providerKeys[0]} --where needs-staff`],
    reason: 'credentials-mended',
  },
  {
    kind: 'waive',
    description: 'release a request from one provider, for good',
    explanation:
      'That leg ends as waived, and the request as completed-with-exceptions: the certificate says who and why.',
    argument: provider,
    examples: [`${id} person`],
    reason: 'contract-ended',
  },
  {
    kind: 'attest',
    description: 'vouch that one provider has erased, for good',
    explanation:
      'That leg ends as attested, and the request as completed-with-exceptions: the certificate says who and why.',
    argument: provider,
    examples: [`${id} person`],
    reason: 'confirmed-in-writing',
  },
];
