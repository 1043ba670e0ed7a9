import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import {
  addSearchAttributes,
  ensureSearchAttributes,
  searchAttributeProblems,
  type NamespaceOf,
} from '../../temporal/search-attributes';
import { prepareNamespace } from '../../local/engine/namespace';
import { searchAttributes } from '../../temporal/names';

const names = Object.values(searchAttributes).map(({ name }) => name);
const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;
const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address });
});
afterAll(() => connection.close());

async function newNamespace(): Promise<NamespaceOf> {
  const namespace = `search-attributes-${randomUUID().slice(0, 8)}`;
  await prepareNamespace({
    connectionOptions: { address },
    namespace,
    deadline: Date.now() + 30_000,
    signal: new AbortController().signal,
  });
  return { connection, namespace };
}

describe('the search attributes of a namespace', () => {
  it('are all missing in a new one, and are there and usable once they were ensured', async () => {
    const where = await newNamespace();
    expect(await searchAttributeProblems(where)).toEqual({ missing: names, mistyped: [] });
    expect(await ensureSearchAttributes(where)).toEqual(names);
    expect(await searchAttributeProblems(where)).toEqual({ missing: [], mistyped: [] });
    const { namespace } = where;
    const query = `ErasureState = 'running' AND ErasureBlockedOn = 'staff' AND ErasureDueAt < '2026-12-01T00:00:00Z'`;
    const { count } = await connection.workflowService.countWorkflowExecutions({ namespace, query });
    expect(Number(count)).toBe(0);
    expect(await ensureSearchAttributes(where)).toEqual([]);
  });

  it('are added where some are there already', async () => {
    const where = await newNamespace();
    await addSearchAttributes(where, ['ErasureState']);
    expect(await ensureSearchAttributes(where)).toEqual(names.filter((name) => name !== 'ErasureState'));
  });

  it('are refused where one has another type: nothing is added then', async () => {
    const where = await newNamespace();
    await connection.operatorService.addSearchAttributes({
      namespace: where.namespace,
      searchAttributes: { ErasureDueAt: INDEXED_VALUE_TYPE_KEYWORD },
    });
    const problems = { missing: names.filter((name) => name !== 'ErasureDueAt'), mistyped: ['ErasureDueAt'] };
    expect(await searchAttributeProblems(where)).toEqual(problems);
    await expect(ensureSearchAttributes(where)).rejects.toThrow('with another type than ours: ErasureDueAt');
    expect(await searchAttributeProblems(where)).toEqual(problems);
  });

  it('are read from the namespace itself where there is no operator service, as in Temporal Cloud', async () => {
    const where = await newNamespace();
    const withoutOperator = { ...where, connection: cloudLike(connection) };
    expect(await searchAttributeProblems(withoutOperator)).toEqual({ missing: names, mistyped: [] });
    await ensureSearchAttributes(where);
    expect(await searchAttributeProblems(withoutOperator)).toEqual({ missing: [], mistyped: [] });
  });

  it('cannot be told of a namespace that is not there', async () => {
    await expect(searchAttributeProblems({ connection, namespace: 'no-such-namespace' })).rejects.toMatchObject({
      code: 5,
    });
  });
});

/** A real connection but for the service that Temporal Cloud keeps to itself. */
function cloudLike(real: Connection): NamespaceOf['connection'] {
  const unimplemented = Object.assign(new Error('unimplemented'), { code: 12, details: '', metadata: {} });
  return {
    workflowService: real.workflowService,
    withDeadline: (deadline: number | Date, use: () => Promise<unknown>) => real.withDeadline(deadline, use),
    operatorService: { listSearchAttributes: () => Promise.reject(unimplemented) },
  } as unknown as NamespaceOf['connection'];
}
