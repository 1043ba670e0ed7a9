import type { Fact, Witness } from '../../domain/fact/fact';
import { createFactChecker } from '../../security/facts';
import { Witnesses, REQUEST_ID, RUN } from '../support/signed-facts';

describe('a fact checker', () => {
  let witnesses: Witnesses;
  beforeAll(async () => {
    witnesses = await Witnesses.open();
  });
  afterAll(() => witnesses.close());

  const content = { handle: 'h1', event: 'individual.purged' };
  const fact: Fact = { kind: 'callback', requestId: REQUEST_ID, run: RUN, provider: 'measureone', content };

  it('answers whatever is sent as a witness: a check that throws would be tried again for ever', () => {
    const checker = createFactChecker(witnesses.factKeys);
    const { witness } = witnesses.callback('measureone', content, 0);
    expect(checker.problem(fact, witness)).toBeUndefined();
    let deep: unknown = [];
    for (let depth = 0; depth < 20_000; depth += 1) deep = [deep];
    const changes = [
      ...[undefined, null, 1, true, [], {}, '', 'x', '\ud800'].map((signature) => ({ signature })),
      ...[undefined, null, 1, [], {}, 'x'].map((keyId) => ({ keyId })),
      ...[null, 'x', [], deep].map((at) => ({ at })),
      { more: deep },
      { more: '\ud800' },
      { toJSON: 'x' },
    ];
    for (const change of changes) {
      expect(checker.problem(fact, { ...witness, ...change } as unknown as Witness)).toMatch(
        /^(is signed by|was altered)/,
      );
    }
  });
});
