import { defaultCredentials } from '../../../local/simulator/simulator-registry';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';
import { basic, call, hourMs, individualId, measureoneToken, purgeIndividual } from './calling';

let simulator: Simulator;
beforeEach(async () => {
  simulator = await startSimulator();
  await simulator.seed({ provider: 'measureone', individualId });
});
afterEach(() => simulator.close());

const login = (authorization: string, method = 'POST') =>
  call(`${simulator.addresses.measureone}/v3/auth/generate_purge_token`, { method, headers: { authorization } });

describe('MeasureOne login', () => {
  it('gives a token that expires in wall time', async () => {
    await simulator.advance(1000 * hourMs);
    const { status, json } = await login(basic(defaultCredentials.measureone));
    expect(status).toBe(200);
    expect(json).toEqual({
      access_token: expect.stringMatching(/^[0-9a-f-]{36}$/),
      token_type: 'bearer',
      expires_in: 899,
      expires_at: expect.any(Number),
    });
    expect(Math.abs(json.expires_at - Date.now() - 899_000)).toBeLessThan(5000);
  });

  it('refuses other credentials and methods in its error shape', async () => {
    const refused = await login(basic({ clientId: 'measureone-client', clientSecret: 'wrong' }));
    expect(refused.status).toBe(401);
    expect(refused.json).toEqual({
      timestamp: expect.any(Number),
      error_code: 'UNAUTHORIZED',
      error_message: expect.any(String),
    });
    expect((await login('', 'GET')).status).toBe(405);
  });

  it('forgets a token when its lifetime is over', async () => {
    await simulator.configure({ measureone: { tokenLifetimeSeconds: 0.02 } });
    const token = await measureoneToken(simulator);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect((await purgeIndividual(simulator, { individual_id: individualId }, token)).status).toBe(401);
  });
});

describe('MeasureOne purge', () => {
  it('hides the individual at once and purges after 120 hours, not before', async () => {
    const { status } = await purgeIndividual(simulator, { individual_id: individualId });
    expect(status).toBe(200);
    const { purgeOn, receivedAt, ...state } = await simulator.record('measureone', individualId);
    expect(state).toMatchObject({ exists: true, hidden: true, requests: 1 });
    expect(Date.parse(purgeOn ?? '') - Date.parse(receivedAt ?? '')).toBe(120 * hourMs);

    await simulator.setTime(Date.parse(purgeOn ?? '') - 60_000);
    expect(await simulator.record('measureone', individualId)).toMatchObject({ exists: true });
    await simulator.advance(60_000);
    expect(await simulator.record('measureone', individualId)).toMatchObject({
      exists: false,
      hidden: false,
      purgedAt: purgeOn,
    });
  });

  it('answers success in a different way each time', async () => {
    await simulator.configure({ measureone: { repeat: 'accepted' } });
    const replies = [];
    for (let turn = 0; turn < 3; turn++)
      replies.push(await purgeIndividual(simulator, { individual_id: individualId }));
    expect(replies.map(({ status, json }) => [status, typeof json])).toEqual([
      [200, 'object'],
      [202, 'undefined'],
      [204, 'undefined'],
    ]);
  });

  it('finds neither an unknown, nor a hidden, nor a purged individual', async () => {
    const unknown = await purgeIndividual(simulator, { individual_id: 'idv_other' });
    expect(unknown.status).toBe(404);
    expect(unknown.json).toMatchObject({
      timestamp: expect.any(Number),
      error_code: expect.any(String),
      error_message: expect.any(String),
    });
    await purgeIndividual(simulator, { individual_id: individualId });
    expect((await purgeIndividual(simulator, { individual_id: individualId })).status).toBe(404);
    await simulator.advance(121 * hourMs);
    await simulator.configure({ measureone: { repeat: 'accepted' } });
    expect((await purgeIndividual(simulator, { individual_id: individualId })).status).toBe(404);
  });

  it.each([
    ['accepted-restarts-clock', true],
    ['accepted', false],
  ] as const)('a repeat that is %s moves the purge: %s', async (repeat, moves) => {
    await simulator.configure({ measureone: { repeat } });
    await purgeIndividual(simulator, { individual_id: individualId });
    const first = await simulator.record('measureone', individualId);
    await simulator.advance(50 * hourMs);
    await purgeIndividual(simulator, { individual_id: individualId });
    const second = await simulator.record('measureone', individualId);
    expect(second.requests).toBe(2);
    expect(Date.parse(second.purgeOn ?? '') - Date.parse(first.purgeOn ?? '') >= 50 * hourMs).toBe(moves);
    await simulator.advance(71 * hourMs);
    expect((await simulator.record('measureone', individualId)).exists).toBe(moves);
  });

  it.each([
    ['no id', {}],
    ['an id of another type', { individual_id: 7 }],
    ['details that are no list', { individual_id: individualId, delivery_details: {} }],
    [
      'another event',
      {
        individual_id: individualId,
        delivery_details: [{ event_type: 'individual.created', url: 'http://a.example' }],
      },
    ],
    ['no url', { individual_id: individualId, delivery_details: [{ event_type: 'individual.purged' }] }],
    [
      'headers that are no object',
      {
        individual_id: individualId,
        delivery_details: [{ event_type: 'individual.purged', url: 'http://a.example', headers: 'x' }],
      },
    ],
    [
      'half a token request',
      {
        individual_id: individualId,
        delivery_details: [
          {
            event_type: 'individual.purged',
            url: 'http://a.example',
            x_auth_token_credentials: { token_type: 'JWT', url: 'http://a.example' },
          },
        ],
      },
    ],
    [
      'another token type',
      {
        individual_id: individualId,
        delivery_details: [
          {
            event_type: 'individual.purged',
            url: 'http://a.example',
            x_auth_token_credentials: { token_type: 'OAUTH', http_method: 'POST', url: 'http://a.example' },
          },
        ],
      },
    ],
    ['no JSON', '{'],
  ])('refuses a request with %s', async (_name, body) => {
    const { status, json } = await purgeIndividual(simulator, body);
    expect(status).toBe(400);
    expect(Object.keys(json).sort()).toEqual(['error_code', 'error_message', 'timestamp']);
    expect(await simulator.record('measureone', individualId)).toMatchObject({ hidden: false });
  });

  it('refuses a version that is no number, another content type, and a token it did not issue', async () => {
    const body = { individual_id: individualId };
    expect((await purgeIndividual(simulator, body, undefined, { version: 'v3' })).status).toBe(400);
    expect((await purgeIndividual(simulator, body, undefined, { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await purgeIndividual(simulator, body, 'made-up')).status).toBe(401);
  });

  it('answers another method with 405 and its http_code', async () => {
    const { status, json } = await call(`${simulator.addresses.measureone}/v3/compliances/purge_individual`);
    expect(status).toBe(405);
    expect(json).toEqual({
      timestamp: expect.any(Number),
      error_code: 'METHOD_NOT_ALLOWED',
      error_message: 'Given Method not allowed',
      http_code: 405,
    });
  });

  it('answers paths it does not have as not found', async () => {
    expect(
      (await call(`${simulator.addresses.measureone}/v3/compliance/purge_individual`, { method: 'POST' })).status,
    ).toBe(404);
  });
});
