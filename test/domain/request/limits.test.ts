/** A request takes so much and no more, and never so much that what must be decided can no longer be. */
import { guardedKinds, type RequestDecision } from '../../../domain/decision/decision';
import { requestDecisionKinds } from '../../support/decision-kinds';
import { DAY_MS } from '../../../domain/duration';
import {
  HOLDS_MAX,
  HOLD_HISTORY_MAX,
  limitOfLeg,
  limitOfRequest,
  PERSON_NOTICES_MAX,
  RECIPIENT_NOTICES_MAX,
  REFUSED_TOKENS_MAX,
  RETRIES_MAX,
  SPARE_HISTORY_MAX,
  TRAIL_IN_ANSWER_MAX,
} from '../../../domain/request/limits';
import { providerKeys } from '../../../domain/provider/provider-table';
import { owesNoticeOfHold } from '../../../domain/request/owed-to-person';
import { advanceRequest, openRequest, type RequestState } from '../../../domain/request/request-state';
import { certified, settled, started } from '../../support/requests';
import { accepted, evidence } from '../../support/receipts';
import { legInAttention, T0, stateAfter, type AnyLeg } from '../../support/legs';

/** Temporal's own. */
const UPDATES_MAX = 2_000;
const PAYLOAD_BYTES_MAX = 2 * 1024 * 1024;
const HISTORY_BYTES_MAX = 50 * 1024 * 1024;
/** As long as each may be. */
const longest = 'x'.repeat(64);
const said = { actor: longest, reason: { code: longest, ticket: longest } };
/** Of the kinds that need one. */
const proof = { tokenId: longest, keyId: longest, token: 'x'.repeat(4_096) };
const history = { events: 60, bytes: 30_000 };

const noticed = (notice: 'acknowledged' | 'refused' | 'outcome' | 'extended', recipient?: string): RequestDecision => ({
  kind: 'notice',
  content: {
    ...said,
    notice,
    at: '2026-11-22T09:00:00.000Z',
    channel: longest,
    reference: longest,
    ...(recipient === undefined ? {} : { recipient }),
  },
});
const hold: RequestDecision = {
  kind: 'hold',
  content: { ...said, ground: 'authority-request', owner: longest, reviewAt: '2027-01-01T00:00:00.000Z' },
};
const release: RequestDecision = { kind: 'release', content: said };
const take = (state: RequestState, decision: RequestDecision, at = T0): RequestState =>
  advanceRequest(state, {
    type: 'decided',
    decision,
    ...(guardedKinds.includes(decision.kind) ? { proof } : {}),
    at,
  });
const running = advanceRequest(openRequest(), { ...started(), at: T0 });

/** Takes the same decision, and what has to come between, until it is refused. */
function exhaust(state: RequestState, decision: RequestDecision, between?: RequestDecision) {
  let taken = 0;
  let now = state;
  for (; taken < 10_000; taken += 1) {
    const refusal = limitOfRequest(now, decision, history);
    if (refusal !== undefined) return { state: now, taken, refusal };
    now = take(now, decision);
    if (between !== undefined) now = take(now, between);
  }
  throw new Error('It is never refused');
}

function worstRequest(): RequestState {
  const told = exhaust(running, noticed('outcome', longest)).state;
  const held = exhaust(told, hold, release).state;
  return exhaust(exhaust(held, noticed('acknowledged')).state, noticed('refused')).state;
}

function retried(times: number): AnyLeg {
  const stuck = legInAttention('ProviderRejected');
  const decision = { provider: 'person', ...said } as const;
  return Array.from({ length: times }).reduce<AnyLeg>(
    (leg) =>
      [
        { type: 'decided', kind: 'retry', decision, at: T0 } as const,
        { type: 'failed', failure: { type: 'ProviderRejected', mayHaveReached: true }, at: T0 } as const,
      ].reduce<AnyLeg>(stateAfter, leg),
    stuck,
  );
}

describe('the limits of a request', () => {
  it.each([
    ['recipients', noticed('outcome', longest), undefined, RECIPIENT_NOTICES_MAX, /^holds 200 notices to recipients/],
    ['the receipt', noticed('acknowledged'), undefined, PERSON_NOTICES_MAX, /^holds 20 notices of this kind/],
    ['refusals', noticed('refused'), undefined, PERSON_NOTICES_MAX, /^holds 20 notices of this kind/],
    ['holds', hold, release, HOLDS_MAX, /^has been put on hold 30 times, which is the limit: withdraw it/],
  ] as const)('is reached for %s', (_what, decision, between, most, words) => {
    const { taken, refusal } = exhaust(running, decision, between);
    expect(taken).toBe(most);
    expect(refusal).toMatch(words);
  });

  it('takes a notice that is owed however many there are', () => {
    let state = exhaust(running, noticed('refused')).state;
    state = take(state, hold, T0 + DAY_MS);
    expect(owesNoticeOfHold(state)).toBe(true);
    expect(limitOfRequest(state, noticed('refused'), history)).toBeUndefined();
    const ended = advanceRequest(take(state, release), { ...settled(), at: T0 });
    const answerable = advanceRequest(ended, { ...certified, at: T0 });
    expect(limitOfRequest(answerable, noticed('outcome'), history)).toBeUndefined();
  });

  it('spares no room for what is done in one kind at the cost of another', () => {
    const state = exhaust(running, noticed('acknowledged')).state;
    for (const decision of [noticed('refused'), noticed('outcome', longest), hold]) {
      expect(limitOfRequest(state, decision, history)).toBeUndefined();
    }
  });

  it('never stands in the way of a decision that ends something, however long the history is', () => {
    const endless = { events: 50_000, bytes: HISTORY_BYTES_MAX };
    const state = worstRequest();
    const bounded = ['hold', 'notice'];
    for (const kind of requestDecisionKinds.filter((one) => !bounded.includes(one))) {
      expect(limitOfRequest(state, { kind, content: said } as RequestDecision, endless)).toBeUndefined();
    }
    for (const kind of ['waive', 'attest'] as const) {
      expect(limitOfLeg(retried(RETRIES_MAX), kind, endless)).toBeUndefined();
    }
    expect(limitOfRequest(running, noticed('outcome'), endless)).toBeUndefined();
  });

  it('is reached earlier where the history is long for another reason', () => {
    const words = /has so long a history that only what must be decided is still taken$/;
    for (const long of [
      { ...history, events: SPARE_HISTORY_MAX.events },
      { ...history, bytes: SPARE_HISTORY_MAX.bytes },
    ]) {
      expect(limitOfRequest(running, noticed('outcome', longest), long)).toMatch(words);
      expect(limitOfRequest(running, hold, long)).toBeUndefined();
      expect(limitOfLeg(legInAttention('ProviderRejected'), 'retry', long)).toMatch(words);
    }
    expect(limitOfRequest(running, hold, HOLD_HISTORY_MAX)).toMatch(words);
  });

  it('is reached for the retries of one provider, which can still be attested or waived', () => {
    expect(limitOfLeg(retried(RETRIES_MAX - 1), 'retry', history)).toBeUndefined();
    expect(limitOfLeg(retried(RETRIES_MAX), 'retry', history)).toBe(
      'has been retried 100 times, which is the limit: attest or waive it, or withdraw the request',
    );
  });

  it('is far from those of Temporal: updates, payloads and the length of a history', () => {
    const state = worstRequest();
    const decided = state.trail.length + 2 * HOLDS_MAX;
    const once = 20;
    expect(decided + providerKeys.length * RETRIES_MAX + REFUSED_TOKENS_MAX + once).toBeLessThan(UPDATES_MAX / 1.5);

    const round = {
      number: 1,
      askedAt: T0,
      answeredAt: T0,
      windowEndsAt: T0 + 5 * DAY_MS,
      withdrawnAt: T0,
      receipt: accepted({
        subjectHash: longest,
        subjectHashKeyId: longest,
        evidence: { ...evidence, host: longest, bodyHmac: longest, facts: { one: longest, two: longest } },
        leavesUnsaid: Array.from({ length: 6 }, () => 'x'.repeat(200)),
      }),
    };
    const leg = { ...retried(RETRIES_MAX), rounds: Array.from({ length: RETRIES_MAX + HOLDS_MAX + 3 }, () => round) };
    const statement = JSON.stringify({ legs: providerKeys.map(() => leg), trail: state.trail });
    expect(statement.length).toBeLessThan(PAYLOAD_BYTES_MAX * 0.75);

    const lengthOf = (entry: object | undefined): number => JSON.stringify(entry).length;
    const [notices, holds] = [UPDATES_MAX, 2 * HOLDS_MAX];
    const longestEntry = Math.max(...state.trail.map(lengthOf));
    const answers =
      holds * longestEntry * TRAIL_IN_ANSWER_MAX + notices * (lengthOf(state.trail[0]) * TRAIL_IN_ANSWER_MAX + 8_192);
    const tokens = 2 * (REFUSED_TOKENS_MAX + holds) * 4_096;
    expect(answers + tokens + 4 * statement.length).toBeLessThan(HISTORY_BYTES_MAX);
  });
});
