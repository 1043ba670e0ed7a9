/** What the fault suite means to do comes from its seed alone, and can be done. */
import { calm, planErasure, stormy } from '../../chaos/erasure-plan';
import { weatherFault } from '../../chaos/fault-plan';
import { randomStream } from '../../chaos/random';
import { providerKeys } from '../../domain/provider/provider-table';
import type { Fault } from '../../local/simulator/faults';
import { startSimulator, type Simulator } from '../../local/simulator/simulator';

const plans = Array.from({ length: 400 }, (_, number) => planErasure('a seed', number, stormy));
const faultsOf = (all: typeof plans): readonly Fault[] =>
  all.flatMap(({ faults, events }) => [
    ...faults,
    ...events.flatMap((event) => (event.does === 'set-fault' ? [event.fault] : [])),
  ]);

describe('the plan of an erasure', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plans.slice(0, 50)).toEqual(
      Array.from({ length: 50 }, (_, number) => planErasure('a seed', number, stormy)),
    );
    expect(planErasure('another seed', 0, stormy)).not.toEqual(plans[0]);
    expect(new Set(plans.map(({ requestId }) => requestId)).size).toBe(plans.length);
  });

  it('breaks nothing where all is to be calm', () => {
    for (let number = 0; number < 100; number += 1) {
      expect(planErasure('a seed', number, calm)).toMatchObject({
        faults: [],
        events: [],
        submissions: 1,
        conflicts: false,
        clockAheadMs: 0,
      });
    }
  });

  it('draws every kind of fault, event, callback and decision', () => {
    expect(new Set(faultsOf(plans).map(({ kind }) => kind)).size).toBe(13);
    const events = plans.flatMap((plan) => plan.events);
    expect(new Set(events.map(({ does }) => does)).size).toBe(7);
    expect(new Set(events.flatMap((event) => (event.does === 'call-back' ? [event.how] : []))).size).toBe(6);
    expect(new Set(events.flatMap((event) => (event.does === 'decide' ? [event.decision.kind] : []))).size).toBe(12);
  });
});

describe('the faults that are drawn', () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator();
  });
  afterAll(() => simulator.close());

  it('make sense to the simulator', async () => {
    const random = randomStream('a seed', 'providers');
    const weather = Array.from({ length: 300 }, () => weatherFault(random, random.pick(providerKeys), Date.now()));
    for (const fault of [...faultsOf(plans), ...weather]) await simulator.addFault(fault);
    expect(weather.some(({ subject }) => subject !== undefined)).toBe(false);
  });
});
