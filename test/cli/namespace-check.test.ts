import { commandsToAdd, isIndexable, isSetUp, shortcomings, type NamespaceCheck } from '../../cli/namespace-check';

const good: NamespaceCheck = {
  namespace: 'erasure.a1b2c',
  missing: [],
  mistyped: [],
  retentionDays: 90,
  wantedRetentionDays: 90,
};

describe('what a namespace has', () => {
  it('is complete with all attributes and a long retention, also where Temporal does not tell how long', () => {
    const { retentionDays: _, ...untold } = good;
    for (const check of [good, untold]) {
      expect([isSetUp(check), isIndexable(check), shortcomings(check)]).toEqual([true, true, []]);
    }
  });

  it('tells each shortcoming with what to do', () => {
    const poor = { ...good, missing: ['ErasureState'], mistyped: ['ErasureDueAt'], retentionDays: 30 };
    expect([isSetUp(poor), isIndexable(poor)]).toEqual([false, false]);
    expect(isSetUp({ ...good, retentionDays: 30 })).toBe(false);
    expect(isIndexable({ ...good, retentionDays: 30 })).toBe(true);
    expect(shortcomings(poor)).toEqual([
      'Search attributes are missing: ErasureState.',
      expect.stringContaining('another type than ours: ErasureDueAt'),
      expect.stringContaining('tcld namespace retention set --namespace erasure.a1b2c --retention-days 90'),
    ]);
  });

  it("has the commands of Temporal's own tools for whoever may not add them from here, with the types", () => {
    expect(commandsToAdd({ namespace: 'erasure.a1b2c', missing: ['ErasureState', 'ErasureProviders', 'ErasureDueAt'] }))
      .toBe(`In Temporal Cloud:
  tcld namespace search-attributes add --namespace erasure.a1b2c --search-attribute ErasureState=Keyword --search-attribute ErasureProviders=KeywordList --search-attribute ErasureDueAt=Datetime
On a server of your own, as its operator:
  temporal operator search-attribute create --namespace erasure.a1b2c --name ErasureState --type Keyword --name ErasureProviders --type KeywordList --name ErasureDueAt --type Datetime`);
  });
});
