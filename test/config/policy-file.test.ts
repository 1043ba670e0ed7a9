import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError } from '../../config/environment';
import { parsePolicyFile, readPolicyFile } from '../../config/policy-file';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { defaultPatience, patienceBounds } from '../../domain/rules/patience';
import { defaultLeads } from '../../domain/rules/rules';
import { samplePolicy } from '../../local/sample-policy';

const usual = {
  'uk-gdpr': { timeZone: 'Europe/London', calendar: 'GB-ENG' },
  ccpa: { timeZone: 'America/Los_Angeles', calendar: 'US-CA' },
  vcdpa: { timeZone: 'America/New_York' },
  ctdpa: { timeZone: 'America/New_York' },
};

/** What the reader complains of; an empty list where it is content. */
function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems;
  }
}

const ownLaw = { source: 'a law', from: '2026-01-01', answer: { days: 15 }, lastDay: 'stays' };

describe('parsePolicyFile', () => {
  it('has a default for everything but the member state of the GDPR', () => {
    const rules = { decisionMode: 'asserted', approvalNeeded: false, answerTracked: true };
    expect(parsePolicyFile({})).toEqual({
      rules: { ...rules, patience: defaultPatience, leads: defaultLeads },
      calendars: usual,
      laws: {},
    });
    expect(readPolicyFile(undefined)).toEqual(parsePolicyFile({}));
  });

  it('takes every setting', () => {
    const patience = Object.fromEntries(Object.entries(patienceBounds).map(([name, { maxMs }]) => [name, maxMs]));
    const remindBefore = { acknowledgeMs: HOUR_MS, extensionDecisionMs: 2 * DAY_MS, dueSoonMs: 0 };
    const gdpr = { timeZone: 'Europe/Berlin', calendar: 'DE-BY' };
    const ccpa = { timeZone: 'America/New_York', calendar: 'US-CA' };
    expect(
      parsePolicyFile({
        decisions: 'authenticated',
        approval: 'needed',
        answer: 'untracked',
        calendars: { gdpr, ccpa },
        remindBefore,
        patience,
      }),
    ).toEqual({
      rules: {
        patience,
        decisionMode: 'authenticated',
        approvalNeeded: true,
        answerTracked: false,
        leads: remindBefore,
      },
      calendars: { ...usual, gdpr, ccpa },
      laws: {},
    });
  });

  it('takes laws of the company’s own, and where their days are counted', () => {
    const place = { timeZone: 'America/Sao_Paulo' };
    const { laws, calendars } = parsePolicyFile({
      laws: {
        'own:lgpd': { ...ownLaw, inAll: { months: 2 }, confirm: { businessDays: 3 }, lastDay: 'next-working-day' },
      },
      calendars: { 'own:lgpd': place },
    });
    expect(calendars['own:lgpd']).toEqual(place);
    expect(laws['own:lgpd']).toMatchObject({
      id: 'own:lgpd/2026-01-01',
      source: 'a law',
      from: '2026-01-01',
      answerWithin: { days: 15 },
      extendedWithin: { months: 2 },
      acknowledgeWithin: { businessDays: 3 },
      endsOnWorkingDay: true,
      waitsForIdentity: false,
    });
    expect(parsePolicyFile({ laws: { 'own:x': ownLaw } }).laws['own:x']).not.toHaveProperty('extendedWithin');
  });

  it('takes the policy of the local stack', () => {
    expect(parsePolicyFile(samplePolicy)).toMatchObject({
      rules: { answerTracked: true, approvalNeeded: false, decisionMode: 'asserted' },
    });
  });

  it('keeps the default of whatever a part leaves out', () => {
    const { rules } = parsePolicyFile({ patience: { marginMs: 0 }, remindBefore: { dueSoonMs: DAY_MS } });
    expect(rules.patience).toEqual({ ...defaultPatience, marginMs: 0 });
    expect(rules.leads).toEqual({ ...defaultLeads, dueSoonMs: DAY_MS });
    expect(rules.patience).not.toHaveProperty('windowWishMs');
  });

  it.each<[unknown, string]>([
    [[], 'file: expected an object with decisions, approval, answer, calendars, laws, remindBefore, patience'],
    ['planted', 'file: expected an object with decisions,'],
    [{ planted: 1 }, 'file: has a setting other than decisions, approval, answer,'],
    [{ decisions: 'planted' }, 'decisions: expected one of asserted, authenticated'],
    [{ approval: true }, 'approval: expected one of needed, not-needed'],
    [{ answer: null }, 'answer: expected one of tracked, untracked'],
    [{ calendars: 'planted' }, 'calendars: expected an object with gdpr, uk-gdpr, ccpa'],
    [{ calendars: { planted: {} } }, 'calendars: has a setting other than gdpr, uk-gdpr, ccpa'],
    [{ calendars: { gdpr: 'planted' } }, 'calendars.gdpr: expected an object with timeZone, calendar'],
    [{ calendars: { gdpr: { timeZone: 1, calendar: 'DE' } } }, 'calendars.gdpr.timeZone: '],
    [{ calendars: { ccpa: { timeZone: 'America/Los_Angeles', calendar: [] } } }, 'calendars.ccpa.calendar: '],
    [{ calendars: { gdpr: { timeZone: 'UTC', calendar: ['DE', 1] } } }, 'calendars.gdpr.calendar: '],
    [{ calendars: { 'own:planted': { timeZone: 'UTC' } } }, 'calendars: has a setting other than gdpr, uk-gdpr, ccpa'],
    [{ laws: 'planted' }, 'laws: expected an object with a name such as own:lgpd for each law'],
    [{ laws: { planted: ownLaw } }, 'laws: expected an object with a name such as own:lgpd for each law'],
    [{ laws: { 'own:X': ownLaw } }, 'laws: expected an object with a name such as own:lgpd for each law'],
    [{ laws: { 'own:x': { ...ownLaw, answer: { days: 0 } } } }, 'laws.own:x.answer.days: '],
    [{ laws: { 'own:x': { ...ownLaw, answer: { days: 1, months: 1 } } } }, 'laws.own:x.answer: '],
    [{ laws: { 'own:x': { ...ownLaw, inAll: { years: 1 } } } }, 'laws.own:x.inAll: '],
    [{ laws: { 'own:x': { ...ownLaw, confirm: 10 } } }, 'laws.own:x.confirm: '],
    [{ laws: { 'own:x': { ...ownLaw, from: '2026-02-30' } } }, 'laws.own:x.from: expected a day such as'],
    [{ laws: { 'own:x': { ...ownLaw, lastDay: 'planted' } } }, 'laws.own:x.lastDay: expected one of stays, '],
    [{ laws: { 'own:x': { ...ownLaw, source: ' ' } } }, 'laws.own:x.source: '],
    [{ remindBefore: { planted: 1 } }, 'remindBefore: has a setting other than acknowledgeMs, extensionDecisionMs, '],
    [{ remindBefore: { acknowledgeMs: -1 } }, 'remindBefore.acknowledgeMs: expected a whole number of milliseconds'],
    [{ remindBefore: { extensionDecisionMs: 0.5 } }, 'remindBefore.extensionDecisionMs: expected a whole number'],
    [{ remindBefore: { dueSoonMs: 61 * DAY_MS } }, 'remindBefore.dueSoonMs: expected a whole number'],
    [{ patience: { planted: 1 } }, 'patience: has a setting other than marginMs, '],
    ...Object.entries(patienceBounds).flatMap(([name, { minMs, maxMs }]): [unknown, string][] => {
      const expected = `patience.${name}: expected a whole number of milliseconds from ${minMs} to ${maxMs}`;
      return [minMs - 1, maxMs + 1, 'planted'].map((value) => [{ patience: { [name]: value } }, expected]);
    }),
  ])('refuses %j by the name of the setting, without its value', (value, problem) => {
    const problems = problemsOf(() => parsePolicyFile(value));
    expect(problems).toEqual([expect.stringContaining(`policy file: ${problem}`)]);
    expect(problems.join()).not.toContain('planted');
  });

  it('names all that is wrong at once', () => {
    const problems = problemsOf(() => parsePolicyFile({ decisions: 1, patience: { marginMs: -1 }, planted: 1 }));
    expect(problems.map((problem) => problem.split(': ')[1] ?? '').toSorted()).toEqual([
      'decisions',
      'file',
      'patience.marginMs',
    ]);
  });
});

describe('readPolicyFile', () => {
  let directory: string;
  beforeAll(() => (directory = mkdtempSync(join(tmpdir(), 'erasure-policy-'))));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('reads the file that is named', () => {
    const file = join(directory, 'policy.json');
    writeFileSync(file, JSON.stringify({ approval: 'needed' }));
    expect(readPolicyFile(file).rules.approvalNeeded).toBe(true);
  });

  it('says which file cannot be read, or is no JSON, and nothing of what is in it', () => {
    const file = join(directory, 'broken.json');
    writeFileSync(file, '{ "planted');
    expect(problemsOf(() => readPolicyFile(file))).toEqual([`ERASURE_POLICY_FILE: ${file} is not JSON`]);
    const nowhere = join(directory, 'nowhere.json');
    expect(problemsOf(() => readPolicyFile(nowhere))).toEqual([`ERASURE_POLICY_FILE: ${nowhere} cannot be read`]);
  });
});
