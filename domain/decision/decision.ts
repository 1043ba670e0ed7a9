/** What a staff member can decide, about one provider or about the whole request, and what such a decision must say. */
import { parseInstant } from '../instant';
import { isProvider, providerKeys, type Provider } from '../provider/provider-table';
import { isCode, isMatch, isRecord, opaquePattern } from '../text';

/** A staff member's reason: a code and a ticket reference, never free text. */
export interface Reason {
  /** e.g. `credentials-mended`. Lower case words joined by hyphens. */
  readonly code: string;
  /** e.g. `PRIV-1234`. */
  readonly ticket: string;
}

/** Who decides and why. `actor` is an opaque id, never a name or an address. */
export interface Said {
  readonly actor: string;
  readonly reason: Reason;
  /** The signed decision token, where the rules ask for one. */
  readonly token?: string;
}

/** What a staff member says about one provider. */
export interface ProviderDecision extends Said {
  readonly provider: Provider;
}

export const providerDecisionKinds = ['retry', 'waive', 'attest'] as const;
export type DecisionKind = (typeof providerDecisionKinds)[number];

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

export const withdrawalWishes = ['subject', 'misfiled'] as const;
/** Who wants a request withdrawn: the person, or it should never have been filed. */
export type WithdrawalWish = (typeof withdrawalWishes)[number];

/** What a notice tells: receipt confirmed, more time taken, not done (yet) and why, what was done. */
export const noticeKinds = ['acknowledged', 'extended', 'refused', 'outcome'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** A notice that was given outside this system. */
export interface NoticeGiven {
  readonly notice: NoticeKind;
  /** When it was given: RFC 3339 instant. */
  readonly at: string;
  /** Code, e.g. `email`, `letter`, `portal`. */
  readonly channel: string;
  /** Opaque reference of the message in the system that sent it. */
  readonly reference: string;
  /** Code of a recipient who must be told too (GDPR Art. 19, 11 CCR 7022); absent for the person. */
  readonly recipient?: string;
}

/** What is said beside actor and reason, by the kind of decision. */
export interface RequestDecisions {
  readonly approve: Said;
  readonly reject: Said & { readonly ground: RejectionGround };
  /** `owner`: opaque id of whoever answers for the hold. `reviewAt`: RFC 3339 instant of its review. */
  readonly hold: Said & { readonly ground: HoldGround; readonly owner: string; readonly reviewAt: string };
  readonly release: Said;
  readonly withdraw: Said & { readonly wantedBy: WithdrawalWish };
  readonly extend: Said & { readonly because: ExtensionGround };
  readonly notice: Said & NoticeGiven;
  /**
   * The person proved who they are. `at`: when it was checked. `informationReceivedAt`: when what they were asked for arrived; absent
   * where nothing was sent, e.g. with a login. RFC 3339 instants.
   */
  readonly identity: Said & {
    readonly at: string;
    readonly informationReceivedAt?: string;
    readonly method: string;
    readonly reference: string;
  };
}

export type RequestDecisionKind = keyof RequestDecisions;
/** One decision about the whole request. */
export type RequestDecision = {
  readonly [K in RequestDecisionKind]: { readonly kind: K; readonly content: RequestDecisions[K] };
}[RequestDecisionKind];
export const requestDecisionKinds = [
  'approve',
  'reject',
  'hold',
  'release',
  'withdraw',
  'extend',
  'notice',
  'identity',
] as const satisfies RequestDecisionKind[];

/** They undo nothing and spare nothing. */
const freeKinds: readonly (DecisionKind | RequestDecisionKind)[] = ['retry', 'notice', 'identity'];

/** Decisions that take effect only with a signed token in `authenticated` mode: all but those that are named as free. */
export const guardedKinds: readonly (DecisionKind | RequestDecisionKind)[] = [
  ...requestDecisionKinds,
  ...providerDecisionKinds,
].filter((kind) => !freeKinds.includes(kind));

/** How we know that a decision is its actor's own: a token that the activity checked. */
export interface DecisionProof {
  readonly tokenId: string;
  /** The key that signed the token. */
  readonly keyId: string;
  /** The token itself: whoever issues the certificate checks it again. */
  readonly token: string;
}

const TOKEN_LENGTH_MAX = 4_096;
const tokenPattern = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

type Check = readonly [holds: (value: unknown) => boolean, expected: string];
type Checks = Readonly<Record<string, Check>>;

/** What is dated outside of these years was mistyped. */
const EARLIEST = Date.UTC(2000, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

const instant: Check = [isSensible, 'an RFC 3339 instant from 2000 to 2099, e.g. 2026-11-22T09:30:00Z'];
const code = (example: string): Check => [isCode, `a code of lower case words joined by hyphens, e.g. "${example}"`];
const oneOf = (known: readonly string[]): Check => [
  (value) => known.some((one) => one === value),
  `one of ${known.join(', ')}`,
];
const reference: Check = [(value) => isMatch(value, opaquePattern), 'a reference of letters, digits and . _ : / # -'];
const staffId: Check = [
  (value) => isMatch(value, opaquePattern),
  'an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name)',
];
const optional = ([holds, expected]: Check): Check => [(value) => value === undefined || holds(value), expected];

const said: Checks = {
  actor: staffId,
  reason: [isRecord, 'an object { code, ticket }'],
  token: optional([
    (value) => isMatch(value, tokenPattern) && value.length <= TOKEN_LENGTH_MAX,
    'a signed decision token',
  ]),
};

const contents: Readonly<Record<RequestDecisionKind, Checks>> = {
  approve: {},
  reject: { ground: oneOf(rejectionGrounds) },
  hold: { ground: oneOf(holdGrounds), owner: staffId, reviewAt: instant },
  release: {},
  withdraw: { wantedBy: oneOf(withdrawalWishes) },
  extend: { because: oneOf(extensionGrounds) },
  notice: {
    notice: oneOf(noticeKinds),
    at: instant,
    channel: code('email'),
    reference,
    recipient: optional(code('marketing-platform')),
  },
  identity: { at: instant, informationReceivedAt: optional(instant), method: code('account-login'), reference },
};

function isSensible(value: unknown): boolean {
  const at = parseInstant(value);
  return at !== undefined && at >= EARLIEST && at < LATEST;
}

/** Why `value` is no decision about one provider, or undefined when it is one. Names fields, never repeats values. */
export function whyNoDecision(value: unknown): string | undefined {
  return whyNot(value, {
    provider: [isProvider, `the key of a provider, e.g. "${providerKeys[0]}"`],
    ...said,
  });
}

/** The same of a decision about the whole request. */
export function whyNoRequestDecision(kind: RequestDecisionKind, value: unknown): string | undefined {
  return whyNot(value, { ...said, ...contents[kind] });
}

function whyNot(value: unknown, checks: Checks): string | undefined {
  const known = Object.keys(checks);
  const shown = known
    .filter((name) => name !== 'token')
    .map((name) => (name === 'reason' ? 'reason: { code, ticket }' : name))
    .join(', ');
  if (!isRecord(value)) return `expected an object { ${shown} }`;
  for (const [name, [holds, expected]] of Object.entries(checks)) {
    if (!holds(value[name])) return `${name}: expected ${expected}`;
  }
  const reason = value['reason'] as Record<string, unknown>;
  if (!isCode(reason['code'])) {
    return 'reason.code: expected lower case words joined by hyphens, e.g. "credentials-mended"';
  }
  if (!isMatch(reason['ticket'], opaquePattern)) return 'reason.ticket: expected a ticket reference, e.g. "PRIV-1234"';
  return undefined;
}

/**
 * Why a decision may not be sent in this way: what comes along with it would stay in the history of the run, however long
 * or personal it is. Field names that are unknown are not repeated. `sent` begins with what has been found to be a decision.
 */
export function whyMoreThanADecision(
  kind: RequestDecisionKind | 'provider',
  sent: readonly unknown[],
): string | undefined {
  const names = ['actor', 'reason', 'token', ...(kind === 'provider' ? ['provider'] : Object.keys(contents[kind]))];
  const [decision, ...more] = sent as [Said];
  if (more.length > 0) return 'expected one object and nothing after it';
  if (!hasOnly(decision, names)) return `has a field other than ${names.join(', ')}`;
  return hasOnly(decision.reason, ['code', 'ticket']) ? undefined : 'reason: has a field other than code, ticket';
}

function hasOnly(value: object, names: readonly string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name));
}

/** The decision itself: without its token, and without anything else that was sent along. `value` has been found to be one. */
export function readRequestDecision(kind: RequestDecisionKind, value: object): RequestDecision {
  return {
    kind,
    content: known(value, ['actor', 'reason', ...Object.keys(contents[kind])]),
  } as unknown as RequestDecision;
}

export function readDecision(value: ProviderDecision): ProviderDecision {
  return known(value, ['provider', 'actor', 'reason']) as unknown as ProviderDecision;
}

function known(value: object, names: readonly string[]): Readonly<Record<string, unknown>> {
  const { code: reasonCode, ticket } = (value as Said).reason;
  const given = Object.entries(value).filter(([name, field]) => names.includes(name) && field !== undefined);
  return { ...Object.fromEntries(given), reason: { code: reasonCode, ticket } };
}
