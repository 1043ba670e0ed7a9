/** A decision of each kind, made from its row: a kind that is added to the table is tested with the others. */
import { commonFields, decisionRow, type DecisionKind } from '../../../domain/decision/decision-table';
import type { Field } from '../../../domain/decision/decision-field';

const samples = ['2026-11-22T09:30:00Z', 'staff-17', 'a-code', { code: 'a-code', ticket: 'PRIV-1234' }];
const otherSamples = ['2026-11-23T09:30:00Z', 'staff-18', 'b-code', { code: 'b-code', ticket: 'PRIV-1234' }];

/** What the field holds: its first choice, or the first sample that it takes. */
export function sampleOf({ option, holds }: Field): unknown {
  return option?.choices?.[0] ?? samples.find((sample) => holds(sample));
}

/** Something else that the field holds. */
export function otherSampleOf({ option, holds }: Field): unknown {
  return option?.choices?.[1] ?? otherSamples.find((sample) => holds(sample));
}

/** Complete, without a token. */
export function contentOf(kind: DecisionKind): Record<string, unknown> {
  const { actor, reason } = commonFields;
  const fields: Readonly<Record<string, Field>> = { actor, reason, ...decisionRow(kind).fields };
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, sampleOf(field)]));
}
