/** All measurements, in the order of the report. */
import { cpu } from './comparison/cpu';
import { dbos } from './comparison/dbos';
import { guard } from './comparison/guard';
import { polling } from './comparison/polling';
import { frontDoor } from './front-door/front-door';
import { providerLimits } from './limits/provider-limits';
import { callbacks } from './scale/callback-cost';
import { growth } from './scale/growth';
import { intake } from './scale/intake';
import { recovery } from './scale/recovery';
import { sleepers } from './scale/sleepers';
import { sweepCost } from './scale/sweep-cost';
import { wakeUps } from './scale/wake-ups';
import type { Measurement } from './frame/measurement';

export const measurements: readonly Measurement[] = [
  cpu,
  dbos,
  polling,
  sleepers,
  wakeUps,
  recovery,
  intake,
  callbacks,
  frontDoor,
  sweepCost,
  growth,
  guard,
  providerLimits,
];
