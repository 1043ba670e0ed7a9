/** All measurements, in the order of the report. */
import { cpu } from './comparison/cpu';
import type { Measurement } from './frame/measurement';

export const measurements: readonly Measurement[] = [cpu];
