/** Whether a namespace of Temporal has what requests need, and what to type where it has not. */
import { defined } from '../domain/defined';
import { DAY_MS } from '../domain/duration';
import { searchAttributes } from '../temporal/names';
import type { NamespaceOf, SearchAttributeProblems } from '../temporal/search-attributes';

export interface NamespaceCheck extends SearchAttributeProblems {
  readonly namespace: string;
  /** Absent where Temporal does not tell. */
  readonly retentionDays?: number;
  readonly wantedRetentionDays: number;
}

export async function checkNamespace(where: NamespaceOf): Promise<NamespaceCheck> {
  const { searchAttributeProblems } = await import('../temporal/search-attributes.js');
  const { RETENTION_DAYS_MIN, retentionMsOf } = await import('../temporal/retention.js');
  const retentionMs = await retentionMsOf(where);
  return {
    namespace: where.namespace,
    ...(await searchAttributeProblems(where)),
    ...defined({ retentionDays: retentionMs === undefined ? undefined : retentionMs / DAY_MS }),
    wantedRetentionDays: RETENTION_DAYS_MIN,
  };
}

function isRetentionShort({ retentionDays, wantedRetentionDays }: NamespaceCheck): boolean {
  return retentionDays !== undefined && retentionDays < wantedRetentionDays;
}

/** Requests that are started from now on can be filtered by what they wait for. */
export function isIndexable({ missing, mistyped }: NamespaceCheck): boolean {
  return missing.length === 0 && mistyped.length === 0;
}

export function isSetUp(check: NamespaceCheck): boolean {
  return isIndexable(check) && !isRetentionShort(check);
}

/** What is not as it should be, as whole sentences, each with what to do about it. */
export function shortcomings(check: NamespaceCheck): readonly string[] {
  const { namespace, missing, mistyped, retentionDays, wantedRetentionDays } = check;
  return [
    ...(missing.length === 0 ? [] : [`Search attributes are missing: ${missing.join(', ')}.`]),
    ...(mistyped.length === 0
      ? []
      : [
          `Search attributes have another type than ours: ${mistyped.join(', ')}. Requests go without them until somebody ` +
            'removes or renames them in Temporal; then run this again.',
        ]),
    ...(isRetentionShort(check)
      ? [
          `Temporal forgets ended requests, and their certificates, after ${retentionDays} days: give the namespace ` +
            `${wantedRetentionDays} days or more.\n${indented([
              `temporal operator namespace update --namespace ${namespace} --retention ${wantedRetentionDays}d`,
              `tcld namespace retention set --namespace ${namespace} --retention-days ${wantedRetentionDays}`,
            ])}`,
        ]
      : []),
  ];
}

const typeNames = { KEYWORD: 'Keyword', KEYWORD_LIST: 'KeywordList', DATETIME: 'Datetime' } as const;

/** For whoever may not add them over the connection that we have: the commands of Temporal's own tools. */
export function commandsToAdd({ namespace, missing }: Pick<NamespaceCheck, 'namespace' | 'missing'>): string {
  const wanted = Object.values(searchAttributes).filter(({ name }) => missing.includes(name));
  return [
    'In Temporal Cloud:',
    indented([
      `tcld namespace search-attributes add --namespace ${namespace} ` +
        wanted.map(({ name, type }) => `--search-attribute ${name}=${typeNames[type]}`).join(' '),
    ]),
    'On a server of your own, as its operator:',
    indented([
      `temporal operator search-attribute create --namespace ${namespace} ` +
        wanted.map(({ name, type }) => `--name ${name} --type ${typeNames[type]}`).join(' '),
    ]),
  ].join('\n');
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}
