/** Queries of Temporal's index for the runs of requests. Only known names and checked values go into one. */
import { WORKFLOW_TYPE } from './names';

/** Of paused runs as well. */
export const isOpen = 'CloseTime IS NULL';

/** `value`: a word of ours, or an instant in epoch ms. */
export function compare(attribute: string, operator: string, value: string | number): string {
  return `${attribute} ${operator} '${typeof value === 'number' ? new Date(value).toISOString() : value}'`;
}

export function isOneOf(attribute: string, values: readonly string[]): string {
  return `${attribute} IN (${values.map((value) => `'${value}'`).join(', ')})`;
}

/** The runs of requests that meet all of the conditions. */
export function requestRuns(...conditions: readonly string[]): string {
  return [compare('WorkflowType', '=', WORKFLOW_TYPE), ...conditions].join(' AND ');
}
