/** The form that files a request: what it shows before anything is sent, what is wrong by field, and what is kept where. */
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { RequestConflictError, TemporalUnavailableError } from '../../client/errors';
import type { ErasureSubmission } from '../../client/submission';
import { parsePolicyFile } from '../../config/policy-file';
import { isRequestId } from '../../domain/request/request';
import { createConsoleBench, NOW, PLANTED, requestId, type Browser, type ConsoleBench } from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());
beforeEach(() => {
  bench.now = NOW;
  bench.log.lines.length = 0;
});

const personId = '0f8fad5b-d9cb-469f-a165-70867728950e';
const policy = parsePolicyFile({
  calendars: {
    gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE-BE' },
    'own:lgpd': { timeZone: 'America/Sao_Paulo' },
  },
  laws: {
    'own:lgpd': { source: 'LGPD <Art. 19>', from: '2020-09-18', answer: { days: 15 }, lastDay: 'stays' },
  },
});
const typed = {
  requestId,
  'subject.measureone.individualId': PLANTED,
  'subject.person.personId': personId,
  regulation: 'gdpr',
  timeZone: 'Europe/Berlin',
  submittedAt: '2026-11-20T10:00',
};
const run = { workflowId: `erasure-${requestId}`, runId: '1', warnings: [] };

async function opened(
  submit: (submission: ErasureSubmission) => Promise<unknown> = async () => {
    throw new Error('was not to be filed');
  },
  more: Parameters<ConsoleBench['open']>[1] = { policy },
): Promise<{ server: FastifyInstance; browser: Browser }> {
  const server = await bench.open({ submit: submit as never }, more);
  return { server, browser: await bench.loggedIn(server) };
}

/** What the form holds, as a browser would send it again. */
function formOf({ body }: LightMyRequestResponse): Record<string, string> {
  const inputs = [...body.matchAll(/<input\b([^>]*)>/g)].map(([, attributes = '']) => attributes);
  const selects = [...body.matchAll(/<select\b([^>]*)>(.*?)<\/select>/gs)];
  return Object.fromEntries([
    ...inputs.map((attributes) => [attribute(attributes, 'name'), attribute(attributes, 'value')]),
    ...selects.map(([, attributes = '', options = '']) => [
      attribute(attributes, 'name'),
      attribute(/<option\b([^>]*\bselected\b[^>]*)>/.exec(options)?.[1] ?? '', 'value'),
    ]),
  ]) as Record<string, string>;
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return value.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What is said to be wrong, by field. */
function faultsIn({ body }: LightMyRequestResponse): Record<string, string> {
  const faults = [...body.matchAll(/<p class="fault" id="field-([\w-]+)-fault">([^<]*)<\/p>/g)];
  return Object.fromEntries(faults.map(([, field = '', problem = '']) => [field, problem]));
}

describe('the form of a new request', () => {
  it('has a fresh id each time, every provider, and the laws of the policy file', async () => {
    const { browser } = await opened();
    const [one, other] = [await browser.get('/requests/new'), await browser.get('/requests/new')];
    const ids = [one, other].map((answer) => formOf(answer)['requestId']);
    expect(ids.map(isRequestId)).toEqual([true, true]);
    expect(ids[0]).not.toBe(ids[1]);
    expect(one.body).toContain('own:lgpd – LGPD &lt;Art. 19');
    expect(Object.keys(formOf(one))).toEqual(
      expect.arrayContaining([
        'subject.measureone.individualId',
        'subject.person.personId',
        'subject.aptrinsic.identifyId',
      ]),
    );
    expect(one.body).not.toContain('File this request');
  });

  it('shows before anything is sent who is asked, for how long, and by when the person must be answered', async () => {
    const { browser } = await opened();
    const answer = await browser.post('/requests/new/check', typed);
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toContain('<p class="due-day">2026-12-21</p>');
    expect(answer.body).toContain('This can be met.');
    const asked = /<ul class="asked">(.*?)<\/ul>/s.exec(answer.body)?.[1] ?? '';
    expect([...asked.matchAll(/<strong>([^<]*)</g)].map(([, name]) => name)).toEqual(['MeasureOne', 'Person API']);
    expect(asked).toContain('Takes about 8 days');
    expect(answer.body).toContain('File this request');
    expect(formOf(answer)).toMatchObject(typed);
  });

  it('says where it cannot be met, where an approval is needed, and where no due date is known', async () => {
    const strict = parsePolicyFile({
      approval: 'needed',
      calendars: { gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE' } },
    });
    const { browser } = await opened(undefined, { policy: strict });
    const late = await browser.post('/requests/new/check', { ...typed, submittedAt: '2026-10-24T10:00' });
    expect(late.body).toContain('cannot make its due date: MeasureOne, if asked now, ends');
    expect(late.body).toContain('somebody other than you has approved it');
    const { browser: other } = await opened(undefined, {});
    expect((await other.post('/requests/new/check', typed)).body).toContain('No due date: ');
  });

  it.each([
    ['2026-11-20T10:00', 'Europe/Berlin', '2026-11-20T09:00:00.000Z'],
    ['2026-11-20T10:00', 'UTC', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00', 'America/New_York', '2026-11-20T15:00:00.000Z'],
    // The hour that came twice: the first one, so that a due date is early.
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  ])('takes %s in %s as %s', async (submittedAt, timeZone, expected) => {
    let filed: ErasureSubmission | undefined;
    const { browser } = await opened(async (submission) => {
      filed = submission;
      return { requestId, duplicate: false, ...run };
    });
    const checked = await browser.post('/requests/new/check', { ...typed, submittedAt, timeZone });
    await browser.post('/requests/new', formOf(checked));
    expect(filed?.submittedAt).toBe(expected);
  });

  it.each([
    [
      'nothing at all',
      { requestId },
      {
        regulation: 'Law is needed.',
        submittedAt: 'When the person asked is needed.',
        'subject-measureone-individualId': 'Give the identifier of at least one provider.',
      },
    ],
    [
      'an unknown law',
      { ...typed, regulation: 'own:unknown' },
      { regulation: 'Law: the policy file does not define this law.' },
    ],
    [
      'no UUID',
      { ...typed, 'subject.person.personId': PLANTED },
      { 'subject-person-personId': 'Person API: personId is not a UUID, as all ids of Person API are.' },
    ],
    [
      'a placeholder',
      { ...typed, 'subject.measureone.individualId': 'undefined' },
      {
        'subject-measureone-individualId':
          'MeasureOne: individualId is a placeholder, or a name that stands for many people.',
      },
    ],
    [
      'the future',
      { ...typed, submittedAt: '2026-11-23T10:00' },
      { submittedAt: 'When the person asked: lies in the future.' },
    ],
    [
      'a time that was left out',
      { ...typed, submittedAt: '2026-03-29T02:30' },
      { submittedAt: 'When the person asked: there is no such time in this time zone.' },
    ],
    [
      'no time',
      { ...typed, submittedAt: 'yesterday' },
      { submittedAt: 'When the person asked: expected a day and a time.' },
    ],
    [
      'an unknown zone',
      { ...typed, timeZone: 'Mars/Olympus' },
      { timeZone: 'Time zone of this form: expected a time zone such as Europe/Berlin.' },
    ],
    [
      'a sentence for a code',
      { ...typed, receivedVia: 'by e-mail, yesterday!' },
      { receivedVia: 'How it came in: expected a code such as web-form.' },
    ],
    [
      'half a proof',
      { ...typed, 'verification.method': 'account-login' },
      {
        'verification-by': 'Who checked is needed.',
        'verification-at': 'When it was checked is needed.',
        'verification-reference': 'Where that is on record is needed.',
      },
    ],
    [
      'an address for a staff id',
      {
        ...typed,
        'verification.method': 'account-login',
        'verification.by': 'ann@example.com',
        'verification.at': '2026-11-20T10:00',
        'verification.reference': 'PRIV-1',
      },
      { 'verification-by': 'Who checked: expected an opaque staff id (no e-mail address, no name).' },
    ],
    [
      'a proof that nobody asked for',
      { ...typed, informationReceivedAt: '2026-11-20T10:00' },
      {
        informationReceivedAt:
          'When the proof arrived: needs identityAskedAt: information that nobody asked for starts no clock.',
      },
    ],
  ])(
    'keeps what was typed and says by field what is wrong: %s',
    async (_, fields: Record<string, string>, expected) => {
      const { browser } = await opened();
      for (const [path, status] of [
        ['/requests/new/check', 200],
        ['/requests/new', 422],
      ] as const) {
        const answer = await browser.post(path, fields);
        expect([path, answer.statusCode]).toEqual([path, status]);
        expect(faultsIn(answer)).toEqual(expected);
        expect(answer.body).not.toContain('File this request');
        const { regulation: _law, timeZone: _zone, ...asTyped } = fields;
        expect(formOf(answer)).toMatchObject(asTyped);
        for (const field of Object.keys(expected)) expect(answer.body).toContain(`href="#field-${field}"`);
      }
    },
  );

  it('takes "Web form" as the code that it means', async () => {
    let filed: ErasureSubmission | undefined;
    const { browser } = await opened(async (submission) => {
      filed = submission;
      return { requestId, duplicate: false, ...run };
    });
    const checked = await browser.post('/requests/new/check', { ...typed, receivedVia: ' Web form ' });
    await browser.post('/requests/new', formOf(checked));
    expect(filed?.receivedVia).toBe('web-form');
  });
});

describe('filing', () => {
  it('is done in the name of whoever is logged in, once, and leads to the request', async () => {
    const filed: ErasureSubmission[] = [];
    const { browser } = await opened(async (submission) => {
      filed.push(submission);
      return { requestId, duplicate: filed.length > 1, ...run };
    });
    const checked = await browser.post('/requests/new/check', typed);
    const fields = { ...formOf(checked), filedBy: 'staff-2', 'verification.filedBy': 'staff-2' };
    const answer = await browser.post('/requests/new', fields);
    expect([answer.statusCode, answer.headers.location]).toEqual([303, `/requests/${requestId}`]);
    const again = await browser.post('/requests/new', fields);
    expect([again.statusCode, again.body.includes('It was filed before')]).toEqual([200, true]);
    expect(filed).toHaveLength(2);
    expect(filed[1]).toEqual(filed[0]);
    expect(filed[0]).toEqual({
      requestId,
      regulation: 'gdpr',
      submittedAt: '2026-11-20T09:00:00.000Z',
      filedBy: 'staff-1',
      subject: { measureone: { individualId: PLANTED }, person: { personId } },
    });
  });

  it('tells whoever may only file that it is filed, and the id', async () => {
    const server = await bench.open({ submit: async () => ({ requestId, duplicate: false, ...run }) }, { policy });
    const browser = await bench.loggedIn(server, ['file']);
    const answer = await browser.post('/requests/new', formOf(await browser.post('/requests/new/check', typed)));
    expect([answer.statusCode, answer.body.includes('It is filed'), answer.body.includes(requestId)]).toEqual([
      200,
      true,
      true,
    ]);
    expect(answer.body).not.toContain(`href="/requests/${requestId}"`);
  });

  it('shows what will happen first, and again where something odd has come in since', async () => {
    const { browser } = await opened();
    const unseen = await browser.post('/requests/new', typed);
    expect([unseen.statusCode, unseen.body.includes('File this request')]).toEqual([422, true]);
    const checked = formOf(await browser.post('/requests/new/check', typed));
    const changed = await browser.post('/requests/new', {
      ...checked,
      'subject.measureone.individualId': '1.23457E+11',
    });
    expect(changed.statusCode).toBe(422);
    expect(changed.body).toContain('something in it looks odd');
    expect(changed.body).toContain('reads like a number or a date that a spreadsheet has rewritten');
  });

  it('says so where the form was filed before with another content, and makes a new request of what stands there', async () => {
    const { browser } = await opened(async () => {
      throw new RequestConflictError(requestId, 'different-content');
    });
    const answer = await browser.post('/requests/new', formOf(await browser.post('/requests/new/check', typed)));
    expect([answer.statusCode, answer.body.includes('Another request was filed from this form already')]).toEqual([
      409,
      true,
    ]);
    expect(answer.body).toContain(`href="/requests/${requestId}"`);
    const kept = formOf(answer);
    expect(kept).toMatchObject({ ...typed, requestId: kept['requestId'] });
    expect([isRequestId(kept['requestId']), kept['requestId'] === requestId]).toEqual([true, false]);
  });

  it('keeps the form, and its id, where Temporal does not answer', async () => {
    const { browser } = await opened(async () => {
      throw new TemporalUnavailableError('away', { timedOut: true });
    });
    const answer = await browser.post('/requests/new', formOf(await browser.post('/requests/new/check', typed)));
    expect([answer.statusCode, formOf(answer)['requestId']]).toEqual([503, requestId]);
    expect(answer.body).toContain('Nobody can tell yet whether it was filed');
    expect(answer.body).toContain('File this request');
  });
});

describe('an identifier', () => {
  it('comes back into the form alone, and is in no log, URL or header', async () => {
    const { browser } = await opened(async () => ({ requestId, duplicate: true, ...run }));
    const checked = await browser.post('/requests/new/check', typed);
    const filed = await browser.post('/requests/new', formOf(checked));
    const refused = await browser.post('/requests/new', { ...typed, regulation: '' });
    for (const answer of [checked, refused]) {
      const places = answer.body.split(PLANTED).length - 1;
      expect([places, formOf(answer)['subject.measureone.individualId']]).toEqual([1, PLANTED]);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(JSON.stringify(answer.headers)).not.toContain(PLANTED);
    }
    expect(filed.body).not.toContain(PLANTED);
    expect(JSON.stringify(bench.log.lines)).not.toContain(PLANTED);
    expect(JSON.stringify(bench.log.lines)).not.toContain(personId);
  });

  const hostile = `"><script src=//evil.example></script><img onerror=alert(1)>`;
  it.each(
    Object.keys({
      ...typed,
      receivedVia: '',
      ground: '',
      identityAskedAt: '',
      informationReceivedAt: '',
      'verification.method': '',
      'verification.by': '',
      'verification.at': '',
      'verification.reference': '',
      'subject.aptrinsic.identifyId': '',
      seen: '',
    }),
  )('or anything else in %s cannot become a part of the page', async (name) => {
    const { browser } = await opened();
    for (const path of ['/requests/new/check', '/requests/new']) {
      const { body, statusCode } = await browser.post(path, { ...typed, [name]: hostile });
      expect(statusCode).toBeLessThan(500);
      expect(body).not.toMatch(/<script src=\/\/evil|<img/);
    }
  });
});
