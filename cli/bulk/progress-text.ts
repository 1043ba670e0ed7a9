import { approximateDuration, SECOND_MS } from '../../domain/duration';

export interface BulkProgress {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** e.g. `accepted`, `failed`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** `1200 of 2000 (60 %): 1150 accepted, 50 duplicates, 0 failed; 41 a second, about 20 s left` */
export function progressText({ done, total, elapsedMs, counts }: BulkProgress): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const words = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const text = `${done} of ${total} (${percent} %): ${words.join(', ')}`;
  if (done === 0 || elapsedMs <= 0) return text;
  const perSecond = (done / elapsedMs) * SECOND_MS;
  const left = approximateDuration(((total - done) / done) * elapsedMs);
  return `${text}; ${perSecond.toFixed(perSecond < 10 ? 1 : 0)} a second, about ${left} left`;
}
