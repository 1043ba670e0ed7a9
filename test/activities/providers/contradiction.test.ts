import { aptrinsicAnswers } from '../../../activities/providers/aptrinsic';
import { judge, type Judging } from '../../../activities/providers/answers';
import { measureoneAnswers } from '../../../activities/providers/measureone';
import { personAnswers } from '../../../activities/providers/person-answer-tables';
import { ProviderFailure } from '../../../activities/providers/provider';

const id = 'c0ffee00-1234-4abc-8def-0123456789ab';
const now = Date.parse('2031-03-01T12:00:00Z');

/** What a body means under a table, or the type of the failure that it is. */
function meaning(judging: Judging<string>, status: number, body: object | string): string {
  const answer = {
    to: 'Provider',
    what: 'the call',
    host: 'host',
    status,
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
  try {
    return judge(answer, judging).means;
  } catch (error) {
    if (error instanceof ProviderFailure) return error.type;
    throw error;
  }
}

const purge = { person_id: id, purge_on: '2031-03-15T12:00:00Z' };
/** Erasing calls, each with a 2xx that is its own. */
const erasing: [string, Judging<string>, number, object, string][] = [
  ['MeasureOne', measureoneAnswers.purge(id), 200, { individual_id: id }, 'taken-on'],
  ['the person API', personAnswers.queue({ identifier: id, now }), 202, purge, 'queued'],
  ['Aptrinsic', aptrinsicAnswers.delete(id), 200, { body: {}, statusCode: '200' }, 'deleted'],
];

describe.each(erasing)('a 2xx to an erasing call of %s', (_who, judging, status, own, means) => {
  it('is believed', () => {
    expect(meaning(judging, status, own)).toBe(means);
  });

  it.each<object>([
    { error_type: 'X' },
    { errorMsg: 'x' },
    { err: 'x' },
    { errors: [{ a: 1 }] },
    { failed: true },
    { purge_failed: 'yes' },
    { is_error: true },
    { hasErrors: true },
    { requestError: { x: 1 } },
    { ErrorResponse: { Error: { Code: 'x' } } },
    { individual: { error_code: 'X' } },
    { links: [{ exception: 'x' }] },
    { fault: { faultstring: 'x' } },
    { success: 'no' },
    { success: 'FALSE' },
    { ok: '0' },
    { status: false },
    { result: false },
    { purge_status: 'FAILED' },
    { requestStatus: 'rejected' },
    { purgeState: 'Cancelled' },
    { status: 'unsuccessful' },
    { status: 'could not purge' },
    { statusCode: 'TOO_MANY_REQUESTS' },
    { statusCode: 'CONFLICT' },
    { statusCode: 'GONE' },
    { statusCode: 'NOT_IMPLEMENTED' },
    { statusCode: '503 SERVICE_UNAVAILABLE' },
    { data: { status: { code: 500 } } },
  ])('says that it failed in any spelling: %j', (more) => {
    expect(meaning(judging, status, { ...own, ...more })).toBe('ProviderContractBroken');
  });

  it.each<object>([
    { error: null, errors: [], error_code: '', is_error: false, has_errors: 0, failures: {} },
    { success: true, ok: 1, status: 'QUEUED', purged: false, completed: false },
    { default: 'x', defaults: { a: 1 }, mirror: 'x', failedLogins: 3, zip_code: 50_309 },
    { status: 'pending', result: 'scheduled', purge_status: 'not started' },
    { individual: { status: 'blocked', state: 'denied', detail: 'x' } },
  ])('says nothing against itself: %j', (more) => {
    expect(meaning(judging, status, { ...own, ...more })).toBe(means);
  });

  it.each(['individual_id', 'person_id', 'identifyId', 'success', '\\u0073uccess'])(
    'is not believed where it gives %s twice, of which a parser keeps the last',
    (name) => {
      const twice = `{"${name}":false,"${name.replace('\\u0073', 's')}":"${id}",${JSON.stringify(own).slice(1)}`;
      expect(meaning(judging, status, twice)).toMatch(/^(ProviderContractBroken|UnrecognizedAnswer)$/);
    },
  );
});

it.each<object>([
  { message: 'x' },
  { Message: 'x' },
  { Message: 'x', RequestId: 'y' },
  { MESSAGE: 'x', request_id: 1 },
])('a gateway’s message in any case is no acceptance: %j', (body) => {
  expect(meaning(measureoneAnswers.purge(id), 200, body)).toBe('ProviderContractBroken');
});

/** A 404 of each provider’s own, by its code. */
const notFounds: [string, string, (code: string) => string][] = [
  [
    'MeasureOne',
    'unknown-individual',
    (code) => meaning(measureoneAnswers.purge(id), 404, { timestamp: 1, error_code: code, error_message: 'x' }),
  ],
  [
    'the person API, the person',
    'absent',
    (code) => meaning(personAnswers.info({ identifier: id, now }), 404, { error_code: code, desc: 'x' }),
  ],
  [
    'the person API, the purge',
    'not-queued',
    (code) => meaning(personAnswers.read({ identifier: id, now }), 404, { error_code: code, desc: 'x' }),
  ],
  [
    'the person API’s framework',
    'absent',
    (code) => meaning(personAnswers.info({ identifier: id, now }), 404, { detail: code }),
  ],
];

describe.each(notFounds)('a 404 of %s', (_who, means, at) => {
  it.each([
    'NOT_FOUND',
    'Not Found',
    'individual_not_found',
    'INDIVIDUAL_NOT_FOUND',
    'personNotFound',
    'purge_request_not_found',
    'RESOURCE_NOT_FOUND',
    'author_not_found',
    'NO_SUCH_RECORD',
    'E404',
  ])('is believed with %s', (code) => {
    expect(at(code)).toBe(means);
  });

  it.each([
    'ENDPOINT_NOT_FOUND',
    'route_not_found',
    'PATH_NOT_FOUND',
    'urlNotFound',
    'No handler found',
    'Method Not Allowed',
    'METHOD_NOT_ALLOWED',
    'Not authenticated',
    'NOT_AUTHORIZED',
    'AUTHENTICATION_FAILED',
    'TOKEN_EXPIRED',
    'invalidToken',
    'INVALID_API_KEY',
    'CLIENT_NOT_FOUND',
    'ACCESS_DENIED',
    'insufficient_permissions',
    'RATE_LIMIT_EXCEEDED',
    'TOO_MANY_REQUESTS',
    'UNSUPPORTED_VERSION',
    'environment_not_found',
    'Internal Server Error',
    'ERR_INTERNAL',
    'SERVICE_UNAVAILABLE',
    'GATEWAY_TIMEOUT',
    'BAD_REQUEST',
  ])('says nothing of the person with %s', (code) => {
    expect(at(code)).toMatch(/^(ProviderContractBroken|ProviderRejected|unclear)$/);
  });
});

it('a list of what is invalid is no 404 of the person API', () => {
  const detail = [{ loc: ['header', 'authorization'], msg: 'field required', type: 'missing' }];
  expect(meaning(personAnswers.info({ identifier: id, now }), 404, { detail })).toBe('unclear');
  expect(meaning(personAnswers.read({ identifier: id, now }), 404, { detail })).toBe('ProviderRejected');
});

it.each<{ httpCode: unknown }>(
  [{ toString: null, valueOf: null }, [404], [[404]], {}, true, null, ''].map((httpCode) => ({ httpCode })),
)('a 404 of MeasureOne with an http_code that is no number breaks its word and nothing else: %j', ({ httpCode }) => {
  const body = { timestamp: 1, error_code: 'NOT_FOUND', error_message: 'x', http_code: httpCode };
  expect(meaning(measureoneAnswers.purge(id), 404, body)).toBe('ProviderContractBroken');
});

it.each<[object, string]>([
  [{}, 'present'],
  [{ error_code: null, auth_success: true, status: 'FAILED' }, 'present'],
  [{ error_code: 'person_not_found', desc: 'x' }, 'unclear'],
  [{ auth_success: false }, 'unclear'],
  [{ detail: 'Not Found' }, 'unclear'],
])('a look at the person that holds %j says %s', (more, means) => {
  expect(meaning(personAnswers.info({ identifier: id, now }), 200, { person_id: id, ...more })).toBe(means);
});

it.each<[object, string]>([
  [{}, 'user'],
  [{ status: 'FAILED', error: 'x' }, 'user'],
  [{ externalapierror: { status: 'NOT_FOUND' } }, 'ProviderContractBroken'],
  [{ statusCodeValue: 404 }, 'ProviderContractBroken'],
])('a look at the user that holds %j says %s', (more, means) => {
  expect(meaning(aptrinsicAnswers.read(id), 200, { identifyId: id, ...more })).toBe(means);
});
