/** The page of one request in each of its states, and the forms of its decisions. */
import type { LegProgress } from '../../domain/leg/leg-progress';
import { decisionKinds } from '../../domain/decision/decision-table';
import type { RequestProgress } from '../../domain/request/request-progress';
import { DecisionRefusedError, NoWorkerError } from '../../client/errors';
import type { RequestStatus } from '../../client/request-status';
import { decisionTexts } from '../../console/texts/decisions';
import { accessRoles, type AccessRole } from '../../domain/access-role';
import { createConsoleBench, NOW, requestId, type ConsoleBench } from './console-bench';

let bench: ConsoleBench;
beforeAll(async () => {
  bench = await createConsoleBench();
});
afterAll(() => bench.close());

const url = `/requests/${requestId}`;
const HOSTILE = '"><script>alert(1)</script>';

const waiting: LegProgress = {
  provider: 'measureone',
  state: 'waiting-out-window',
  waitsFor: 'the end of the erasure window',
  until: '2026-11-26T10:00:00.000Z',
  youCan: 'nothing to do; waive or attest',
  decisions: ['waive', 'attest'],
  rounds: 1,
  requestedAt: '2026-11-21T09:00:00.000Z',
  answeredAt: '2026-11-21T09:00:01.000Z',
  windowEndsAt: '2026-11-26T09:00:01.000Z',
};
const attention: LegProgress = {
  provider: 'person',
  state: 'attention',
  waitsFor: 'a staff member: the provider refused our credentials',
  youCan: 'mend the credentials; it is tried again daily; retry to try now',
  attention: { reason: 'ProviderUnauthorized', since: '2026-11-21T09:10:00.000Z', triesDaily: true },
  decisions: ['retry', 'waive'],
  rounds: 1,
  requestedAt: '2026-11-21T09:00:00.000Z',
};
const erased: LegProgress = {
  provider: 'aptrinsic',
  state: 'settled',
  waitsFor: 'nothing',
  outcome: 'erased',
  assurance: 'verified',
  settledAt: '2026-11-22T08:00:00.000Z',
  rounds: 1,
  requestedAt: '2026-11-14T09:00:00.000Z',
};

const progress: RequestProgress = {
  requestId,
  regulation: 'gdpr',
  submittedAt: '2026-11-20T09:00:00.000Z',
  startedAt: '2026-11-21T09:00:00.000Z',
  state: 'running',
  decisionMode: 'asserted',
  todo: [],
  blockedOn: [],
  due: {
    rule: 'gdpr/1',
    timeZone: 'Europe/Berlin',
    calendar: 'DE-BE',
    on: '2026-12-21',
    at: '2026-12-21T22:59:59.999Z',
    extended: false,
    status: 'on-time',
    feasibility: [],
  },
  decisions: ['hold', 'withdraw', 'extend', 'notice'],
  notices: ['acknowledged'],
  filedBy: 'staff-1',
  notes: [],
  trail: [],
  legs: [waiting, erased],
};

const running: RequestStatus = {
  requestId,
  workflowId: `erasure-${requestId}`,
  runId: 'run-1',
  status: 'running',
  state: 'running',
  startedAt: '2026-11-21T09:00:00.000Z',
  progress,
};

const show = async (status: RequestStatus, roles: readonly AccessRole[] = accessRoles, id = 'staff-1') => {
  const browser = await bench.loggedIn(await bench.open({ get: async () => status }), roles, id);
  return browser.get(url);
};
const with_ = (change: Partial<RequestProgress>, state: RequestStatus['state'] = 'running'): RequestStatus => ({
  ...running,
  state,
  progress: { ...progress, ...change },
});
const linksTo = (html: string): readonly string[] =>
  [...html.matchAll(/href="\/requests\/[^/"]+\/decisions\/([^"]+)"/g)].map(([, link = '']) => link);

describe('the page of a request', () => {
  it('says what each provider waits for and until when, and by when the person is to be answered', async () => {
    const { statusCode, body } = await show(running);
    expect(statusCode).toBe(200);
    for (const text of [
      'the end of the erasure window',
      'datetime="2026-11-26T10:00:00.000Z"',
      '2026-12-21',
      'on time',
      'erased (verified)',
      'Nothing. It goes on by itself.',
    ]) {
      expect(body).toContain(text);
    }
    expect(body).toContain(`data-live="${url}/live"`);
  });

  it.each<[string, Partial<RequestProgress>, readonly string[]]>([
    ['a provider in attention', { legs: [waiting, attention] }, [`Person API</a>: ${attention.youCan}`]],
    [
      'the request, and a provider in attention',
      { todo: ['tell the person the outcome'], legs: [attention] },
      ['<li>tell the person the outcome</li>', `Person API</a>: ${attention.youCan}`],
    ],
    [
      'a provider in attention, of which an older worker says no more',
      { legs: [{ ...attention, youCan: undefined } as never] },
      ['Person API</a> needs attention'],
    ],
  ])('never says that there is nothing to do where something is: %s', async (_, change, expected) => {
    const { body } = await show(with_(change, 'attention'));
    const [todo = ''] = /<section class="panel todo"[\s\S]*?<\/section>/.exec(body) ?? [];
    for (const text of expected) expect(todo).toContain(text);
    expect(todo).not.toContain('Nothing');
  });

  it('draws its course, with a table that says the same', async () => {
    const { body } = await show(running);
    const [svg = ''] = /<svg[\s\S]*<\/svg>/.exec(body) ?? [];
    expect(svg.match(/<rect class="window"/g)).toHaveLength(1);
    expect(svg.match(/<circle class="asked"/g)).toHaveLength(2);
    expect(svg).toContain('class="due"');
    const positions = [...svg.matchAll(/(?:x|x1|cx)="([\d.]+)%"/g)].map(([, at]) => Number(at));
    expect(positions.every((at) => at >= 4 && at <= 96)).toBe(true);
    expect(body).toMatch(/<th scope="row">MeasureOne<\/th>/);
  });

  it.each<[string, RequestStatus, readonly AccessRole[], readonly string[]]>([
    [
      'goes on by itself',
      running,
      accessRoles,
      ['hold', 'withdraw', 'extend', 'notice', 'waive?provider=measureone', 'attest?provider=measureone'],
    ],
    ['and I may only look', running, ['view'], []],
    [
      'waits for its approval, filed by somebody else',
      with_(
        { todo: ['approve or reject it'], decisions: ['approve', 'reject', 'withdraw'], filedBy: 'staff-2', legs: [] },
        'awaiting-approval',
      ),
      ['view', 'approve'],
      ['approve', 'reject'],
    ],
    [
      'waits for its approval, and I filed it',
      with_(
        { state: 'awaiting-approval', todo: ['approve or reject it'], decisions: ['approve', 'reject'], legs: [] },
        'awaiting-approval',
      ),
      ['view', 'approve'],
      ['reject'],
    ],
    [
      'is in attention at one provider',
      with_({ legs: [attention], decisions: [] }, 'attention'),
      ['view', 'decide'],
      ['retry?provider=person', 'waive?provider=person'],
    ],
    [
      'is asked of a worker that is older',
      with_({ decisions: undefined, legs: [{ ...waiting, decisions: undefined }] } as never),
      accessRoles,
      [],
    ],
  ])('offers just what can be decided, by whoever may: it %s', async (_what, status, roles, expected) => {
    const { body } = await show(status, roles);
    expect(linksTo(body)).toEqual(expected);
  });

  it('puts the decisions first that its sentences ask for', async () => {
    const todoItems = [
      { text: 'it cannot make its due date', decisions: [{ kind: 'extend', fields: {} }] },
    ] satisfies RequestProgress['todoItems'];
    const { body } = await show(with_({ todoItems, legs: [] }));
    expect(linksTo(body)).toEqual(['extend', 'hold', 'withdraw', 'notice']);
    expect(linksTo(body.slice(0, body.indexOf('Other decisions')))).toEqual(['extend']);
  });

  it('tells whoever filed it that somebody else has to approve it', async () => {
    const waits = with_(
      { state: 'awaiting-approval', todo: ['approve'], decisions: ['approve'], legs: [] },
      'awaiting-approval',
    );
    expect((await show(waits, ['view', 'approve'])).body).toContain('You filed this request yourself');
  });

  it('says so where no worker answers, and what does not get through', async () => {
    const { progress: _progress, ...unanswered } = running;
    const { body } = await show({
      ...unanswered,
      underWay: [
        {
          activity: 'person.requestErasure',
          provider: 'person',
          failedAttempts: 3,
          failure: { kind: 'ProviderUnavailable', message: 'the provider gave no answer' },
        },
      ],
    });
    expect(body).toContain('No worker answers at the moment');
    expect(body).toContain('failed 3 times');
  });

  it('is still, with the certificate, once the request has ended', async () => {
    const { progress: _progress, ...ended } = running;
    const { body } = await show({
      ...ended,
      status: 'completed',
      state: 'completed',
      closedAt: '2026-12-01T09:00:00.000Z',
      result: {
        requestId,
        outcome: 'completed',
        legs: [erased],
        certificate: 'a.b.c',
        trail: [
          {
            at: NOW,
            kind: 'hold',
            content: {
              actor: 'staff-9',
              reason: { code: 'litigation', ticket: 'LEGAL-1' },
              ground: 'legal-claims',
              owner: 'legal-2',
              reviewAt: '2027-01-01T00:00:00Z',
            },
          },
        ],
      },
    });
    expect(body).not.toContain('data-live="');
    expect(body).toContain(`href="${url}/certificate"`);
    expect(linksTo(body)).toEqual([]);
    for (const text of ['staff-9', 'litigation (LEGAL-1)', 'Put it on legal hold · Legal claims'])
      expect(body).toContain(text);
  });

  it('says why there is no certificate', async () => {
    const { progress: _progress, ...ended } = running;
    const failed = await show({ ...ended, status: 'terminated', state: 'terminated', failure: 'It was terminated.' });
    expect(failed.body).toContain('It was terminated.');
  });

  it('escapes whatever it is told', async () => {
    const { body } = await show(
      with_({
        todo: [HOSTILE],
        notes: [HOSTILE],
        filedBy: HOSTILE,
        noDueDate: HOSTILE,
        legs: [{ ...waiting, waitsFor: HOSTILE }],
      }),
    );
    expect(body).not.toContain('<script>alert');
    expect(body).toContain('&lt;script>alert');
  });

  it('gives what has changed without the rest of the page, and keeps nobody logged in with it', async () => {
    const browser = await bench.loggedIn(await bench.open({ get: async () => running }));
    const part = await browser.get(`${url}/live`);
    expect([part.statusCode, part.headers['x-still-running']]).toEqual([200, 'true']);
    expect(part.body).not.toContain('<html');
    expect(part.body).toContain('the end of the erasure window');
    expect(part.cookies).toEqual([]);
  });
});

describe('the form of a decision', () => {
  const taken: { kind: string; decision: Record<string, unknown> }[] = [];
  const open = async (roles: readonly AccessRole[] = accessRoles, more: object = {}, options: object = {}) => {
    taken.length = 0;
    const server = await bench.open(
      {
        get: async () => running,
        decide: async (kind: string, _requestId: string, decision: object) => {
          taken.push({ kind, decision: decision as Record<string, unknown> });
          return waiting;
        },
        ...more,
      } as never,
      options,
    );
    return bench.loggedIn(server, roles, 'staff-7');
  };
  const content: Readonly<Record<string, string>> = {
    'reason.code': 'by-the-book',
    'reason.ticket': 'PRIV-1',
    ground: 'out-of-scope',
    owner: 'legal-2',
    reviewAt: '2026-12-24T09:00',
    wantedBy: 'subject',
    because: 'complexity',
    notice: 'acknowledged',
    at: '2026-11-22T09:00',
    channel: 'email',
    reference: 'MSG-1',
    method: 'account-login',
    provider: 'measureone',
    confirmed: 'yes',
    decisionId: '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a11',
  };
  const formFor = (kind: string) => (kind === 'hold' ? { ...content, ground: 'legal-claims' } : content);
  const path = (kind: string) => `${url}/decisions/${kind}`;

  it.each(decisionKinds)(
    'says what %s will do, and takes it once, as decided by whoever is logged in',
    async (kind) => {
      const browser = await open();
      const shown = await browser.get(`${path(kind)}?provider=measureone`);
      expect(shown.statusCode).toBe(200);
      expect(shown.body).toContain(decisionTexts[kind].title);
      expect(shown.body).toContain('name="reason.ticket"');
      const hasConfirmation = shown.body.includes('name="confirmed"');
      expect(hasConfirmation).toBe(decisionTexts[kind].isFinal !== undefined);

      const answer = await browser.post(path(kind), { ...formFor(kind), actor: 'somebody-else', token: 'a.b.c' });
      expect([answer.statusCode, answer.headers.location]).toEqual([303, `${url}?taken=${kind}`]);
      expect(taken).toHaveLength(1);
      expect(taken[0]).toMatchObject({
        kind,
        decision: {
          actor: 'staff-7',
          reason: { code: 'by-the-book', ticket: 'PRIV-1' },
          decisionId: content['decisionId'],
        },
      });
      expect(taken[0]?.decision).not.toHaveProperty('token');
    },
  );

  it.each(decisionKinds.filter((kind) => decisionTexts[kind].isFinal !== undefined))(
    'does not take %s without the confirmation of what cannot be undone',
    async (kind) => {
      const browser = await open();
      const { confirmed: _confirmed, ...rest } = formFor(kind);
      const answer = await browser.post(path(kind), rest as Record<string, string>);
      expect([answer.statusCode, taken]).toEqual([422, []]);
      expect(answer.body).toContain('Confirm what cannot be undone');
    },
  );

  it('signs in place of whoever is logged in, where the server has a key for it', async () => {
    const browser = await open(accessRoles, { runOf: async () => requestId }, { signs: true });
    await browser.post(path('withdraw'), content as Record<string, string>);
    expect(taken[0]?.decision['token']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('keeps what was typed, and says by field what is wrong', async () => {
    const browser = await open();
    const answer = await browser.post(path('hold'), {
      ...formFor('hold'),
      owner: 'jane@example.com',
      reviewAt: '',
      'reason.code': HOSTILE,
    });
    expect([answer.statusCode, taken]).toEqual([422, []]);
    for (const text of [
      'value="jane@example.com"',
      'To be reviewed: is needed',
      'href="#field-owner"',
      'aria-invalid="true"',
    ]) {
      expect(answer.body).toContain(text);
    }
    expect(answer.body).not.toContain('<script>alert');
    expect(answer.body).toMatch(/<option value="legal-claims" selected>/);
  });

  it('says why the request refused it, and keeps what was typed', async () => {
    const refused = async () => {
      throw new DecisionRefusedError(requestId, 'The request is on hold already');
    };
    const browser = await open(accessRoles, { decide: refused });
    const answer = await browser.post(path('hold'), formFor('hold') as Record<string, string>);
    expect(answer.statusCode).toBe(409);
    for (const text of ['The request is on hold already', 'value="legal-2"']) expect(answer.body).toContain(text);
  });

  it('says that it may still be taken, where no worker answers', async () => {
    const silent = async () => {
      throw new NoWorkerError(requestId);
    };
    const browser = await open(accessRoles, { decide: silent });
    const answer = await browser.post(path('hold'), formFor('hold') as Record<string, string>);
    expect([answer.statusCode, answer.body.includes('may still be taken')]).toEqual([503, true]);
  });

  it.each(['', '?provider=nobody', '?provider=measureone&provider=person'])(
    'is not there for a provider that is not: %j',
    async (query) => {
      expect((await (await open()).get(`${path('waive')}${query}`)).statusCode).toBe(404);
    },
  );

  it('warns where it cannot be taken now', async () => {
    const answer = await (await open()).get(path('release'));
    expect(answer.body).toContain('This cannot be decided about the request as it stands now.');
  });
});
