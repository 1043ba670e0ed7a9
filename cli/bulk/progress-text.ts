import { SECOND_MS } from '../../domain/duration';
import { roughly } from './provider-load';

export interface Standing {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
  /** e.g. `accepted`, `failed`. */
  readonly counts: Readonly<Record<string, number>>;
}

/** `1200 of 2000 (60 %): 1150 accepted, 50 duplicates, 0 failed; 41 a second, about 20 s left` */
export function progressText({ done, total, elapsedMs, counts }: Standing): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  return `${done} of ${total} (${percent} %): ${told.join(', ')}${pace(done, total, elapsedMs)}`;
}

function pace(done: number, total: number, elapsedMs: number): string {
  if (done === 0 || elapsedMs <= 0) return '';
  const perMs = done / elapsedMs;
  const perSecond = perMs * SECOND_MS;
  const rate = perSecond < 10 ? perSecond.toFixed(1) : perSecond.toFixed(0);
  return `; ${rate} a second, about ${roughly((total - done) / perMs)} left`;
}
