/** What the Temporal UI shows of a request: Markdown that a newcomer understands. Costs no event. */
import { describeInstant } from '../domain/duration';
import type { LegProgress, RequestProgress } from '../domain/progress';
import { providerName } from '../domain/provider';

const states: Record<LegProgress['state'], string> = {
  asking: 'asking',
  'waiting-out-window': 'waiting out its window',
  'waiting-for-callback': 'waiting for its callback',
  looking: 'looking whether it is gone',
  attention: '⚠️ **needs attention**',
  withdrawing: 'undoing the request',
  settled: 'settled',
};

const headlines: Record<RequestProgress['state'], string> = {
  running: 'running: nothing is confirmed before every provider has settled',
  'issuing-certificate': 'every provider has settled; the certificate is being signed',
  completed: 'completed; the certificate is in the result',
  'completed-with-exceptions': 'completed with exceptions; the certificate in the result says which',
  withdrawn: 'withdrawn; the certificate in the result says what was undone and what was not',
};

export function describeRequest(progress: RequestProgress, now: string): string {
  const { requestId, regulation, submittedAt, state, legs } = progress;
  const rows = legs.map((leg) =>
    [providerName(leg.provider), statusOf(leg), leg.waitsFor, untilOf(leg), leg.youCan ?? '–'].map(cell).join(' | '),
  );
  return [
    `**Erasure request ${requestId}** (${regulation}), made ${describeInstant(Date.parse(submittedAt))}`,
    '',
    `State: **${headlines[state]}**`,
    '',
    '| provider | state | waits for | until | you can |',
    '|---|---|---|---|---|',
    ...rows.map((row) => `| ${row} |`),
    '',
    `To decide, send one of the updates retryProvider, waiveProvider, attestProvider with`,
    '`{ "provider": "…", "actor": "<staff id>", "reason": { "code": "…", "ticket": "…" } }`.',
    '',
    `As of ${now}. Accepted is not erased, and neither is silence.`,
  ].join('\n');
}

function statusOf(leg: LegProgress): string {
  if (leg.state === 'settled') return [leg.outcome, leg.assurance].filter(Boolean).join(', ');
  if (leg.attention === undefined) return states[leg.state];
  return `${states[leg.state]}: ${leg.attention.reason} since ${describeInstant(Date.parse(leg.attention.since))}`;
}

function untilOf(leg: LegProgress): string {
  if (leg.until !== undefined) return describeInstant(Date.parse(leg.until));
  if (leg.attention?.triesDaily === true) return 'tried again daily';
  return leg.state === 'settled' && leg.settledAt !== undefined
    ? `since ${describeInstant(Date.parse(leg.settledAt))}`
    : '–';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
