/** Guarded decisions that come together: one is taken, the other is refused by the name of the one that was taken. */
import { computeLegalClock } from '../support/legal-clock';
import { DAY_MS } from '../../domain/duration';
import type { Rules } from '../../domain/rules/rules';
import type { Terms } from '../../domain/rules/terms';
import { decisionUpdates, progress } from '../../workflows/messages';
import { accepted, eventually, rulesFor, WorkflowBench } from '../support/workflow-bench';

type Handle = Awaited<ReturnType<WorkflowBench['startFor']>>;
type Kind = keyof typeof contents;

const said = { actor: 'staff-7', reason: { code: 'decided', ticket: 'PRIV-1' } } as const;
const reviewAt = new Date(Date.now() + 30 * DAY_MS).toISOString();
const contents = {
  approve: said,
  reject: { ...said, ground: 'unverified' },
  hold: { ...said, ground: 'legal-claims', owner: 'legal-2', reviewAt },
  release: said,
  withdraw: { ...said, wantedBy: 'subject' },
  extend: { ...said, because: 'complexity' },
  waive: { ...said, provider: 'person' },
  attest: { ...said, provider: 'person' },
} as const;

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(async () => {
  await bench.reset();
  bench.isLocalRefused = true;
  bench.providers.person.ask.set(accepted());
});
afterAll(() => bench.close());

function heldTo(rules: Partial<Rules>, ready: Promise<unknown> = Promise.resolve()): void {
  bench.terms = async ({ regulation, submittedAt, policy }): Promise<Terms> => {
    await ready;
    return {
      rules: rulesFor({ policy }, rules),
      clock: computeLegalClock({ regulation, submittedAt }, { timeZone: 'Europe/Berlin', calendar: 'DE' }),
      isIndexed: false,
    };
  };
}

/** Every token is good, once so many are being checked at the same time. */
function proveAllAtOnce(count: number): void {
  let waiting = 0;
  let prove = (): void => undefined;
  const all = new Promise<void>((resolve) => (prove = resolve));
  bench.verdict = async ({ token }) => {
    waiting += 1;
    if (waiting === count) prove();
    await all;
    return { status: 'proven', proof: { tokenId: token, keyId: 'key-1', token } };
  };
}

let tokens = 0;
function decide(handle: Handle, kind: Kind): Promise<unknown> {
  const update = decisionUpdates[kind];
  tokens += 1;
  return handle.executeUpdate(update.name, { args: [{ ...contents[kind], token: `a.${kind}.${tokens}` }] });
}

/** The one that was taken; what the other was refused with is checked. */
async function expectOneOf(handle: Handle, kinds: readonly [Kind, Kind]): Promise<void> {
  const results = await Promise.allSettled(kinds.map((kind) => decide(handle, kind)));
  expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const winner = results.findIndex(({ status }) => status === 'fulfilled');
  const { reason } = results[1 - winner] as { readonly reason: { readonly cause?: { readonly message: string } } };
  expect(reason.cause?.message).toMatch(
    new RegExp(`^Meanwhile this was decided: ${kinds[winner]}( person)? by staff-7 at `),
  );
  const { trail } = await handle.query(progress);
  const leg = await bench.leg(handle, 'person');
  const decided = trail.filter(({ kind }) => kind === kinds[0] || kind === kinds[1]).length;
  expect(decided + (leg.outcome === 'waived' || leg.outcome === 'attested' ? 1 : 0)).toBe(1);
}

/** Each with each, and with itself. */
function pairsOf(...kinds: Kind[]): [Kind, Kind][] {
  return kinds.flatMap((one, index) => kinds.slice(index).map((other): [Kind, Kind] => [one, other]));
}

async function inState(state: 'awaiting-approval' | 'running'): Promise<Handle> {
  const handle = await bench.start({ filedBy: 'staff-1' });
  await eventually(async () => ((await handle.query(progress)).state === state ? true : undefined));
  return handle;
}

describe('of two signed decisions that are checked at the same time, one is taken', () => {
  const signed = { decisionMode: 'authenticated', answerTracked: true } as const;

  it.each(pairsOf('approve', 'reject', 'hold', 'withdraw', 'extend'))('%s and %s', async (...kinds) => {
    heldTo({ ...signed, approvalNeeded: true });
    const handle = await inState('awaiting-approval');
    proveAllAtOnce(2);
    await expectOneOf(handle, kinds);
  });

  it.each<[Kind, Kind]>([
    ['release', 'release'],
    ['release', 'reject'],
    ['release', 'withdraw'],
    ['release', 'extend'],
  ])('%s and %s, on hold', async (...kinds) => {
    heldTo({ ...signed, approvalNeeded: true });
    const handle = await inState('awaiting-approval');
    proveAllAtOnce(1);
    await decide(handle, 'hold');
    proveAllAtOnce(2);
    await expectOneOf(handle, kinds);
  });

  it.each(pairsOf('waive', 'attest'))('%s and %s, about one provider', async (...kinds) => {
    heldTo(signed);
    const handle = await inState('running');
    await bench.settle(handle);
    proveAllAtOnce(2);
    await expectOneOf(handle, kinds);
  });

  it('but both where they are about two providers', async () => {
    heldTo(signed);
    const handle = await inState('running');
    await bench.settle(handle);
    proveAllAtOnce(2);
    const about = (provider: string) =>
      handle.executeUpdate('waiveProvider', { args: [{ ...contents.waive, provider, token: `a.b.${provider}` }] });
    await Promise.all([about('person'), about('aptrinsic')]);
    for (const provider of ['person', 'aptrinsic'] as const) {
      expect(await bench.leg(handle, provider)).toMatchObject({ outcome: 'waived' });
    }
  });
});

describe('of two decisions that wait until the request has its terms, one is taken', () => {
  it.each(pairsOf('approve', 'reject', 'withdraw'))('%s and %s', async (...kinds) => {
    let ready = (): void => undefined;
    heldTo({ approvalNeeded: true, answerTracked: true }, new Promise<void>((resolve) => (ready = resolve)));
    const handle = await bench.start({ filedBy: 'staff-1' });
    await eventually(async () => ((await handle.query(progress)).state === 'starting' ? true : undefined));
    setTimeout(ready, 500);
    await expectOneOf(handle, kinds);
  });
});
