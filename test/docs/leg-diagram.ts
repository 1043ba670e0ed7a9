/** The state diagram of a leg, found by walking through its state machine: every phase it can reach, and what leads on. */
import { openLeg, stateAfter, type AnyLeg } from '../support/legs';
import type { ProviderDecisionKind } from '../../domain/decision/decision-table';
import type { WithoutTime } from '../../domain/without-time';
import { DAY_MS } from '../../domain/duration';
import { failureTypes, isFailureType } from '../../domain/leg/failure';
import { lastRound } from '../../domain/leg/rounds';
import { nextStep, type LegStep } from '../../domain/leg/next-step';
import { type LegEvent } from '../../domain/leg/leg-state';
import { MAX_POSTPONEMENTS, MAX_ROUNDS } from '../../domain/rules/patience';
import type { Observation, Receipt, Withdrawal } from '../../domain/leg/receipt';
import * as receipts from '../support/receipts';

type Phase = AnyLeg['phase'];
/** What can happen to a leg in some state, in the words of the diagram. */
interface Possible {
  readonly label: string;
  readonly events: readonly WithoutTime<LegEvent>[];
}

interface Edge {
  readonly from: Phase;
  readonly to: Phase;
  readonly label: string;
  readonly ending: string;
}

type Arrow = Omit<Edge, 'from'> & { readonly from: Phase | 'open' };

const possible = (label: string, ...events: WithoutTime<LegEvent>[]): Possible => ({ label, events });
const answered = (label: string, receipt: Receipt): Possible =>
  possible(label, { type: 'asked' }, { type: 'answered', receipt });
const observed = (label: string, observation: Observation): Possible =>
  possible(label, { type: 'observed', observation });
const withdrawn = (withdrawal: Withdrawal): Possible => possible('tried', { type: 'withdrawalAnswered', withdrawal });
const decided = (kind: ProviderDecisionKind): Possible =>
  possible(kind, {
    type: 'decided',
    kind,
    decision: { provider: 'person', actor: 'staff-7', reason: { code: 'told-to', ticket: 'PRIV-1' } },
  });
const failed = (...before: WithoutTime<LegEvent>[]): readonly Possible[] =>
  failureTypes.map((type) =>
    possible('failed', ...before, { type: 'failed', failure: { type, mayHaveReached: true } }),
  );

const window = { lastsMs: receipts.HOURS_120_MS };
const takenOn = [
  receipts.accepted({ withdrawable: true }),
  receipts.accepted({ seen: false }),
  receipts.accepted({ confirmedBy: 'callback' }),
  receipts.accepted({ confirmedBy: 'nobody' }),
].map((receipt) => answered('taken on', receipt));

/** What the step that a leg is at can come to. */
const comesTo: {
  readonly [Step in LegStep['do']]: (now: number, step: LegStep & { do: Step }) => readonly Possible[];
} = {
  ask: () => [
    ...takenOn,
    answered('unknown where a window could hide it', receipts.unknown({ window })),
    answered('unknown', receipts.unknown()),
    ...failed({ type: 'asked' }),
  ],
  look: (now) => [
    observed('absent', receipts.absent),
    observed('the time was moved', receipts.pending(now + DAY_MS)),
    observed('the same record again', receipts.presentAgain),
    observed('a newer record', receipts.newerRecord),
    observed('taken off the queue', receipts.takenOffQueue),
    observed('inconclusive', receipts.inconclusive),
    ...failed(),
  ],
  wait: (_now, step) => [possible(step.for === 'window' ? 'window over' : 'grace over', { type: 'timePassed' })],
  withdraw: () => [
    withdrawn({ status: 'withdrawn' }),
    withdrawn({ status: 'too-late' }),
    withdrawn({ status: 'nothing-to-withdraw' }),
    possible('tried', { type: 'withdrawalFailed', reason: 'ProviderUnavailable' }),
  ],
  waitForBrake: () => [possible('brake released', { type: 'brakeReleased' })],
  waitForDecision: () => [],
  waitForRelease: () => [],
  finish: () => [],
};

/** What can come at any time, from outside. A legal hold is not drawn: it stops a phase and is none. */
const fromOutside: readonly Possible[] = [
  possible('callback', { type: 'calledBack', evidence: { handle: 'h1' } }),
  decided('retry'),
  decided('waive'),
  decided('attest'),
  possible('request cancelled', { type: 'requestEnded' }),
];

export function legDiagram(): string {
  const edges = edgesOf(openLeg('person'));
  const open = openPhases(edges);
  const [shared, single] = split(edges, (edge) => !open.has(edge.to) && 2 * sourcesOf(edge, edges).size > open.size);
  const [inside, outside] = split(single, ({ from, to }) => open.has(from) && open.has(to));
  const [leaving, onTheWayOut] = split(outside, ({ from }) => open.has(from));
  return [
    'stateDiagram-v2',
    '    direction LR',
    '    [*] --> ask',
    '    state "not settled" as open {',
    ...drawn(inside).map((line) => `    ${line}`),
    '    }',
    // In the order that mermaid lays out best.
    ...drawn(onTheWayOut),
    ...drawn(leaving),
    ...drawn(shared.map((edge) => fromAnywhere(edge, { edges, open }))),
    '    settled --> [*]',
  ].join('\n');
}

/** Every edge between two phases that can be reached. Rounds are bounded: more of them lead to nothing new. */
function edgesOf(start: AnyLeg): Edge[] {
  const found = new Map<string, Edge>();
  const known = new Set<string>();
  const open: { readonly leg: AnyLeg; readonly now: number }[] = [{ leg: start, now: Date.UTC(2026, 10, 22) }];
  for (let here = open.shift(); here !== undefined; here = open.shift()) {
    const { leg, now } = here;
    const seen = essence(leg);
    if (known.has(seen) || leg.rounds.length > MAX_ROUNDS) continue;
    known.add(seen);
    const step = nextStep(leg);
    const at = step.do === 'wait' ? Math.max(now, step.until) : now;
    const own = comesTo[step.do] as (now: number, step: LegStep) => readonly Possible[];
    for (const { label, events } of own(now, step))
      follow('tries' in step && step.tries === 'daily' ? 'daily try' : label, events, at);
    for (const { label, events } of fromOutside) follow(label, events, now);

    function follow(label: string, events: readonly WithoutTime<LegEvent>[], when: number): void {
      const next = events.reduce((state, event) => stateAfter(state, { ...event, at: when } as LegEvent), leg);
      if (next === leg) return;
      const edge = { from: leg.phase, to: next.phase, ...told(label, next) };
      if (edge.from !== edge.to) found.set(JSON.stringify(edge), edge);
      open.push({ leg: next, now: when });
      // As if the provider had moved its time as often as we let it.
      if (next.postponements === 1) open.push({ leg: { ...next, postponements: MAX_POSTPONEMENTS }, now: when });
    }
  }
  const order = [...new Set([...found.values()].map(({ from }) => from))];
  return [...found.values()].toSorted((one, other) => order.indexOf(one.from) - order.indexOf(other.from));
}

/** What tells one state from another as far as phases go: neither times nor what is kept for the certificate. */
function essence(leg: AnyLeg): string {
  const { rounds, decisions: _decisions, lastObservation, postponements, ...rest } = leg;
  const last = lastRound(leg);
  const essential = { ...rest, rounds: rounds.length, last, found: lastObservation?.status === 'present' };
  return JSON.stringify({ ...essential, moved: postponements < MAX_POSTPONEMENTS }, (name, value: unknown) =>
    /^(at|since|until|evidence|endedInAttention)$|At$/.test(name) ? undefined : value,
  );
}

/** Attention is told by its reason, except for the failures, of which there are many; an end by what is then known. */
function told(label: string, next: AnyLeg): Pick<Edge, 'label' | 'ending'> {
  const reason = next.attention?.reason;
  if (next.phase === 'attention' && reason !== undefined) {
    return { label: isFailureType(reason) ? 'failed' : reason, ending: '' };
  }
  return { label, ending: [next.outcome, next.assurance].filter(Boolean).join(' ') };
}

/** The phases that a staff member can settle a leg from; those that are left are on their way out. */
function openPhases(edges: readonly Edge[]): ReadonlySet<Phase> {
  return new Set(edges.filter(({ label }) => label === 'waive').map(({ from }) => from));
}

/** The phases from which the same happening leads to the same phase. */
function sourcesOf({ to, label }: Edge, edges: readonly Edge[]): ReadonlySet<Phase> {
  return new Set(edges.filter((edge) => edge.to === to && edge.label === label).map(({ from }) => from));
}

/** Drawn once, from the frame around the phases, instead of once from nearly each of them; how it ends depends on where. */
function fromAnywhere(
  edge: Edge,
  { edges, open }: { readonly edges: readonly Edge[]; readonly open: ReadonlySet<Phase> },
): Arrow {
  const sources = sourcesOf(edge, edges);
  const others = [...open].filter((phase) => !sources.has(phase));
  const label = others.length === 0 ? edge.label : `${edge.label} except in ${others.join(' and ')}`;
  return { from: 'open', to: edge.to, label, ending: '' };
}

/** One line for each pair of phases, with all that leads from the one to the other. */
function drawn(arrows: readonly Arrow[]): string[] {
  return groups(arrows, ({ from, to }) => `${from} --> ${to}`).map(([arrow, between]) => {
    const labels = groups(between, ({ label }) => label).map(([label, same]) => {
      const endings = [...new Set(same.map(({ ending }) => ending))].filter((ending) => ending !== '');
      return endings.length === 0 ? label : `${label} (${endings.join(', ')})`;
    });
    return `    ${arrow}: ${labels.join(', ')}`;
  });
}

function groups<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly [string, readonly T[]])[] {
  const keys = [...new Set(items.map(keyOf))];
  return keys.map((key) => [key, items.filter((item) => keyOf(item) === key)]);
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}
