import { NativeConnection, Worker } from '@temporalio/worker';
import { noBrake } from '../../activities/brake-gate';
import { createLegActivities } from '../../activities/leg-activities';
import type { AdapterCall, ProviderAdapter } from '../../activities/providers/provider';
import { DAY_MS, HOUR_MS } from '../../domain/duration';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';
import type { Fault } from '../../local/simulator/faults';
import { defaultCredentials } from '../../local/simulator/simulator-registry';
import { createFactChecker, createFactSigner } from '../../security/facts';
import { readFactKeys, readProviderKeys } from '../../security/key-files';
import { createOpener } from '../../security/sealing';
import { decisionUpdates } from '../../workflows/messages';
import { Story } from '../support/story';
import { ownNamespace } from '../support/test-namespace';
import { eventually } from '../support/workflow-bench';
import { plantedIn, temporalPlaces } from './places';
import { findPlanted, type Place } from './scanner';
import { workflowIdOf, providerQueue } from '../../temporal/names';

const decision = { actor: 'staff-7', reason: { code: 'told-to', ticket: 'PRIV-1' } };

let story: Story;
let places: Place[];
beforeEach(async () => {
  places = [];
  story = await Story.open();
  await story.seed();
});
afterEach(() => story.close());

async function look(when: string): Promise<void> {
  const { connection, requestId } = story;
  places.push(...(await temporalPlaces({ connection, workflowId: workflowIdOf(requestId), when })));
}

async function expectNothingPlanted(): Promise<void> {
  await look('at the end');
  const certificate = await story.signed();
  const logged = story.logged.join('');
  expect(logged).toContain('The worker serves');
  const planted = await plantedIn(story);
  const everything = [
    ...places,
    { name: 'the logs', content: logged },
    { name: 'the certificate', content: certificate },
  ];
  expect(findPlanted(planted, everything)).toEqual([]);
}

async function untilAll(state: 'attention' | 'waiting-out-window'): Promise<void> {
  for (const provider of providerKeys) await story.until(provider, state);
}

/** Until each of these providers has failed and the next attempt is due later. */
async function untilFailing(...providers: readonly Provider[]): Promise<void> {
  await eventually(async () => {
    const { raw } = await story.handle.describe();
    const failing = (raw.pendingActivities ?? [])
      .filter(({ lastFailure }) => lastFailure)
      .map((a) => a.activityType?.name);
    return providers.every((provider) => failing.includes(`${provider}.requestErasure`)) ? true : undefined;
  });
}

/** What a careless provider might send back: the identifier as a code, as a name, in a sentence, beside our own token. */
function echo(id: string, token: string) {
  const sentence = `no purge of ${id} with token ${token} and key ${defaultCredentials.aptrinsic.apiKey}`;
  const own = {
    timestamp: 1,
    error_code: id,
    error_message: sentence,
    externalapierror: { status: id, message: sentence },
  };
  return { ...own, error: id, code: id, message: sentence, detail: [{ loc: [id], input: id }], [id]: id };
}

/** Tries again where a staff member has to say so, and waits until each provider's answer has come to the leg. */
async function goOn(): Promise<void> {
  for (const provider of providerKeys) {
    const { state } = await story.leg(provider);
    if (state === 'attention') await story.client.decide('retry', story.requestId, { provider, ...decision });
  }
  await story.forward(7 * HOUR_MS);
  for (const provider of providerKeys) await untilTold(provider);
}

/** Until the leg shows what its provider's last answer made of it. */
async function untilTold(provider: Provider): Promise<void> {
  await eventually(async () => {
    const { state, trouble } = await story.leg(provider);
    return state === 'attention' || trouble !== undefined ? true : undefined;
  });
}

describe('neither an identifier nor a secret is left behind', () => {
  it('by an erasure without trouble whose callback names the person', async () => {
    const { individualId, personId, identifyId } = story.subject;
    const payload = { event: 'individual.purged', individual_id: individualId, also: [personId, identifyId] };
    await story.simulator.setDelivery({ individualId, mode: 'on-time', duplicates: 2, payload });
    await story.submit();
    await untilAll('waiting-out-window');
    await look('while it waits');
    await story.forward(8 * DAY_MS);
    expect(await story.outcomes()).toEqual({
      measureone: 'erased/confirmed',
      person: 'erased/verified',
      aptrinsic: 'erased/verified',
    });
    await expectNothingPlanted();
  });

  it('by callbacks that are forged, malformed, or sent to a path with the identifier in it', async () => {
    const { individualId } = story.subject;
    await story.submit({ subject: { measureone: { individualId } } });
    await story.until('measureone', 'waiting-out-window');
    const statuses: unknown[] = [];
    for (const order of [
      { headers: { 'x-erasure-capability': individualId } },
      { payload: `not JSON but ${individualId}` },
      { payload: { event: individualId } },
      { payload: { event: 'individual.purged', individual_id: individualId.repeat(40_000) } },
      { url: `${story.gatewayUrl}/callbacks/measureone/${individualId}?individual_id=${individualId}` },
      { url: `${story.gatewayUrl}/${individualId}` },
    ]) {
      const deliveries = await story.simulator.deliverCallback({ individualId, ...order });
      statuses.push(...deliveries.map(({ status }) => status));
    }
    expect(statuses).toEqual([404, 400, 204, 413, 404, 404]);
    await story.forward(9 * DAY_MS);
    await expectNothingPlanted();
  });

  it('by providers that repeat it in every kind of answer, and by what staff members do about it', async () => {
    const { individualId, personId, identifyId } = story.subject;
    const ids = { measureone: individualId, person: personId, aptrinsic: identifyId };
    // A login of each, so that there are tokens to repeat.
    await story.simulator.addFault({ provider: 'measureone', operation: 'purge', kind: 'status', status: 400 });
    await story.simulator.addFault({ provider: 'person', operation: 'purge', kind: 'status', status: 422 });
    await story.simulator.addFault({ provider: 'aptrinsic', operation: 'delete', kind: 'status', status: 400 });
    await story.submit();
    await goOn();
    const calls = await story.simulator.calls();
    const tokenOf = (provider: Provider): string =>
      calls
        .filter((call) => call.provider === provider)
        .map(({ headers }) => headers.authorization ?? '')
        .find((value) => value.startsWith('Bearer ')) ?? 'Bearer none';
    const echoed = (provider: Provider) => echo(ids[provider], tokenOf(provider));
    const elsewhere = (provider: Provider): string => `https://elsewhere.example/${encodeURIComponent(ids[provider])}`;

    const rounds: readonly (readonly Fault[])[] = [
      [
        { provider: 'measureone', operation: 'purge', kind: 'status', status: 400, body: echoed('measureone') },
        { provider: 'person', operation: 'purge', kind: 'status', status: 422, body: echoed('person') },
        { provider: 'aptrinsic', operation: 'delete', kind: 'status', status: 409, body: echoed('aptrinsic') },
      ],
      [
        {
          provider: 'measureone',
          operation: 'purge',
          kind: 'redirect',
          status: 307,
          location: elsewhere('measureone'),
        },
        { provider: 'person', operation: 'purge', kind: 'redirect', status: 302, location: elsewhere('person') },
        { provider: 'aptrinsic', operation: 'delete', kind: 'redirect', status: 301, location: elsewhere('aptrinsic') },
      ],
      [
        { provider: 'measureone', operation: 'purge', kind: 'token-expired' },
        { provider: 'measureone', operation: 'login', kind: 'wrong-body', body: echoed('measureone') },
        { provider: 'person', operation: 'purge', kind: 'token-expired' },
        { provider: 'person', operation: 'login', kind: 'wrong-body', body: echoed('person') },
        { provider: 'aptrinsic', kind: 'inner-status', statusCodeValue: 422 },
      ],
      [
        { provider: 'measureone', operation: 'login', kind: 'bad-credentials' },
        { provider: 'person', operation: 'login', kind: 'bad-credentials' },
        { provider: 'aptrinsic', kind: 'bad-credentials' },
      ],
      [
        // Once: a token that is refused again and again is tried with fresh logins for minutes, in real time.
        {
          provider: 'measureone',
          operation: 'purge',
          kind: 'status',
          status: 401,
          body: echoed('measureone'),
          times: 1,
        },
        { provider: 'measureone', operation: 'purge', kind: 'status', status: 403, body: echoed('measureone') },
        { provider: 'person', operation: 'purge', kind: 'wrong-subject', otherSubject: personId.replace(/^./, 'x') },
        { provider: 'aptrinsic', operation: 'delete', kind: 'wrong-body', body: [identifyId].concat('x'.repeat(2e6)) },
      ],
    ];
    for (const [index, faults] of rounds.entries()) {
      await story.simulator.clearFaults();
      for (const fault of faults) await story.simulator.addFault(fault);
      await goOn();
      await look(`in attention, round ${index + 1}`);
    }

    await story.simulator.clearFaults();
    for (const provider of providerKeys) {
      const headers = { 'retry-after': individualId };
      await story.simulator.addFault({ provider, kind: 'status', status: 503, headers, body: echoed(provider) });
      await story.client.decide('retry', story.requestId, { provider, ...decision });
    }
    await untilFailing(...providerKeys);
    await look('between two attempts');
    await story.simulator.clearFaults();
    await story.forward(HOUR_MS);
    await untilAll('waiting-out-window');

    for (const [provider, operation] of [
      ['person', 'status'],
      ['aptrinsic', 'read'],
    ] as const) {
      await story.simulator.addFault({ provider, operation, kind: 'wrong-body', status: 200, body: echoed(provider) });
    }
    await story.forward(8 * DAY_MS);
    for (const provider of ['person', 'aptrinsic'] as const) await untilTold(provider);
    await look('after looking');

    const named = {
      provider: 'aptrinsic',
      actor: identifyId,
      reason: { code: 'told-to', ticket: identifyId },
    } as const;
    await expect(story.handle.executeUpdate(decisionUpdates.waive, { args: [named] })).rejects.toThrow('Update failed');
    await story.client.decide('attest', story.requestId, { provider: 'person', ...decision });
    await story.client.decide('waive', story.requestId, { provider: 'aptrinsic', ...decision });
    expect(await story.outcomes()).toEqual({
      measureone: 'erased/confirmed',
      person: 'attested',
      aptrinsic: 'waived',
    });
    await expectNothingPlanted();
  });

  it('by a withdrawal, also where the provider refuses it with the identifier in its answer', async () => {
    const { personId } = story.subject;
    await story.submit();
    await untilAll('waiting-out-window');
    const body = echo(personId, 'none');
    await story.simulator.addFault({ provider: 'person', operation: 'dequeue', kind: 'status', status: 422, body });
    await story.handle.cancel();
    expect((await story.certificate()).outcome).toBe('withdrawn');
    await expectNothingPlanted();
  });

  it('by a bug in an adapter whose error quotes everything', async () => {
    await story.stopWorker();
    await story.startWorker({ ERASURE_PROVIDERS: 'measureone,aptrinsic' });
    const keys = await readProviderKeys(story.keysDirectory, 'person');
    const broken = async (call: AdapterCall): Promise<never> => {
      throw new TypeError(`Cannot read properties of ${call.identifier}`, { cause: { ...keys, call } });
    };
    const adapter: ProviderAdapter = {
      provider: 'person',
      host: 'person.test',
      requestErasure: broken,
      observeErasure: broken,
      withdrawErasure: broken,
    };
    const connection = await NativeConnection.connect({ address: process.env['TEST_TEMPORAL_ADDRESS'] ?? '' });
    const reportBug = (bug: object): void => story.logger.error(bug, 'An adapter broke: this is a bug');
    const worker = await Worker.create({
      connection,
      namespace: ownNamespace,
      taskQueue: providerQueue('person'),
      activities: createLegActivities({
        adapter,
        opener: createOpener(keys),
        reportBug,
        signer: createFactSigner(keys),
        checker: createFactChecker(await readFactKeys(story.keysDirectory)),
        decisions: undefined,
        brake: noBrake,
      }),
    });
    await worker.runUntil(async () => {
      await story.submit();
      await untilFailing('person');
      await look('between two attempts');
      await story.client.decide('waive', story.requestId, { provider: 'person', ...decision });
      await story.until('person', 'settled');
    });
    await connection.close();
    expect(story.logged.join('')).toContain('An adapter broke');
    await story.forward(8 * DAY_MS);
    await expectNothingPlanted();
  });
});
