/** Whether a namespace of Temporal has what requests need, and what to type where it has not. */
import type { NamespaceOf } from '../temporal/search-attributes';
import { DAY_MS } from '../domain/duration';
import { searchAttributes } from '../temporal/names';

export interface NamespaceStanding {
  readonly namespace: string;
  readonly missing: readonly string[];
  /** There under the right name, with another type than ours. */
  readonly mistyped: readonly string[];
  /** Absent where Temporal does not tell. */
  readonly retentionDays?: number;
  readonly wantedRetentionDays: number;
}

export async function namespaceStanding(where: NamespaceOf): Promise<NamespaceStanding> {
  const { searchAttributeStanding } = await import('../temporal/search-attributes.js');
  const { RETENTION_DAYS_MIN, retentionMsOf } = await import('../worker/retention.js');
  const retentionMs = await retentionMsOf(where);
  return {
    namespace: where.namespace,
    ...(await searchAttributeStanding(where)),
    ...(retentionMs === undefined ? {} : { retentionDays: retentionMs / DAY_MS }),
    wantedRetentionDays: RETENTION_DAYS_MIN,
  };
}

function isRetentionShort({ retentionDays, wantedRetentionDays }: NamespaceStanding): boolean {
  return retentionDays !== undefined && retentionDays < wantedRetentionDays;
}

/** Requests that are taken on from now on can be filtered by what they wait for. */
export function isIndexable({ missing, mistyped }: NamespaceStanding): boolean {
  return missing.length === 0 && mistyped.length === 0;
}

export function isSetUp(standing: NamespaceStanding): boolean {
  return isIndexable(standing) && !isRetentionShort(standing);
}

/** What is not as it should be, as whole sentences, each with what to do about it. */
export function shortcomings(standing: NamespaceStanding): readonly string[] {
  const { namespace, missing, mistyped, retentionDays, wantedRetentionDays } = standing;
  return [
    ...(missing.length === 0 ? [] : [`Search attributes are missing: ${missing.join(', ')}.`]),
    ...(mistyped.length === 0
      ? []
      : [
          `Search attributes have another type than ours: ${mistyped.join(', ')}. Requests go without them until somebody ` +
            'removes or renames them in Temporal; then run this again.',
        ]),
    ...(isRetentionShort(standing)
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
export function commandsToAdd({ namespace, missing }: Pick<NamespaceStanding, 'namespace' | 'missing'>): string {
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
