/** Everything that can be wrong with a provider on demand: counted, or between two instants of the simulator's clock. */
import { z } from 'zod';
import { parseTime, type SimulatorClock } from './clock';
import type { Identified, PeerOperations } from './peer';

export const instantSchema = z.union([z.string(), z.number()]).refine(isInstant, 'not an instant');

const target = {
  provider: z.string(),
  /** Named per provider; without it every operation the kind makes sense for. */
  operation: z.exactOptional(z.string()),
  /** The subject's id; a person's in lower case. Logins have none. */
  subject: z.exactOptional(z.string()),
  /** How often. Without it: until `until`, or until cleared; `token-expired` once. */
  times: z.exactOptional(z.int().positive()),
  /** Simulator time, inclusive. */
  from: z.exactOptional(instantSchema),
  /** Simulator time, exclusive. */
  until: z.exactOptional(instantSchema),
};

const headersSchema = z.record(z.string(), z.string());
const garbageSchema = z.enum([
  'html',
  'truncated',
  'cut-off',
  'empty',
  'null',
  'huge',
  'deep',
  'wrong-type',
  'other-shape',
]);

export const faultSchema = z.discriminatedUnion('kind', [
  /** The connection breaks before anything happened. */
  z.strictObject({ ...target, kind: z.literal('down') }),
  /** Nothing happens but the answer; without a body it is the one documented for this status. */
  z.strictObject({
    ...target,
    kind: z.literal('status'),
    status: z.int().min(200).max(599),
    headers: z.exactOptional(headersSchema),
    body: z.exactOptional(z.unknown()),
  }),
  /** Acts at once and answers late: a caller that gave up has been obeyed all the same. */
  z.strictObject({ ...target, kind: z.literal('slow'), delayMs: z.number().nonnegative() }),
  /** Never answers; acts only when told so. */
  z.strictObject({ ...target, kind: z.literal('hang'), acting: z.exactOptional(z.boolean()) }),
  z.strictObject({ ...target, kind: z.literal('reset-after-acting') }),
  /** Acts and answers 2xx with a body nobody promised. `body` (text, or a value sent as JSON) wins over `garbage`. */
  z.strictObject({
    ...target,
    kind: z.literal('wrong-body'),
    garbage: z.exactOptional(garbageSchema),
    body: z.exactOptional(z.unknown()),
    status: z.exactOptional(z.int().min(200).max(299)),
    contentType: z.exactOptional(z.string()),
  }),
  /** Acts and answers 2xx about somebody else. */
  z.strictObject({ ...target, kind: z.literal('wrong-subject'), otherSubject: z.exactOptional(z.string()) }),
  z.strictObject({
    ...target,
    kind: z.literal('redirect'),
    location: z.string(),
    status: z.exactOptional(z.union([301, 302, 303, 307, 308].map((status) => z.literal(status)))),
  }),
  /** The token presented is expired from now on. The variants are for a provider that does not say which it uses. */
  z.strictObject({
    ...target,
    kind: z.literal('token-expired'),
    variant: z.exactOptional(z.enum(['documented', 'unknown-code', 'plain-401'])),
  }),
  z.strictObject({ ...target, kind: z.literal('forbidden') }),
  /** HTTP 200 around a ResponseEntity that reports an error. Nothing happens. */
  z.strictObject({ ...target, kind: z.literal('inner-status'), statusCodeValue: z.int().min(400).max(599) }),
  z.strictObject({ ...target, kind: z.literal('bad-credentials') }),
  /**
   * Something on the way answers in the provider's place, and nothing happens: a page of a load balancer or a portal, a
   * gateway's JSON, nothing at all, text, a body that is not compressed as it claims. `own-error`: the provider's error body
   * under this status, which contradicts it where it is a 2xx.
   */
  z.strictObject({
    ...target,
    kind: z.literal('in-between'),
    status: z.int().min(200).max(599),
    says: z.enum(['page', 'gateway', 'empty', 'text', 'broken-gzip', 'own-error']),
  }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type Garbage = z.infer<typeof garbageSchema>;

interface ActiveFault {
  readonly fault: Fault;
  remaining: number;
}

/** The kinds that mean something for a call the provider makes itself. */
const callbackKinds: readonly FaultKind[] = ['down', 'slow', 'reset-after-acting', 'wrong-body', 'wrong-subject'];

export class Faults {
  #active: ActiveFault[] = [];
  readonly #clock: SimulatorClock;
  readonly #operations: Readonly<Record<string, PeerOperations>>;

  constructor(clock: SimulatorClock, operations: Readonly<Record<string, PeerOperations>>) {
    this.#clock = clock;
    this.#operations = operations;
  }

  add(fault: Fault): void {
    const reason = this.#senseless(fault);
    if (reason) throw new Error(`${fault.provider}: ${reason}`);
    const now = this.#clock.now();
    this.#active = this.#active.filter(({ fault: { until } }) => until === undefined || now < parseTime(until));
    this.#active.push({ fault, remaining: fault.times ?? (fault.kind === 'token-expired' ? 1 : Infinity) });
  }

  clear(): void {
    this.#active = [];
  }

  /** The first fault that fits, counted as used. */
  take(provider: string, about: Identified): Fault | undefined {
    const found = this.#active.find(({ fault }) => fault.provider === provider && this.#fits(fault, about));
    if (!found) return undefined;
    found.remaining -= 1;
    if (found.remaining <= 0) this.#active = this.#active.filter((active) => active !== found);
    return found.fault;
  }

  #senseless({ provider, operation, kind }: Fault): string | undefined {
    const operations = this.#operations[provider];
    if (operations === undefined) return 'there is no such provider';
    if (operation !== undefined && !operations.all.includes(operation)) return `there is no operation ${operation}`;
    if (kind === 'inner-status' && !operations.innerStatus) return 'answers carry no inner status';
    if (operation === 'callback' && !callbackKinds.includes(kind)) return `a callback cannot have the fault ${kind}`;
    return undefined;
  }

  #fits(fault: Fault, about: Identified): boolean {
    const now = this.#clock.now();
    return (
      (fault.from === undefined || parseTime(fault.from) <= now) &&
      (fault.until === undefined || now < parseTime(fault.until)) &&
      (fault.subject === undefined || fault.subject === about.subject) &&
      (fault.operation === undefined ? this.#fitsKind(fault, about.operation) : fault.operation === about.operation)
    );
  }

  /** Callbacks fail only when named: a fault counted in calls must not be used up by what the provider sends. */
  #fitsKind({ provider, kind }: Fault, operation: string): boolean {
    if (operation === 'callback') return false;
    const operations = this.#operations[provider];
    if (kind === 'token-expired') return operations?.token.includes(operation) ?? false;
    if (kind === 'bad-credentials') return operations?.credentials.includes(operation) ?? false;
    return true;
  }
}

function isInstant(value: string | number): boolean {
  try {
    parseTime(value);
    return true;
  } catch {
    return false;
  }
}
