/** How the simulated person API behaves where its document leaves it open. */
import { z } from 'zod';
import { timeFormats } from './person-time';
import { tokenSettings } from './tokens';

const dequeueAnswer = z.union([z.literal(204), z.literal(403), z.literal(404), z.literal(409)]);

export const personSettingsSchema = z.strictObject({
  ...tokenSettings,
  badCredentials: z.union([z.literal(401), z.literal(403)]),
  /** Without a suggested time. */
  defaultDelayMs: z.number().nonnegative(),
  /** Later suggestions are cut down to it. */
  maxDelayMs: z.number().nonnegative(),
  /** The purge happens this long after `purge_on`. */
  lateByMs: z.number().nonnegative(),
  timeFormats: z.array(z.enum(timeFormats)).min(1),
  /** A free string without an enum: rotated through, whatever the truth is. */
  statuses: z.array(z.string()).min(1),
  rePost: z.enum(['update', 'conflict']),
  unknownPerson: z.union([z.literal(202), z.literal(404), z.literal(422)]),
  afterPurge: z.enum(['gone', 'kept']),
  /** How long a kept record can still be read, and what it then says. */
  keptForMs: z.number().nonnegative(),
  finalStatus: z.string(),
  /** Also for a person who was never there: once purged, the two cannot be told apart. */
  infoAfterPurge: z.union([z.literal(404), z.literal(403), z.literal(422), z.literal('empty-200')]),
  /** DELETE of a purge that is due (with 204 it goes on all the same), and of none. */
  dequeueBegun: dequeueAnswer,
  dequeueNothing: dequeueAnswer,
});
export type PersonSettings = z.infer<typeof personSettingsSchema>;

export const dayMs = 24 * 3_600_000;

export const defaultPersonSettings: PersonSettings = {
  tokenLifetimeSeconds: 3600,
  oneToken: false,
  badCredentials: 401,
  defaultDelayMs: 14 * dayMs,
  maxDelayMs: 30 * dayMs,
  lateByMs: 0,
  timeFormats: [...timeFormats],
  statuses: ['queued', 'OK', 'completed', 'PurgeRequested', 'in progress', ''],
  rePost: 'update',
  unknownPerson: 202,
  afterPurge: 'gone',
  keptForMs: 7 * dayMs,
  finalStatus: 'purged',
  infoAfterPurge: 404,
  dequeueBegun: 409,
  dequeueNothing: 404,
};
