/**
 * What a caller may have heard in one call, from the simulator's own log: what its provider said, and what something between
 * them made look like its word. The second is what docs/providers.md names as impossible to tell apart.
 */
import type { LoggedCall } from '../local/simulator/call-log';

export interface Heard {
  /** The provider's own words: `taken-on`, `unknown`, `queued` … */
  readonly said: string | undefined;
  /** What it really did or found, whatever was heard of it. */
  readonly did: string | undefined;
  /** What an answer that was not the provider's, or was spoilt, may have been taken for. */
  readonly looksLike: string | undefined;
}

export function heardIn(call: LoggedCall): Heard {
  return { said: call.said?.is, did: call.did?.is, looksLike: looksLike(call) };
}

/** The call may have left its caller with this word. */
export function mayHaveSaid(call: LoggedCall, word: string): boolean {
  const { said, did, looksLike: like } = heardIn(call);
  // A body that is whole and merely called something else can be read.
  const isReadable = isGarbage(call, 'wrong-type') && did === word;
  return said === word || like === word || isReadable;
}

const successes: Readonly<Record<string, string>> = { purge: 'taken-on', delete: 'deleted', dequeue: 'dequeued' };
const absences: Readonly<Record<string, string>> = {
  purge: 'unknown',
  delete: 'unknown',
  read: 'unknown',
  info: 'absent',
  status: 'not-queued',
};

/** Whatever body it is given, none goes over the wire: it looks like any other one. */
const BODILESS = 204;

function looksLike({ operation, faultApplied: fault, status }: LoggedCall): string | undefined {
  if (fault === undefined || status === 'unanswered' || status === 'destroyed') return undefined;
  const isSuccess = status >= 200 && status <= 204;
  switch (fault.kind) {
    case 'status':
      if (fault.body !== undefined) return undefined;
      return isSuccess ? successes[operation] : status === 404 ? absences[operation] : undefined;
    case 'in-between':
      return isSuccess && (fault.says === 'empty' || status === BODILESS) ? successes[operation] : undefined;
    case 'wrong-body':
      return isSuccess && (status === BODILESS || ['empty', 'wrong-type'].includes(fault.garbage ?? 'html'))
        ? successes[operation]
        : undefined;
    default:
      return undefined;
  }
}

function isGarbage({ faultApplied: fault }: LoggedCall, garbage: string): boolean {
  return fault?.kind === 'wrong-body' && fault.garbage === garbage;
}

/** A whole answer of the provider's own about the subject: nothing a caller would have to repeat. */
export function isUndisturbed(call: LoggedCall): boolean {
  return call.said !== undefined && (call.fault === undefined || call.fault === 'slow');
}

/** Asks the provider to erase. */
export function isErasing({ provider, operation }: Pick<LoggedCall, 'provider' | 'operation'>): boolean {
  return provider === 'aptrinsic' ? operation === 'delete' : operation === 'purge';
}
