import fc from 'fast-check';
import { parseInstant } from '../../../activities/providers/provider-time';

const at = Date.parse('2031-03-01T12:30:15.000Z');

describe('parseInstant', () => {
  it.each([
    ['2031-03-01T12:30:15Z', at],
    ['2031-03-01t12:30:15z', at],
    ['2031-03-01 12:30:15+00:00', at],
    ['2031-03-01T12:30:15-00:00', at],
    ['2031-03-01T18:00:15+05:30', at],
    ['2031-03-01T04:30:15-0800', at],
    ['2031-03-02T02:30:15+14:00', at],
    ['2031-03-01T12:30:15.1Z', at + 100],
    ['2031-03-01T12:30:15.123456+00:00', at + 123],
    ['2031-03-01T12:30:15.123456789Z', at + 123],
    ['2016-12-31T23:59:60Z', Date.parse('2017-01-01T00:00:00Z')],
    ['2028-02-29T00:00:00Z', Date.parse('2028-02-29T00:00:00Z')],
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    [at, at],
    [at / 1_000, at],
    [String(at), at],
    [String(at / 1_000), at],
    [`${at / 1_000}.25`, at + 250],
    [0, 0],
  ])('reads %s', (value, instant) => {
    expect(parseInstant(value)).toBe(instant);
  });

  it.each([
    '2031-03-01T12:30:15',
    '2031-03-01',
    '2031-02-29T00:00:00Z',
    '2031-13-01T00:00:00Z',
    '2031-00-10T00:00:00Z',
    '2031-03-00T00:00:00Z',
    '2031-03-01T24:00:00Z',
    '2031-03-01T12:60:00Z',
    '2031-03-01T12:00:61Z',
    '2031-03-01T12:00:00+24:00',
    '2031-03-01T12:00:00+01:60',
    '2031-03-01T12:30:15Z trailing',
    'tomorrow',
    '',
    '99999999999999999',
    9e15,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    true,
    {},
    [at],
  ])('refuses %p, which names no instant', (value) => {
    expect(parseInstant(value)).toBeUndefined();
  });

  it('reads whatever JavaScript writes', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(date, (written) => parseInstant(written.toISOString()) === written.getTime()));
  });
});
