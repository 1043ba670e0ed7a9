/** The search attributes in a namespace of Temporal: which are there, and adding those that are missing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError, type ConnectionLike } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { SECOND_MS } from '../domain/duration';
import { searchAttributes } from './names';

const { IndexedValueType } = temporal.api.enums.v1;
type IndexedType = temporal.api.enums.v1.IndexedValueType;

const ANSWER_MS_MAX = 10 * SECOND_MS;
const USABLE_MS_MAX = 60 * SECOND_MS;
const LOOK_EVERY_MS = 200;
const UNKNOWN_TYPE = undefined;

const indexedTypes: Readonly<Record<(typeof searchAttributes)[keyof typeof searchAttributes]['type'], IndexedType>> = {
  KEYWORD: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
  KEYWORD_LIST: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
  DATETIME: IndexedValueType.INDEXED_VALUE_TYPE_DATETIME,
};

export interface NamespaceOf {
  readonly connection: ConnectionLike & { readonly operatorService: OperatorService };
  readonly namespace: string;
}
type OperatorService = temporal.api.operatorservice.v1.OperatorService;

export interface SearchAttributeProblems {
  readonly missing: readonly string[];
  /** There under the right name, with another type than ours. */
  readonly mistyped: readonly string[];
}

/** Throws a gRPC error where the namespace cannot be asked. */
export async function searchAttributeProblems(where: NamespaceOf): Promise<SearchAttributeProblems> {
  const found = await registered(where);
  const wanted = Object.values(searchAttributes);
  return {
    missing: wanted.filter(({ name }) => !found.has(name)).map(({ name }) => name),
    mistyped: wanted
      .filter(({ name, type }) => {
        const foundType = found.get(name);
        return foundType !== UNKNOWN_TYPE && foundType !== indexedTypes[type];
      })
      .map(({ name }) => name),
  };
}

/** Adds those that are named. Safe to repeat. Temporal Cloud refuses it: there they are added to the namespace by `tcld` or in its console. */
export async function addSearchAttributes(
  { connection, namespace }: NamespaceOf,
  names: readonly string[],
): Promise<void> {
  const wanted = Object.values(searchAttributes).filter(({ name }) => names.includes(name));
  await connection.withDeadline(Date.now() + ANSWER_MS_MAX, () =>
    connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(wanted.map(({ name, type }) => [name, indexedTypes[type]])),
    }),
  );
}

/** Adds what is missing, and waits until Temporal lets it be used: that takes some seconds. Throws where one has another type. */
export async function ensureSearchAttributes(where: NamespaceOf, withinMs = USABLE_MS_MAX): Promise<readonly string[]> {
  const { missing, mistyped } = await searchAttributeProblems(where);
  if (mistyped.length > 0) {
    throw new Error(`These search attributes are there with another type than ours: ${mistyped.join(', ')}`);
  }
  if (missing.length > 0) await addSearchAttributes(where, missing);
  const { connection, namespace } = where;
  const query = Object.values(searchAttributes)
    .map(({ name }) => `${name} IS NULL`)
    .join(' AND ');
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      await connection.withDeadline(deadline, () =>
        connection.workflowService.countWorkflowExecutions({ namespace, query }),
      );
      return missing;
    } catch (error) {
      if (Date.now() > deadline || !isGrpcServiceError(error)) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** Names, with their types where they are told. */
async function registered({
  connection,
  namespace,
}: NamespaceOf): Promise<ReadonlyMap<string, IndexedType | undefined>> {
  const deadline = Date.now() + ANSWER_MS_MAX;
  try {
    const { customAttributes } = await connection.withDeadline(deadline, () =>
      connection.operatorService.listSearchAttributes({ namespace }),
    );
    return new Map(Object.entries(customAttributes ?? {}));
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    // Temporal Cloud has no operator service for its customers; the namespace itself tells the names.
    const { config } = await connection.withDeadline(deadline, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    const aliases = config?.customSearchAttributeAliases;
    return new Map(Object.values(aliases ?? {}).map((name) => [name, UNKNOWN_TYPE]));
  }
}
