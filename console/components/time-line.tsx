/** When each provider was asked, how long its window is, when it is looked, and where the due date is: a picture and a table. */
import type { LegProgress } from '../../domain/leg/leg-progress';
import { providerName } from '../../domain/provider/provider-table';
import { requestTexts as texts } from '../texts/one-request';
import { When } from './when';
import { DataTable } from './data-table';

const ROW = 44;
const HEAD = 30;
const MARK = 6;

export interface TimeLineProps {
  readonly legs: readonly LegProgress[];
  /** Epoch ms. */
  readonly startedAt: number;
  readonly dueAt: number | undefined;
  readonly now: number;
}

export function TimeLine({ legs, startedAt, dueAt, now }: TimeLineProps) {
  const known = legs.flatMap((leg) => [leg.requestedAt, leg.windowEndsAt, leg.until, leg.callbackAt, leg.settledAt]);
  const instants = [...known.flatMap((at) => (at === undefined ? [] : [Date.parse(at)])), startedAt, now];
  const from = Math.min(...instants);
  const to = Math.max(...instants, dueAt ?? now, from + 1);
  /** Room on both sides, for what is written at the ends. */
  const x = (at: number | string): string => {
    const ms = typeof at === 'number' ? at : Date.parse(at);
    return `${(4 + (92 * (ms - from)) / (to - from)).toFixed(2)}%`;
  };
  const width = (begin: number | string, end: number | string): string =>
    `${Math.max(parseFloat(x(end)) - parseFloat(x(begin)), 0.4).toFixed(2)}%`;
  const height = HEAD + legs.length * ROW + 8;
  return (
    <>
      <svg class="time-line" width="100%" height={height} role="img" aria-label={texts.timeLinePicture}>
        <line class="now" x1={x(now)} x2={x(now)} y1={HEAD - 8} y2={height} />
        <text class="now" x={x(now)} y={HEAD - 14} text-anchor={anchorOf(x(now))}>
          {texts.now}
        </text>
        {dueAt !== undefined && (
          <>
            <line class="due" x1={x(dueAt)} x2={x(dueAt)} y1={HEAD - 8} y2={height} />
            <text class="due" x={x(dueAt)} y={HEAD - 14} text-anchor={anchorOf(x(dueAt))}>
              {texts.due}
            </text>
          </>
        )}
        {legs.map((leg, index) => {
          const { provider, requestedAt, answeredAt, windowEndsAt, until, callbackAt, settledAt, state } = leg;
          const top = HEAD + index * ROW;
          const middle = top + 30;
          const begin = answeredAt ?? requestedAt;
          const end = settledAt ?? until ?? windowEndsAt;
          return (
            <g key={provider} class={`leg ${state}`}>
              <text class="name" x="4%" dx={MARK} y={top + 14}>
                {providerName(provider)}
              </text>
              <line class="track" x1="4%" x2="96%" y1={middle} y2={middle} />
              {begin !== undefined && end !== undefined && (
                <rect class="wait" x={x(begin)} y={middle - 3} width={width(begin, end)} height={6} rx={3} />
              )}
              {begin !== undefined && windowEndsAt !== undefined && (
                <rect
                  class="window"
                  x={x(begin)}
                  y={middle - 6}
                  width={width(begin, windowEndsAt)}
                  height={12}
                  rx={3}
                />
              )}
              {requestedAt !== undefined && <circle class="asked" cx={x(requestedAt)} cy={middle} r={MARK} />}
              {callbackAt !== undefined && <circle class="callback" cx={x(callbackAt)} cy={middle} r={MARK - 1} />}
              {end !== undefined && <circle class={settledAt ? 'settled' : 'look'} cx={x(end)} cy={middle} r={MARK} />}
            </g>
          );
        })}
      </svg>
      <DataTable
        title={texts.timeLine}
        columns={[texts.provider, texts.asked, texts.windowEnds, texts.callback, texts.lookAt]}
        stacks
      >
        {legs.map((leg) => (
          <tr key={leg.provider}>
            <th scope="row">
              {providerName(leg.provider)}
              {leg.rounds > 1 && <span class="note"> {texts.rounds(leg.rounds)}</span>}
            </th>
            <Cell label={texts.asked} at={leg.requestedAt} />
            <Cell label={texts.windowEnds} at={leg.windowEndsAt} />
            <Cell label={texts.callback} at={leg.callbackAt} />
            <Cell label={texts.lookAt} at={leg.settledAt ?? leg.until} />
          </tr>
        ))}
      </DataTable>
    </>
  );
}

function Cell({ label, at }: { readonly label: string; readonly at: string | undefined }) {
  return <td data-label={label}>{at === undefined ? <span class="note">{texts.notYet}</span> : <When at={at} />}</td>;
}

/** What is written near an end goes inwards. */
function anchorOf(x: string): 'start' | 'middle' | 'end' {
  const percent = parseFloat(x);
  if (percent < 12) return 'start';
  return percent > 88 ? 'end' : 'middle';
}
