/** Which decision is taken when, found out by asking domain/request/request-state.ts: the table in docs/architecture.md. */
import type { DecisionKind, RequestDecision } from '../../domain/decision/decision';
import { providerDecisionKinds } from '../../domain/decision/decision';
import { DAY_MS } from '../../domain/duration';
import type { LegalClock } from '../../domain/law/legal-clock';
import { defaultRules } from '../../domain/rules/rules';
import {
  openRequest,
  whyNotNowOfProviders,
  whyNotNowOfRequest,
  type RequestFacts,
  type RequestState,
} from '../../domain/request/request-state';

const now = Date.UTC(2026, 10, 22);
const at = new Date(now).toISOString();
const day = { on: '2026-12-22', at: now + 30 * DAY_MS };
const clock: LegalClock = {
  rule: 'gdpr/1',
  source: '',
  timeZone: 'Europe/Berlin',
  calendar: 'DE',
  calendarSource: '',
  startsAt: now - DAY_MS,
  answerBy: day,
  internalAnswerBy: day,
  extendedAnswerBy: { on: '2027-02-22', at: now + 92 * DAY_MS },
  extendBy: day,
};
const facts: RequestFacts = {
  now,
  submittedAt: now - DAY_MS,
  filedBy: 'staff-1',
  identityAskedAt: now - DAY_MS,
  isVerified: false,
  clock,
  rules: defaultRules,
};
const said = { actor: 'staff-7', reason: { code: 'by-the-book', ticket: 'PRIV-1' } } as const;
const told = { ...said, at, channel: 'email', reference: 'MSG-1' } as const;
const open = openRequest();
const extension = { decidedAt: now, because: 'complexity' } as const;

const states: Readonly<Record<string, RequestState>> = {
  'waits for approval': { ...open, phase: 'awaiting-approval' },
  'under way': { ...open, phase: 'running' },
  'on hold': {
    ...open,
    phase: 'running',
    hold: { since: now, ground: 'court-order', owner: 'staff-9', reviewAt: now },
  },
  'being withdrawn': { ...open, phase: 'running', ended: { at: now, wantedBy: 'subject' } },
  'certificate there': { ...open, phase: 'awaiting-answer' },
  over: { ...open, phase: 'over' },
};

const decisions: Readonly<Record<string, RequestDecision>> = {
  approve: { kind: 'approve', content: said },
  reject: { kind: 'reject', content: { ...said, ground: 'unverified' } },
  hold: {
    kind: 'hold',
    content: { ...said, ground: 'court-order', owner: 'staff-9', reviewAt: new Date(now + DAY_MS).toISOString() },
  },
  release: { kind: 'release', content: said },
  withdraw: { kind: 'withdraw', content: { ...said, wantedBy: 'subject' } },
  extend: { kind: 'extend', content: { ...said, because: 'complexity' } },
  'notice acknowledged': { kind: 'notice', content: { ...told, notice: 'acknowledged' } },
  'notice extended': { kind: 'notice', content: { ...told, notice: 'extended' } },
  'notice refused': { kind: 'notice', content: { ...told, notice: 'refused' } },
  'notice outcome': { kind: 'notice', content: { ...told, notice: 'outcome' } },
  identity: { kind: 'identity', content: { ...said, at, method: 'account-login', reference: 'PRIV-1' } },
};

/** Cells as they stand in the document, the head first. */
export function decisionTable(): readonly (readonly string[])[] {
  const word = (why: string | undefined): string => (why === undefined ? 'yes' : '–');
  const ofRequest = Object.entries(decisions).map(([name, decision]) => [
    `\`${name}\``,
    ...Object.values(states).map((state) =>
      word(whyNotNowOfRequest(name === 'notice extended' ? { ...state, extension } : state, decision, facts)),
    ),
  ]);
  const ofProvider = providerDecisionKinds.map((kind: DecisionKind) => [
    `\`${kind}\``,
    ...Object.values(states).map((state) => word(whyNotNowOfProviders(state, kind))),
  ]);
  return [['decision', ...Object.keys(states)], ...ofRequest, ...ofProvider];
}
