/** How a callback of MeasureOne's can behave, and what it consists of. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isoTime } from './clock';
import { garbage } from './fault-outcome';
import type { Fault } from './faults';
import type { DeliveryDetail } from './measureone-request';
import { parseJson } from './peer';

export const hourMs = 3_600_000;

export const deliverySchema = z.strictObject({
  mode: z.enum(['on-time', 'never', 'early', 'late']),
  /** How much earlier or later than the purge; an hour if not given. */
  offsetMs: z.exactOptional(z.number().nonnegative()),
  /** How many more times the same event is sent. */
  duplicates: z.exactOptional(z.int().nonnegative()),
  /** Instead of the rotating shapes; text is sent as it is. */
  payload: z.exactOptional(z.unknown()),
  /** After a failed delivery, on the simulator's clock. */
  retryDelaysMs: z.exactOptional(z.array(z.number().nonnegative())),
});
export type DeliveryBehaviour = z.infer<typeof deliverySchema>;

export const deliverCallbackSchema = z.strictObject({
  individualId: z.string(),
  /** To this URL only; otherwise to every one in the individual's `delivery_details`. */
  url: z.exactOptional(z.string()),
  /** Instead of the headers asked for. */
  headers: z.exactOptional(z.record(z.string(), z.string())),
  payload: z.exactOptional(z.unknown()),
  /** Without fetching the token that `x_auth_token_credentials` promises. */
  withoutToken: z.exactOptional(z.boolean()),
});
export type DeliverCallback = z.infer<typeof deliverCallbackSchema>;

export type Shape = (individualId: string, at: number) => unknown;

/** Only the event's name can be relied on; where the id stands, if at all, is not documented. */
export const shapes: readonly Shape[] = [
  (individualId, at) => ({ event: 'individual.purged', individual_id: individualId, timestamp: at }),
  (individualId, at) => ({
    id: randomUUID(),
    event: 'individual.purged',
    created_at: isoTime(at),
    data: { individual: { id: individualId } },
  }),
  (_individualId, at) => ({ event: 'individual.purged', timestamp: at }),
];

export function callbackTime(
  { mode, offsetMs = hourMs }: DeliveryBehaviour,
  purgeOn: number,
  now: number,
): number | undefined {
  switch (mode) {
    case 'never':
      return undefined;
    case 'on-time':
      return purgeOn;
    case 'early':
      return Math.max(now, purgeOn - offsetMs);
    case 'late':
      return purgeOn + offsetMs;
  }
}

export function redirected(detail: DeliveryDetail, order: DeliverCallback): DeliveryDetail {
  const headers = order.headers === undefined ? {} : { headers: order.headers };
  const { x_auth_token_credentials: credentials, ...rest } = detail;
  const withToken = credentials === undefined || order.withoutToken ? {} : { x_auth_token_credentials: credentials };
  return { ...rest, ...headers, ...withToken } as DeliveryDetail;
}

export function spoiled(body: string, fault: Fault | undefined): string {
  if (fault?.kind === 'wrong-body') {
    return fault.body === undefined ? (garbage(200, fault.garbage ?? 'html', { body }).body ?? '') : text(fault.body);
  }
  if (fault?.kind !== 'wrong-subject') return body;
  return JSON.stringify({
    event: 'individual.purged',
    individual_id: fault.otherSubject ?? 'idv_somebodyElse00000000000000',
  });
}

export function encode(contentType: string | undefined, data: Readonly<Record<string, unknown>>): string {
  if (!contentType?.includes('application/x-www-form-urlencoded')) return JSON.stringify(data);
  return new URLSearchParams(
    Object.entries(data).map(([key, value]): [string, string] => [key, String(value)]),
  ).toString();
}

export function tokenAt(answer: string, path: string | undefined): string {
  if (path === undefined) return answer.trim().replace(/^"(.*)"$/, '$1');
  let value: unknown = parseJson(answer);
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  if (typeof value !== 'string' || value === '') throw new Error(`no token at ${path}`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

export function isSuccess(status: number | 'failed'): boolean {
  return status !== 'failed' && status >= 200 && status < 300;
}

export function text(payload: unknown): string {
  return typeof payload === 'string' ? payload : JSON.stringify(payload);
}
