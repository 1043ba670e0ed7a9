/**
 * One request at one provider, from asking to its outcome: a pure state machine. The workflow performs the step that is next
 * and tells `advance` what came of it. What each event changes is in `leg-transitions.ts`, what is to be done next in
 * `next-step.ts`.
 */
import type { Provider } from '../provider/provider-table';
import { openLeg, type LegEvent, type LegState } from './leg-state';
import { stateAfter } from './leg-transitions';
import { isSameStep, nextStep, type LegStep } from './next-step';

export interface Leg {
  readonly state: LegState;
  /** The same object for as long as the same is to be done. */
  readonly next: LegStep;
}

export function startLeg(provider: Provider): Leg {
  const state = openLeg(provider);
  return { state, next: nextStep(state) };
}

/** The same leg where the event changes nothing. */
export function advance(leg: Leg, event: LegEvent): Leg {
  const state = stateAfter(leg.state, event);
  if (state === leg.state) return leg;
  const next = nextStep(state);
  return { state, next: isSameStep(next, leg.next) ? leg.next : next };
}
