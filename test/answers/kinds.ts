/** Every kind of answer that can come back to a call, generated: status × label × body, each told by what it is. */

export type Provider = 'measureone' | 'person' | 'aptrinsic';

/** The calls, by provider. Erasing ones are `purge`, `queue` and `delete`. */
export const calls = {
  measureone: ['login', 'purge'],
  person: ['login', 'info', 'queue', 'read', 'dequeue'],
  aptrinsic: ['delete', 'read'],
} as const;
export type Call = (typeof calls)[Provider][number];

/** What a body is, as whoever made it up knows; the oracle needs no parser. */
export type Kind =
  | 'nothing'
  /** What the provider's documents show, or allow, for this call. */
  | 'own success'
  /** The same, which says in one of its members that it failed, or an own error beside it. */
  | 'contradiction'
  | 'about someone else'
  /** The provider's own error body: it does not know the person. */
  | 'own not-found'
  /** Its own error body: our token, our rights, its own trouble, anything else. */
  | 'own error'
  /** An object that the documents do not show, and that speaks of no failure. */
  | 'some object'
  | 'failing object'
  /** What a gateway says of itself. */
  | 'gateway'
  | 'other JSON'
  | 'page'
  | 'text'
  | 'half JSON'
  /** Broken off, too long, not in its encoding, not in its charset. */
  | 'unreadable';

export interface Body {
  readonly name: string;
  readonly kind: Kind;
  readonly text: string;
}

export interface Given {
  readonly status: number;
  /** Empty where there is none. */
  readonly type: string;
  readonly body: Body;
}

export type Failing = 'refused' | 'lost';

export const subjects = {
  measureone: 'idv_3x9QZk7b',
  person: 'c0ffee00-1234-4abc-8def-0123456789ab',
  aptrinsic: 'Jane+Doe/1@example.com',
} as const;

const statuses = [200, 201, 202, 204, 206, 302, 400, 401, 403, 404, 407, 408, 409, 422, 425, 429, 500, 503, 511];
/** Enough where a call is tried in one more phase. */
const fewStatuses = [200, 204, 404, 503];
/** Under the last two a body is no JSON, whatever it holds: one of each kind is enough. */
const labels = ['', 'application/json', 'text/html', 'text/plain; charset=utf-8'];

const json = (name: string, kind: Kind, value: unknown): Body => ({ name, kind, text: JSON.stringify(value) });
const person = subjects.person;
const at = '2031-03-01T12:00:00Z';
export const PURGE_ON = '2031-03-15T12:00:00Z';
const purge = { person_id: person, purge_on: PURGE_ON, created_on: at, last_modified_on: at, status: 'queued' };
const token = { access_token: 'token-1', token_type: 'bearer', expires_in: 3_600 };

const ownSuccess: { readonly [P in Provider]: Partial<Record<Call, readonly Body[]>> } = {
  measureone: {
    login: [json('a token', 'own success', { ...token, expires_at: 4e12 })],
    purge: [json('the individual', 'own success', { individual_id: subjects.measureone, status: 'ACCEPTED' })],
  },
  person: {
    login: [json('a token', 'own success', token)],
    info: [json('the person', 'own success', { person_id: person, active_player_id: null, email: 'a@b.example' })],
    queue: [json('the purge', 'own success', purge)],
    read: [json('the purge', 'own success', purge)],
  },
  aptrinsic: {
    delete: [
      json('the sample of the document', 'own success', { body: {}, statusCode: '100', statusCodeValue: 42 }),
      json('a sane entity', 'own success', { body: {}, statusCode: '200', statusCodeValue: 200 }),
    ],
    read: [json('the user', 'own success', { identifyId: subjects.aptrinsic, createDate: 1_700_000_000_000 })],
  },
};

const aboutAnother: { readonly [P in Provider]: readonly Body[] } = {
  measureone: [json('another individual', 'about someone else', { individual_id: 'idv_other', status: 'ACCEPTED' })],
  person: [
    json('another’s purge', 'about someone else', { ...purge, person_id: '11111111-2222-4333-8444-555555555555' }),
  ],
  aptrinsic: [
    json('another user', 'about someone else', { identifyId: 'other', createDate: 1 }),
    json('another user within', 'about someone else', {
      body: { identifyId: 'other' },
      statusCode: '200',
      statusCodeValue: 200,
    }),
  ],
};

const ownErrors: { readonly [P in Provider]: readonly Body[] } = {
  measureone: [
    json('not found', 'own not-found', { timestamp: 1_655_227_025_839, error_code: 'NOT_FOUND', error_message: 'x' }),
    json('trouble', 'own error', { timestamp: 1, error_code: 'INTERNAL_ERROR', error_message: 'x' }),
    json('method', 'own error', { timestamp: 1, error_code: 'METHOD_NOT_ALLOWED', error_message: 'x', http_code: 405 }),
    json('token', 'own error', { timestamp: 1, error_code: 'UNAUTHORIZED', error_message: 'x' }),
  ],
  person: [
    json('not found', 'own not-found', { auth_success: true, error_code: 'person_not_found', desc: 'x' }),
    json('not found, by the framework', 'own not-found', { detail: 'Not Found' }),
    json('token', 'own error', { auth_success: false, error_code: 'auth_token_expired', desc: 'x' }),
    json('rights', 'own error', { auth_success: true, error_code: 'insufficient_permissions', desc: 'x' }),
  ],
  aptrinsic: [
    json('not found', 'own not-found', { externalapierror: { status: 'NOT_FOUND', message: 'x' } }),
    json('key', 'own error', { externalapierror: { status: 'UNAUTHORIZED', message: 'x' } }),
    json('trouble', 'own error', { externalapierror: { status: 'INTERNAL_SERVER_ERROR', message: 'x' } }),
  ],
};

const strangers: readonly Body[] = [
  { name: 'nothing', kind: 'nothing', text: '' },
  json('an empty object', 'some object', {}),
  json('a health check', 'some object', { status: 'UP' }),
  json('a surprise', 'some object', { surprise: true, nested: [1] }),
  json('success: false', 'failing object', { success: false, errors: [{ code: 1_020 }] }),
  json('a status that failed', 'failing object', { status: 'FAILED' }),
  json('Spring’s error', 'failing object', { timestamp: 1, status: 404, error: 'Not Found', path: '/x' }),
  json('Apigee’s fault', 'failing object', { fault: { faultstring: 'x', detail: { errorcode: 'y' } } }),
  json('an entity of 404', 'failing object', { body: {}, statusCode: 'NOT_FOUND', statusCodeValue: 404 }),
  json('Kong’s message', 'gateway', { message: 'no Route matched with those values', request_id: 'a1' }),
  json('AWS’s message', 'gateway', { message: 'Forbidden' }),
  json('half an error', 'gateway', { message: 'NOT_FOUND', requestId: 'a1' }),
  json('a list', 'other JSON', []),
  json('null', 'other JSON', null),
  json('a word', 'other JSON', 'deleted'),
  { name: 'a page', kind: 'page', text: '<!doctype html><title>Sign in</title>' },
  { name: 'XML', kind: 'page', text: '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>' },
  { name: 'text', kind: 'text', text: 'OK. Thank you!' },
  { name: 'not found in words', kind: 'text', text: 'default backend - 404' },
  { name: 'half a body', kind: 'half JSON', text: '{"person_id":"c0ff' },
  { name: 'no gzip', kind: 'unreadable', text: 'in an encoding it does not have' },
  { name: 'broken off', kind: 'unreadable', text: 'broken off' },
  { name: 'too long', kind: 'unreadable', text: 'longer than 1048576 bytes' },
];

/** Its success with something in it that says the opposite. */
function contradictions(success: readonly Body[]): Body[] {
  return success.flatMap(({ name, text }) => {
    const value = JSON.parse(text) as object;
    return [
      json(`${name}, failed`, 'contradiction', { ...value, status: 'FAILED' }),
      json(`${name}, with an error`, 'contradiction', { ...value, error: { code: 'x' } }),
      json(`${name}, success: false`, 'contradiction', { ...value, success: false }),
    ];
  });
}

/** A success of another call is no success of this one. */
function bodiesOf(provider: Provider, call: Call): readonly Body[] {
  const others = Object.entries(ownErrors)
    .filter(([other]) => other !== provider)
    .flatMap(([other, bodies]) =>
      bodies.slice(0, 1).map((body) => ({ ...body, name: `${other}’s ${body.name}`, kind: 'failing object' as const })),
    );
  const success = ownSuccess[provider][call] ?? [];
  // Reading is not told that it failed by a word in the record it reads.
  const doubtful = ['purge', 'queue', 'delete'].includes(call) ? contradictions(success) : [];
  return [...success, ...doubtful, ...aboutAnother[provider], ...ownErrors[provider], ...others, ...strangers];
}

export function answersTo(provider: Provider, call: Call, { few = false } = {}): Given[] {
  const bodies = bodiesOf(provider, call);
  const oneOfEach = bodies.filter(({ kind }, index) => bodies.findIndex((body) => body.kind === kind) === index);
  return (few ? fewStatuses : statuses).flatMap((status) =>
    (few ? labels.slice(1, 3) : labels).flatMap((type) =>
      (type.startsWith('text/') ? oneOfEach : bodies)
        // HTTP has no body there.
        .filter(({ kind }) => status !== 204 || kind === 'nothing')
        .map((body) => ({ status, type, body })),
    ),
  );
}

export function ownAnswer(provider: Provider, call: Call, kind: 'own success' | 'own not-found'): Given {
  const all = kind === 'own success' ? (ownSuccess[provider][call] ?? []) : ownErrors[provider];
  const body = all.find((candidate) => candidate.kind === kind);
  if (body === undefined) {
    return { status: 204, type: '', body: { name: 'nothing', kind: 'nothing', text: '' } };
  }
  const status = kind === 'own not-found' ? 404 : call === 'queue' ? 202 : 200;
  return { status, type: 'application/json', body };
}
