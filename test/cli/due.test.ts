import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompiledCli } from './compiled-cli';

let directory: string;
beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'erasure-due-'))));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const cli = new CompiledCli();
async function due(...words: readonly string[]): Promise<{ readonly out: string; readonly problem: string }> {
  const { stdout, stderr } = await cli.run(['due', ...words]);
  return { out: stdout, problem: stderr };
}

const berlin = ['--time-zone', 'Europe/Berlin', '--calendar', 'DE'];

describe('erasure due', () => {
  it('tells day, article and holiday for each step, and that both sources agree', async () => {
    const { out } = await due('gdpr', '2026-03-05T10:00:00+01:00', ...berlin);
    expect(out).toContain('Received    Thu 2026-03-05');
    expect(out).toContain('Answer      one month: Sun 2026-04-05');
    expect(out).toContain('Regulation 1182/71 Art. 3(2)(c)');
    expect(out).toContain('Sun 2026-04-05 is passed over: a Sunday');
    expect(out).toMatch(
      /Mon 2026-04-06 is passed over: Ostermontag, a public holiday in DE \(date-holidays [\d.]+ and python-holidays 0\.109 agree\)/,
    );
    expect(out).toContain('Due         Tue 2026-04-07, until 2026-04-07T21:59:59.999Z');
    expect(out).toContain('due Fri 2026-06-05');
    expect(out).toContain('only if the person was told of it by 2026-04-07');
  });

  it('tells a correction with its source, and a year that was not compared', async () => {
    const netherlands = ['--time-zone', 'Europe/Amsterdam', '--calendar', 'NL'];
    expect((await due('gdpr', '2026-04-05T10:00:00Z', ...netherlands)).out).toContain(
      'Bevrijdingsdag, a public holiday in NL (added by a correction: Algemene termijnenwet (BWBR0002448) Art. 3(1))',
    );
    expect((await due('gdpr', '2033-11-25T10:00:00Z', ...berlin)).out).toContain('alone: 2033 was not compared');
  });

  it('counts from the information on identity under the UK GDPR, and tells where we aim earlier', async () => {
    const identity = ['--identity-asked-at', '2026-03-03T10:00:00Z', '--checked-at', '2026-03-19T10:00:00Z'];
    const received = ['--information-received-at', '2026-03-16T10:00:00Z'];
    const { out } = await due('uk-gdpr', '2026-03-02T10:00:00Z', ...identity, ...received);
    expect(out).toContain('Starts      Mon 2026-03-16');
    expect(out).toContain('Due         Thu 2026-04-16');
    expect((await due('uk-gdpr', '2026-03-02T10:00:00Z', ...received)).problem).toContain(
      'informationReceivedAt: needs identityAskedAt',
    );
    expect((await due('ccpa', '2026-03-05T10:00:00-08:00')).out).toContain('Aim at      2026-04-18');
  });

  it('explains a law of one’s own, also to programs', async () => {
    const file = join(directory, 'policy.json');
    const law = { source: 'our contract, 4.2', from: '2026-01-01', answer: { businessDays: 5 }, lastDay: 'stays' };
    writeFileSync(file, JSON.stringify({ laws: { 'own:b2b': law }, calendars: { 'own:b2b': { timeZone: 'UTC' } } }));
    const { out } = await due('own:b2b', '2026-03-05T10:00:00Z', '--policy', file);
    expect(out).toContain('[our contract, 4.2 (as the policy file defines it)]');
    expect(out).toContain('Due         Thu 2026-03-12');
    expect(out).toContain('Extension   none: its law gives no more time');
    expect(JSON.parse((await due('own:b2b', '2026-03-05T10:00:00Z', '--policy', file, '--json')).out)).toMatchObject({
      rule: 'own:b2b/2026-01-01',
      answerBy: { on: '2026-03-12' },
      reasons: { answer: 'our contract, 4.2 (as the policy file defines it)' },
    });
  });

  it.each([
    [['planted', '2026-03-05T10:00:00Z'], 'LAW: expected one of gdpr,'],
    [['gdpr', 'planted'], 'RECEIVED: expected an instant with a zone'],
    [['gdpr', '2026-03-05T10:00:00Z'], 'There is no due date: the policy names no calendar for its law.'],
    [['own:nowhere', '2026-03-05T10:00:00Z'], 'There is no due date: the policy does not define its law.'],
    [['vcdpa', '2022-12-31T12:00:00Z'], 'There is no due date: it was received before its law held.'],
    [['gdpr', '2026-03-05T10:00:00Z', '--calendar', 'DE'], '--calendar: name --time-zone as well.'],
    [
      ['gdpr', '2026-03-05T10:00:00Z', '--time-zone', 'UTC', '--calendar', 'planted'],
      'calendars.gdpr.calendar: expected',
    ],
  ])('refuses %j in a sentence', async (words, problem) => {
    const told = await due(...words);
    expect(told.problem).toContain(problem);
    expect(told.problem).not.toContain('planted');
    expect(told.out).toBe('');
  });
});
