/** Every call × every kind of answer × every phase, held against what may be claimed at most. */
import { basisOf } from '../../domain/certificate/statement';
import { answersTo, type Call, calls, type Failing, type Given, ownAnswer, type Provider } from './kinds';
import { atMost, isNotNow, isStrangers } from './oracle';
import { type Ended, play, type Script, type Tables } from './story';

type Answered = (given: Given | Failing) => Script;
interface Phase {
  readonly name: string;
  readonly script: Answered;
  readonly cancelIn?: 'window' | 'end';
}

export interface Summary {
  readonly answers: number;
  readonly phases: number;
  readonly stories: number;
  readonly claims: number;
  /** Each claim that says more than the answers do, and each failure that says the wrong thing of an answer. */
  readonly objections: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

const failing: readonly Failing[] = ['refused', 'lost'];
const erasingCall = { measureone: 'purge', person: 'queue', aptrinsic: 'delete' } as const;

/** The phases in which a call is made at all. */
function phasesOf(provider: Provider, call: Call): Phase[] {
  const asking = erasingCall[provider];
  const always: Phase = { name: 'always', script: (given) => ({ [call]: [given] }) };
  const documented = ownAnswer(provider, call, 'own success');
  const once: Phase = { name: 'once, then as documented', script: (given) => ({ [call]: [given, documented] }) };
  const ended: Phase = { ...always, name: 'always, then cancelled', cancelIn: 'end' };
  const inWindow: Phase = { ...always, name: 'cancelled in the window', cancelIn: 'window' };
  const unknown = ownAnswer(provider, asking, 'own not-found');
  const after = (first: Given | Failing, name: string): Phase => ({
    name,
    script: (given) => ({ [call]: [first, given] }),
  });
  switch (call) {
    case asking:
      return [
        always,
        once,
        ended,
        inWindow,
        after('lost', 'after an asking whose answer was lost'),
        { ...after('lost', 'after a lost one, then cancelled'), cancelIn: 'end' },
        { name: 'and then it knows nobody', script: (given) => ({ [call]: [given, unknown] }) },
        {
          name: 'and then it knows nobody, cancelled',
          script: (given) => ({ [call]: [given, unknown] }),
          cancelIn: 'end',
        },
      ];
    case 'login':
      return [always, once, ended];
    // Of the person: before asking, after a lost asking, when looking, and when withdrawing.
    case 'info':
      return [always, once, ended, after(ownAnswer('person', 'info', 'own success'), 'when looking'), inWindow];
    case 'read':
      return [
        always,
        ended,
        inWindow,
        {
          name: 'after an asking whose answer was lost',
          script: (given) => ({ [call]: [given], ...lostAsking(provider) }),
        },
        {
          name: 'when withdrawn',
          script: (given) => ({ [call]: [ownAnswer(provider, call, 'own success'), given] }),
          cancelIn: 'window',
        },
        ...(provider === 'aptrinsic'
          ? [
              {
                name: 'where it knew nobody',
                script: (given) => ({ [call]: [given], delete: [unknown] }),
              } satisfies Phase,
            ]
          : []),
      ];
    case 'dequeue':
      return [inWindow, { ...once, name: 'once, cancelled in the window', cancelIn: 'window' }];
    default:
      throw new Error(`No phase for ${call}`);
  }
}

function lostAsking(provider: Provider): Script {
  const asking = erasingCall[provider];
  return { [asking]: ['lost', ownAnswer(provider, asking, 'own success')] };
}

/** `only` narrows the matrix down to some calls; `tables` replaces what the adapters know of their providers' answers. */
export async function runMatrix(
  options: {
    readonly only?: (provider: Provider, call: Call) => boolean;
    readonly tables?: Tables;
    readonly enough?: number;
  } = {},
): Promise<Summary> {
  const { only = () => true, tables = {}, enough = Infinity } = options;
  const objections: string[] = [];
  const outcomes: Record<string, number> = {};
  const phaseNames = new Set<string>();
  let answers = 0;
  let stories = 0;
  let claims = 0;
  for (const [provider, ofProvider] of Object.entries(calls) as [Provider, readonly Call[]][]) {
    for (const call of ofProvider.filter((each) => only(provider, each))) {
      const all: (Given | Failing)[] = [...answersTo(provider, call), ...failing];
      const some: (Given | Failing)[] = [...answersTo(provider, call, { few: true }), ...failing];
      answers += all.length;
      for (const [index, phase] of phasesOf(provider, call).entries()) {
        phaseNames.add(`${provider} ${call} ${phase.name}`);
        for (const given of index === 0 ? all : some) {
          if (objections.length >= enough) break;
          const { script, cancelIn } = phase;
          const ended = await play(provider, script(given), { tables, ...(cancelIn && { cancelIn }) });
          const { checked, wrong, outcome } = judged(provider, call, given, ended);
          stories += 1;
          claims += checked;
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
          objections.push(...wrong.map((what) => `${provider} ${call} ${phase.name}, ${described(given)}: ${what}`));
        }
      }
    }
  }
  return { answers, phases: phaseNames.size, stories, claims, objections, outcomes };
}

function judged(provider: Provider, call: Call, given: Given | Failing, { leg, log, failures }: Ended) {
  const limits = atMost(provider, log);
  const outcome = [leg.outcome ?? 'unsettled', leg.assurance].filter(Boolean).join(' ');
  const basis = basisOf(leg);
  const wrong = limits.outcomes.has(outcome) ? [] : [`ends as ${outcome}`];
  for (const [words, isTrue] of limits.words) {
    if (!isTrue && words.test(basis)) wrong.push(`says ${String(words)}: ${basis}`);
  }
  const wasGiven = log.some((entry) => entry.call === call && entry.given === given);
  if (wasGiven && typeof given !== 'string') wrong.push(...wronglyNamed(given, failures));
  return { checked: 1 + limits.words.size, wrong, outcome };
}

/** What is surely not the provider's is told as such, and mends by itself. */
function wronglyNamed(given: Given, failures: Ended['failures']): string[] {
  const types = new Set(failures.map(({ type }) => type));
  const blamed = ['ProviderRejected', 'ProviderUnauthorized', 'TokenRefused', 'ProviderContractBroken'] as const;
  if (isStrangers(given) && blamed.some((type) => types.has(type)))
    return [`is told of the provider: ${[...types].join(', ')}`];
  if (isNotNow(given) && !types.has('ProviderUnavailable')) return ['is not tried again as an outage'];
  return [];
}

function described(given: Given | Failing): string {
  return typeof given === 'string'
    ? given
    : `${given.status} ${given.type || 'no type'} ${given.body.kind}: ${given.body.name}`;
}

export function summarized({ answers, phases, stories, claims, objections, outcomes }: Summary): string {
  const ends = Object.entries(outcomes).map(([outcome, times]) => `${outcome} ${times}`);
  return [
    `${answers} answers, ${phases} phases of calls, ${stories} stories, ${claims} claims checked, ${objections.length} false`,
    `ends: ${ends.toSorted().join(', ')}`,
    ...objections.slice(0, 20),
  ].join('\n');
}
