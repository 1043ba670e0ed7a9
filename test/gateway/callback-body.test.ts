import { readCallbackBody } from '../../gateway/callback-body';

describe('readCallbackBody', () => {
  const read = (text: string) => readCallbackBody(Buffer.from(text), 'measureone');

  it.each([
    ['in "event"', '{"event":"individual.purged","individual_id":"idv_1"}'],
    ['in "event_type"', '{"event_type":"individual.purged"}'],
    ['in both', '{"event":"individual.purged","event_type":"individual.purged"}'],
    ['after a byte order mark', '\uFEFF{"event":"individual.purged"}'],
  ])('passes on the one event name it expects: %s', (_where, text) => {
    expect(read(text)).toEqual({ verdict: 'confirms', event: 'individual.purged' });
  });

  it.each([
    ['nothing', ''],
    ['white space', ' \r\n'],
    ['an array', '[{"event":"individual.created"}]'],
    ['null', 'null'],
    ['a text', '"individual.created"'],
    ['a number', '1e999'],
    ['an empty object', '{}'],
    ['a name that is no text', '{"event":{"event":"individual.created"},"event_type":7}'],
    ['unknown fields', '{"type":"Individual","id":"idv_1","purged_at":1}'],
    ['a prototype', '{"__proto__":{"event":"individual.created"},"constructor":{"prototype":{"event":"x"}}}'],
    ['a depth bomb', '['.repeat(32_000) + ']'.repeat(32_000)],
    ['a depth bomb of objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
  ])('tolerates a body that names no event, and passes nothing of it on: %s', (_what, text) => {
    expect(read(text)).toEqual({ verdict: 'confirms' });
    expect(({} as { event?: unknown }).event).toBeUndefined();
  });

  it.each([
    '{"event":"individual.created"}',
    '{"event":"individual.purge_failed"}',
    '{"event":"Individual.Purged"}',
    '{"event":" individual.purged"}',
    '{"event":""}',
    '{"event_type":"datarequest.report_complete"}',
    '{"event":"individual.purged","event_type":"individual.created"}',
    '{"event":"individual.purged","event":"individual.created"}',
  ])('takes no other event for a confirmation: %s', (text) => {
    expect(read(text)).toEqual({ verdict: 'another-event' });
  });

  it.each(['{', '<xml/>', 'event=individual.purged', '{"event":"individual.purged"}}', '\u0000', '{"a":NaN}'])(
    'refuses what is no JSON: %j',
    (text) => {
      expect(read(text)).toEqual({ verdict: 'not-json' });
    },
  );

  it('knows no event of a provider that does not call back', () => {
    expect(readCallbackBody(Buffer.from('{"event":"individual.purged"}'), 'person').verdict).toBe('another-event');
  });

  it('takes no body for a confirmation', () => {
    expect(readCallbackBody(undefined, 'measureone')).toEqual({ verdict: 'confirms' });
  });
});
