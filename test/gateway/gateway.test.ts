import { randomUUID } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import type { WorkflowHandle } from '@temporalio/client';
import type { GatewayConfig } from '../../config/gateway-config';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { startGateway } from '../../gateway/gateway';
import type { Listening } from '../../temporal/temporal-behind';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import { progress } from '../../workflows/messages';
import { ownNamespace } from '../support/test-namespace';
import { accepted, eventually, HOURS_120_MS, OVER_MS, sealedLike, WorkflowBench } from '../support/workflow-bench';
import { callbackOf, IDENTIFIER, LogCapture, makeKeys, type Callback, type Keys } from './callback-bench';
import { workflowIdOf } from '../../temporal/names';

const PAYLOAD = JSON.stringify({ event: 'individual.purged', individual_id: IDENTIFIER });
const INVALID_PER_MINUTE = 100;

let bench: WorkflowBench;
let keys: Keys;
let log: LogCapture;
let gateway: Listening;

beforeAll(async () => {
  bench = await WorkflowBench.open({ served: ['measureone'] });
  bench.providers.measureone.ask.set(accepted({ confirmedBy: 'callback', seen: false }));
  keys = await makeKeys();
});
afterAll(async () => {
  await keys.remove();
  await bench.close();
});
beforeEach(async () => {
  log = new LogCapture();
  gateway = await start();
});
afterEach(() => gateway.close());

function start(temporal: { readonly address?: string; readonly namespace?: string } = {}): Promise<Listening> {
  const { address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '', namespace = ownNamespace } = temporal;
  const config: GatewayConfig = {
    temporal: { namespace, connection: { address } },
    keysDirectory: keys.directory,
    keyPermissions: 'checked',
    host: '127.0.0.1',
    port: 0,
    invalidPerMinute: INVALID_PER_MINUTE,
    logLevel: 'trace',
  };
  return startGateway(config, log.logger);
}

/** A request that MeasureOne has taken on, and its callback. */
async function asked(): Promise<{ readonly request: WorkflowHandle; readonly callback: Callback }> {
  const requestId = randomUUID();
  const request = await bench.start({ requestId, subject: { measureone: sealedLike('measureone') } });
  await eventually(async () => (await stateOf(request)) === 'waiting-out-window' || undefined);
  return { request, callback: await callbackOf(keys.issuer, { requestId, runId: await runIdOf(request) }) };
}

async function runIdOf(request: WorkflowHandle): Promise<string> {
  return (await request.describe()).runId;
}

async function stateOf(request: WorkflowHandle): Promise<string | undefined> {
  return (await request.query(progress)).legs[0]?.state;
}

async function call(callback: Callback, { at = gateway, path = callback.path, headers = callback.headers } = {}) {
  return (await fetch(at.url + path, { method: 'POST', headers, body: PAYLOAD })).status;
}

async function signalsOf(request: WorkflowHandle) {
  const { events = [] } = await request.fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => (signal ? [signal] : []));
}

async function outcomeOf(request: WorkflowHandle) {
  const { legs } = (await request.result()) as { legs: { outcome: string; assurance?: string }[] };
  return [legs[0]?.outcome, legs[0]?.assurance];
}

describe('a callback from MeasureOne', () => {
  it('that comes early is kept, and the window is waited out all the same', async () => {
    const { request, callback } = await asked();
    expect(await call(callback)).toBe(204);
    await bench.forward(request, HOURS_120_MS + HOUR_MS - 5 * MINUTE_MS);
    expect(await stateOf(request)).toBe('waiting-out-window');
    await bench.forward(request, 10 * MINUTE_MS);
    expect(await outcomeOf(request)).toEqual(['erased', 'confirmed']);
  });

  it.each([
    ['on time', OVER_MS],
    ['late within the grace', HOURS_120_MS + HOUR_MS + 71 * HOUR_MS],
  ])('that comes %s confirms the erasure', async (_when, afterMs) => {
    const { request, callback } = await asked();
    await bench.forward(request, afterMs);
    expect(await stateOf(request)).toBe('waiting-for-callback');
    expect(await call(callback)).toBe(204);
    expect(await outcomeOf(request)).toEqual(['erased', 'confirmed']);
  });

  it('leaves one event, however often it comes, and nothing of its body in the history', async () => {
    const { request, callback } = await asked();
    // Another worker restart may have issued another capability for the same handle.
    const later = await callbackOf(keys.issuer, { ...callback, now: Date.now() + DAY_MS });
    expect(later.capability).not.toBe(callback.capability);
    expect(await Promise.all([call(callback), call(callback), call(later)])).toEqual([204, 204, 204]);
    await bench.forward(request, HOURS_120_MS);
    expect(await call(callback)).toBe(204);
    await bench.forward(request, 2 * HOUR_MS);
    expect(await outcomeOf(request)).toEqual(['erased', 'confirmed']);
    expect(await call(callback)).toBe(204);

    const signals = await signalsOf(request);
    expect(signals.map(({ signalName, identity }) => [signalName, identity])).toEqual([
      ['providerConfirmed', 'erasure-gateway'],
    ]);
    const payloads = signals[0]?.input?.payloads ?? [];
    expect(payloads.map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()))).toEqual([
      {
        provider: 'measureone',
        handle: callback.handle,
        event: 'individual.purged',
        witness: { keyId: keys.gateway.facts[0].kid, at: expect.any(Number), signature: expect.any(String) },
      },
    ]);
  });

  it('that comes after the end is taken, leaves no event, and is kept in the log by its handle', async () => {
    const { request, callback } = await asked();
    await bench.forward(request, HOURS_120_MS + HOUR_MS + 73 * HOUR_MS);
    expect((await outcomeOf(request))[0]).toBe('presumed-erased');
    expect(await call(callback)).toBe(204);
    expect(await signalsOf(request)).toEqual([]);
    expect(log.about(callback.handle).map(({ msg }) => msg)).toEqual([
      'A callback came after its request was over: nobody keeps it but this log',
    ]);
  });

  it('that comes after the request was terminated is taken as well', async () => {
    const { request, callback } = await asked();
    await request.terminate();
    expect(await call(callback)).toBe(204);
  });

  it('proves nothing for another request', async () => {
    const [mine, other] = [await asked(), await asked()];
    expect(await call(mine.callback, { path: other.callback.path })).toBe(404);
    expect(await call(other.callback, { path: mine.callback.path })).toBe(404);
    expect([await signalsOf(mine.request), await signalsOf(other.request)]).toEqual([[], []]);
    await bench.forward(other.request, HOURS_120_MS + 2 * HOUR_MS);
    expect(await stateOf(other.request)).toBe('waiting-for-callback');
    await Promise.all([mine.request.terminate(), other.request.terminate()]);
  });

  it('is not found for a request that nobody made, and for a workflow that is no request', async () => {
    const callback = await callbackOf(keys.issuer);
    const answer = await fetch(gateway.url + callback.path, { method: 'POST', headers: callback.headers });
    expect([answer.status, await answer.text()]).toEqual([404, '{"error":"not found"}']);

    const workflowId = workflowIdOf(callback.requestId);
    const other = await bench.client.workflow.start('somethingElse', { workflowId, taskQueue: 'nobody' });
    await other.terminate();
    expect(await call(callback)).toBe(404);
    expect(log.about(callback.handle).map(({ level }) => log.logger.levels.labels[level])).toEqual(['warn', 'warn']);
  });

  it('proves nothing once its capability has expired', async () => {
    const { request, callback } = await asked();
    const expired = { ...callback, now: Date.now() - 61 * DAY_MS };
    expect(await call(await callbackOf(keys.issuer, expired))).toBe(404);
    expect(await signalsOf(request)).toEqual([]);
    await request.terminate();
  });

  it('passes among 2,000 forged ones, none of which does', async () => {
    const { request, callback } = await asked();
    const stranger = await makeKeys();
    const { requestId } = callback;
    const [strange, another] = [await callbackOf(stranger.issuer, { requestId }), await callbackOf(keys.issuer)];
    await stranger.remove();
    const forged: Parameters<typeof call>[1][] = [
      { headers: {} },
      { headers: { [CAPABILITY_HEADER]: `${callback.capability.slice(0, -4)}AAAA` } },
      { headers: strange.headers },
      { headers: another.headers },
      { path: strange.path },
      { path: `/callbacks/person/${callback.handle}` },
    ];
    const statuses: number[] = [];
    for (let done = 0; done < 2_000; done += 50) {
      const some = Array.from({ length: 50 }, (_, index) => call(callback, forged[index % forged.length]));
      statuses.push(...(await Promise.all(some)));
    }
    expect(statuses.filter((status) => status === 404)).toHaveLength(INVALID_PER_MINUTE);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2_000 - INVALID_PER_MINUTE);
    expect(await signalsOf(request)).toEqual([]);

    expect(await call(callback)).toBe(204);
    expect(await call(callback, { headers: {} })).toBe(429);
    expect(await signalsOf(request)).toHaveLength(1);
    expect(log.lines.length).toBeLessThan(INVALID_PER_MINUTE + 10);
    for (const secret of [...callback.capability.split('.'), IDENTIFIER, '/callbacks/']) {
      expect(log.text).not.toContain(secret);
    }
    await request.terminate();
  });
});

describe('startGateway', () => {
  it('says that it is alive and that Temporal answers', async () => {
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  });

  it('starts while Temporal is away, promises nothing, and delivers once Temporal is back', async () => {
    const { request, callback } = await asked();
    const door = createServer((incoming) => {
      const [host = '', port] = (process.env['TEST_TEMPORAL_ADDRESS'] ?? '').split(':');
      const outgoing = connect(Number(port), host);
      incoming.on('error', () => outgoing.destroy()).pipe(outgoing);
      outgoing.on('error', () => incoming.destroy()).pipe(incoming);
    });
    const port = await new Promise<number>((resolve) => {
      door.listen(0, '127.0.0.1', () => resolve((door.address() as AddressInfo).port));
    });
    await new Promise((resolve) => door.close(resolve));

    const lonely = await start({ address: `127.0.0.1:${port}` });
    const before = Date.now();
    expect((await fetch(`${lonely.url}/healthz`)).status).toBe(200);
    const readiness = await fetch(`${lonely.url}/readyz`);
    expect([readiness.status, await readiness.text()]).toEqual([503, '{"status":"not ready"}']);
    expect(Date.now() - before).toBeLessThan(5_000);
    const refused = await fetch(lonely.url + callback.path, { method: 'POST', headers: callback.headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    expect(Date.now() - before).toBeLessThan(12_000);
    expect(log.about(callback.handle)[0]?.reason).toMatch(/^(14 UNAVAILABLE|4 DEADLINE_EXCEEDED)$/);

    await new Promise<void>((resolve) => door.listen(port, '127.0.0.1', resolve));
    await eventually(async () => (await call(callback, { at: lonely })) === 204 || undefined, 30_000);
    expect((await fetch(`${lonely.url}/readyz`)).status).toBe(200);
    expect(await signalsOf(request)).toHaveLength(1);
    await lonely.close();
    door.close();
    await request.terminate();
  });

  it('does not take a missing namespace for an unknown request', async () => {
    const { callback, request } = await asked();
    const lost = await start({ namespace: 'nowhere' });
    expect(await call(callback, { at: lost })).toBe(503);
    expect((await fetch(`${lost.url}/readyz`)).status).toBe(503);
    const [line] = log.about(callback.handle);
    expect([log.logger.levels.labels[line?.level ?? 0], line?.reason]).toEqual(['error', '5 NOT_FOUND']);
    await lost.close();
    await request.terminate();
  });

  it('does not start without its keys, nor where its port is taken', async () => {
    const config = { temporal: { namespace: ownNamespace, connection: {} }, host: '127.0.0.1', invalidPerMinute: 1 };
    const rest = { keyPermissions: 'checked', logLevel: 'info', port: Number(new URL(gateway.url).port) } as const;
    await expect(startGateway({ ...config, ...rest, keysDirectory: '/nowhere' }, log.logger)).rejects.toThrow(
      'gateway.json',
    );
    await expect(startGateway({ ...config, ...rest, keysDirectory: keys.directory }, log.logger)).rejects.toThrow(
      'EADDRINUSE',
    );
  });

  it('can be closed twice', async () => {
    await Promise.all([gateway.close(), gateway.close()]);
    await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow('fetch failed');
  });
});
