/** A decision that is suggested to a person, before they have said who decides, and why. */
import { decisionRow, type RequestDecisionKind } from './decision-table';

export interface SuggestedDecision {
  readonly kind: RequestDecisionKind;
  /** Those of its fields that are known. */
  readonly fields: Readonly<Record<string, string>>;
}

/** `--review-at` of the field `reviewAt`. */
export function flagOf(field: string): string {
  return `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The command, to which the rest has to be added: `erasure notice ID refused`. */
export function typedDecision({ kind, fields }: SuggestedDecision, requestId: string): string {
  const row = decisionRow(kind);
  const words = Object.entries(fields).map(([name, value]) =>
    row.fields[name]?.option?.isArgument === true ? value : `${flagOf(name)} ${value}`,
  );
  return ['erasure', kind, requestId, ...words].join(' ');
}

/** The update for the Temporal UI: `recordNotice, refused`. */
export function suggestedUpdate({ kind, fields }: SuggestedDecision): string {
  return [decisionRow(kind).update, ...Object.values(fields)].join(', ');
}
