import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { addSearchAttributes, ensureSearchAttributes, type NamespaceOf } from '../../temporal/search-attributes';
import { prepareNamespace } from '../../local/engine/namespace';
import { eventually } from '../support/workflow-bench';
import { checkSearchAttributes } from '../../worker/namespace-warnings';

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address });
});
afterAll(() => connection.close());

async function check(where: NamespaceOf): Promise<{ readonly found: object; readonly lines: readonly object[] }> {
  const lines: object[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as object) });
  return { found: await checkSearchAttributes({ ...where, logger }), lines };
}

describe('checkSearchAttributes', () => {
  it('warns of what is missing, with what to do, and has nothing to say once all are there', async () => {
    const namespace = `worker-attributes-${randomUUID().slice(0, 8)}`;
    await prepareNamespace({
      connectionOptions: { address },
      namespace,
      deadline: Date.now() + 30_000,
      signal: new AbortController().signal,
    });
    const where = { connection, namespace };
    await addSearchAttributes(where, ['ErasureState', 'ErasureDueAt']);
    const before = await check(where);
    expect(before.found).toEqual({ isIndexed: false });
    expect(before.lines).toEqual([
      expect.objectContaining({
        level: 40,
        namespace,
        missing: ['ErasureProviders', 'ErasureBlockedOn', 'ErasureTickets'],
        mistyped: [],
        msg: expect.stringMatching(/^Search attributes are missing: .* Run "erasure setup", then restart$/),
      }),
    ]);
    await addSearchAttributes(where, ['ErasureProviders', 'ErasureBlockedOn']);
    const ofOlderRelease = await eventually(async () => {
      const now = await check(where);
      return 'isIndexed' in now.found && now.found.isIndexed === true ? now : undefined;
    }, 30_000);
    expect(ofOlderRelease.found).toEqual({ isIndexed: true });
    expect(ofOlderRelease.lines).toEqual([
      expect.objectContaining({
        level: 40,
        missing: ['ErasureTickets'],
        msg: expect.stringMatching(/cannot be found by their tickets. Run "erasure setup", then restart$/),
      }),
    ]);
    await ensureSearchAttributes(where);
    expect(await check(where)).toEqual({ found: { isIndexed: true, areTicketsIndexed: true }, lines: [] });
  });

  it('goes without them where the namespace cannot be asked, and says so', async () => {
    const { found, lines } = await check({ connection, namespace: 'no-such-namespace' });
    expect(found).toEqual({ isIndexed: false });
    expect(lines).toEqual([expect.objectContaining({ level: 40, grpcCode: 5 })]);
  });
});
