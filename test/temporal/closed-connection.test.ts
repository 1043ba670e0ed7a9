/** A call that failed is tried again by a timer: closing the connection in between ends the call, and never the process. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { freePorts } from '../../local/engine/ports';
import { initKeys } from '../../security/key-files';
import { addServiceKey } from '../../security/service-keys';
import { clientOptions } from '../../temporal/connection';
import { hasGrpcStatus } from '../../temporal/temporal-failure';
import { CompiledCli } from '../cli/compiled-cli';
import { eventually } from '../support/workflow-bench';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-closing-'));
  await initKeys({ directory, environment: 'test', now: Date.now() });
  await addServiceKey({ directory, service: 'portal', roles: ['view'], now: Date.now() });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

it('fails the call for whoever waits for it', async () => {
  const [port = 0] = await freePorts(1);
  const connection = Connection.lazy(clientOptions({ connection: { address: `127.0.0.1:${port}` } }));
  const failure = connection.workflowService.describeNamespace({ namespace: 'none' }).catch((error: unknown) => error);
  await pause(50);
  await connection.close();
  expect(hasGrpcStatus(await failure, 'CANCELLED')).toBe(true);
});

it.each([
  ['server', 'SERVER_PORT', 'The server listens'],
  ['gateway', 'GATEWAY_PORT', 'The gateway listens'],
])(
  'lets erasure %s end as it should, asked whether it is ready while Temporal is away',
  async (process, portName, listens) => {
    const [port = 0, away = 0] = await freePorts(2);
    const running = new CompiledCli().start([process], {
      environment: {
        ERASURE_KEYS_DIR: directory,
        TEMPORAL_ADDRESS: `127.0.0.1:${away}`,
        [portName]: String(port),
      },
    });
    await eventually(async () => ((running.stdout() + running.stderr()).includes(listens) ? true : undefined));
    const answered = fetch(`http://127.0.0.1:${port}/readyz`).then(({ status }) => status);
    await answered;
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Channel has been shut down')]);
    expect(await answered).toBe(503);
  },
);
