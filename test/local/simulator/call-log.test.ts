import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import { aptrinsic, individualId, person, personId, purgeIndividual } from './calling';

const identifyId = 'jane';
const createdAt = Date.parse('2024-02-03T04:05:06Z');
let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
  await simulator.seed({ provider: 'measureone', individualId });
  await simulator.seed({ provider: 'person', personId });
  await simulator.seed({ provider: 'aptrinsic', identifyId, createDate: createdAt });
});
afterEach(() => simulator.close());

const meanings = async () =>
  (await simulator.calls())
    .filter(({ operation }) => operation !== 'login')
    .map(({ operation, did, said }) => ({ operation, did: did?.is, said: said?.is }));

describe('the call log', () => {
  it('says what each call did and what its answer said', async () => {
    await purgeIndividual(simulator, { individual_id: individualId });
    await purgeIndividual(simulator, { individual_id: individualId });
    for (const path of ['info', 'purge'] as const) await person(simulator, 'GET', personId, path);
    await person(simulator, 'POST', personId, 'purge', {});
    await person(simulator, 'GET', personId, 'purge');
    await person(simulator, 'DELETE', personId, 'purge');
    await aptrinsic(simulator, 'GET', identifyId);
    await aptrinsic(simulator, 'DELETE', identifyId, '?hardDelete=true');
    await aptrinsic(simulator, 'GET', identifyId);
    const same = (operation: string, is: string) => ({ operation, did: is, said: is });
    expect(await meanings()).toEqual([
      same('purge', 'taken-on'),
      same('purge', 'unknown'),
      same('info', 'present'),
      same('status', 'not-queued'),
      same('purge', 'queued'),
      same('status', 'queued'),
      same('dequeue', 'dequeued'),
      same('read', 'present'),
      same('delete', 'deleted'),
      same('read', 'unknown'),
    ]);
    const [deletion] = await simulator.calls({ operation: 'delete' });
    expect(deletion?.did).toEqual({ is: 'deleted', hard: true, createdAt });
  });

  it('tells what was done from what was said, where a fault lies between them', async () => {
    const fault = { provider: 'aptrinsic', times: 1 } as const;
    await simulator.addFault({ ...fault, kind: 'reset-after-acting' });
    await expect(aptrinsic(simulator, 'DELETE', identifyId)).rejects.toThrow('fetch failed');
    await simulator.addFault({ ...fault, kind: 'in-between', status: 404, says: 'own-error' });
    await aptrinsic(simulator, 'GET', identifyId);
    await simulator.addFault({ ...fault, kind: 'wrong-body', garbage: 'cut-off' });
    await aptrinsic(simulator, 'GET', identifyId).catch(() => undefined);
    const calls = await simulator.calls();
    expect(calls.map(({ did, said }) => ({ did: did?.is, said: said?.is }))).toEqual([
      { did: 'deleted', said: undefined },
      { did: undefined, said: undefined },
      { did: 'unknown', said: undefined },
    ]);
    expect(calls[1]?.faultApplied).toMatchObject({ kind: 'in-between', says: 'own-error', status: 404 });
  });
});
