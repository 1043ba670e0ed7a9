/** What can be decided about a request now. Whether a decision is taken is decided when it comes, by decision-problem.ts. */
import type { DecisionContents, RequestDecision } from '../decision/decision';
import { noticeKinds, type NoticeKind, type RequestDecisionKind } from '../decision/decision-table';
import { DAY_MS } from '../duration';
import { requestDecisionProblem } from './decision-problem';
import type { RequestSnapshot } from './snapshot';

export interface OfferedDecisions {
  readonly decisions: readonly RequestDecisionKind[];
  /** Which notices can be recorded as given now. */
  readonly notices: readonly NoticeKind[];
}

/** Nobody's own: whoever filed the request is told apart when they decide. */
const somebody = { actor: '', reason: { code: '', ticket: '' } };

export function offeredDecisions(request: RequestSnapshot): OfferedDecisions {
  const now = new Date(request.now).toISOString();
  const inADay = new Date(request.now + DAY_MS).toISOString();
  const samples: { readonly [K in Exclude<RequestDecisionKind, 'notice'>]: DecisionContents[K] } = {
    approve: somebody,
    reject: { ...somebody, ground: 'out-of-scope' },
    hold: { ...somebody, ground: 'legal-claims', owner: '', reviewAt: inADay },
    release: somebody,
    withdraw: { ...somebody, wantedBy: 'subject' },
    extend: { ...somebody, because: 'complexity' },
    identity: { ...somebody, at: now, method: '', reference: '' },
  };
  const isOffered = (decision: RequestDecision): boolean => requestDecisionProblem(request, decision) === undefined;
  const notices = noticeKinds.filter((notice) =>
    isOffered({ kind: 'notice', content: { ...somebody, notice, at: now, channel: '', reference: '' } }),
  );
  const kinds = Object.keys(samples) as (keyof typeof samples)[];
  const others = kinds.filter((kind) => isOffered({ kind, content: samples[kind] } as RequestDecision));
  return { decisions: [...others, ...(notices.length > 0 ? (['notice'] as const) : [])], notices };
}
