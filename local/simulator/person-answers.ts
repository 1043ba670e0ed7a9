/** The person API's bodies: its own error shape, and the two of the framework beneath it. */
import { randomUUID } from 'node:crypto';
import { type Answer, json, type TokenExpiredVariant } from './peer';

export function info(personId: string) {
  return { person_id: personId, active_player_id: randomUUID(), email: `${personId.slice(0, 8)}@players.example` };
}

/** The framework's validation error; like the real one it repeats the offending input, personal data or not. */
export function invalid(detail: { type: string; loc: readonly string[]; msg: string; input: unknown }): Answer {
  return json(422, { detail: [detail] });
}

/** Paths and methods the framework knows nothing of: not in the provider's own error shape. */
export function frameworkError(status: 404 | 405): Answer {
  return json(status, { detail: status === 404 ? 'Not Found' : 'Method Not Allowed' });
}

export function noPurge(): Answer {
  return failed(404, 'purge_not_found', 'No purge on record for this person', true);
}

export function failed(status: number, code: string, description: string, authSuccess: boolean): Answer {
  return json(status, { auth_success: authSuccess, error_code: code, desc: description });
}

export function tokenExpired(variant: TokenExpiredVariant): Answer {
  switch (variant) {
    case 'documented':
      return failed(403, 'auth_token_expired', 'Token is expired', false);
    case 'unknown-code':
      return json(403, { error_code: 'auth_token_unknown', desc: 'Failed to parse token' });
    case 'plain-401':
      return { status: 401, headers: { 'content-type': 'text/plain' }, body: 'Unauthorized' };
  }
}

export const errors: Readonly<Record<number, readonly [string, string]>> = {
  400: ['bad_request', 'Bad Request'],
  401: ['unauthorized', 'Unauthorized'],
  403: ['insufficient_permissions', 'Insufficient Permissions'],
  404: ['person_not_found', 'Person not found'],
  409: ['conflict', 'Conflict'],
  413: ['payload_too_large', 'Payload too large'],
  429: ['too_many_requests', 'Too many requests'],
};
