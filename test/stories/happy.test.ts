import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../domain/duration';
import { judgeCertificate } from '../../security/certificate-verdict';
import { readDecisionKeys, readFactKeys, readPublicCertificateKeys } from '../../security/key-files';
import { Story } from '../support/story';

let story: Story;
beforeEach(async () => {
  story = await Story.open();
  await story.seed();
});
afterEach(() => story.close());

describe('an erasure without trouble', () => {
  it('waits out every true window and certifies what each provider lets us know', async () => {
    await story.submit();
    await story.until('measureone', 'waiting-out-window');
    await story.until('person', 'waiting-out-window');
    await story.until('aptrinsic', 'waiting-out-window');

    await story.forward(3 * DAY_MS + 1 * HOUR_MS + 5 * MINUTE_MS);
    expect((await story.leg('person')).outcome).toBe('erased');
    await story.forward(2 * DAY_MS - 10 * MINUTE_MS);
    // 121 h are not over, though MeasureOne's callback has come.
    expect(await story.leg('measureone')).toMatchObject({
      state: 'waiting-out-window',
      callbackAt: expect.any(String),
    });
    await story.forward(10 * MINUTE_MS);
    expect(await story.leg('measureone')).toMatchObject({ outcome: 'erased', assurance: 'confirmed' });
    expect(await story.leg('aptrinsic')).toMatchObject({ state: 'waiting-out-window' });
    await story.forward(2 * DAY_MS + HOUR_MS);

    expect(await story.outcomes()).toEqual({
      measureone: 'erased/confirmed',
      person: 'erased/verified',
      aptrinsic: 'erased/verified',
    });
    expect((await story.certificate()).outcome).toBe('completed');
    // What the console finds of it with the public keys alone.
    const { keysDirectory } = story;
    const keys = {
      certificate: await readPublicCertificateKeys(keysDirectory),
      facts: await readFactKeys(keysDirectory),
      decisions: await readDecisionKeys(keysDirectory),
    };
    expect((await judgeCertificate(await story.signed(), keys)).verdict).toBe('valid');
  });
});
