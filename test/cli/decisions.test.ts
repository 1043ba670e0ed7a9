/** Decisions and the namespace on the command line: as compiled, on the real server. */
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { msToTs } from '@temporalio/common/lib/time';
import { computeLegalClock } from '../support/legal-clock';
import { DAY_MS } from '../../domain/duration';
import type { Rules } from '../../domain/rules/rules';
import type { Terms } from '../../domain/rules/terms';
import {
  accepted,
  certificateOf,
  eventually,
  OVER_MS,
  rulesFor,
  subjectAt,
  WorkflowBench,
} from '../support/workflow-bench';
import { planted, temporalEnvironment } from '../client/client-fixture';
import { CompiledCli, type Ended } from './compiled-cli';

const said = (code: string): string[] => ['--actor', 'staff-17', '--reason', `${code}:PRIV-1`];
const cli = new CompiledCli();
const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
let bench: WorkflowBench;

beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  held();
});
afterAll(() => bench.close());

function held(rules: Partial<Rules> = {}): void {
  bench.terms = ({ regulation, submittedAt, policy, identity }): Terms => ({
    rules: rulesFor({ policy }, rules),
    clock: computeLegalClock(
      { regulation, submittedAt, ...(identity === undefined ? {} : { identity }) },
      { timeZone: 'Europe/London', calendar: regulation === 'uk-gdpr' ? 'GB-ENG' : 'IE' },
    ),
    isIndexed: true,
  });
}

async function erasure(...args: string[]): Promise<Ended> {
  const ended = await cli.run(args, { environment: temporalEnvironment() });
  expect(ended.stderr).not.toMatch(/^ {4}at /m);
  return ended;
}

type Overrides = NonNullable<Parameters<WorkflowBench['start']>[0]>;

async function request(overrides: Overrides = {}) {
  const requestId = randomUUID();
  const handle = await bench.start({ requestId, subject: subjectAt('person'), ...overrides });
  await bench.settle(handle);
  return { requestId, handle };
}

function json(ended: Ended): Record<string, unknown> {
  expect(ended.code).toBe(0);
  return JSON.parse(ended.stdout) as Record<string, unknown>;
}

describe('the decisions about a request', () => {
  it('approve it, by somebody other than the filer, and then its provider is asked', async () => {
    held({ approvalNeeded: true });
    const { requestId, handle } = await request({ filedBy: 'staff-17' });
    const own = await erasure('approve', requestId, ...said('identity-checked'));
    expect(own).toMatchObject({ code: 6, stdout: '' });
    expect(own.stderr).toBe('The request was filed by the same staff member: somebody else has to approve it\n');
    expect(bench.providers.person.ask.calls).toEqual([]);
    const isListed = async (...filter: string[]) =>
      (await erasure('list', ...filter, '--json')).stdout.includes(requestId) ? true : undefined;
    await eventually(() => isListed('--needs-staff'), 30_000);
    expect(await isListed('--state', 'awaiting-approval')).toBe(true);
    expect(await isListed('--overdue')).toBeUndefined();
    const approved = await erasure('approve', requestId, '--actor', 'staff-9', '--reason', 'identity-checked:PRIV-1');
    expect(approved).toMatchObject({ code: 0, stderr: '' });
    expect(approved.stdout).toMatch(new RegExp(`^Request   ${requestId}\nState     running\nAnswer    due 20`));
    await bench.settle(handle);
    expect(bench.providers.person.ask.calls).toHaveLength(1);
  });

  it('reject it before anything is sent; the person is still to be told, and then it ends', async () => {
    held({ approvalNeeded: true });
    const { requestId, handle } = await request({ filedBy: 'staff-9' });
    const rejected = await erasure('reject', requestId, '--ground', 'unverified', ...said('no-proof'), '--json');
    expect(json(rejected)).toMatchObject({ decision: 'reject', requestId });
    await eventually(async () =>
      (await erasure('status', requestId)).stdout.includes('answer to be given') ? true : undefined,
    );
    const waiting = await erasure('status', requestId);
    expect(waiting.code).toBe(8);
    expect(waiting.stdout).toContain('To do     tell the person why it was rejected by ');
    const at = new Date().toISOString();
    const told = ['--at', at, '--channel', 'letter', '--reference', 'MSG-1', ...said('person-told')];
    const asOutcome = await erasure('notice', requestId, 'outcome', ...told);
    expect(asOutcome.stderr).toBe('The request was rejected: record the notice as refused\n');
    expect((await erasure('notice', requestId, 'refused', ...told)).code).toBe(0);
    expect(await handle.result()).toMatchObject({ outcome: 'rejected' });
    expect(bench.providers.person.ask.calls).toEqual([]);
  });

  it('hold it and release it, and say what is to do meanwhile', async () => {
    const { requestId } = await request();
    const reviewAt = new Date(Date.now() + 90 * DAY_MS).toISOString();
    const hold = ['hold', requestId, '--ground', 'court-order', '--owner', 'staff-9', ...said('litigation-hold')];
    const past = await erasure(...hold, '--review-at', '2026-01-01T00:00:00Z');
    expect(past).toMatchObject({ code: 6, stderr: 'The request needs a review that lies ahead (reviewAt)\n' });
    const onHold = await erasure(...hold, '--review-at', reviewAt);
    expect(onHold.code).toBe(0);
    expect(onHold.stdout).toContain('State     on legal hold\n');
    expect(onHold.stdout).toMatch(/^To do {5}on hold since .* \(court-order, owner staff-9\): review by /m);
    expect(onHold.stdout).toMatch(/^To do {5}tell the person why it is held back by /m);
    const released = json(await erasure('release', requestId, ...said('claims-settled'), '--json'));
    expect(released).toMatchObject({ requestId, decision: 'release', state: 'running', blockedOn: [] });
    expect(released['trail']).toEqual([
      expect.objectContaining({ kind: 'hold', content: expect.objectContaining({ owner: 'staff-9', reviewAt }) }),
      expect.objectContaining({ kind: 'release' }),
    ]);
    expect((await erasure('release', requestId, ...said('claims-settled'))).stderr).toBe(
      'The request is not on hold\n',
    );
  });

  it('extend it once, with effect only when the person has been told', async () => {
    const { requestId } = await request();
    const extend = ['extend', requestId, '--because', 'complexity', ...said('many-systems'), '--json'];
    const decided = json(await erasure(...extend)) as { due: { on: string; extended: boolean }; todo: string[] };
    expect(decided.due.extended).toBe(false);
    expect(decided.todo).toContainEqual(expect.stringMatching(/^tell the person of the extension by /));
    const at = new Date().toISOString();
    const notice = ['notice', requestId, 'extended', '--at', at, '--channel', 'email', '--reference', 'MSG-1'];
    const told = json(await erasure(...notice, ...said('person-told'), '--json')) as typeof decided;
    expect(told.due.extended).toBe(true);
    expect(told.due.on > decided.due.on).toBe(true);
    expect((await erasure(...extend)).code).toBe(6);
  });

  it('record the proof of identity, and when its information was received, which starts the clock of the UK GDPR', async () => {
    const iso = (daysBack: number): string => new Date(Date.now() - daysBack * DAY_MS).toISOString();
    const { requestId } = await request({ regulation: 'uk-gdpr', submittedAt: iso(20), identityAskedAt: iso(19) });
    const before = json(await erasure('status', requestId, '--json'))['due'] as { readonly at: string };
    const receivedAt = iso(1);
    const checked = ['--at', new Date().toISOString(), '--information-received-at'];
    const rest = ['--method', 'identity-card', '--reference', 'PRIV-2'];
    const proof = [...checked, receivedAt, ...rest];
    const tooEarly = [...checked, iso(19.5), ...rest];
    expect((await erasure('identity', requestId, ...tooEarly, ...said('identity-checked'))).stderr).toContain(
      'it lies before it was asked for (informationReceivedAt)',
    );
    const proven = json(await erasure('identity', requestId, ...proof, ...said('identity-checked'), '--json'));
    expect(proven).toMatchObject({ decision: 'identity', due: { rule: 'uk-gdpr/2' } });
    expect(proven).toMatchObject({
      trail: [expect.objectContaining({ content: expect.objectContaining({ informationReceivedAt: receivedAt }) })],
    });
    // A month from receipt, then a month from the information 19 days later; working days and long months move either by some days.
    const movedDays = (Date.parse((proven['due'] as { readonly at: string }).at) - Date.parse(before.at)) / DAY_MS;
    expect(movedDays).toBeGreaterThan(11);
    expect(movedDays).toBeLessThan(27);
    expect((await erasure('identity', requestId, ...proof, ...said('identity-checked'))).stderr).toBe(
      'The request has its proof of identity already\n',
    );
  });

  it('withdraw it in the name of somebody, which the record says', async () => {
    bench.providers.person.ask.set(accepted({ withdrawable: true }));
    const { requestId, handle } = await request();
    const args = ['withdraw', requestId, '--wanted-by', 'subject', ...said('person-changed-mind')];
    expect((await erasure(...args)).stderr).toMatch(/^Nobody is there to confirm this/);
    const taken = await erasure(...args, '--yes');
    expect(taken.code).toBe(0);
    expect(taken.stderr).toBe(`The withdrawal is taken. Follow it with: erasure watch ${requestId}\n`);
    const result = await handle.result();
    expect(result.outcome).toBe('withdrawn');
    expect(result.trail).toEqual([
      expect.objectContaining({ kind: 'withdraw', content: expect.objectContaining({ wantedBy: 'subject' }) }),
    ]);
  });

  it('tell a withdrawal that was only asked for from one that was taken', async () => {
    held({ decisionMode: 'authenticated' });
    const { requestId } = await request();
    const asked = await erasure('withdraw', requestId, '--yes');
    expect(asked.code).toBe(6);
    expect(asked.stdout).toContain('CancelRequested');
    expect(asked.stderr).toMatch(/^Nothing was withdrawn: this request takes withdrawals as signed decisions only\./);
    const unsigned = await erasure(
      'hold',
      requestId,
      '--ground',
      'court-order',
      '--owner',
      'staff-9',
      ...said('a'),
      '--review-at',
      new Date(Date.now() + 90 * DAY_MS).toISOString(),
    );
    expect(unsigned).toMatchObject({ code: 6, stdout: '' });
    expect(unsigned.stderr).toContain(
      'token: this request takes decisions of this kind only with a signed decision token',
    );
  });
});

describe('watching', () => {
  it('ends with the certificate, tells what is left to do, and exits with the outcome', async () => {
    const { requestId, handle } = await request();
    const environment = temporalEnvironment();
    const untilClosed = cli.start(['watch', requestId, '--until-closed'], { environment });
    const watching = [['--json'], []].map((more) => cli.start(['watch', requestId, ...more], { environment }));
    await eventually(() => (watching.every((one) => one.stdout() !== '') ? true : undefined), 30_000);
    await bench.forward(handle, OVER_MS);
    const [asJson, asText] = await Promise.all(watching.map((one) => one.ended));
    expect([asJson?.code, asText?.code]).toEqual([0, 0]);
    const lines = asJson?.stdout.trimEnd().split('\n') ?? [];
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      state: 'awaiting-answer',
      outcome: 'completed',
      certificate: certificateOf(requestId),
      blockedOn: ['staff', 'answer'],
    });
    expect(new Set(lines).size).toBe(lines.length);
    expect(asText?.stdout).toContain('State     answer to be given\nOutcome   completed: ');
    expect(asText?.stdout).toMatch(
      new RegExp(
        `^To do     tell the person the outcome by .*, then record it\n {12}erasure notice ${requestId} outcome …$`,
        'm',
      ),
    );
    expect(asText?.stdout).toContain(`erasure certificate ${requestId} --out certificate.jws`);
    expect((await erasure('certificate', requestId)).stdout).toBe(`${certificateOf(requestId)}\n`);

    const at = new Date(await bench.now(handle)).toISOString();
    const notice = ['notice', requestId, 'outcome', '--at', at, '--channel', 'email', '--reference', 'MSG-1'];
    expect((await erasure(...notice, ...said('person-told'))).code).toBe(0);
    expect(await handle.result()).toMatchObject({ outcome: 'completed' });
    const closed = await untilClosed.ended;
    expect(closed.code).toBe(0);
    expect(closed.stdout).toMatch(
      /To do: tell the person the outcome by [\s\S]*\nEnded [\s\S]*\nOutcome {3}completed: /,
    );
    const ended = (await erasure('watch', requestId)).stdout;
    expect(ended).toContain('Outcome   completed: ');
    expect(ended).toMatch(/^Told {6}outcome: .* UTC by email \(MSG-1\), recorded by staff-\d+$/m);
  });

  it('exits with 7 where the certificate is there with exceptions, and nobody has told the person yet', async () => {
    const { requestId } = await request();
    await erasure('waive', requestId, 'person', ...said('contract-ended'), '--yes');
    const ended = await erasure('watch', requestId);
    expect(ended.code).toBe(7);
    expect(ended.stdout).toContain('State     answer to be given\nOutcome   completed-with-exceptions: ');
  });
});

describe('erasure setup', () => {
  let connection: Connection;
  beforeAll(async () => {
    connection = await Connection.connect({ address });
  });
  afterAll(() => connection.close());

  async function namespaceOf(days: number): Promise<string> {
    const namespace = `setup-${randomUUID().slice(0, 8)}`;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs(days * DAY_MS),
    });
    // The server's own caches learn of it in their own time.
    await eventually(
      () =>
        connection.operatorService.listSearchAttributes({ namespace }).then(
          () => true,
          () => undefined,
        ),
      30_000,
    );
    return namespace;
  }

  const setup = (namespace: string, ...args: string[]): Promise<Ended> =>
    cli.run(['setup', ...args], { environment: { ...temporalEnvironment(), TEMPORAL_NAMESPACE: namespace } });

  it('tells what is missing, adds it, and has nothing to do the second time', async () => {
    const namespace = await namespaceOf(90);
    const checked = await setup(namespace, '--check', '--json');
    expect(checked.code).toBe(2);
    const missing = ['ErasureState', 'ErasureProviders', 'ErasureDueAt', 'ErasureBlockedOn', 'ErasureTickets'];
    const known = { namespace, mistyped: [], retentionDays: 90, wantedRetentionDays: 90 };
    expect(JSON.parse(checked.stdout)).toEqual({ ...known, missing, added: [], isSetUp: false });
    expect(checked.stderr).toBe(`Search attributes are missing: ${missing.join(', ')}.\n`);

    const added = await setup(namespace);
    expect(added).toMatchObject({ code: 0, stdout: `Added to ${namespace}: ${missing.join(', ')}.\n` });
    expect(added.stderr).toMatch(
      /^Restart workers that run already: they look for them at their start\.\nIf they had been removed while requests were open, .* go on by themselves/,
    );

    const again = { code: 0, stdout: `The namespace ${namespace} has all search attributes.\n`, stderr: '' };
    expect(await setup(namespace)).toEqual(again);
    expect(await setup(namespace, '--check')).toEqual(again);
  });

  it('warns of a short retention, which only --check calls a failure', async () => {
    const namespace = await namespaceOf(3);
    const made = await setup(namespace, '--json');
    expect(json(made)).toMatchObject({ retentionDays: 3, missing: [], isSetUp: false });
    expect(made.stderr).toMatch(/^Temporal forgets ended requests, and their certificates, after 3 days: /);
    expect(made.stderr).toContain(`temporal operator namespace update --namespace ${namespace} --retention 90d`);
    expect((await setup(namespace, '--check')).code).toBe(2);
  });

  it('adds nothing where one has another type', async () => {
    const namespace = await namespaceOf(90);
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { ErasureState: temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_DATETIME },
    });
    const refused = await setup(namespace, '--json');
    expect(refused.code).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ mistyped: ['ErasureState'], added: [], isSetUp: false });
    expect(refused.stderr).toContain('have another type than ours: ErasureState');
  });

  it('says how to make a namespace that is not there, and that Temporal is away', async () => {
    const none = await setup('no-such-namespace');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toContain('temporal operator namespace create --namespace no-such-namespace --retention 90d');
    const away = await cli.run(['setup'], { environment: { TEMPORAL_ADDRESS: '127.0.0.1:9' } });
    expect(away).toMatchObject({ code: 5, stdout: '' });
    for (const identifier of Object.values(planted)) expect(away.stderr).not.toContain(identifier);
  });
});
