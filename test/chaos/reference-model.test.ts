/** What the model lets be claimed of each provider, from small logs. */
import { type AllowedClaim, allowedClaims, confirms, type ProviderStory } from '../../chaos/reference-model';
import type { SentCallback } from '../../chaos/erasure-evidence';
import { call, callback, type CallSketch, DAY_MS, HOUR_MS, start } from './hand-written-log';
import type { Provider } from '../../domain/provider/provider-table';

function story(
  provider: Provider,
  calls: readonly [after: number, sketch: CallSketch][],
  more: Partial<ProviderStory> = {},
) {
  return {
    provider,
    calls: calls.map(([after, sketch]) => call(after, provider, sketch)),
    callbacks: [],
    changes: [],
    decided: new Set<never>(),
    ...more,
  } satisfies ProviderStory;
}

const names = (of: ProviderStory): string[] => allowedClaims(of).map(({ claim }) => claim);
const earliest = (of: ProviderStory, claim: string): AllowedClaim['earliest'] =>
  allowedClaims(of).find((allowed) => allowed.claim === claim)?.earliest;
const genuine = callback(4 * DAY_MS) as SentCallback;
const emptyAnswer = { kind: 'status', status: 204, provider: 'measureone' } as const;

describe('MeasureOne', () => {
  const taken: [number, CallSketch] = [0, { operation: 'purge', is: 'taken-on' }];

  it('is presumed without a callback, and confirmed with one', () => {
    expect(names(story('measureone', [taken]))).toEqual(['presumed-erased']);
    expect(names(story('measureone', [taken], { callbacks: [genuine] }))).toEqual([
      'erased/confirmed',
      'presumed-erased',
    ]);
  });

  it('counts 120 hours and the margin from the last asking that may have been taken on', () => {
    const again: [number, CallSketch] = [HOUR_MS, { operation: 'purge', is: 'unknown' }];
    expect(earliest(story('measureone', [taken]), 'presumed-erased')).toBe(start + 121 * HOUR_MS);
    expect(earliest(story('measureone', [taken, again]), 'presumed-erased')).toBe(start + 122 * HOUR_MS);
  });

  it('is not found only where it took nothing on, whatever was heard of it', () => {
    expect(names(story('measureone', [[0, { operation: 'purge', is: 'unknown' }]]))).toContain('not-found');
    const lost: CallSketch = { operation: 'purge', did: { is: 'taken-on' }, status: 'destroyed' };
    expect(
      names(
        story('measureone', [
          [0, lost],
          [1, { operation: 'purge', is: 'unknown' }],
        ]),
      ),
    ).not.toContain('not-found');
  });

  it.each([
    ['never sent', []],
    ['forged', [{ ...genuine, nature: 'no-capability' }]],
    ['refused', [{ ...genuine, status: 401 }]],
    ['about a failure', [{ ...genuine, body: '{"event":"individual.purge_failed"}' }]],
  ] as const)('is not confirmed by a callback that was %s', (_, callbacks) => {
    expect(names(story('measureone', [taken], { callbacks: callbacks as readonly SentCallback[] }))).not.toContain(
      'erased/confirmed',
    );
  });

  it('is claimed nothing of without an answer that counts', () => {
    expect(names(story('measureone', [[0, { operation: 'purge', status: 503 }]]))).toEqual([]);
    const madeUp: CallSketch = { operation: 'purge', status: 204, fault: 'status', faultApplied: emptyAnswer };
    expect(names(story('measureone', [[0, madeUp]]))).toEqual(['presumed-erased']);
  });

  it.each([
    [204, { kind: 'in-between', status: 204, says: 'page', provider: 'measureone' }, ['presumed-erased']],
    [204, { kind: 'wrong-body', garbage: 'html', provider: 'measureone' }, ['presumed-erased']],
    [200, { kind: 'in-between', status: 200, says: 'page', provider: 'measureone' }, []],
    [200, { kind: 'wrong-body', garbage: 'html', provider: 'measureone' }, []],
  ] as const)(
    'is told a spoilt answer from a good one by its body, and a %s has one or not',
    (status, fault, claims) => {
      const spoilt: CallSketch = { operation: 'purge', status, fault: fault.kind, faultApplied: fault };
      expect(names(story('measureone', [[0, spoilt]]))).toEqual(claims);
    },
  );

  it.each([
    ['{"event":"individual.purged"}', true],
    ['{"event_type":"individual.purged","timestamp":1}', true],
    ['{"event":"individual.purged","status":"FAILED"}', false],
    ['{"event":"individual.purged","event_type":"individual.created"}', false],
    ['["individual.purged"]', false],
    ['individual.purged', false],
  ])('reads %s', (body, expected) => {
    expect(confirms({ body })).toBe(expected);
    expect(confirms({ body, fault: 'wrong-subject' })).toBe(false);
  });
});

describe('the person API', () => {
  const purgeOn = start + 3 * DAY_MS;
  const seen: [number, CallSketch] = [0, { operation: 'info', is: 'present' }];
  const queued: [number, CallSketch] = [1, { operation: 'purge', is: 'queued', purgeOn }];
  const gone: [number, CallSketch][] = [
    [4 * DAY_MS, { operation: 'status', is: 'not-queued' }],
    [4 * DAY_MS + 1, { operation: 'info', is: 'absent' }],
  ];

  it('is verified where the person was seen before and is gone after, from the time it last told', () => {
    const whole = story('person', [seen, queued, ...gone]);
    expect(names(whole)).toEqual(['erased/verified', 'presumed-erased']);
    expect(earliest(whole, 'erased/verified')).toBe(purgeOn + HOUR_MS);
    const moved: [number, CallSketch] = [DAY_MS, { operation: 'status', is: 'queued', purgeOn: purgeOn + DAY_MS }];
    expect(earliest(story('person', [seen, queued, moved, ...gone]), 'erased/verified')).toBe(
      purgeOn + DAY_MS + HOUR_MS,
    );
  });

  it('is presumed where the person was never seen, and nothing where nobody looked again', () => {
    expect(names(story('person', [queued, ...gone]))).toEqual(['presumed-erased']);
    expect(names(story('person', [seen, queued]))).toEqual([]);
    expect(names(story('person', [seen, queued, ...gone.slice(0, 1)]))).toEqual([]);
  });

  it('is withdrawn only where it left the queue after it was last asked', () => {
    const left: [number, CallSketch] = [DAY_MS, { operation: 'dequeue', is: 'dequeued' }];
    expect(names(story('person', [queued, left]))).toContain('withdrawn');
    expect(names(story('person', [left, [2 * DAY_MS, queued[1]]]))).not.toContain('withdrawn');
  });
});

describe('Aptrinsic', () => {
  const deleted: [number, CallSketch] = [0, { operation: 'delete', is: 'deleted' }];
  const gone: [number, CallSketch] = [8 * DAY_MS, { operation: 'read', is: 'unknown' }];

  it('is verified where it deleted somebody who is gone seven days later', () => {
    const whole = story('aptrinsic', [deleted, gone]);
    expect(names(whole)).toEqual(['erased/verified', 'presumed-erased']);
    expect(earliest(whole, 'erased/verified')).toBe(start + 7 * DAY_MS + HOUR_MS);
    expect(names(story('aptrinsic', [deleted]))).toEqual([]);
  });

  it('is presumed where the answer to the deletion was lost, and not found where it never knew the user', () => {
    const lost: CallSketch = { operation: 'delete', did: { is: 'deleted' }, status: 'destroyed' };
    const unknown: [number, CallSketch] = [1, { operation: 'delete', is: 'unknown' }];
    expect(names(story('aptrinsic', [[0, lost], unknown, gone]))).toEqual(['presumed-erased']);
    expect(names(story('aptrinsic', [unknown, gone]))).toEqual(['presumed-erased', 'not-found']);
  });

  it('is not found also where something between said so to the deletion, which nobody can tell apart', () => {
    const faultApplied = { kind: 'status', status: 404, provider: 'aptrinsic' } as const;
    const faulted: CallSketch = { operation: 'delete', status: 404, faultApplied };
    expect(names(story('aptrinsic', [[0, faulted], gone]))).toEqual(['presumed-erased', 'not-found']);
    expect(names(story('aptrinsic', [[0, faulted]]))).toEqual([]);
  });

  it('needs a look after the last asking', () => {
    const again: [number, CallSketch] = [9 * DAY_MS, { operation: 'delete', is: 'deleted' }];
    expect(names(story('aptrinsic', [deleted, gone, again]))).toEqual([]);
  });
});

it('lets staff settle, and an ended request say that nothing was asked only where nothing was', () => {
  const asked: [number, CallSketch] = [0, { operation: 'purge', status: 503 }];
  const end = { decided: new Set(['end', 'waive'] as const) };
  expect(names(story('measureone', [], end))).toEqual(['waived', 'unknown', 'never-asked']);
  expect(names(story('measureone', [asked], end))).toEqual(['waived', 'unknown']);
});
