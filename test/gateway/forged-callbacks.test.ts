/**
 * 100,000 forgeries, in two layers: all of them at the function that decides (`createCallbackVerifier`, which the route asks
 * before it reads a body), and some hundreds of each kind over real HTTP, where a callback is only one once it was delivered.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCallbackVerifier } from '../../gateway/callback-verifier';
import { createGatewayMetrics } from '../../gateway/metrics';
import { createGateway } from '../../gateway/server';
import { createCredentialCheck } from '../../security/token-credentials';
import { FakeConfirmer, LogCapture, makeKeys, type Keys } from './callback-bench';
import { createForgers, type Forged, type Forgers } from './forgeries';

const TOTAL = 100_000;
const OVER_HTTP_EACH = 40;
const AT_ONCE = 200;
/**
 * Of these kinds most are made: they are refused before a signature is computed, which is what takes the time (0.2 ms). Of
 * every other kind there are some hundreds.
 */
const cheapKinds = [
  'no capability',
  'another type',
  'a stranger’s key',
  'alg none',
  'HS256 with the public key',
  'cut short',
  'doubled segments',
  'another spelling',
  'far too long',
  'random bytes',
  'its token as the capability',
];
const CHEAP_FOR_EACH = 24;
const headers = ['authorization', 'x-auth-token'];

let keys: Keys;
let strangers: Keys;
let forgers: Forgers;
const now = Date.now();
beforeAll(async () => {
  keys = await makeKeys();
  strangers = await makeKeys();
  forgers = await createForgers(keys, strangers, now);
});
afterAll(async () => {
  await keys.remove();
  await strangers.remove();
});

describe(`${TOTAL} forged callbacks`, () => {
  it('are refused by the function that decides, each kind of them, and the true ones among them are not', async () => {
    const verify = createCallbackVerifier({
      checker: keys.checker,
      token: { checker: keys.tokenChecker, headers, required: true },
    });
    const kinds = Object.entries(forgers.kinds);
    expect(kinds.length).toBeGreaterThan(40);
    const turns = kinds.flatMap(
      (kind) => Array(cheapKinds.includes(kind[0]) ? CHEAP_FOR_EACH : 1).fill(kind) as typeof kinds,
    );
    const verdicts = new Map<string, string[]>(kinds.map(([kind]) => [kind, []]));
    let controls = 0;
    for (let done = 0; done < TOTAL; done += AT_ONCE) {
      const some = Array.from({ length: AT_ONCE }, async (_, index) => {
        const [kind, forge] = turns[(done + index) % turns.length]!;
        const { verdict } = await verify({ ...forge(), now });
        verdicts.get(kind)?.push(verdict);
      });
      await Promise.all(some);
      expect((await verify({ ...forgers.genuine(), now })).verdict).toBe('proven');
      controls += 1;
    }
    expect(controls).toBe(TOTAL / AT_ONCE);
    // Whoever has no true capability never comes as far as the token, and raises no alarm.
    for (const [kind, seen] of verdicts) {
      const isTrueSoFar = kind.includes('token') && kind !== 'its token as the capability';
      expect([kind, ...new Set(seen)]).toEqual([kind, isTrueSoFar ? 'no-token' : 'not-proven']);
      expect(seen.length).toBeGreaterThan(300);
    }
    expect([...verdicts.values()].flat()).toHaveLength(TOTAL);
  });

  it(`deliver nothing over HTTP, ${OVER_HTTP_EACH} of each kind, and the true ones among them do`, async () => {
    const delivery = new FakeConfirmer();
    const log = new LogCapture();
    const gateway = createGateway({
      checker: keys.checker,
      token: {
        issuer: keys.tokenIssuer,
        checker: keys.tokenChecker,
        isCaller: createCredentialCheck([]),
        headers,
        required: true,
      },
      delivery,
      metrics: createGatewayMetrics(),
      logger: log.logger,
      invalidPerMinute: 1_000_000,
      isReady: async () => true,
      now: () => now,
    });
    await gateway.listen({ host: '127.0.0.1', port: 0 });
    const agent = new Agent({ keepAlive: true, maxSockets: 40 });
    const { port } = gateway.server.address() as AddressInfo;
    const send = (forged: Forged, body = '{"event":"individual.purged"}') => post(forged, { agent, port, body });

    const wrongContent: Record<string, [number, () => string]> = {
      'another event': [204, () => '{"event":"individual.created"}'],
      'another event type': [204, () => '{"event_type":"datarequest.items_processed"}'],
      'no JSON': [400, () => '{"event":'],
      'too large a body': [413, () => `"${'x'.repeat(64 * 1_024)}"`],
    };
    try {
      let genuine = 0;
      for (const [kind, forge] of Object.entries(forgers.kinds)) {
        const statuses = await Promise.all(Array.from({ length: OVER_HTTP_EACH }, () => send(forge())));
        expect([kind, statuses.filter((status) => ![400, 401, 404, 431].includes(status))]).toEqual([kind, []]);
        expect(await send(forgers.genuine())).toBe(204);
        genuine += 1;
        expect([kind, delivery.confirmed.length, delivery.delivered.length]).toEqual([kind, genuine, genuine]);
      }
      // The sender is true, and what it says is not.
      for (const [what, [status, body]] of Object.entries(wrongContent)) {
        const statuses = await Promise.all(
          Array.from({ length: OVER_HTTP_EACH }, () => send(forgers.genuine(), body())),
        );
        expect([what, new Set(statuses)]).toEqual([what, new Set([status])]);
      }
      expect(delivery.confirmed).toHaveLength(genuine);
    } finally {
      agent.destroy();
      await gateway.close();
    }
  });
});

function post(
  { provider, handle, headers: sent }: Forged,
  { agent, port, body }: { readonly agent: Agent; readonly port: number; readonly body: string },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const path = `/callbacks/${provider}/${handle}`;
    const request = httpRequest({ agent, port, host: '127.0.0.1', method: 'POST', path, headers: sent }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    });
    request.on('error', reject);
    request.end(body);
  });
}
