/** A request as JSON: the same from every command and from the server. */
import { defined } from '../domain/defined';
import type { RequestProgress } from '../domain/request/request-progress';
import type { RequestStatus } from './request-status';

/** Legs as `providers`. */
export function statusJson({ progress, result, ...status }: RequestStatus) {
  return {
    ...status,
    ...(progress === undefined ? {} : progressFields(progress)),
    ...(result === undefined
      ? {}
      : {
          outcome: result.outcome,
          providers: result.legs,
          certificate: result.certificate,
          trail: result.trail ?? [],
        }),
  };
}

/** The certificate has a command of its own. */
export function listEntryJson(status: RequestStatus) {
  const { certificate: _, ...entry } = { certificate: undefined, ...statusJson(status) };
  return entry;
}

/** A request after a decision. `state` is its own: a leg in attention shows in `providers`. */
export function progressJson(progress: RequestProgress) {
  return { requestId: progress.requestId, state: progress.state, ...progressFields(progress) };
}

function progressFields({ legs, ...progress }: RequestProgress) {
  const {
    todo,
    notes,
    blockedOn,
    decisionMode,
    due,
    noDueDate,
    outcome,
    decisions,
    notices,
    filedBy,
    webhookUrl,
    trail,
  } = progress;
  return {
    providers: legs,
    todo,
    notes,
    blockedOn,
    decisionMode,
    ...defined({ due, noDueDate, outcome, decisions, notices, filedBy, webhookUrl }),
    trail,
  };
}
