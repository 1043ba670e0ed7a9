import { randomBytes } from 'node:crypto';
import { CompactEncrypt } from 'jose';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { Story, type StoryOptions } from '../support/story';

const SECRET = 'planted-secret-of-measureone';
const data = { client_id: 'measureone', client_secret: SECRET };
const encryptionKey = randomBytes(32);

let story: Story;
let gatewayAheadMs: number;
beforeEach(() => void (gatewayAheadMs = 0));
afterEach(() => story.close());

async function begin(
  simulator: NonNullable<NonNullable<StoryOptions['simulator']>['measureone']> = {},
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  story = await Story.open({
    simulator: { measureone: simulator },
    settings: {
      GATEWAY_TOKEN_CREDENTIALS: JSON.stringify([{ data }]),
      MEASUREONE_TOKEN_CREDENTIALS: JSON.stringify({ data }),
      ...settings,
    },
    gatewayNow: () => Date.now() + gatewayAheadMs,
  });
  await story.seed();
  await story.submit({ subject: { measureone: { individualId: story.subject.individualId } } });
  await story.until('measureone', 'waiting-out-window');
}

interface Credentials {
  readonly url: string;
  readonly data: Readonly<Record<string, string>>;
}

/** What our worker told MeasureOne. */
async function told(): Promise<{ readonly url: string; readonly x_auth_token_credentials: Credentials }> {
  const [purge] = await story.simulator.calls({ provider: 'measureone', operation: 'purge' });
  const body = purge?.body as { delivery_details: Awaited<ReturnType<typeof told>>[] };
  return body.delivery_details[0]!;
}

async function deliveries() {
  const all = await story.simulator.callbacks({ individualId: story.subject.individualId });
  return all.map(({ tokenStatus, status }) => [tokenStatus, status]);
}

/** The codes of the alarms raised so far. */
function alarms(): unknown[] {
  const lines = story.logged.map((line) => JSON.parse(line) as { level: number; msg: string; reason?: string });
  return lines
    .filter(({ level, msg }) => level === 50 && msg === 'A callback without a true token was refused')
    .map(({ reason }) => reason);
}

async function signals(): Promise<number> {
  const { events } = await story.handle.fetchHistory();
  return (events ?? []).filter((event) => event.workflowExecutionSignaledEventAttributes).length;
}

const encrypted = (text: string): Promise<string> =>
  new CompactEncrypt(Buffer.from(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(encryptionKey);

describe('MeasureOne with a token', () => {
  it('fetches it from us before its callback, and confirms; its secret is in no log and in no history', async () => {
    await begin();
    const { url, x_auth_token_credentials: credentials } = await told();
    const handle = url.split('/').at(-1);
    expect(credentials).toEqual({
      token_type: 'JWT',
      http_method: 'POST',
      url: `${story.gatewayUrl}/callbacks/measureone/token/${handle}`,
      data,
      response_token_path: 'access_token',
    });
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
    expect(await deliveries()).toEqual([[200, 204]]);
    expect(alarms()).toEqual([]);
    const history = JSON.stringify(await story.handle.fetchHistory());
    for (const secret of [SECRET, Buffer.from(SECRET).toString('base64').slice(0, -3)]) {
      expect(history).not.toContain(secret);
      expect(story.logged.join('')).not.toContain(secret);
    }
  });

  it('is told its credentials in encrypted form, and the whole answer is the token', async () => {
    const sent = {
      key_id: 'key-1',
      data: { client_id: await encrypted('measureone'), client_secret: await encrypted(SECRET) },
    };
    await begin(
      { encryptionKeys: { 'key-1': encryptionKey.toString('base64url') }, tokenHeader: 'x-auth-token' },
      { MEASUREONE_TOKEN_CREDENTIALS: JSON.stringify(sent), MEASUREONE_TOKEN_PATH: 'whole-answer' },
    );
    const { x_auth_token_credentials: credentials } = await told();
    expect(credentials).toMatchObject(sent);
    expect(credentials).not.toHaveProperty('response_token_path');
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
    expect(await deliveries()).toEqual([[200, 204]]);
  });

  it('puts it where nobody reads it: refused with an alarm, and presumed-erased if that is never mended', async () => {
    await begin({ tokenHeader: 'x-measureone-jwt' });
    await story.forward(122 * HOUR_MS);
    expect((await story.leg('measureone')).state).toBe('waiting-for-callback');
    await story.forward(4 * DAY_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'presumed-erased' });
    expect(await signals()).toBe(0);
    const made = await deliveries();
    expect(made.length).toBeGreaterThan(1);
    expect(made).toEqual(made.map(() => [200, 401]));
    expect(alarms()).toEqual(made.map(() => 'missing'));
  });

  it('puts it where nobody reads it, until that is mended: its next try confirms', async () => {
    await begin({ tokenHeader: 'x-measureone-jwt' });
    await story.simulator.advance(120 * HOUR_MS);
    expect(await deliveries()).toEqual([[200, 401]]);
    await story.simulator.configure({ measureone: { tokenHeader: 'authorization' } });
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
    expect(await deliveries()).toEqual([
      [200, 401],
      [200, 204],
    ]);
  });

  it('uses it again when it is stale: refused with an alarm, until it fetches another', async () => {
    await begin({ tokenUse: 'kept', delivery: { mode: 'never' } });
    const { individualId } = story.subject;
    // Both deliveries that are taken belong to one hour of the gateway's: the second is the same signal again.
    gatewayAheadMs = HOUR_MS - (Date.now() % HOUR_MS);
    await story.simulator.deliverCallback({ individualId });
    gatewayAheadMs += 10 * MINUTE_MS;
    await story.simulator.deliverCallback({ individualId });
    await story.simulator.configure({ measureone: { tokenUse: 'kept-until-refused' } });
    await story.simulator.deliverCallback({ individualId });
    await story.simulator.deliverCallback({ individualId });
    expect(await deliveries()).toEqual([
      [200, 204],
      [undefined, 401],
      [undefined, 401],
      [200, 204],
    ]);
    expect(alarms()).toEqual(['expired', 'expired']);
    expect(await signals()).toBe(1);
  });

  it('is impersonated by somebody who knows its capability: refused without the token, and nothing is confirmed', async () => {
    await begin({ delivery: { mode: 'never' } });
    const { individualId } = story.subject;
    const [sent] = await story.simulator.deliverCallback({ individualId, withoutToken: true });
    expect(sent?.status).toBe(401);
    expect(alarms()).toEqual(['missing']);
    expect(await signals()).toBe(0);
  });

  it('was given no credentials, as before tokens were asked for: let in for as long as they are not required', async () => {
    await begin({}, { MEASUREONE_TOKEN_CREDENTIALS: '', GATEWAY_TOKEN_REQUIRED: 'false' });
    expect(await told()).not.toHaveProperty('x_auth_token_credentials');
    await story.forward(122 * HOUR_MS);
    expect(await story.outcomes()).toEqual({ measureone: 'erased/confirmed' });
    expect(await deliveries()).toEqual([[undefined, 204]]);
    expect(alarms()).toEqual([]);
  });
});
