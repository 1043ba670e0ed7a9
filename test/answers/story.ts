/** One leg from its opening to its end, through a real adapter and the real state machine, without Temporal and without time. */
import { openLeg, stateAfter, type AnyLeg } from '../support/legs';
import type { Answer, Http, HttpRequest } from '../../activities/providers/http';
import { createAptrinsicAdapter, type AptrinsicAnswers } from '../../activities/providers/aptrinsic';
import { createMeasureOneAdapter, type MeasureOneAnswers } from '../../activities/providers/measureone';
import { createPersonAdapter } from '../../activities/providers/person';
import type { PersonAnswers } from '../../activities/providers/person-answer-tables';
import { type ProviderAdapter, ProviderFailure } from '../../activities/providers/provider';
import { isOutage, type AdapterMemory } from '../../domain/leg/failure';
import { lastRound, acceptedFacts } from '../../domain/leg/rounds';
import { nextStep } from '../../domain/leg/next-step';
import { type LegEvent } from '../../domain/leg/leg-state';
import { defined } from '../../domain/defined';
import { defaultPatience } from '../../domain/rules/patience';
import { adapterCall, noPauses } from '../support/adapter-call';
import { type Call, type Failing, type Given, ownAnswer, type Provider, PURGE_ON, subjects } from './kinds';
import type { Entry } from './oracle';

/** What a call is answered, one after another; the last stays. Calls that are not named are answered as documented. */
export type Script = { readonly [C in Call]?: readonly (Given | Failing)[] };

export interface Tables {
  readonly measureone?: MeasureOneAnswers;
  readonly person?: PersonAnswers;
  readonly aptrinsic?: AptrinsicAnswers;
}

export interface Ended {
  readonly leg: AnyLeg;
  readonly log: readonly Entry[];
  readonly failures: readonly ProviderFailure[];
}

const START = Date.parse('2031-03-01T12:00:00Z');
const ATTEMPTS = 3;
const STEPS = 40;

/** `cancelIn`: in which phase the whole request is cancelled, should the leg come to it; `end`: once it does not go on by itself. */
export function play(
  provider: Provider,
  script: Script,
  { cancelIn, tables = {} }: { readonly cancelIn?: 'window' | 'end'; readonly tables?: Tables } = {},
): Promise<Ended> {
  return new Story(provider, script, tables).play(cancelIn);
}

class Story {
  readonly log: Entry[] = [];
  readonly failures: ProviderFailure[] = [];
  readonly #provider: Provider;
  readonly #script: Script;
  readonly #adapter: ProviderAdapter;
  #now = START;
  #leg: AnyLeg;

  constructor(provider: Provider, script: Script, tables: Tables) {
    this.#provider = provider;
    this.#script = script;
    this.#adapter = adapterOf(provider, { send: (request) => this.#answer(request) }, tables);
    this.#leg = openLeg(provider);
  }

  async play(cancelIn: 'window' | 'end' | undefined): Promise<Ended> {
    for (let steps = 0; steps < STEPS; steps += 1) {
      if (cancelIn === 'window' && this.#leg.phase === 'window') this.#apply({ type: 'requestEnded' });
      const step = nextStep(this.#leg);
      if (step.do === 'finish') break;
      // A leg in attention is the end of what goes on by itself: its daily tries come to the same.
      if (this.#leg.phase === 'attention') {
        if (cancelIn !== 'end') break;
        this.#apply({ type: 'requestEnded' });
        continue;
      }
      await this.#perform(step.do, 'until' in step ? step.until : undefined);
    }
    const { log, failures } = this;
    return { leg: this.#leg, log, failures };
  }

  async #perform(what: ReturnType<typeof nextStep>['do'], until = this.#now): Promise<void> {
    switch (what) {
      case 'ask':
        this.#apply({ type: 'asked' });
        return this.#attempt('requestErasure', (receipt) => ({ type: 'answered', receipt }));
      case 'look':
        return this.#attempt('observeErasure', (observation) => ({ type: 'observed', observation }));
      case 'withdraw':
        return this.#attempt(
          'withdrawErasure',
          (withdrawal) => ({ type: 'withdrawalAnswered', withdrawal }),
          ({ type }) => ({ type: 'withdrawalFailed', reason: type }),
        );
      case 'wait':
        this.#now = until;
        return this.#apply({ type: 'timePassed' });
      default:
        throw new Error(`The story stands still at ${what}`);
    }
  }

  /** As activities/leg-activities.ts has it: memory from attempt to attempt, outages retried, anything else told at once. */
  async #attempt<What extends 'requestErasure' | 'observeErasure' | 'withdrawErasure'>(
    what: What,
    told: (result: Awaited<ReturnType<ProviderAdapter[What]>>) => Event,
    failed: (failure: ProviderFailure, mayHaveReached: boolean) => Event = ({ type }, mayHaveReached) => ({
      type: 'failed',
      failure: { type, mayHaveReached },
    }),
  ): Promise<void> {
    let memory: AdapterMemory = {};
    let reached = false;
    for (let attempt = 1; ; attempt += 1) {
      let before = reached;
      const call = adapterCall({
        identifier: subjects[this.#provider],
        now: this.#now,
        firstAskedAt: this.#leg.rounds[0]?.askedAt ?? this.#now,
        round: lastRound(this.#leg)?.number ?? 1,
        mayHaveAskedBefore: this.#leg.askedBefore || reached,
        memory,
        patience: defaultPatience,
        ...defined({ acceptedFacts: acceptedFacts(this.#leg) }),
        aboutToAsk: (kept) => {
          before = reached;
          reached = true;
          memory = { ...memory, ...kept };
        },
        didNotAsk: () => (reached = before),
        remember: (kept) => (memory = { ...memory, ...kept }),
      });
      try {
        const result = await this.#adapter[what](call);
        return this.#apply(told(result as Awaited<ReturnType<ProviderAdapter[What]>>));
      } catch (error) {
        if (!(error instanceof ProviderFailure)) throw error;
        this.failures.push(error);
        if (isOutage(error.type) && attempt < ATTEMPTS) continue;
        return this.#apply(failed(error, reached));
      }
    }
  }

  #apply(event: Event): void {
    this.#leg = stateAfter(this.#leg, { ...event, at: this.#now } as LegEvent);
  }

  async #answer(request: HttpRequest): Promise<Answer> {
    request.turn?.come();
    const call = callOf(this.#provider, request);
    const given = this.#given(call);
    this.log.push({ call, given });
    const { to, what } = request;
    if (typeof given === 'string') {
      // As http.ts has it; test/activities/providers/http.test.ts holds it to that.
      throw new ProviderFailure('ProviderUnavailable', `${to}: ${what}: ${given}`, { neverLeft: given === 'refused' });
    }
    const { status, type, body } = given;
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    const read = body.kind === 'unreadable' ? { body: '', unreadable: body.text } : { body: body.text };
    return { to, what, host: new URL(request.url).host, status, headers, ...read };
  }

  #given(call: Call): Given | Failing {
    const scripted = this.#script[call];
    const times = this.log.filter((entry) => entry.call === call).length;
    return scripted?.[times] ?? scripted?.at(-1) ?? this.#documented(call);
  }

  /** A provider that keeps its word: the record is there, and gone when its time is over. */
  #documented(call: Call): Given {
    const own = (kind: 'own success' | 'own not-found') => ownAnswer(this.#provider, call, kind);
    const isQueued = this.log.some((entry) => entry.call === 'queue');
    const isOver = this.#now >= Date.parse(PURGE_ON);
    switch (call) {
      case 'read': {
        const isDequeued = this.log.some((entry) => entry.call === 'dequeue');
        return own(this.#provider === 'person' && isQueued && !isOver && !isDequeued ? 'own success' : 'own not-found');
      }
      case 'info':
        return own(isOver ? 'own not-found' : 'own success');
      default:
        return own('own success');
    }
  }
}

type Event = LegEvent extends infer E ? (E extends LegEvent ? Omit<E, 'at'> : never) : never;

function adapterOf(provider: Provider, http: Http, tables: Tables): ProviderAdapter {
  const client = { clientId: 'client-id', clientSecret: 'client-secret', http, pausing: noPauses };
  switch (provider) {
    case 'measureone':
      return createMeasureOneAdapter({
        ...client,
        baseUrl: 'https://m1.test',
        apiVersion: '3.0',
        tokenPath: 'access_token',
        answers: tables.measureone,
      });
    case 'person':
      return createPersonAdapter({ ...client, baseUrl: 'https://person.test', answers: tables.person });
    case 'aptrinsic':
      return createAptrinsicAdapter({
        http,
        baseUrl: 'https://px.test',
        apiKey: 'key',
        hardDelete: true,
        answers: tables.aptrinsic,
      });
  }
}

function callOf(provider: Provider, { method, url }: HttpRequest): Call {
  if (/auth/.test(url)) return 'login';
  if (provider === 'measureone') return 'purge';
  if (provider === 'aptrinsic') return method === 'DELETE' ? 'delete' : 'read';
  if (url.endsWith('/info')) return 'info';
  return method === 'POST' ? 'queue' : method === 'DELETE' ? 'dequeue' : 'read';
}
