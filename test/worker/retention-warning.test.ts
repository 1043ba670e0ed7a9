import type { ConnectionLike } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { NativeConnection } from '@temporalio/worker';
import { pino } from 'pino';
import { readWorkerConfig } from '../../config/worker-config';
import { DAY_MS } from '../../domain/duration';
import { startWorker } from '../../worker/worker';
import { Story } from '../support/story';
import { checkRetention } from '../../worker/namespace-warnings';
import { RETENTION_DAYS_MIN } from '../../temporal/retention';

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
const tooShort =
  'Temporal forgets ended requests, and their certificates, too early: give the namespace a longer retention';

interface Line {
  readonly level: number;
  readonly msg: string;
}

function logInto(lines: Line[]) {
  return pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
}

let connection: NativeConnection;
beforeAll(async () => {
  connection = await NativeConnection.connect({ address });
});
afterAll(() => connection.close());

/** On the real server, each namespace with a retention of its own. */
async function namespaceOf(days: number): Promise<string> {
  const namespace = `retention-${days}-days`;
  await connection.workflowService
    .registerNamespace({ namespace, workflowExecutionRetentionPeriod: msToTs(days * DAY_MS) })
    .catch((error: unknown) => {
      if ((error as { code?: number }).code !== 6) throw error;
    });
  return namespace;
}

async function linesOf(parts: { readonly namespace: string; readonly connection?: ConnectionLike }): Promise<Line[]> {
  const lines: Line[] = [];
  await checkRetention({ connection, logger: logInto(lines), ...parts });
  return lines;
}

describe('checkRetention', () => {
  it.each([1, RETENTION_DAYS_MIN - 1])('warns of a namespace that keeps ended runs for %i days', async (days) => {
    const namespace = await namespaceOf(days);
    const expected = { level: 40, namespace, retentionDays: days, wantedDays: 90, msg: tooShort };
    expect(await linesOf({ namespace })).toEqual([expect.objectContaining(expected)]);
  });

  it.each([RETENTION_DAYS_MIN, 365])('has nothing to say of one that keeps them for %i days', async (days) => {
    expect(await linesOf({ namespace: await namespaceOf(days) })).toEqual([]);
  });

  it('only notes that it cannot tell where the namespace may not be described', async () => {
    const refused = Object.assign(new Error('planted'), { code: 7, details: 'planted', metadata: {} });
    const workflowService = { describeNamespace: () => Promise.reject(refused) };
    const withDeadline = <T>(_: number | Date, use: () => Promise<T>): Promise<T> => use();
    const lines = await linesOf({
      namespace: 'any',
      connection: { workflowService, withDeadline } as unknown as ConnectionLike,
    });
    const msg = 'The retention of the namespace cannot be read; check it yourself';
    expect(lines).toEqual([expect.objectContaining({ level: 30, grpcCode: 7, wantedDays: 90, msg })]);
    expect(JSON.stringify(lines)).not.toContain('planted');
  });

  it('only notes that it cannot tell where the answer of a real server is a failure', async () => {
    expect(await linesOf({ namespace: 'no-such-namespace' })).toEqual([
      expect.objectContaining({ level: 30, grpcCode: 5 }),
    ]);
  });
});

describe('a worker', () => {
  it('warns of a short retention at its start, and serves', async () => {
    const story = await Story.open();
    const namespace = await namespaceOf(1);
    const lines: Line[] = [];
    try {
      const worker = await startWorker(
        readWorkerConfig({ ...story.environment, TEMPORAL_NAMESPACE: namespace }),
        logInto(lines),
        { workflowBundle: { codePath: process.env['TEST_WORKFLOW_BUNDLE'] ?? '' } },
      );
      worker.drain();
      await worker.finished;
    } finally {
      await story.close();
    }
    expect(lines.map(({ msg }) => msg)).toEqual(expect.arrayContaining([tooShort, 'The worker serves']));
  });
});
