/** `erasure brake` at the real brake of a real Temporal, and its release by the update that the Temporal UI offers. */
import { WithStartWorkflowOperation } from '@temporalio/client';
import { DAY_MS } from '../../domain/duration';
import { BrakeCalls } from '../../temporal/brake-calls';
import { BRAKE_TYPE, brakeIdOf, brakeMessages, WORKFLOW_QUEUE } from '../../temporal/names';
import { temporalEnvironment } from '../client/client-fixture';
import { WorkflowBench } from '../support/workflow-bench';
import { CompiledCli, type Ended } from './compiled-cli';

const cli = new CompiledCli();
const REQUEST_ID = '3f2b8f0e-6c1d-4f53-9f6e-0000000000a1';
const by = { actor: 'staff-17', reason: 'credentials-mended:PRIV-1234' };
let bench: WorkflowBench;

beforeAll(async () => {
  bench = await WorkflowBench.open({ served: [] });
});
afterEach(() =>
  bench.client.workflow
    .getHandle(brakeIdOf('person'))
    .terminate('end of test')
    .catch(() => undefined),
);
afterAll(() => bench.close());

function erasure(...args: readonly string[]): Promise<Ended> {
  return cli.run(['brake', ...args], { environment: temporalEnvironment() });
}

async function brakesListed(): Promise<{ code: number | null; person: unknown }> {
  const { code, stdout } = await erasure('list', '--json');
  const { brakes } = JSON.parse(stdout) as { readonly brakes: readonly { readonly provider: string }[] };
  expect(brakes).toHaveLength(3);
  return { code, person: brakes.find(({ provider }) => provider === 'person') };
}

const brake = (): BrakeCalls => new BrakeCalls(bench.client, 'person');
const since = Date.now() - 60_000;
const trip = (): Promise<unknown> =>
  brake().report({
    type: 'tripped',
    trip: { reason: 'unauthorized', since, requests: 5, requestIds: [REQUEST_ID] },
  });

describe('erasure brake list', () => {
  it('says that all are off, also where no brake was ever needed', async () => {
    const { code, stdout } = await erasure('list');
    expect(code).toBe(0);
    expect(stdout.match(/ off$/gm)).toHaveLength(3);
  });

  it('says which is on, since when, why, and what to do; and exits with 11', async () => {
    await trip();
    const { code, stdout } = await erasure('list');
    expect(code).toBe(11);
    expect(stdout).toMatch(/^Person API {2}on {2}The brake of Person API is on: since .* it refuses our credentials/m);
    expect(stdout).toContain('You can: mend the credentials');
    expect(stdout).toContain(REQUEST_ID);
    expect(await brakesListed()).toMatchObject({
      code: 11,
      person: {
        state: 'on',
        reason: 'unauthorized',
        since: new Date(since).toISOString(),
        requests: 5,
        requestIds: [REQUEST_ID],
      },
    });
  });

  it('says where no calls are left, and from when on there are some again; the brake is not on for that', async () => {
    const started = Date.now();
    await bench.client.workflow.executeUpdateWithStart('lease', {
      args: [
        {
          worker: 'a1b2c3d4',
          number: 1,
          limits: { callsPerSecond: 10, callsPerDay: 100 },
          calls: 98,
          reported: 0,
        },
      ],
      startWorkflowOperation: new WithStartWorkflowOperation(BRAKE_TYPE, {
        workflowId: brakeIdOf('person'),
        taskQueue: WORKFLOW_QUEUE,
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
    });
    const { code, stdout } = await erasure('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/No calls are left to Person API: since .* our allowance of calls for 24 hours is spent/);
    const { person } = await brakesListed();
    expect(person).toMatchObject({ state: 'off', noCalls: { reason: 'allowance-spent' } });
    const { noCalls } = person as { readonly noCalls: { readonly until: string } };
    expect(Date.parse(noCalls.until)).toBeGreaterThan(started + DAY_MS);
  });
});

describe('erasure brake release', () => {
  const release = (...more: readonly string[]): Promise<Ended> =>
    erasure('release', 'person', '--actor', by.actor, '--reason', by.reason, ...more);

  it('releases a brake that is on, and keeps who did it and why', async () => {
    await trip();
    const { code, stdout } = await release('--json');
    expect(code).toBe(0);
    const released = { state: 'off', last: { reason: 'unauthorized', by } };
    expect(JSON.parse(stdout)).toMatchObject(released);
    expect(await brakesListed()).toMatchObject({ code: 0, person: released });
    expect((await erasure('list')).stdout).toContain(`released by staff ${by.actor} (${by.reason})`);
  });

  it('does nothing where none is on, and takes no free text', async () => {
    const nothing = await release();
    expect(nothing.stderr).toContain('Nothing was done: the brake of Person API is not on.');
    expect(nothing.code).not.toBe(0);
    const free = await erasure('release', 'person', '--actor', 'Jane Doe', '--reason', 'x');
    expect(free).toMatchObject({ stdout: '' });
    expect(free.stderr).toContain('--actor: expected an id');
    expect(free.code).not.toBe(0);
  });
});

describe('the update releaseBrake', () => {
  it('releases the brake by hand, once, and takes no free text', async () => {
    await trip();
    const handle = bench.client.workflow.getHandle(brakeIdOf('person'));
    const update = (release: object): Promise<unknown> =>
      handle.executeUpdate<unknown, [object]>(brakeMessages.release, { args: [release] });
    await expect(update({ actor: 'Jane Doe', reason: by.reason })).rejects.toMatchObject({
      cause: { type: 'InvalidRequest', message: expect.stringContaining('actor') },
    });
    expect((await brake().read()).on).toMatchObject({ reason: 'unauthorized' });
    expect(await update(by)).toMatchObject({ last: { reason: 'unauthorized', by } });
    expect((await brake().read()).on).toBeUndefined();
    await expect(update(by)).rejects.toMatchObject({
      cause: { type: 'InvalidRequest', message: 'The brake is not on' },
    });
  });
});
