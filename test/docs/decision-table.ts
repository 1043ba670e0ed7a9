/** Which decision is taken when, found out by asking domain/request/decision-problem.ts: the table in docs/architecture.md. */
import type { RequestDecision } from '../../domain/decision/decision';
import type { ProviderDecisionKind } from '../../domain/decision/decision-table';
import { providerDecisionKinds } from '../../domain/decision/decision';
import { DAY_MS } from '../../domain/duration';
import type { LegalClock } from '../../domain/law/legal-clock';
import { providersDecisionProblem, requestDecisionProblem } from '../../domain/request/decision-problem';
import { openRequest, type RequestState } from '../../domain/request/request-state';
import { snapshotOf, terms } from '../support/requests';

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
const request = { submittedAt: now - DAY_MS, identityAskedAt: now - DAY_MS };
const said = { actor: 'staff-7', reason: { code: 'by-the-book', ticket: 'PRIV-1' } } as const;
const told = { ...said, at, channel: 'email', reference: 'MSG-1' } as const;
const open = { ...openRequest(), terms: terms({ clock }) };
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
  'certificate there': { ...open, phase: 'awaiting-answer', certificate: { issuedAt: now, signed: 'a.b.c' } },
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
    ...Object.values(states).map((one) => {
      const state = name === 'notice extended' ? { ...one, extension } : one;
      return word(requestDecisionProblem(snapshotOf(state, { request, now }), decision));
    }),
  ]);
  const ofProvider = providerDecisionKinds.map((kind: ProviderDecisionKind) => [
    `\`${kind}\``,
    ...Object.values(states).map((state) => word(providersDecisionProblem(state, kind))),
  ]);
  return [['decision', ...Object.keys(states)], ...ofRequest, ...ofProvider];
}
