/** A process that calls a provider as fast as its gate lets it, as a worker with a backlog does; until it is ended. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { createCallGate } from '../../activities/providers/call-gate';
import { createHttp } from '../../activities/providers/http';
import { ProviderLeases } from '../../worker/provider-leases';

/** Of one process, as `APTRINSIC_CONCURRENCY`. */
const CALLS_AT_ONCE = 20;

async function main(): Promise<void> {
  const { address, namespace, url, apiKey, callsPerSecond, name } = JSON.parse(
    process.argv[2] ?? '{}',
  ) as CallingOptions;
  const connection = await Connection.connect({ address });
  const leases = new ProviderLeases('aptrinsic');
  leases.use(new Client({ connection, namespace }));
  const gate = createCallGate({
    name: 'Aptrinsic',
    limits: { callsPerSecond },
    worker: randomBytes(8).toString('hex'),
    workerName: name,
    ask: leases.ask,
    log: { warn: (fields, message) => process.stdout.write(`${message} ${JSON.stringify(fields)}\n`) },
  });
  const http = createHttp({ gate });
  let isEnding = false;
  process.once('SIGTERM', () => (isEnding = true));
  process.stdout.write('calling\n');
  const call = () =>
    http.send({
      to: 'Aptrinsic',
      what: 'a look at the user',
      method: 'GET',
      url: `${url}/v1/users/${randomUUID()}`,
      headers: { 'x-aptrinsic-api-key': apiKey },
    });
  await Promise.all(
    Array.from({ length: CALLS_AT_ONCE }, async () => {
      while (!isEnding) await call();
    }),
  );
  await gate.leave();
  await connection.close();
}

export interface CallingOptions {
  readonly address: string;
  readonly namespace: string;
  readonly url: string;
  readonly apiKey: string;
  readonly callsPerSecond: number;
  /** As `ERASURE_WORKER_NAME`. */
  readonly name: string;
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
    process.exitCode = 1;
  });
}
