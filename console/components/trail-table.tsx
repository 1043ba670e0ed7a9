/** What was decided about a request, by whom and why, and what happened beside its providers. */
import { providerName } from '../../domain/provider/provider-table';
import type { TrailEntry } from '../../domain/request/request-state';
import { choiceTexts, decisionTexts } from '../texts/decisions';
import { requestTexts as texts } from '../texts/one-request';
import { When } from './when';
import { DataTable } from './data-table';

export function TrailTable({ trail }: { readonly trail: readonly TrailEntry[] }) {
  if (trail.length === 0) return <p>{texts.noTrail}</p>;
  return (
    <DataTable title={texts.trail} columns={[texts.when, texts.what, texts.who, texts.why]} stacks>
      {trail.map((entry, index) => (
        <tr key={index}>
          <td data-label={texts.when}>
            <When at={entry.at} />
          </td>
          <td data-label={texts.what}>{wordsOf(entry)}</td>
          <td data-label={texts.who}>{'content' in entry ? entry.content.actor : ''}</td>
          <td data-label={texts.why}>
            {'content' in entry ? `${entry.content.reason.code} (${entry.content.reason.ticket})` : ''}
          </td>
        </tr>
      ))}
    </DataTable>
  );
}

function wordsOf(entry: TrailEntry): string {
  switch (entry.kind) {
    case 'cancelled':
      return texts.trailWords.cancelled;
    case 'reminded':
      return `${texts.trailWords.reminded}: ${entry.of}`;
    case 'called-back':
      return `${texts.trailWords['called-back']}: ${providerName(entry.provider)}, ${entry.says}`;
    default: {
      const { content, kind } = entry;
      const choices = ['ground', 'wantedBy', 'because', 'notice', 'recipient', 'channel'].flatMap((name) => {
        const value: unknown = Reflect.get(content, name);
        return typeof value === 'string' ? [choiceTexts[value] ?? value] : [];
      });
      return [decisionTexts[kind].title, ...choices].join(' · ');
    }
  }
}
