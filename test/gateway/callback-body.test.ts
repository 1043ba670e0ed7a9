import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { DECODED_BYTES_MAX, readCallbackBody, type CallbackBody } from '../../gateway/callback-body';

const PURGED = 'individual.purged';
const confirms: CallbackBody = { verdict: 'confirms', event: PURGED };
const says = (remark: Extract<CallbackBody, { verdict: 'reports' }>['says']): CallbackBody => ({
  verdict: 'reports',
  says: remark,
});

const read = (
  bytes: Buffer | string | undefined,
  { contentType = 'application/json', contentEncoding }: { contentType?: string; contentEncoding?: string } = {},
) =>
  readCallbackBody(
    { bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, contentType, contentEncoding },
    about,
  );
const about = { provider: 'measureone', isPerson: (identifier: string) => identifier === 'idv_1' } as const;

type Content = Readonly<Record<string, unknown>>;

/** How else the same content is put down. */
const writings: Readonly<Record<string, (content: Content) => { text: string; contentType: string } | undefined>> = {
  JSON: (content) => ({ text: JSON.stringify(content), contentType: 'application/json' }),
  'JSON with a byte order mark': (content) => ({ text: `\uFEFF${JSON.stringify(content)}`, contentType: 'text/json' }),
  'JSON in lines': (content) => ({ text: `\r\n${JSON.stringify(content, null, 2)}\r\n`, contentType: 'text/plain' }),
  'JSON without a type': (content) => ({ text: JSON.stringify(content), contentType: '' }),
  'JSON that is called a form': (content) => ({
    text: JSON.stringify(content),
    contentType: 'application/x-www-form-urlencoded',
  }),
  // A form holds texts only.
  'a form': (content) =>
    Object.values(content).every((value) => typeof value === 'string')
      ? {
          text: new URLSearchParams(content as Record<string, string>).toString(),
          contentType: 'Application/X-WWW-Form-Urlencoded; charset=UTF-8',
        }
      : undefined,
};

const encodings: Readonly<Record<string, (text: string) => { bytes: Buffer; contentEncoding?: string }>> = {
  'as it is': (text) => ({ bytes: Buffer.from(text) }),
  identity: (text) => ({ bytes: Buffer.from(text), contentEncoding: 'identity' }),
  gzip: (text) => ({ bytes: gzipSync(text), contentEncoding: 'gzip' }),
  'x-gzip': (text) => ({ bytes: gzipSync(text), contentEncoding: ' X-GZIP ' }),
  deflate: (text) => ({ bytes: deflateSync(text), contentEncoding: 'deflate' }),
  'deflate without its wrapper': (text) => ({ bytes: deflateRawSync(text), contentEncoding: 'deflate' }),
  br: (text) => ({ bytes: brotliCompressSync(text), contentEncoding: 'br' }),
  'a header that a proxy has left behind': (text) => ({ bytes: Buffer.from(text), contentEncoding: 'gzip' }),
};

/** What stands beside the event, or in its place. */
const names: readonly (readonly [string, Content])[] = [
  ['the event', { event: PURGED }],
  ['the event as our request names it', { event_type: PURGED }],
  ['the event in both', { event: PURGED, event_type: PURGED }],
  ['another event', { event: 'individual.created' }],
  ['another event of two', { event: PURGED, event_type: 'individual.created' }],
  ['a failed event', { event: 'individual.purge_failed' }],
  ['the event in another spelling', { event: 'Individual.Purged' }],
  ['the event with a blank', { event: ` ${PURGED}` }],
  ['an empty name', { event: '' }],
  ['no name', {}],
  ['a name that is no text', { event: { event: PURGED } }],
  ['null for a name', { event: null }],
  ['a type of its own', { type: PURGED }],
];
const besides: readonly (readonly [string, Content, boolean])[] = [
  ['nothing', {}, false],
  ['an id', { individual_id: 'idv_1', timestamp: '1655227025839' }, false],
  ...['SUCCESS', 'completed', 'Purged', '200', 'ok'].map((status) => [`status ${status}`, { status }, false] as const),
  ['a number as status', { status: 200, success: true }, false],
  ['no error', { error: null, errors: [], error_code: '', failed: false }, false],
  ...['FAILED', 'failure', 'error', 'PENDING', 'in_progress', 'rejected', '500', 'unsuccessful', 'not purged'].map(
    (status) => [`status ${status}`, { status }, true] as const,
  ),
  ['a status of 404', { statusCode: 404 }, true],
  ['false as success', { success: false }, true],
  ['a text of false', { success: 'false' }, true],
  ['an error', { error: 'x' }, true],
  ['an error code', { error_code: 'INTERNAL_ERROR' }, true],
  ['errors', { errors: [{ code: 7 }] }, true],
  ['a message', { message: 'The purge has failed' }, true],
  ['a state', { state: 'CANCELLED' }, true],
  ['something deep', { data: { individuals: [{ purge_status: 'FAILED' }] } }, true],
  ['something deep that went well', { data: { individuals: [{ purge_status: 'PURGED' }] } }, false],
  ['a list of results', { results: [], result: ['ok', 'failed'] }, true],
  ...[
    { is_purged: false },
    { data_purged: 'no' },
    { data: { isSuccess: 'false' } },
    { purge_completed: false },
    { purge_failed: true },
    { has_errors: true },
    { validationErrors: ['x'] },
    { not_purged: true },
    { purgeState: 'FAILED' },
  ].map((content) => [`another spelling: ${JSON.stringify(content)}`, content, true] as const),
  ...[
    { is_purged: true },
    { documents_deleted: 0 },
    { has_errors: false },
    { purge_failed: 'no' },
    { not_purged: 0 },
    { unsuccessful: false },
    { notes: 'x', notification: true },
  ].map((content) => [`another spelling that says nothing: ${JSON.stringify(content)}`, content, false] as const),
];

/** By the rule in words: the one name, in either place, and no other; nothing that says otherwise. */
function expected(name: Content, isAgainst: boolean): CallbackBody {
  const given = [name['event'], name['event_type']].filter((one) => one !== undefined && one !== null);
  if (given.length === 0) return says(isAgainst ? 'failure' : 'no-event');
  if (!given.includes(PURGED)) {
    return says(isAgainst || given.includes('individual.purge_failed') ? 'failure' : 'another-event');
  }
  return isAgainst || given.some((one) => one !== PURGED) ? says('contradiction') : confirms;
}

describe('readCallbackBody', () => {
  it('confirms the documented event and nothing else, however it is written and encoded', async () => {
    const wrong: unknown[] = [];
    let confirmed = 0;
    let tried = 0;
    for (const [what, name] of names) {
      for (const [beside, content, isAgainst] of besides) {
        for (const [writing, write] of Object.entries(writings)) {
          const written = write({ ...content, ...name });
          if (written === undefined) continue;
          for (const [encoding, encode] of Object.entries(encodings)) {
            const { bytes, contentEncoding } = encode(written.text);
            const { contentType } = written;
            const found = await read(bytes, {
              contentType,
              ...(contentEncoding === undefined ? {} : { contentEncoding }),
            });
            const right = written.text === '' ? says('no-event') : expected(name, isAgainst);
            tried += 1;
            if (found.verdict === 'confirms') confirmed += 1;
            if (JSON.stringify(found) !== JSON.stringify(right))
              wrong.push({ what, beside, writing, encoding, found, right });
          }
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(10_000);
    expect(confirmed).toBeGreaterThan(500);
  });

  it.each([
    ['no body', undefined],
    ['nothing', ''],
    ['white space', ' \r\n'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a list of the event', `[{"event":"${PURGED}"}]`],
    ['a text', `"${PURGED}"`],
    ['a number', '1e999'],
    ['an empty object', '{}'],
    ['unknown fields', '{"type":"Individual","id":"idv_1","purged_at":1}'],
    ['the name of its prototype', `{"__proto__":{"event":"${PURGED}"},"constructor":{"prototype":{"event":"x"}}}`],
    ['a depth bomb', '['.repeat(32_000) + ']'.repeat(32_000)],
    ['a depth bomb of objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
  ])('takes what names no event for no confirmation: %s', async (_what, text) => {
    expect(await read(text)).toEqual(says('no-event'));
    expect(({} as { event?: unknown }).event).toBeUndefined();
  });

  it.each(['{', '<xml/>', `event=${PURGED}`, `{"event":"${PURGED}"}}`, '\u0000', '{"a":NaN}', 'purged'])(
    'cannot read what is neither JSON nor called a form: %j',
    async (text) => {
      expect(await read(text)).toEqual({ verdict: 'unreadable' });
      expect(await read(text, { contentType: 'multipart/form-data; boundary=x' })).toEqual({ verdict: 'unreadable' });
    },
  );

  const failed = 'individual.purge_failed';
  it.each([
    `{"event":"${failed}","event":"${PURGED}"}`,
    `{"event":"${PURGED}","status":"FAILED","status":"ok"}`,
    `{"event":"${PURGED}","\\u0073tatus":"FAILED", "status" : "ok"}`,
    `{"event":"${PURGED}","data":[{"error":"x","error":null}]}`,
    `{"event":"${PURGED}","event":"${PURGED}"}`,
  ])('cannot read JSON that gives one name twice, of which a parser keeps the last: %s', async (text) => {
    expect(await read(text)).toEqual({ verdict: 'unreadable' });
  });

  it.each([
    `{"event":"${PURGED}","data":[{"a":1},{"a":1}],"b":{"event_type":"a"}}`,
    `{"event":"${PURGED}","a":"\\"a\\":","b":"a\\\\"}`,
  ])('reads JSON that gives one name in several objects: %s', async (text) => {
    expect(await read(text)).toEqual(confirms);
  });

  it.each([
    ['an object that has no text', '{"toString":null,"valueOf":null}', 'another-event'],
    ['lists without end', '['.repeat(20_000) + ']'.repeat(20_000), 'another-event'],
    ['lists of the event', `[["${PURGED}"]]`, 'another-event'],
    ['a list in a list that failed', `[["${failed}"]]`, 'failure'],
    ['a number', '500', 'another-event'],
  ] as const)('takes %s in the place of a name for no confirmation', async (_what, name, remark) => {
    expect(await read(`{"event":${name}}`)).toEqual(says(remark));
  });

  it.each(['zstd', 'compress', 'gzip, gzip', 'gzip, br', 'aws-chunked', '__proto__', 'constructor'])(
    'says so of an encoding that it does not know: %s',
    async (contentEncoding) => {
      expect(await read(`{"event":"${PURGED}"}`, { contentEncoding })).toEqual({ verdict: 'unknown-encoding' });
    },
  );

  it.each(['gzip', 'deflate', 'br'])('decompresses %s to its bound and no further', async (contentEncoding) => {
    const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync }[contentEncoding]!;
    const padded = (length: number): Buffer => compress(`{"event":"${PURGED}"}`.padEnd(length));
    expect(await read(padded(DECODED_BYTES_MAX), { contentEncoding })).toEqual(confirms);
    expect(await read(padded(DECODED_BYTES_MAX + 1), { contentEncoding })).toEqual({ verdict: 'too-large' });
    expect(await read(padded(100 * DECODED_BYTES_MAX), { contentEncoding })).toEqual({ verdict: 'too-large' });
    const cut = padded(1_000);
    expect(await read(cut.subarray(0, cut.length - 8), { contentEncoding })).toEqual({ verdict: 'unreadable' });
  });

  const other = 'idv_2';
  const ours = 'idv_1';
  const spellings = ['individual_id', 'individualId', 'IndividualID', 'individual-id', 'individual_ids', 'individual'];
  const places: readonly (readonly [string, (named: Content) => Content])[] = [
    ['at the top', (named) => named],
    ['in an object', (named) => ({ data: named })],
    ['in a list', (named) => ({ data: { items: [{ a: 1 }, named] } })],
    ['deep', (named) => ({ a: { b: { c: { d: { e: [[named]] } } } } })],
  ];
  const named: readonly (readonly [string, (name: string, id: string) => Content])[] = [
    ['as a text', (name, id) => ({ [name]: id })],
    ['in a list', (name, id) => ({ [name]: [id] })],
    ['as an id', (name, id) => ({ [name]: { id, first_name: ours } })],
    ['as ids in a list', (name, id) => ({ [name]: [{ id }] })],
    ['as an individual_id', (name, id) => ({ [name]: { individual_id: id } })],
    ['beside ours', (name, id) => ({ [name]: id, x: { individual_id: ours } })],
  ];
  const bodies = spellings.flatMap((name) =>
    places.flatMap(([place, put]) =>
      named.map(([way, name_]) => [`${name} ${way}, ${place}`, (id: string) => put(name_(name, id))] as const),
    ),
  );

  it.each(bodies)('confirms for the person and nobody else: %s', async (_what, body) => {
    const text = (id: string): string => JSON.stringify({ event: PURGED, ...body(id) });
    for (const id of [other, 'IDV_1', `${ours} `]) expect(await read(text(id))).toEqual(says('another-person'));
    expect(await read(text(ours))).toEqual(confirms);
    // Of a batch.
    expect(await read(`{"event":"${PURGED}","individuals":[{"id":"${other}"},{"id":"${ours}"}]}`)).toEqual(confirms);
  });

  it.each([
    ['a failure', { event: failed }],
    ['another event', { event: 'individual.created' }],
    ['no event', {}],
    ['a contradiction', { event: PURGED, status: 'FAILED' }],
  ])('says of %s about somebody else no more than that', async (_what, body) => {
    expect(await read(JSON.stringify({ ...body, individual_id: other }))).toEqual(says('another-person'));
  });

  it.each([
    { individual_id: null },
    { individual_id: '' },
    { individual: {} },
    { individual: { name: 'x', data: { id: 7 } } },
    { individuals: [] },
    { individuals: 1 },
    { individual: true },
    { id: other },
  ])('takes what names nobody for the person’s: %j', async (body) => {
    expect(await read(JSON.stringify({ event: PURGED, ...body }))).toEqual(confirms);
  });

  it('reads a number and a form for what they name', async () => {
    const contentType = 'application/x-www-form-urlencoded';
    expect(await read(`{"event":"${PURGED}","individual_id":2}`)).toEqual(says('another-person'));
    expect(await read(`event=${PURGED}&individual_id=${other}`, { contentType })).toEqual(says('another-person'));
    expect(await read(`event=${PURGED}&individual_id=${ours}`, { contentType })).toEqual(confirms);
    const deep = `${'{"individual":{"id":'.repeat(2_500)}1${'}}'.repeat(2_500)}`;
    expect(await read(`{"event":"${PURGED}","a":${deep}}`)).toEqual(says('another-person'));
  });

  it('takes a field that is given twice for both', async () => {
    const contentType = 'application/x-www-form-urlencoded';
    expect(await read(`event=${PURGED}&event=individual.created`, { contentType })).toEqual(says('contradiction'));
    expect(await read(`event=${PURGED}&status=ok&status=FAILED`, { contentType })).toEqual(says('contradiction'));
  });

  it('knows no event of a provider that does not call back', async () => {
    const body = { bytes: Buffer.from(`{"event":"${PURGED}"}`) };
    expect(await readCallbackBody(body, { ...about, provider: 'person' })).toEqual(says('another-event'));
  });
});
