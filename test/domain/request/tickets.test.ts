/** Which tickets a request can be found by. */
import { ticketsOf } from '../../../domain/request/tickets';
import { openLeg } from '../../support/legs';
import { snapshotOf } from '../../support/requests';
import type { LegDecision } from '../../../domain/leg/leg-state';
import { openRequest, type TrailEntry } from '../../../domain/request/request-state';

const said = (ticket: string) => ({ actor: 'staff-7', reason: { code: 'by-the-book', ticket } });
const at = (day: number) => Date.UTC(2026, 10, day);
const held = (day: number, ticket: string): TrailEntry => ({
  at: at(day),
  kind: 'hold',
  content: { ...said(ticket), ground: 'legal-claims', owner: 'staff-9', reviewAt: '2026-12-01T00:00:00Z' },
});
const waived = (day: number, ticket: string): LegDecision => ({
  at: at(day),
  kind: 'waive',
  provider: 'person',
  ...said(ticket),
});

interface Ticketed {
  readonly verification?: { readonly reference: string };
  readonly trail: readonly TrailEntry[];
  readonly legs: readonly { readonly decisions: readonly LegDecision[] }[];
}
const none: Ticketed = { trail: [], legs: [] };

const ticketsIn = ({ verification, trail, legs }: Ticketed) =>
  ticketsOf(
    snapshotOf(
      { ...openRequest(), trail },
      { request: { verification }, legs: legs.map(({ decisions }) => ({ ...openLeg('person'), decisions })) },
    ),
  );

it.each<[string, Ticketed, readonly string[]]>([
  ['none at first', none, []],
  ['that of the check of who the person is', { ...none, verification: { reference: 'ID-1' } }, ['ID-1']],
  ['that of a decision about the request', { ...none, trail: [held(2, 'PRIV-1')] }, ['PRIV-1']],
  ['that of a decision about a provider', { ...none, legs: [{ decisions: [waived(2, 'PRIV-2')] }] }, ['PRIV-2']],
  [
    'all of them, in the order of their days',
    {
      verification: { reference: 'ID-1' },
      trail: [held(3, 'PRIV-3')],
      legs: [{ decisions: [waived(4, 'PRIV-4')] }, { decisions: [waived(2, 'PRIV-2')] }],
    },
    ['ID-1', 'PRIV-2', 'PRIV-3', 'PRIV-4'],
  ],
  ['each once', { ...none, trail: [held(2, 'PRIV-1'), held(3, 'PRIV-1')] }, ['PRIV-1']],
  [
    'that of a proof of identity',
    {
      ...none,
      trail: [
        {
          at: at(2),
          kind: 'identity',
          content: { ...said('PRIV-1'), at: '2026-11-02T00:00:00Z', method: 'login', reference: 'ID-2' },
        },
      ],
    },
    ['PRIV-1', 'ID-2'],
  ],
  [
    'no reference of a message, and nothing of a reminder or a cancellation',
    {
      ...none,
      trail: [
        {
          at: at(2),
          kind: 'notice',
          content: { ...said('PRIV-1'), notice: 'acknowledged', channel: 'email', at: '', reference: 'MSG-1' },
        },
        { at: at(3), kind: 'cancelled' },
        { at: at(4), kind: 'reminded', of: 'due-soon', due: 0 },
      ],
    },
    ['PRIV-1'],
  ],
])('%s', (_, ticketed, expected) => {
  expect(ticketsIn(ticketed)).toEqual(expected);
});

it('keeps the newest twenty', () => {
  const trail = Array.from({ length: 25 }, (_, index) => held(index + 1, `PRIV-${index + 1}`));
  const kept = ticketsIn({ ...none, trail });
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([20, 'PRIV-6', 'PRIV-25']);
});
