import { isProvider, type Provider } from './provider';

/** A staff member's reason: a code and a ticket reference, never free text. */
export interface Reason {
  /** e.g. `credentials-mended`. Lower case words joined by hyphens. */
  readonly code: string;
  /** e.g. `PRIV-1234`. */
  readonly ticket: string;
}

/** What a staff member says about one provider. `actor` is their opaque id, never a name or an address. */
export interface ProviderDecision {
  readonly provider: Provider;
  readonly actor: string;
  readonly reason: Reason;
}

export type DecisionKind = 'retry' | 'waive' | 'attest';

/** Opaque references: no `@`, no spaces, so that neither an address nor a sentence fits in. */
export const opaquePattern = /^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}$/;
export const reasonCodePattern = /^[a-z0-9]+(-[a-z0-9]+){0,7}$/;

/** Why `value` is no decision, or undefined when it is one. Names fields, never repeats values. */
export function whyNoDecision(value: unknown): string | undefined {
  if (!isRecord(value)) return 'expected an object { provider, actor, reason: { code, ticket } }';
  if (!isProvider(value['provider'])) return 'provider: expected the key of a provider, e.g. "measureone"';
  if (!isMatch(value['actor'], opaquePattern)) {
    return 'actor: expected an opaque staff id of letters, digits and . _ : / # - (no e-mail address, no name)';
  }
  const reason = value['reason'];
  if (!isRecord(reason)) return 'reason: expected an object { code, ticket }';
  if (!isMatch(reason['code'], reasonCodePattern) || reason['code'].length > 64) {
    return 'reason.code: expected lower case words joined by hyphens, e.g. "credentials-mended"';
  }
  if (!isMatch(reason['ticket'], opaquePattern)) return 'reason.ticket: expected a ticket reference, e.g. "PRIV-1234"';
  return undefined;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isMatch(value: unknown, pattern: RegExp): value is string {
  return typeof value === 'string' && pattern.test(value);
}
