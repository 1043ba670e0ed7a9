import { z } from 'zod';
import { type AnswerTable, contentOf, fits, judge, notNow } from '../../../activities/providers/answers';
import type { Answer } from '../../../activities/providers/http';
import { ProviderFailure } from '../../../activities/providers/provider';
import { HOUR_MS } from '../../../domain/duration';
import { expectNoneOf } from './bare-provider';

function answer(status: number, more: Partial<Answer> & { readonly json?: unknown } = {}): Answer {
  const { json, ...rest } = more;
  const given =
    json === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) };
  return {
    to: 'Provider',
    what: 'the request',
    host: 'provider.test',
    status,
    headers: {},
    body: '',
    ...given,
    ...rest,
  };
}

const errorSchema = z.looseObject({ error_code: z.string() });
const ownError = fits(errorSchema);
const table: AnswerTable<'done' | 'unknown'> = [
  { status: [200, 204], content: 'none', means: 'done' },
  { status: 200, content: 'json', shape: fits(z.looseObject({ ok: z.literal(true) })), means: 'done' },
  { status: 200, content: 'json', shape: ownError, means: 'broken', because: 'although its body says that it failed' },
  { status: 404, content: 'json', shape: ownError, means: 'unknown' },
  { status: 401, content: 'json', shape: ownError, means: 'credentials-refused' },
  { status: 403, content: 'json', shape: ownError, means: 'token-refused' },
  ...notNow,
  { status: { from: 400, to: 499 }, content: 'json', shape: ownError, means: 'rejected' },
];
const codeOf = (body: unknown) => {
  const code = errorSchema.safeParse(body).data?.error_code;
  return code === 'DOCUMENTED' ? `error code ${code}` : undefined;
};

function judged(given: Answer): string | ProviderFailure {
  try {
    return judge(given, { table, codeOf }).means;
  } catch (error) {
    if (error instanceof ProviderFailure) return error;
    throw error;
  }
}

const page = { headers: { 'content-type': 'text/html; charset=utf-8; name=jane' }, body: '<html>jane@example.com' };
const own = { error_code: 'DOCUMENTED', error_message: 'jane@example.com' };

describe('the judge', () => {
  it('takes the first row that fits', () => {
    expect(judged(answer(204))).toBe('done');
    expect(judged(answer(200, { json: { ok: true } }))).toBe('done');
    expect(judged(answer(404, { json: own }))).toBe('unknown');
  });

  it.each<[string, Answer, string]>([
    ['a 401', answer(401, { json: own }), 'ProviderUnauthorized'],
    ['a refused token', answer(403, { json: own }), 'TokenRefused'],
    ['a 409', answer(409, { json: own }), 'ProviderRejected'],
    ['an error in a 200', answer(200, { json: own }), 'ProviderContractBroken'],
  ])('fails at the provider’s own: %s', (_what, given, type) => {
    const failure = judged(given) as ProviderFailure;
    expect(failure.type).toBe(type);
    expect(failure.message).toContain(`HTTP ${given.status}, error code DOCUMENTED`);
    expectNoneOf(['jane@example.com'], failure);
  });

  const statuses = Array.from({ length: 500 }, (_, index) => 100 + index);
  const later = statuses.filter((status) => [408, 425, 429].includes(status) || (status >= 500 && status !== 511));

  it('believes nobody but the provider, except that it is not now', () => {
    for (const status of statuses) {
      const failure = judged(answer(status, page)) as ProviderFailure;
      expect([status, failure.type]).toEqual([
        status,
        later.includes(status) ? 'ProviderUnavailable' : 'UnrecognizedAnswer',
      ]);
      expectNoneOf(['jane'], failure);
    }
  });

  it('says what came back, and of the body nothing but its kind', () => {
    const message = (given: Answer) => (judged(given) as ProviderFailure).message;
    const from = "which is none of Provider's own answers: something between us and it may have answered.";
    expect(message(answer(404, page))).toBe(`The request was answered with HTTP 404 and text/html, ${from}`);
    expect(message(answer(407))).toBe(
      `The request was answered with HTTP 407 and an empty body (no content type), ${from}`,
    );
    expect(message(answer(302))).toContain(`${from} Redirects are not followed: check its base URL.`);
    const named = answer(404, { headers: { 'content-type': 'application/jane-doe' }, body: 'x' });
    expect(message(named)).toContain('HTTP 404 and another content type, which');
    expect(message(answer(404, { unreadable: 'broken off' }))).toContain(
      'HTTP 404 and no content type, broken off, which',
    );
  });

  it.each(['two words', 'jane.doe', 'JANE_DOE', 'doe', '', 'documented'])(
    'does not show %p as an error code',
    (code) => {
      const failure = judged(answer(409, { json: { error_code: code } })) as ProviderFailure;
      expect(failure.message).toBe('Provider refused the request: HTTP 409.');
    },
  );
});

describe('what an answer carries', () => {
  it.each<[Partial<Answer>, string]>([
    [{}, 'none'],
    [{ body: ' \n' }, 'none'],
    [{ body: '{}' }, 'json'],
    [{ body: 'null', headers: { 'content-type': 'application/json; charset=utf-8' } }, 'json'],
    [{ body: '[]', headers: { 'content-type': 'application/problem+json' } }, 'json'],
    [{ body: '{}', headers: { 'content-type': 'text/plain' } }, 'other'],
    [{ body: '{}', headers: { 'content-type': 'text/html' } }, 'page'],
    [{ body: '', headers: { 'content-type': 'Text/HTML' } }, 'page'],
    [{ body: '', headers: { 'content-type': 'application/xhtml+xml' } }, 'page'],
    [{ body: ' <!doctype html>', headers: { 'content-type': 'application/json' } }, 'page'],
    [{ body: '{"cut' }, 'other'],
    [{ body: 'OK' }, 'other'],
    [{ unreadable: 'broken off' }, 'unreadable'],
    [{ unreadable: 'broken off', headers: { 'content-type': 'text/html' } }, 'page'],
  ])('%j is %s', (more, content) => {
    expect(contentOf(answer(200, more))).toBe(content);
  });
});

describe('a wish to wait', () => {
  const failureAt = (status: number, headers: Record<string, string>) =>
    judged(answer(status, { headers })) as ProviderFailure;

  it.each([
    ['120', 120_000],
    ['1.5', 1_500],
    [' 7 ', 7_000],
    ['21600', 6 * HOUR_MS],
    ['21601', 6 * HOUR_MS],
    ['999999999999', 6 * HOUR_MS],
    ['0', undefined],
    ['-5', undefined],
    ['soon', undefined],
    ['1e3', undefined],
    ['12 monkeys', undefined],
    ['', undefined],
    ['2031-03-01T12:02:00Z', undefined],
    ['Sat, 01 Mar 2031 12:02:00 GMT', 120_000],
    ['Saturday, 01-Mar-31 12:02:00 GMT', 120_000],
    ['Sun, 02 Mar 2031 12:00:00 GMT', 6 * HOUR_MS],
    ['Sat, 01 Mar 2031 12:00:00 GMT', undefined],
    ['Sat, 01 Mar 2031 11:00:00 GMT', undefined],
  ])('reads Retry-After %p against the answer’s own date as %p ms', (retryAfter, expected) => {
    for (const status of [408, 425, 429, 503]) {
      const failure = failureAt(status, { 'retry-after': retryAfter, date: 'Sat, 01 Mar 2031 12:00:00 GMT' });
      expect(failure).toMatchObject({ type: 'ProviderUnavailable', retryAfterMs: expected });
    }
  });

  it('is measured against the wall clock where the answer has no readable date', () => {
    const inTwoMinutes = new Date(Date.now() + 120_000).toUTCString();
    const { retryAfterMs } = failureAt(429, { 'retry-after': inTwoMinutes, date: 'yesterday' });
    expect(retryAfterMs).toBeGreaterThan(110_000);
    expect(retryAfterMs).toBeLessThanOrEqual(120_000);
  });

  it('is none without Retry-After, and none on other failures', () => {
    expect(failureAt(429, {}).retryAfterMs).toBeUndefined();
    expect(failureAt(400, { 'retry-after': '5' }).retryAfterMs).toBeUndefined();
  });
});
