import type { UrgentCounts } from '../../client/urgent-list';
import { COUNTS_KEPT_MS, sharedCounts } from '../../console/shared-counts';
import { byProvider } from '../../domain/provider/provider-table';

const counts = (open: number): UrgentCounts => ({
  open,
  needsStaff: 0,
  overdue: 0,
  dueThisWeek: 0,
  waitingFor: byProvider(() => 0),
  onHold: 0,
  notIndexed: 0,
});

describe('the counts', () => {
  it('are asked for once, however many look at them, and again after some seconds', async () => {
    let [now, asked] = [0, 0];
    const read = sharedCounts(
      async () => counts((asked += 1)),
      () => now,
    );
    const seen = await Promise.all(Array.from({ length: 50 }, () => read()));
    expect([asked, ...new Set(seen.map(({ open }) => open))]).toEqual([1, 1]);
    now = COUNTS_KEPT_MS - 1;
    expect((await read()).open).toBe(1);
    now = COUNTS_KEPT_MS;
    expect((await read()).open).toBe(2);
  });

  it('that could not be had are told to whoever asked, and asked for again', async () => {
    let asked = 0;
    const read = sharedCounts(async () => {
      asked += 1;
      if (asked === 1) throw new Error('away');
      return counts(7);
    });
    await expect(Promise.all([read(), read()])).rejects.toThrow('away');
    expect((await read()).open).toBe(7);
    expect(asked).toBe(2);
  });
});
