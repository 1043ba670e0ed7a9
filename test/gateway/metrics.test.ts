import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readGatewayConfig } from '../../config/gateway-config';
import { startGateway } from '../../gateway/gateway';
import type { Listening } from '../../temporal/temporal-behind';
import { callbackResults, createGatewayMetrics, tokenProblems, tokenResults } from '../../gateway/metrics';
import { listenOptions } from '../../network/metrics-server';
import { callbackOf, LogCapture, makeKeys, type Keys } from './callback-bench';

const SECRET = 'planted-secret-of-measureone';

let keys: Keys;
beforeAll(async () => void (keys = await makeKeys()));
afterAll(() => keys.remove());

describe('the metrics of a gateway', () => {
  it('have every series from the start, so that the first event is a rise', async () => {
    const text = await createGatewayMetrics().registry.metrics();
    for (const result of callbackResults)
      expect(text).toContain(`erasure_gateway_callbacks_total{result="${result}"} 0`);
    for (const result of tokenResults) expect(text).toContain(`erasure_gateway_tokens_total{result="${result}"} 0`);
    for (const reason of tokenProblems) {
      expect(text).toContain(`erasure_gateway_callback_token_missing_total{reason="${reason}"} 0`);
    }
  });

  it('are all in the documentation, with every label', async () => {
    const text = readFileSync(join(__dirname, '..', '..', 'docs', 'operations.md'), 'utf8');
    const rowOf = (name: string): string => text.split('\n').find((line) => line.startsWith(`| \`${name}\``)) ?? '';
    for (const { name, values } of await createGatewayMetrics().registry.getMetricsAsJSON()) {
      const labels = values.flatMap((value) => Object.entries(value.labels)).filter(([label]) => label !== 'le');
      expect([name, rowOf(name)]).toEqual([name, expect.stringContaining('|')]);
      for (const part of labels.flat()) expect(rowOf(name)).toContain(`\`${String(part)}\``);
    }
  });

  it('are each gateway’s own', async () => {
    const [one, other] = [createGatewayMetrics(), createGatewayMetrics()];
    one.callback('accepted');
    expect(await one.registry.metrics()).toContain('erasure_gateway_callbacks_total{result="accepted"} 1');
    expect(await other.registry.metrics()).toContain('erasure_gateway_callbacks_total{result="accepted"} 0');
  });
});

describe('a gateway with an address for metrics', () => {
  let gateway: Listening;
  const log = new LogCapture();
  const settings = (metricsAddress: string) =>
    readGatewayConfig({
      HOME: '/nonexistent',
      // Nobody listens there.
      TEMPORAL_ADDRESS: '127.0.0.1:9',
      ERASURE_KEYS_DIR: keys.directory,
      GATEWAY_PORT: '0',
      GATEWAY_METRICS_ADDRESS: metricsAddress,
      GATEWAY_TOKEN_CREDENTIALS: JSON.stringify({ data: { client_secret: SECRET } }),
    });
  beforeAll(async () => void (gateway = await startGateway(settings('127.0.0.1:0'), log.logger)));
  afterAll(() => gateway.close());

  const post = (path: string, headers: Record<string, string>, body = '') =>
    fetch(gateway.url + path, { method: 'POST', headers, body });

  it('serves them there and nowhere else, and nothing of anybody’s', async () => {
    const callback = await callbackOf(keys.issuer);
    const tokenPath = `/callbacks/measureone/token/${callback.handle}`;
    expect((await post(callback.path, {})).status).toBe(404);
    expect((await post(callback.path, callback.headers)).status).toBe(401);
    expect((await post(tokenPath, {})).status).toBe(401);
    const answer = await post(tokenPath, {}, JSON.stringify({ client_secret: SECRET }));
    const { access_token: token } = (await answer.json()) as { access_token: string };

    const served = await fetch(`${gateway.metricsUrl}/metrics`);
    expect([served.status, served.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    const text = await served.text();
    for (const line of [
      'erasure_gateway_callbacks_total{result="not-proven"} 1',
      'erasure_gateway_callbacks_total{result="no-token"} 1',
      'erasure_gateway_callback_token_missing_total{reason="missing"} 1',
      'erasure_gateway_tokens_total{result="refused"} 1',
      'erasure_gateway_tokens_total{result="issued"} 1',
      'erasure_gateway_handling_seconds_count{route="callback"} 2',
      'erasure_gateway_handling_seconds_count{route="token"} 2',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${gateway.metricsUrl}/`)).status).toBe(404);

    const secrets = [SECRET, token, callback.capability, callback.requestId];
    for (const secret of [...secrets, callback.handle]) expect(text).not.toContain(secret);
    for (const secret of secrets) expect(log.text).not.toContain(secret);
  });

  it('does not start where that address is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await expect(startGateway(settings(`127.0.0.1:${port}`), log.logger)).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port,
    });
    await new Promise((resolve) => taken.close(resolve));
  });
});

describe('listenOptions', () => {
  it.each([
    ['127.0.0.1:9465', { host: '127.0.0.1', port: 9465 }],
    ['[::1]:0', { host: '::1', port: 0 }],
  ])('takes %s apart', (address, expected) => {
    expect(listenOptions(address)).toEqual(expected);
  });
});
