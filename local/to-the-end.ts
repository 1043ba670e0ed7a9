/**
 * Waits for the work of a whole program. Nothing that is waited for keeps a process alive by itself: one that would end in the
 * middle, and look as if all were well, calls `brokenOff` first.
 */
export async function toTheEnd<T>(work: Promise<T>, brokenOff: () => void): Promise<T> {
  process.once('beforeExit', brokenOff);
  try {
    return await work;
  } finally {
    process.off('beforeExit', brokenOff);
  }
}
