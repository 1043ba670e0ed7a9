/** Who calls the server. */
import type { AccessRole } from '../domain/access-role';
import type { DecisionKind } from '../domain/decision/decision-table';

/** A staff member who is logged in, or a service. */
export interface Principal {
  readonly kind: 'staff' | 'service';
  /** Opaque; becomes the filer of their requests and the actor of their decisions. */
  readonly id: string;
  readonly roles: ReadonlySet<AccessRole>;
}

/** What it takes to take a decision. Approving has a role of its own, so that filing and approving can be kept apart. */
export function roleForDecision(kind: DecisionKind): AccessRole {
  return kind === 'approve' || kind === 'reject' ? 'approve' : 'decide';
}
