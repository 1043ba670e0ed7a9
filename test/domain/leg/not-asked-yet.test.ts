/** A state never claims more than was done: no provider is asking before anybody asked it. */
import fc from 'fast-check';
import { DAY_MS } from '../../../domain/duration';
import type { RequestDecision } from '../../../domain/decision/decision';
import { providerDecisionKinds } from '../../../domain/decision/decision';
import { nextStep } from '../../../domain/leg/next-step';
import { offeredDecisions, refusalReason } from '../../../domain/leg/leg-decisions';
import type { LegEvent } from '../../../domain/leg/leg-state';
import { legProgress } from '../../../domain/leg/leg-progress';
import { requestProgress } from '../../../domain/request/request-progress';
import {
  advanceRequest,
  openRequest,
  type RequestEvent,
  type RequestState,
} from '../../../domain/request/request-state';
import { snapshotOf, started } from '../../support/requests';
import { settledLegs, T0, unsettledLegs, openLeg, stateAfter, type AnyLeg } from '../../support/legs';

const said = { actor: 'staff-7', reason: { code: 'by-the-book', ticket: 'PRIV-1' } } as const;
const reviewAt = new Date(T0 + 30 * DAY_MS).toISOString();
const hold: RequestDecision = {
  kind: 'hold',
  content: { ...said, ground: 'court-order', owner: 'staff-9', reviewAt },
};
const decided = (decision: RequestDecision): RequestEvent => ({ type: 'decided', decision, at: T0 });

/** A request and its leg, as the workflow drives them: the leg is told of holds, and asks only once the request is under way. */
function drive(moves: readonly string[]): {
  readonly state: RequestState;
  readonly leg: AnyLeg;
  readonly wasAsked: boolean;
} {
  let state = openRequest();
  let leg = openLeg('person');
  let wasAsked = false;
  const tell = (event: LegEvent): void => void (leg = stateAfter(leg, event));
  for (const move of moves) {
    if (move === 'start-unapproved' && state.phase === 'starting')
      state = advanceRequest(state, { ...started({ approvalNeeded: true }), at: T0 });
    if (move === 'start' && state.phase === 'starting') state = advanceRequest(state, { ...started(), at: T0 });
    if (move === 'approve' && state.phase === 'awaiting-approval' && state.hold === undefined)
      state = advanceRequest(state, decided({ kind: 'approve', content: said }));
    if (move === 'hold' && state.phase !== 'starting' && state.hold === undefined) {
      state = advanceRequest(state, decided(hold));
      tell({ type: 'held', at: T0 });
    }
    if (move === 'release' && state.hold !== undefined) {
      state = advanceRequest(state, decided({ kind: 'release', content: said }));
      tell({ type: 'released', at: T0 });
    }
    if (move === 'ask' && state.phase === 'running' && nextStep(leg).do === 'ask') {
      tell({ type: 'asked', at: T0 });
      wasAsked = true;
    }
  }
  return { state, leg, wasAsked };
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const moves = fc.array(fc.constantFrom('start-unapproved', 'start', 'approve', 'hold', 'release', 'ask'), {
  maxLength: 12,
});

it('shows a provider as asking only if it was asked, and says what it waits for otherwise', () => {
  fc.assert(
    fc.property(moves, (all) => {
      const { state, leg, wasAsked } = drive(all);
      const [shown] = requestProgress(snapshotOf(state, { legs: [leg] })).legs;
      const { waitsFor = '', youCan = '' } = shown ?? {};
      const isHeld = state.hold !== undefined;
      const unasked = isHeld ? 'held' : 'not-asked-yet';
      must(wasAsked || (shown?.state === unasked && !youCan.includes('attest')), 'unasked');
      must(wasAsked || shown?.requestedAt === undefined, 'requestedAt');
      must(!isHeld || shown?.state !== 'asking', 'asking on hold');
      must(state.phase !== 'starting' || waitsFor.startsWith('the rules and due dates'), 'waits for the rules');
      const way = isHeld ? 'release the hold' : 'approve or reject the request';
      must(
        state.phase !== 'awaiting-approval' || (waitsFor.includes('approval') && youCan.startsWith(way)),
        'waits for the approval',
      );
    }),
  );
});

describe.each(Object.entries({ unasked: openLeg('person'), ...unsettledLegs, ...settledLegs }))(
  'the leg %s',
  (_name, leg) => {
    it('offers exactly what would be taken, and says what it waits for', () => {
      const { youCan = '', waitsFor } = legProgress(leg);
      expect(offeredDecisions(leg)).toEqual(
        providerDecisionKinds.filter((kind) => refusalReason(leg, kind) === undefined),
      );
      for (const kind of providerDecisionKinds.filter((one) => !offeredDecisions(leg).includes(one))) {
        expect(youCan).not.toContain(kind);
      }
      expect(waitsFor).not.toBe('');
      expect(youCan === '').toBe(leg.phase === 'settled');
    });
  },
);
