/** Requests around their legs: what happens to them, and how they stand at one moment. */
import { defined } from '../../domain/defined';
import type { LegalClock } from '../../domain/law/legal-clock';
import type { RequestOutcome } from '../../domain/leg/outcome';
import type { RequestEvent, RequestState } from '../../domain/request/request-state';
import type { RequestSnapshot } from '../../domain/request/snapshot';
import type { Rules } from '../../domain/rules/rules';
import { defaultRules } from './default-rules';
import type { Terms } from '../../domain/rules/terms';
import { T0 } from './legs';

export function terms({ clock, ...rules }: Partial<Rules> & { readonly clock?: LegalClock | undefined } = {}): Terms {
  return { rules: { ...defaultRules, ...rules }, ...defined({ clock }), isIndexed: true };
}

type Happening<Type extends RequestEvent['type']> = Omit<RequestEvent & { readonly type: Type }, 'at'>;

export function started(of: Parameters<typeof terms>[0] = {}): Happening<'termsDetermined'> {
  return { type: 'termsDetermined', terms: terms(of) };
}

export function settled(
  mayHaveErased = false,
  outcome: RequestOutcome = 'completed-with-exceptions',
): Happening<'legsSettled'> {
  return { type: 'legsSettled', outcome, mayHaveErased };
}

export const certified: Happening<'certificateIssued'> = { type: 'certificateIssued', signed: 'a.b.c' };

/** At `T0`, unless said otherwise. */
export function snapshotOf(
  state: RequestState,
  { request, ...changed }: Partial<Omit<RequestSnapshot, 'request'>> & { readonly request?: object } = {},
): RequestSnapshot {
  const filed = {
    requestId: '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11',
    regulation: 'gdpr',
    submittedAt: T0,
    filedBy: 'staff-1',
  } as const;
  return { request: { ...filed, ...request }, startedAt: T0, state, legs: [], now: T0, ...changed };
}
