import { WORKFLOW_TYPE, workflowIdOf } from '../../temporal/names';
import { MockActivityEnvironment } from '@temporalio/testing';
import fc from 'fast-check';
import { computeLegalClock } from '../support/legal-clock';
import { createTermsActivities } from '../../activities/terms-activities';
import { clockFactsOf } from '../../client/clock-facts';
import { DueDates } from '../../cli/bulk/row-due-dates';
import type { ErasureSubmission } from '../../client/submission';
import { parsePolicyFile } from '../../config/policy-file';
import { progressText } from '../../cli/bulk/progress-text';
import { describeLoad, providerLoad } from '../../cli/bulk/provider-load';
import { approximateDuration, DAY_MS, HOUR_MS } from '../../domain/duration';
import { defaultPatience } from '../../domain/rules/patience';
import type { Terms } from '../../domain/rules/terms';
import { REQUEST_ID, RUN, Witnesses } from '../support/signed-facts';

const calendars = {
  gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE-BE' },
  ccpa: { timeZone: 'America/Los_Angeles', calendar: 'US-CA' },
} as const;
const now = Date.parse('2026-11-22T12:00:00Z');

describe('the due dates of a file', () => {
  it('are the first and the last of all of its requests', () => {
    const submittedAt = fc.date({
      min: new Date('2025-10-01T00:00:00Z'),
      max: new Date('2026-11-22T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(
        fc.constantFrom('gdpr' as const, 'ccpa' as const),
        fc.array(submittedAt, { minLength: 1, maxLength: 12 }),
        (regulation, dates) => {
          const due = new DueDates({ calendars });
          for (const date of dates) due.add({ regulation, submittedAt: date.toISOString(), subject: {} });
          const each = dates.map(
            (date) => computeLegalClock({ regulation, submittedAt: date.getTime() }, calendars[regulation]).answerBy.at,
          );
          const [range] = due.ranges();
          expect(range).toMatchObject({ regulation, requests: dates.length });
          expect([range?.earliest?.at, range?.latest?.at]).toEqual([Math.min(...each), Math.max(...each)]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are left open for a law without a calendar, and for one that nobody defined', () => {
    const due = new DueDates({ calendars });
    due.add({ regulation: 'uk-gdpr', submittedAt: '2026-11-01T00:00:00Z', subject: {} });
    due.add({ regulation: 'own:nowhere', submittedAt: '2026-11-01T00:00:00Z', subject: {} });
    expect(due.ranges()).toEqual([
      { regulation: 'uk-gdpr', requests: 1, noClock: 'no-calendar' },
      { regulation: 'own:nowhere', requests: 1, noClock: 'unknown-law' },
    ]);
  });

  it('count a request whose person was asked for identity once, from where its clock starts', () => {
    const due = new DueDates({ calendars: { 'uk-gdpr': { timeZone: 'Europe/London', calendar: 'GB-ENG' } } });
    due.add({
      regulation: 'uk-gdpr',
      submittedAt: '2026-10-01T09:00:00Z',
      identityAskedAt: '2026-10-02T09:00:00Z',
      informationReceivedAt: '2026-11-16T09:00:00Z',
      verification: { method: 'identity-card', by: 'staff-1', at: '2026-11-18T09:00:00Z', reference: 'PRIV-1' },
      subject: {},
    });
    // From receipt it would have been due on 2 November.
    expect(due.ranges()).toMatchObject([{ requests: 1, earliest: { on: '2026-12-16' }, latest: { on: '2026-12-16' } }]);
  });

  it('are those of the workflow, for whatever a request says of identity', async () => {
    const instant = fc.integer({ min: Date.UTC(2026, 1), max: Date.UTC(2026, 9) });
    const submission = fc
      .record({
        regulation: fc.constantFrom('gdpr' as const, 'uk-gdpr' as const, 'ccpa' as const, 'vcdpa' as const),
        submittedAt: instant,
        identityAskedAt: fc.option(instant, { nil: undefined }),
        informationReceivedAt: fc.option(instant, { nil: undefined }),
        checkedAt: fc.option(instant, { nil: undefined }),
      })
      .map(({ regulation, submittedAt, identityAskedAt, informationReceivedAt, checkedAt }): ErasureSubmission => {
        const iso = (at: number | undefined) => (at === undefined ? undefined : new Date(at).toISOString());
        const at = iso(checkedAt);
        return {
          regulation,
          submittedAt: iso(submittedAt) ?? '',
          identityAskedAt: iso(identityAskedAt),
          informationReceivedAt: iso(informationReceivedAt),
          verification: at === undefined ? undefined : { method: 'login', by: 'staff-1', at, reference: 'PRIV-1' },
          subject: { person: { personId: 'p-1' } },
        };
      });
    const policy = parsePolicyFile({ calendars });
    const witnesses = await Witnesses.open();
    const activities = createTermsActivities({ ...policy, isIndexed: false, signer: witnesses.signers.workflows });
    const requestId = REQUEST_ID;
    const ownRun = new MockActivityEnvironment({
      inWorkflow: true,
      workflowType: WORKFLOW_TYPE,
      workflowExecution: { workflowId: workflowIdOf(requestId), runId: RUN },
    });
    await fc.assert(
      fc.asyncProperty(submission, async (one) => {
        const due = new DueDates(policy);
        due.add(one);
        const { identity, ...facts } = clockFactsOf(one);
        const question = { requestId, run: RUN, ...facts, policy: {}, ...(identity === undefined ? {} : { identity }) };
        const { clock } = (await ownRun.run(() => activities.determineTerms(question))) as Terms;
        const [range] = due.ranges();
        expect([range?.requests, range?.earliest, range?.latest]).toEqual([1, clock?.answerBy, clock?.answerBy]);
      }),
      { numRuns: 200 },
    );
    await witnesses.close();
  });
});

describe('the load of a provider', () => {
  const load = (requests: number, requestsPerSecond = 50) =>
    providerLoad(requests, {
      provider: 'aptrinsic',
      limits: { requestsPerSecond, requestsPerDay: 1_000_000 },
      patience: defaultPatience,
      now,
    });

  it('goes by the limit that is set, and by the daily allowance where that is slower', () => {
    expect(load(100_000)).toMatchObject({ askingMs: 2_000_000, allowanceDays: 1 });
    expect(load(1_000_000)).toMatchObject({ askingMs: DAY_MS, allowanceDays: 2 });
    expect(load(100_000).endsAt).toBe(now + 2_000_000 + 7 * DAY_MS + HOUR_MS);
  });

  it('says whether the last window is over before the first request is due', () => {
    const due = (at: number) => [
      { regulation: 'gdpr' as const, requests: 1, earliest: { on: '', at }, latest: { on: '', at } },
    ];
    expect(describeLoad(load(10), due(now + 8 * DAY_MS))).toContain('before the first is due');
    expect(describeLoad(load(10), due(now + 7 * DAY_MS))).toContain('AFTER the first is due');
    expect(describeLoad(load(10), [])).not.toContain('due');
  });
});

describe('the progress', () => {
  it('tells counts, rate and the time that is left', () => {
    expect(progressText({ done: 1200, total: 2000, elapsedMs: 30_000, counts: { accepted: 1150, failed: 50 } })).toBe(
      '1200 of 2000 (60 %): 1150 accepted, 50 failed; 40 a second, about 20 s left',
    );
    expect(progressText({ done: 0, total: 0, elapsedMs: 0, counts: {} })).toBe('0 of 0 (100 %): ');
  });

  it('rounds up to what people say', () => {
    expect([500, 61_000, 3_600_000, 90 * HOUR_MS].map(approximateDuration)).toEqual([
      '1 s',
      '2 min',
      '1 h 0 min',
      '3 days 18 h',
    ]);
  });
});
