import { createHash, timingSafeEqual } from 'node:crypto';

/** Takes the same time wherever the texts differ. */
export function isSameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
