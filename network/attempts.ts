/**
 * How long one address of a host is tried before the next. Node's own 250 ms are less than one round trip to the other side
 * of the world, so that no address of a far host would ever answer in time.
 */
export const ATTEMPT_MS_MAX = 2_500;
