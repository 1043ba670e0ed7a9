/**
 * No certificate says more than the provider's own answers: every call × every kind of answer × every phase, through the real
 * adapters and the real state machine. `SHOW_SUMMARY=1 npx jest test/answers` prints what was counted.
 */
import type { AnswerRule, Judging } from '../../activities/providers/answers';
import { aptrinsicAnswers } from '../../activities/providers/aptrinsic';
import { measureoneAnswers } from '../../activities/providers/measureone';
import { personAnswers } from '../../activities/providers/person-answer-tables';
import type { Call, Provider } from './kinds';
import { runMatrix, summarized } from './matrix';
import type { Tables } from './story';

// Thousands of failures are made here, and nobody reads where.
const { stackTraceLimit } = Error;
beforeAll(() => (Error.stackTraceLimit = 0));
afterAll(() => (Error.stackTraceLimit = stackTraceLimit));

it.each(['measureone', 'person', 'aptrinsic'] as const)(
  'nothing that comes back to a call of %s leads to a claim that it does not bear out (summary)',
  async (only) => {
    const summary = await runMatrix({ only: (provider) => provider === only });
    expect({ objections: summary.objections.slice(0, 10), false: summary.objections.length }).toEqual({
      objections: [],
      false: 0,
    });
    // It is no proof if nothing is ever claimed.
    const strongest = { measureone: 'presumed-erased', person: 'withdrawn', aptrinsic: 'erased verified' }[only];
    expect(summary.outcomes[strongest]).toBeGreaterThan(10);
    expect(summary.claims).toBeGreaterThan(20_000);
    if (process.env['SHOW_SUMMARY'] !== undefined) process.stdout.write(`${only}: ${summarized(summary)}\n`);
  },
);

type Rule = AnswerRule<string>;
type Change = (table: readonly Rule[]) => readonly Rule[];

function changed<Meaning extends string>(judging: Judging<Meaning>, change: Change): Judging<Meaning> {
  return { ...judging, table: change(judging.table) as Judging<Meaning>['table'] };
}

/** All tables, one of them changed. */
const changing: { readonly [call: string]: (change: Change) => Tables } = {
  'measureone purge': (change) => ({
    measureone: { ...measureoneAnswers, purge: (id) => changed(measureoneAnswers.purge(id), change) },
  }),
  'person queue': (change) => ({
    person: { ...personAnswers, queue: (subject) => changed(personAnswers.queue(subject), change) },
  }),
  'person read': (change) => ({
    person: { ...personAnswers, read: (subject) => changed(personAnswers.read(subject), change) },
  }),
  'person info': (change) => ({
    person: { ...personAnswers, info: (subject) => changed(personAnswers.info(subject), change) },
  }),
  'person dequeue': (change) => ({ person: { ...personAnswers, dequeue: changed(personAnswers.dequeue, change) } }),
  'aptrinsic delete': (change) => ({
    aptrinsic: { ...aptrinsicAnswers, delete: (id) => changed(aptrinsicAnswers.delete(id), change) },
  }),
  'aptrinsic read': (change) => ({
    aptrinsic: { ...aptrinsicAnswers, read: (id) => changed(aptrinsicAnswers.read(id), change) },
  }),
};

/** One way of believing too much: rows of this meaning, at this status, without asking for the body they need. */
const withoutShape =
  (means: string): Change =>
  (table) =>
    table.map((rule) => {
      const { shape: _shape, ...rest } = rule;
      return rule.means === means
        ? { ...rest, content: ['none', 'json', 'page', 'other', 'unreadable'] as const }
        : rule;
    });
const without =
  (because: RegExp): Change =>
  (table) =>
    table.filter((rule) => rule.because === undefined || !because.test(rule.because));
const with2xx =
  (means: string): Change =>
  (table) => [{ status: { from: 200, to: 299 }, content: 'json', means }, ...table];

describe('the matrix objects when a rule is taken out', () => {
  it.each<[string, string, Change]>([
    ['measureone purge', 'any 2xx body is an acceptance', withoutShape('taken-on')],
    ['measureone purge', 'any 404 is believed', withoutShape('unknown-individual')],
    ['measureone purge', 'an error in a 2xx is no error', without(/says that it failed/)],
    ['measureone purge', 'another individual is as good', without(/another individual/)],
    ['person queue', 'a failed purge is a purge', without(/says that it failed/)],
    ['person read', 'any 404 is believed', withoutShape('not-queued')],
    ['person info', 'any 404 is believed', withoutShape('absent')],
    ['person dequeue', 'any 2xx is a withdrawal', with2xx('dequeued')],
    ['aptrinsic delete', 'any 200 is a deletion', withoutShape('deleted')],
    ['aptrinsic delete', 'any JSON is a deletion', with2xx('deleted')],
    ['aptrinsic delete', 'any 404 is believed', withoutShape('unknown-user')],
    ['aptrinsic delete', 'an error in a 200 is no error', without(/says that it failed/)],
    ['aptrinsic read', 'any 404 is believed', withoutShape('unknown-user')],
  ])('%s: %s', async (which, _rule, change) => {
    const [provider, call] = which.split(' ') as [Provider, Call];
    const tables = changing[which]?.(change);
    if (tables === undefined) throw new Error(`No table ${which}`);
    const summary = await runMatrix({ only: (p, c) => p === provider && c === call, tables, enough: 1 });
    expect(summary.objections).not.toEqual([]);
  });
});
