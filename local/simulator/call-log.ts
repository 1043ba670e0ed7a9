import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import type { Fault } from './faults';
import type { Meaning } from './peer';

/** One call as the provider saw it, secrets and personal data included: it is for assertions only. */
export interface LoggedCall {
  /** Simulator time. */
  at: string;
  wallAt: string;
  provider: string;
  /** `unknown` where no documented operation lives at this path. */
  operation: string;
  method: string;
  rawPath: string;
  subject?: string;
  headers: IncomingHttpHeaders;
  query: Record<string, string>;
  /** Parsed where it was JSON, otherwise the text; absent when empty. */
  body?: unknown;
  /** `unanswered` while the connection is still open, `destroyed` when it ended without an answer. */
  status: number | 'unanswered' | 'destroyed';
  /** The kind of the fault that was applied. */
  fault?: string;
  /** The whole of it. */
  faultApplied?: Fault;
  /** What the provider carried out, or found; absent where the call did not get that far, or was refused. */
  did?: Meaning;
  /** The same, where the answer that says so was sent whole and unspoilt. */
  said?: Meaning;
}

export const callFilterSchema = z.strictObject({
  provider: z.exactOptional(z.string()),
  operation: z.exactOptional(z.string()),
  subject: z.exactOptional(z.string()),
});
export type CallFilter = z.infer<typeof callFilterSchema>;

/** A stack that runs for weeks must not keep every call it ever saw. */
const callsMax = 100_000;

export class CallLog {
  #calls: LoggedCall[] = [];

  add(call: LoggedCall): void {
    if (this.#calls.length >= callsMax) this.#calls.shift();
    this.#calls.push(call);
  }

  list(filter: CallFilter = {}): LoggedCall[] {
    const wanted = Object.entries(filter) as [keyof CallFilter, string][];
    return this.#calls
      .filter((call) => wanted.every(([key, value]) => call[key] === value))
      .map((call) => ({ ...call }));
  }

  clear(): void {
    this.#calls = [];
  }

  /** Those that are over, and forgets them: for a caller that keeps them elsewhere. */
  take(): LoggedCall[] {
    const over = this.#calls.filter(({ status }) => status !== 'unanswered');
    this.#calls = this.#calls.filter(({ status }) => status === 'unanswered');
    return over;
  }
}
