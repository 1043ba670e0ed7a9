import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../domain/duration';
import { defaultPatience, patienceBounds, type Patience } from '../../../domain/rules/patience';
import { providerKeys } from '../../../domain/provider/provider-table';
import { parseInstant } from '../../../domain/instant';
import { isRequestId, parseErasureRequest } from '../../../domain/request/request';
import { isCode } from '../../../domain/text';
import { requestIdOf, workflowIdOf } from '../../../temporal/names';

const now = Date.UTC(2026, 10, 22, 9, 30);
const requestId = '0b7f9c1e-5a44-4f0e-9d55-1c2d3e4f5a6b';
const sealed = 'eyJhbGciOiJFQ0RILUVTIn0..aXY.Y2lwaGVy.dGFn';
const verification = { method: 'account-login', by: 'staff-7', at: '2026-11-20T10:00:00Z', reference: 'PRIV-1' };
const valid = {
  requestId,
  regulation: 'gdpr',
  submittedAt: '2026-11-22T09:30:00Z',
  subject: { person: sealed },
};
const withInformation = {
  submittedAt: '2026-11-20T08:00:00Z',
  identityAskedAt: '2026-11-20T09:00:00Z',
  informationReceivedAt: '2026-11-22T09:00:00Z',
  verification: { ...verification, at: '2026-11-22T09:15:00Z' },
};
const planted = 'jane.doe@example.org';

function parse(input: unknown, workflowId = workflowIdOf(requestId)): ReturnType<typeof parseErasureRequest> {
  return parseErasureRequest(input, { requestIdOfWorkflow: requestIdOf(workflowId), now });
}

function problemsOf(input: unknown, workflowId?: string): readonly string[] {
  const parsed = parse(input, workflowId);
  return 'problems' in parsed ? parsed.problems : [];
}

describe('parseErasureRequest', () => {
  it('accepts the least there can be, with the default policy', () => {
    expect(parse(valid)).toEqual({
      request: {
        requestId,
        regulation: 'gdpr',
        submittedAt: now,
        subject: new Map([['person', sealed]]),
        patience: {},
      },
    });
  });

  it('accepts when the information on identity arrived, from the question to the check', () => {
    const received = (informationReceivedAt: string) =>
      parse({ ...valid, ...withInformation, informationReceivedAt }) as { request?: object };
    for (const at of [withInformation.identityAskedAt, withInformation.verification.at]) {
      expect(received(at).request).toMatchObject({ informationReceivedAt: Date.parse(at) });
    }
  });

  it('accepts everything there can be', () => {
    const input = {
      ...valid,
      regulation: 'uk-gdpr',
      subject: { aptrinsic: sealed, measureone: sealed, person: sealed },
      policy: { marginMs: 0 },
      receivedVia: 'web-form',
      ground: 'consent-withdrawn',
      verification,
    };
    const parsed = parse(JSON.parse(JSON.stringify(input)));
    expect(parsed).toMatchObject({
      request: {
        patience: { marginMs: 0 },
        receivedVia: 'web-form',
        ground: 'consent-withdrawn',
        verification,
      },
    });
    expect('request' in parsed && [...parsed.request.subject.keys()]).toEqual(providerKeys);
  });

  it.each<[string, unknown, string]>([
    ['requestId missing', { ...valid, requestId: undefined }, 'requestId: expected a lower case UUID'],
    ['requestId upper case', { ...valid, requestId: requestId.toUpperCase() }, 'requestId: expected a lower case UUID'],
    ['requestId with a line break', { ...valid, requestId: `${requestId}\n` }, 'requestId: expected a lower case UUID'],
    ['requestId an array', { ...valid, requestId: [requestId] }, 'requestId: expected a lower case UUID'],
    [
      'regulation unknown',
      { ...valid, regulation: 'GDPR' },
      'regulation: expected one of gdpr, uk-gdpr, ccpa, vcdpa, ctdpa, tdpsa, fdbr, or own:<code> as the policy file names it',
    ],
    [
      'regulation inherited',
      { ...valid, regulation: 'constructor' },
      'regulation: expected one of gdpr, uk-gdpr, ccpa, vcdpa, ctdpa, tdpsa, fdbr, or own:<code> as the policy file names it',
    ],
    [
      'submittedAt without a zone',
      { ...valid, submittedAt: '2026-11-22T09:30:00' },
      'submittedAt: expected an RFC 3339 instant with a zone, e.g. 2026-11-22T09:30:00Z',
    ],
    [
      'submittedAt a number',
      { ...valid, submittedAt: now },
      'submittedAt: expected an RFC 3339 instant with a zone, e.g. 2026-11-22T09:30:00Z',
    ],
    ['submittedAt ahead', { ...valid, submittedAt: '2026-11-22T09:35:01Z' }, 'submittedAt: lies in the future'],
    [
      'identityAskedAt ahead',
      { ...valid, identityAskedAt: '2026-11-22T09:35:01Z' },
      'identityAskedAt: lies in the future',
    ],
    ...(
      [
        ['no instant', { informationReceivedAt: 'yesterday' }, 'expected an RFC 3339 instant with a zone'],
        ['that nobody asked for', { identityAskedAt: undefined }, 'needs identityAskedAt: '],
        ['that nobody checked', { verification: undefined }, 'needs verification: '],
        ['before it was asked for', { informationReceivedAt: '2026-11-20T08:59:59Z' }, 'lies before it was asked for'],
        ['after it was checked', { informationReceivedAt: '2026-11-22T09:20:00Z' }, 'lies after it was checked'],
        [
          'a placeholder',
          { informationReceivedAt: '1970-01-01T00:00:00Z' },
          'lies before the first of these laws applied',
        ],
        ['ahead of the check as well', { informationReceivedAt: '2026-11-22T09:35:01Z' }, 'lies in the future'],
      ] as const
    ).map(([name, changes, problem]): [string, unknown, string] => [
      `informationReceivedAt ${name}`,
      { ...valid, ...withInformation, ...changes },
      expect.stringContaining(`informationReceivedAt: ${problem}`) as string,
    ]),
    ['receivedVia free text', { ...valid, receivedVia: 'by mail' }, 'receivedVia: expected a code such as web-form'],
    ['receivedVia null', { ...valid, receivedVia: null }, 'receivedVia: expected a code such as web-form'],
    ['ground free text', { ...valid, ground: planted }, 'ground: expected a code such as consent-withdrawn'],
    ['policy null', { ...valid, policy: null }, 'policy: expected an object'],
    ['policy an array', { ...valid, policy: [] }, 'policy: expected an object'],
    [
      'policy with an unknown key',
      { ...valid, policy: { [planted]: 1 } },
      `policy: has a field other than ${Object.keys(patienceBounds).join(', ')}`,
    ],
    [
      'verification no object',
      { ...valid, verification: planted },
      'verification: expected an object { method, by, at, reference }',
    ],
    [
      'verification with an unknown key',
      { ...valid, verification: { ...verification, [planted]: 1 } },
      'verification: has a field other than method, by, at, reference',
    ],
    [
      'verification.method free text',
      { ...valid, verification: { ...verification, method: 'Saw the passport' } },
      'verification.method: expected a code such as account-login',
    ],
    [
      'verification.by an address',
      { ...valid, verification: { ...verification, by: planted } },
      'verification.by: expected an opaque staff id',
    ],
    [
      'verification.at no instant',
      { ...valid, verification: { ...verification, at: 'yesterday' } },
      'verification.at: expected an RFC 3339 instant',
    ],
    [
      'verification.reference free text',
      { ...valid, verification: { ...verification, reference: 'mail of Jane' } },
      'verification.reference: expected a ticket reference',
    ],
  ])('names one problem: %s', (_name, input, problem) => {
    expect(problemsOf(input)).toEqual([problem]);
  });

  const subjectExpected =
    'subject: expected the sealed identifier of at least one provider (measureone, person, aptrinsic)';
  it.each<[string, unknown, string]>([
    ['missing', undefined, subjectExpected],
    ['null', null, subjectExpected],
    ['an array', [sealed], subjectExpected],
    ['empty', {}, subjectExpected],
    ['about an unknown provider', { person: sealed, [planted]: sealed }, `${subjectExpected}, and nothing else`],
    ['about an inherited name', { toString: sealed }, `${subjectExpected}, and nothing else`],
    ['with __proto__', JSON.parse(`{"__proto__":"${sealed}"}`), `${subjectExpected}, and nothing else`],
    ...[
      planted,
      '',
      'a.b.c.d',
      'a.b.c.d.e.f',
      `${sealed}\n`,
      ` ${sealed}`,
      null,
      7,
      { plain: planted },
      'x'.repeat(1e6),
    ].map(
      (plain) =>
        [
          `with ${JSON.stringify(plain).slice(0, 40)} for a sealed identifier`,
          { person: plain },
          'subject.person: expected a sealed identifier (see erasure seal), not a plain one',
        ] as [string, unknown, string],
    ),
    [
      'with a sealed identifier that is too long',
      { person: `${'x'.repeat(8_192 - 8)}.a.b.c.d1` },
      'subject.person: expected a sealed identifier (see erasure seal), not a plain one',
    ],
  ])('refuses a subject that is %s', (_name, subject, problem) => {
    expect(problemsOf({ ...valid, subject })).toEqual([problem]);
  });

  it.each([undefined, null, 'text', 7, true, [], [valid]])('refuses %j as a whole', (input) => {
    expect(problemsOf(input)).toEqual(['input: expected one JSON object']);
  });

  it('refuses fields that it does not know, without naming them', () => {
    const problem =
      'input: has a field other than requestId, regulation, submittedAt, subject, policy, receivedVia, ground, verification, identityAskedAt, informationReceivedAt, filedBy, webhookUrl';
    expect(problemsOf({ ...valid, [planted]: planted })).toEqual([problem]);
    expect(problemsOf(JSON.parse(`{"__proto__":{},${JSON.stringify(valid).slice(1)}`))).toEqual([problem]);
  });

  it('refuses a workflow id that is not of this request', () => {
    const problem = "requestId: the workflow's id must be erasure-<requestId>";
    expect(problemsOf(valid, 'erasure-of-jane')).toEqual([problem]);
    expect(problemsOf(valid, requestId)).toEqual([problem]);
    expect(problemsOf(valid, `${workflowIdOf(requestId)} `)).toEqual([problem]);
  });

  it('names every problem at once', () => {
    expect(problemsOf({})).toHaveLength(4);
    expect(problemsOf({ ...valid, regulation: '', subject: {}, policy: 1, verification: {} })).toHaveLength(7);
  });

  it('allows for a clock that is five minutes ahead of ours, and no more', () => {
    const at = (ms: number): unknown => ({ ...valid, submittedAt: new Date(now + ms).toISOString() });
    expect(problemsOf(at(5 * MINUTE_MS))).toEqual([]);
    expect(problemsOf(at(5 * MINUTE_MS + 1))).toEqual(['submittedAt: lies in the future']);
    expect(problemsOf(at(-8 * 365 * DAY_MS))).toEqual([]);
  });

  const future = 'lies in the future';
  const placeholder = 'lies before the first of these laws applied, as a placeholder does';
  it.each([
    ...['2026-11-22T09:35:00.001Z', '2027-01-01T00:00:00Z', '9999-12-31T23:59:59Z'].map((at) => [at, future]),
    ...['0001-01-01T00:00:00Z', '1583-01-01T00:00:00Z', '1601-01-01T00:00:00Z'].map((at) => [at, placeholder]),
    ...['1899-12-30T00:00:00Z', '1904-01-01T00:00:00Z', '1970-01-01T00:00:00Z'].map((at) => [at, placeholder]),
    ...['1970-01-01T01:00:00+01:00', '2000-01-01T00:00:00Z', '2018-05-24T09:59:59Z'].map((at) => [at, placeholder]),
  ])('refuses %s for anything that has happened', (at, says) => {
    const fields = {
      submittedAt: { ...valid, submittedAt: at },
      identityAskedAt: { ...valid, identityAskedAt: at },
      'verification.at': { ...valid, verification: { ...verification, at } },
    };
    for (const [field, input] of Object.entries(fields)) expect(problemsOf(input)).toEqual([`${field}: ${says}`]);
  });

  it('knows no instant that an index could not store', () => {
    expect(parseInstant('9999-12-31T23:59:59Z')).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
    expect(parseInstant('9999-12-31T23:59:59-00:01')).toBeUndefined();
    expect(parseInstant('0000-01-01T00:00:00+00:01')).toBeUndefined();
    for (const day of ['1900-01-00', '0000-00-00']) expect(parseInstant(`${day}T00:00:00Z`)).toBeUndefined();
  });

  it.each(Object.keys(patienceBounds) as (keyof Patience)[])('keeps policy.%s within its bounds', (key) => {
    const { minMs, maxMs } = patienceBounds[key];
    const problem = `policy.${key}: expected a whole number of milliseconds from ${minMs} to ${maxMs}`;
    const problems = (value: unknown): readonly string[] => problemsOf({ ...valid, policy: { [key]: value } });
    for (const good of [minMs, maxMs, defaultPatience[key] ?? minMs]) expect(problems(good)).toEqual([]);
    for (const bad of [minMs - 1, maxMs + 1, minMs + 0.5, NaN, Infinity, null, '3600000', [HOUR_MS], {}, true]) {
      expect(problems(bad)).toEqual([problem]);
    }
  });

  it('takes one megabyte for what it is, quickly', () => {
    const long = 'a-'.repeat(500_000);
    const hostile = {
      requestId: long,
      regulation: long,
      submittedAt: long,
      subject: { person: `${long}.${long}` },
      receivedVia: long,
      ground: long,
      verification: { method: long, by: long, at: long, reference: long },
      [long]: long,
    };
    const startedAt = performance.now();
    const problems = problemsOf(hostile);
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(problems.join('').length).toBeLessThan(2_000);
    expect(problems.join('')).not.toContain('a-a-');
  });

  it('never throws, whatever it is given, and never repeats a value or an unknown name', () => {
    const field = fc.constantFrom(
      ...Object.keys(valid),
      'policy',
      'receivedVia',
      'ground',
      'verification',
      '__proto__',
      'toString',
    );
    const leaf = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }).map(marked),
      fc.string().map(marked),
      fc.constantFrom(sealed, requestId, planted, verification),
    );
    const input = fc.oneof(
      fc.jsonValue().map(marked),
      fc.dictionary(fc.oneof(field, fc.string().map(mark)), leaf).map((o) => ({ ...valid, ...o })),
    );
    fc.assert(
      fc.property(input, fc.string().map(mark), (hostile, workflowId) => {
        expect(problemsOf(hostile, workflowId).join(' ')).not.toMatch(new RegExp(`${MARK}|${planted}`));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** In none of our own words. */
const MARK = '¶';

function mark(text: string): string {
  return `${MARK}${text}`;
}

/** With every text in it, names too, so that each can be found again in what is said of it. */
function marked(value: unknown): unknown {
  if (typeof value === 'string') return mark(value);
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [mark(key), marked(inner)]));
}

describe('parseInstant', () => {
  it.each([
    ['2026-11-22T09:30:00Z', now],
    ['2026-11-22t09:30:00z', now],
    ['2026-11-22T15:00:00+05:30', now],
    ['2026-11-22T09:30:00-00:00', now],
    ['2026-11-22T09:30:00.1Z', now + 100],
    ['2026-11-22T09:30:00.123456789Z', now + 123],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ])('reads %s', (text, epochMs) => {
    expect(parseInstant(text)).toBe(epochMs);
  });

  it.each([
    '2026-02-31T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-11-22T25:00:00Z',
    '2026-11-22T09:60:00Z',
    '2016-12-31T23:59:60Z',
    '2026-11-22T09:30:00+25:00',
    '2026-11-22T09:30:00',
    '2026-11-22T09:30Z',
    '2026-11-22',
    '2026-11-22 09:30:00Z',
    '2026-11-22T09:30:00.Z',
    '2026-11-22T09:30:00Z\n',
    ' 2026-11-22T09:30:00Z',
    '22 Nov 2026 09:30 UTC',
    '',
    now,
    null,
    undefined,
    new Date(now),
  ])('refuses %j', (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });

  it('reads back every instant that a Date writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
        (date) => {
          expect(parseInstant(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});

describe('codes and ids', () => {
  it('are short and opaque', () => {
    expect(['web-form', 'a', 'a1-b2'].map(isCode)).toEqual([true, true, true]);
    expect(['', 'Web', 'web form', 'web_form', '-a', 'a-', 'a--b', 'x'.repeat(65), 7].map(isCode)).not.toContain(true);
    expect(isRequestId(requestId)).toBe(true);
    expect(isRequestId(`{${requestId}}`)).toBe(false);
    expect(workflowIdOf(requestId)).toBe(`erasure-${requestId}`);
  });
});
