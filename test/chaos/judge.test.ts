/** The judge reads a log as it comes: whose calls, when an erasure is judged, what is searched for. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { Judge, type Judgement } from '../../chaos/judge';
import { LeakSearch } from '../../chaos/leak-search';
import { readRunHistory } from '../../chaos/run-history';
import type { RunLogEntry } from '../../chaos/run-log';
import {
  call,
  certificateOf,
  DAY_MS,
  ended,
  entry,
  HOUR_MS,
  publicJwk,
  record,
  requestId,
  signed,
  start,
  subject,
  submitted,
  submitting,
} from './hand-written-log';

let keysDirectory: string;
beforeEach(() => {
  keysDirectory = mkdtempSync(join(tmpdir(), 'judge-keys-'));
  writeFileSync(join(keysDirectory, 'certificate.public.jwk'), JSON.stringify(publicJwk));
  const key = { ...publicJwk, alg: 'EdDSA', use: 'sig', epoch: '2026-03' };
  const factKeys = { role: 'fact-keys', environment: 'test', keys: [{ for: 'aptrinsic', key }] };
  writeFileSync(join(keysDirectory, 'fact-keys.json'), JSON.stringify(factKeys));
});
afterEach(() => rmSync(keysDirectory, { recursive: true }));

const week = 7 * DAY_MS + HOUR_MS + 1_000;
const claims = [{ provider: 'aptrinsic', outcome: 'erased', assurance: 'verified', settledAfter: week + 500 }] as const;
const time = (after: number): string => new Date(start + after).toISOString();
const data = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64');

/** As a run's result has it. */
function packed(jws: string): string {
  const [header, payload = '', signature] = jws.split('.');
  return `zip.${header}.${deflateRawSync(Buffer.from(payload, 'base64url')).toString('base64url')}.${signature}`;
}

/** As Temporal writes it: asked, waited, looked, ended with this certificate. */
function historyJson(jws: string, more: object = {}): string {
  const activity = (id: number, name: string, from: number, to: number) => [
    {
      eventId: String(id),
      eventTime: time(from),
      eventType: 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED',
      activityTaskScheduledEventAttributes: { activityType: { name }, workflowTaskCompletedEventId: String(id - 1) },
    },
    {
      eventId: String(id + 1),
      eventTime: time(to),
      eventType: 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED',
      activityTaskCompletedEventAttributes: { scheduledEventId: String(id) },
    },
  ];
  const result = { payloads: [{ data: data({ requestId, certificate: packed(jws), ...more }) }] };
  return JSON.stringify({
    events: [
      { eventId: '1', eventTime: time(0), eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' },
      ...activity(2, 'aptrinsic.requestErasure', 500, 1_000),
      ...activity(4, 'aptrinsic.observeErasure', week - 100, week),
      {
        eventId: '6',
        eventTime: time(week + 1_000),
        eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED',
        workflowExecutionCompletedEventAttributes: { result },
      },
    ],
  });
}

const called = (after: number, sketch: Parameters<typeof call>[2]): RunLogEntry => {
  const seen = call(after, 'aptrinsic', sketch);
  return entry(after, { kind: 'provider-call', requestId, call: seen.call });
};

function judged(extra: readonly RunLogEntry[] = [], json = historyJson(signed(certificateOf(claims)))): Judgement {
  const judge = new Judge({ keysDirectory, historyOf: () => json });
  const log: RunLogEntry[] = [
    submitting(['aptrinsic']),
    submitted(),
    called(1_000, { operation: 'delete', is: 'deleted' }),
    called(week, { operation: 'read', is: 'unknown' }),
    record(week + 1_000, 'aptrinsic', { exists: false }),
    ended(week + 1_000),
    ...extra,
  ];
  for (const one of log) judge.take(one);
  return judge.finish();
}
const kinds = ({ findings }: Judgement): string[] => findings.map(({ invariant }) => invariant);

describe('the judge', () => {
  it('finds nothing in a good run, and counts what it saw', () => {
    expect(judged()).toMatchObject({
      accepted: 1,
      certificates: 1,
      calls: 2,
      claims: { 'aptrinsic erased/verified': 1 },
      findings: [],
    });
  });

  it('finds a call about nobody who was asked for, and one after the end', () => {
    const strange = {
      ...call(5_000, 'aptrinsic', { operation: 'delete' }).call,
      subject: 'somebody.else@customer.example',
    };
    expect(kinds(judged([entry(week, { kind: 'provider-call', call: strange })]))).toEqual(['nobody-else']);
    expect(kinds(judged([called(week + DAY_MS, { operation: 'read', is: 'unknown' })]))).toContain(
      'no-call-out-of-turn',
    );
  });

  it('finds a certificate that another key has signed, or that is about another request', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(kinds(judged([], historyJson(signed(certificateOf(claims), privateKey))))).toEqual(['certificate-holds']);
    const other = signed(certificateOf(claims, { requestId: '0b9e6a0e-5d5c-4c6e-9d53-111111111111' }));
    expect(kinds(judged([], historyJson(other)))).toEqual(['certificate-holds']);
  });

  it('finds a fact that nobody signed, and one that no provider answered', () => {
    const fact = {
      kind: 'observation',
      content: { evidence: { httpStatus: 418 } },
      witness: { keyId: 'test-key', at: start, signature: 'AAAA' },
    };
    const withFact = signed(certificateOf([{ ...claims[0], facts: [fact] }]));
    expect(kinds(judged([], historyJson(withFact)))).toEqual(['certificate-holds', 'certificate-holds']);
  });

  it('finds an identifier in a history', () => {
    const json = historyJson(signed(certificateOf(claims)), { note: `about ${subject.aptrinsic}` });
    expect(kinds(judged([], json))).toEqual(['nothing-personal']);
    const certified = historyJson(signed(certificateOf(claims, { note: `about ${subject.aptrinsic}` })));
    expect(kinds(judged([], certified))).toEqual(['nothing-personal']);
  });

  it('keeps nothing of an erasure once it is judged, but whose calls it may still see', () => {
    const judge = new Judge({ keysDirectory, historyOf: () => historyJson(signed(certificateOf(claims))) });
    for (const one of [submitting(['aptrinsic']), submitted(), ended(1_000)]) judge.take(one);
    judge.take(entry(DAY_MS, { kind: 'clock', byMs: 1 }));
    const before = judge.finish().findings.length;
    judge.take(called(2 * DAY_MS, { operation: 'read', is: 'unknown' }));
    expect(judge.finish().findings.slice(before)).toMatchObject([{ requestId, invariant: 'no-call-out-of-turn' }]);
  });
});

describe('the search for identifiers', () => {
  const search = new LeakSearch(['measureone-secret']);
  search.add(requestId, Object.values(subject));
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it.each([
    ['plain', `of ${subject.measureone}.`],
    ['in capitals', subject.person.toUpperCase()],
    ['without hyphens', subject.person.replaceAll('-', '')],
    ['in base64', base64(`{"id":"${subject.aptrinsic}"}`)],
    ['in base64 in base64', base64(`{"data":"${base64(`{"id":"${subject.measureone}"}`)}"}`)],
    [
      'deflated, in base64',
      deflateRawSync(`{"id":"${subject.aptrinsic}","more":"${'more '.repeat(9)}"}`).toString('base64url'),
    ],
    ['in hex', Buffer.from(subject.aptrinsic).toString('hex')],
    ['percent-encoded', encodeURIComponent(subject.aptrinsic)],
  ])('finds one %s', (_, text) => {
    expect(search.leaksIn(`before ${text} after`)).toContainEqual(expect.objectContaining({ requestId }));
  });

  it('finds a secret, and nothing in what is nobody', () => {
    expect(search.leaksIn('Basic measureone-secret')).toHaveLength(1);
    expect(search.leaksIn(`idv_ffffffffffffffffffffffffff ${requestId} nobody@customer.example`)).toEqual([]);
  });
});

it('reads from a history what a run waited for between its tasks', () => {
  const events = [
    { eventId: '1', eventTime: time(0), eventType: 'EVENT_TYPE_WORKFLOW_EXECUTION_STARTED' },
    { eventId: '2', eventTime: time(1), eventType: 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED' },
    {
      eventId: '3',
      eventTime: time(1),
      eventType: 'EVENT_TYPE_TIMER_STARTED',
      userMetadata: { summary: { data: data('Aptrinsic: wait') } },
      timerStartedEventAttributes: { timerId: '1', workflowTaskCompletedEventId: '2' },
    },
    {
      eventId: '4',
      eventTime: time(1),
      eventType: 'EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES',
      upsertWorkflowSearchAttributesEventAttributes: {
        workflowTaskCompletedEventId: '2',
        searchAttributes: {
          indexedFields: { ErasureBlockedOn: { data: data(['staff']) }, ErasureState: { data: data('running') } },
        },
      },
    },
    {
      eventId: '5',
      eventTime: time(2),
      eventType: 'EVENT_TYPE_TIMER_FIRED',
      timerFiredEventAttributes: { timerId: '1' },
    },
    { eventId: '6', eventTime: time(3), eventType: 'EVENT_TYPE_WORKFLOW_TASK_COMPLETED' },
  ];
  const read = readRunHistory(JSON.stringify({ events }));
  expect(read.fired).toEqual([{ label: 'Aptrinsic: wait', at: Date.parse(time(2)) }]);
  expect(read.idle).toMatchObject([
    { eventId: '4', timers: ['Aptrinsic: wait'], blockedOn: ['staff'], state: 'running' },
    { eventId: '6', timers: [], blockedOn: ['staff'] },
  ]);
});
