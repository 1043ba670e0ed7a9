import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { createDecisionActivities } from '../../activities/decision-activities';
import type { DecisionBase, DecisionContents } from '../../domain/decision/decision';
import type { DecisionKind } from '../../domain/decision/decision-table';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import type { Rules } from '../../domain/rules/rules';
import { createDecisionTokenChecker, createDecisionTokenIssuer } from '../../security/decision-token';
import {
  addStaffKey,
  initKeys,
  readDecisionKeys,
  readServerDecisionKeys,
  readStaffKeys,
} from '../../security/key-files';
import type { ServerDecisionKeys, StaffKeys } from '../../security/key-table';
import { decisionUpdates, progress } from '../../workflows/messages';
import { localActivitiesOf } from '../../bench/frame/history-cost';
import { accepted, eventually, expectReplays, failure, rulesFor, WorkflowBench } from '../support/workflow-bench';

type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;

const said: DecisionBase = { actor: 'staff-17', reason: { code: 'checked', ticket: 'PRIV-1' } };
const waive = { ...said, provider: 'person' } as const;
const withdraw: DecisionContents['withdraw'] = { ...said, wantedBy: 'subject' };

let bench: WorkflowBench;
let directory: string;
let gateway: ServerDecisionKeys;
let stranger: ServerDecisionKeys;
let staff: StaffKeys;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'erasure-decisions-'));
  const [ours, theirs, staffFile] = ['ours', 'theirs', 'staff-17.json'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const keys of [ours, theirs]) await initKeys({ directory: keys, environment: 'test', now: Date.now() });
  await addStaffKey({ directory: ours, actor: 'staff-17', file: staffFile, now: Date.now() });
  gateway = await readServerDecisionKeys(ours);
  stranger = await readServerDecisionKeys(theirs);
  staff = await readStaffKeys(staffFile);
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  authenticate();
  const keys = await readDecisionKeys(join(directory, 'ours'));
  const activities = createDecisionActivities({ checker: createDecisionTokenChecker(keys) });
  bench.verdict = (question) => activities.checkDecision(question);
});
afterAll(async () => {
  await bench.close();
  await rm(directory, { recursive: true, force: true });
});

function authenticate(more: Partial<Rules> = {}): void {
  bench.terms = (question) => ({
    rules: rulesFor(question, { answerTracked: false, decisionMode: 'authenticated', ...more }),
    isIndexed: false,
  });
}

async function tokenOf(
  handle: Handle,
  kind: DecisionKind,
  content: object,
  how: {
    readonly keys?: ServerDecisionKeys | StaffKeys;
    readonly now?: number;
    readonly requestId?: string;
    readonly run?: string;
  } = {},
) {
  const { keys = gateway, now = Date.now(), requestId = handle.workflowId.replace('erasure-', '') } = how;
  const run = how.run ?? (await handle.describe()).runId;
  return createDecisionTokenIssuer(keys).issue({ requestId, run, kind, content, now });
}

function decide(handle: Handle, kind: DecisionKind, decision: object): Promise<unknown> {
  const update = decisionUpdates[kind];
  return handle.executeUpdate(update.name, { args: [decision] });
}

async function refusalOf(handle: Handle, kind: DecisionKind, decision: object): Promise<string> {
  const error: unknown = await decide(handle, kind, decision).catch((failed: unknown) => failed);
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error('The update was not refused', { cause: error });
  return error.cause?.message ?? '';
}

async function inWindow(): Promise<Handle> {
  bench.providers.person.ask.set(accepted({ withdrawable: true }));
  const handle = await bench.startFor('person');
  await eventually(async () => ((await bench.leg(handle)).answeredAt === undefined ? undefined : true));
  return handle;
}

async function checksOf(handle: Handle): Promise<number> {
  const done = localActivitiesOf(await handle.fetchHistory());
  return done.filter((name) => name === 'checkDecision').length;
}

describe('a request that takes signed decisions only', () => {
  it.each<[DecisionKind, object]>([
    ['waive', waive],
    ['attest', waive],
    ['withdraw', withdraw],
    [
      'hold',
      { ...said, ground: 'legal-claims', owner: 'staff-3', reviewAt: new Date(Date.now() + 30 * DAY_MS).toISOString() },
    ],
  ])('refuses to %s without a token, and has nothing checked for that', async (kind, decision) => {
    const handle = await inWindow();
    expect(await refusalOf(handle, kind, decision)).toBe(
      'token: this request takes decisions of this kind only with a signed decision token',
    );
    expect(await checksOf(handle)).toBe(0);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
  });

  it.each<[string, string, (handle: Handle) => Promise<{ readonly token: string }>]>([
    [
      'by a key that nobody trusts',
      'is signed by a key that is not trusted here: see decision.json',
      (handle) => tokenOf(handle, 'waive', waive, { keys: stranger }),
    ],
    [
      'that has expired',
      'has expired: make a new one',
      (handle) => tokenOf(handle, 'waive', waive, { now: Date.now() - HOUR_MS }),
    ],
    [
      'for another request',
      'was made for another request',
      (handle) => tokenOf(handle, 'waive', waive, { requestId: '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10' }),
    ],
    ['for another kind', 'was made for a decision of another kind', (handle) => tokenOf(handle, 'attest', waive)],
    [
      'of another staff member',
      'was made for another actor',
      (handle) => tokenOf(handle, 'waive', { ...waive, actor: 'staff-18' }),
    ],
    [
      'for another reason',
      'was made for a decision that says something else',
      (handle) => tokenOf(handle, 'waive', { ...waive, reason: { code: 'checked', ticket: 'PRIV-2' } }),
    ],
    [
      'that was altered',
      'was altered, or signed by another key than it says',
      async (handle) => {
        const [one, other] = [await tokenOf(handle, 'waive', waive), await tokenOf(handle, 'attest', waive)];
        const [header, claims] = one.token.split('.');
        return { token: `${header}.${claims}.${other.token.split('.')[2]}` };
      },
    ],
  ])('refuses a token %s', async (_what, why, tokenFor) => {
    const handle = await inWindow();
    const { token } = await tokenFor(handle);
    expect(await refusalOf(handle, 'waive', { ...waive, token })).toBe(`The decision token ${why}`);
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    await expectReplays(handle);
  });

  it('takes the right one, once, and its proof goes into the certificate', async () => {
    authenticate({ approvalNeeded: false });
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.settle(handle);
    const { token, tokenId } = await tokenOf(handle, 'waive', waive);
    await decide(handle, 'waive', { ...waive, token });
    expect(await bench.leg(handle, 'person')).toMatchObject({ outcome: 'waived' });

    const aptrinsic = { ...waive, provider: 'aptrinsic' };
    const own = await tokenOf(handle, 'attest', aptrinsic, { keys: staff });
    await decide(handle, 'attest', { ...aptrinsic, token: own.token });
    await handle.result();
    const { terms, legs } = bench.statementOf(handle);
    expect(terms.rules.decisionMode).toBe('authenticated');
    expect(legs.map(({ decisions }) => decisions.map(({ proof, actor }) => ({ proof, actor })))).toEqual([
      [{ proof: { tokenId, keyId: gateway.decision[0].kid, token }, actor: 'staff-17' }],
      [{ proof: { tokenId: own.tokenId, keyId: staff.decision[0].kid, token: own.token }, actor: 'staff-17' }],
    ]);
    await expectReplays(handle);
  });

  it('refuses a token that was used before, also where the same decision could be taken again', async () => {
    const hold = {
      ...said,
      ground: 'legal-claims',
      owner: 'staff-3',
      reviewAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
    };
    const handle = await inWindow();
    const held = await tokenOf(handle, 'hold', hold);
    await decide(handle, 'hold', { ...hold, token: held.token });
    const released = await tokenOf(handle, 'release', said);
    await decide(handle, 'release', { ...said, token: released.token });
    expect(await refusalOf(handle, 'hold', { ...hold, token: held.token })).toBe(
      'The decision token has been used already',
    );
    const again = await tokenOf(handle, 'hold', hold);
    await decide(handle, 'hold', { ...hold, token: again.token });
    const { trail } = await handle.query(progress);
    const proofs = trail.flatMap((entry) => ('proof' in entry && entry.proof ? [entry.proof.tokenId] : []));
    expect(proofs).toEqual([held.tokenId, released.tokenId, again.tokenId]);
    await expectReplays(handle);
  });

  it('takes a token of which two copies come at the same time once', async () => {
    const handle = await bench.startFor('person', 'aptrinsic');
    await bench.settle(handle);
    const hold = {
      ...said,
      ground: 'court-order',
      owner: 'staff-3',
      reviewAt: new Date(Date.now() + 30 * DAY_MS).toISOString(),
    };
    const { token } = await tokenOf(handle, 'hold', hold);
    const both = await Promise.allSettled([1, 2].map(() => decide(handle, 'hold', { ...hold, token })));
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const { trail } = await handle.query(progress);
    expect(trail.filter((entry) => entry.kind === 'hold')).toHaveLength(1);
  });

  it('needs no token to retry, nor to record a notice: neither spares or undoes anything', async () => {
    bench.providers.person.ask.set(failure('ProviderRejected'), accepted());
    const handle = await bench.startFor('person');
    await eventually(async () => (await bench.leg(handle)).attention);
    await decide(handle, 'retry', waive);
    await eventually(async () => (await bench.leg(handle)).answeredAt);
    const notice = {
      ...said,
      notice: 'acknowledged',
      at: new Date(Date.now() - MINUTE_MS).toISOString(),
      channel: 'email',
      reference: 'MSG-1',
    };
    await decide(handle, 'notice', notice);
    expect((await handle.query(progress)).trail.map(({ kind }) => kind)).toContain('notice');
    expect(await checksOf(handle)).toBe(0);
  });

  it('goes on when somebody cancels it in the Temporal UI, says so, and ends by a signed withdrawal', async () => {
    const handle = await inWindow();
    await handle.cancel();
    const todo = await eventually(async () => {
      const shown = (await handle.query(progress)).todo.filter((line) => line.includes('CancelRequested'));
      return shown.length > 0 ? shown : undefined;
    });
    expect(todo[0]).toContain('withdraw it with a signed decision, or let it go on (erasure withdraw ID)');
    expect((await handle.query(progress)).state).toBe('running');
    expect(await bench.leg(handle)).toMatchObject({ state: 'waiting-out-window' });
    expect(bench.providers.person.withdraw.calls).toEqual([]);

    const { token, tokenId } = await tokenOf(handle, 'withdraw', withdraw);
    await decide(handle, 'withdraw', { ...withdraw, token });
    const result = await handle.result();
    expect([result.outcome, result.legs[0]?.outcome]).toEqual(['withdrawn', 'withdrawn']);
    const { trail } = bench.statementOf(handle);
    expect(trail).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'withdraw', proof: { tokenId, keyId: gateway.decision[0].kid, token } }),
      ]),
    );
    await expectReplays(handle);
  });

  it('decides nothing where no worker can check, and says so', async () => {
    const activities = createDecisionActivities({ checker: undefined });
    bench.verdict = (question) => activities.checkDecision(question);
    const handle = await inWindow();
    const { token } = await tokenOf(handle, 'waive', waive);
    expect(await refusalOf(handle, 'waive', { ...waive, token })).toBe(
      'This worker has no decision.json, so it cannot check the decision token',
    );
  });
});

describe('four eyes', () => {
  it('are two people where decisions are signed: whoever filed it cannot approve it under another name', async () => {
    authenticate({ approvalNeeded: true });
    const handle = await bench.start({ filedBy: 'staff-17' });
    await eventually(async () => ((await handle.query(progress)).state === 'awaiting-approval' ? true : undefined));
    const own = await tokenOf(handle, 'approve', said, { keys: staff });
    expect(await refusalOf(handle, 'approve', { ...said, token: own.token })).toMatch(/filed/);
    const other = { ...said, actor: 'staff-18' };
    expect(await refusalOf(handle, 'approve', { ...other, token: own.token })).toBe(
      'The decision token was made for another actor',
    );
    const { token } = await tokenOf(handle, 'approve', other);
    await decide(handle, 'approve', { ...other, token });
    expect((await handle.query(progress)).state).toBe('running');
  });
});
