import fc from 'fast-check';
import { Backoff, forEachConcurrently } from '../../client/bulk/concurrently';
import { TemporalUnavailableError } from '../../client/errors';

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

/** As Temporal's library has them, told by their status. */
function overload(code: number): TemporalUnavailableError {
  const cause = Object.assign(new Error('gRPC'), { code, details: '', metadata: {} });
  return new TemporalUnavailableError('Temporal is overloaded.', { cause });
}

/** Waits for nothing, and remembers how it went. */
class NoWait extends Backoff {
  readonly delays: number[] = [];
  override async wait(): Promise<void> {
    this.delays.push(this.delayMs);
  }
}

describe('taking many items', () => {
  it('takes each once, and never more at the same time than allowed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 8 }), async (count, concurrency) => {
        const taken: number[] = [];
        let atOnce = 0;
        let atOnceMax = 0;
        const end = await forEachConcurrently(numbers(count), {
          concurrency,
          work: async (number) => {
            atOnceMax = Math.max(atOnceMax, (atOnce += 1));
            await new Promise((resolve) => setImmediate(resolve));
            taken.push(number);
            atOnce -= 1;
          },
        });
        expect(end).toBe('all');
        expect(taken.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
        expect(atOnceMax).toBeLessThanOrEqual(concurrency);
      }),
      { numRuns: 40 },
    );
  });

  it('tries again and slows down while Temporal is overloaded, and speeds up again', async () => {
    const backoff = new NoWait();
    let calls = 0;
    const end = await forEachConcurrently(numbers(3), {
      concurrency: 1,
      backoff,
      work: async () => {
        calls += 1;
        if (calls <= 3) throw overload(8);
      },
    });
    expect(end).toBe('all');
    expect(backoff.delays).toEqual([0, 500, 1_000, 2_000, 1_000, 500]);
  });

  it.each([
    ['that does not pass', 8, 10],
    ['that says that we are not allowed to', 7, 1],
  ])('gives up on trouble %s, and begins nothing more', async (_what, code, tries) => {
    const taken: number[] = [];
    const taking = forEachConcurrently(numbers(50), {
      concurrency: 1,
      backoff: new NoWait(),
      work: async (number) => {
        taken.push(number);
        throw overload(code);
      },
    });
    await expect(taking).rejects.toThrow('Temporal is overloaded.');
    expect(taken).toEqual(Array.from({ length: tries }, () => 1));
  });

  it('finishes what is in flight when stopped', async () => {
    const controller = new AbortController();
    const finished: number[] = [];
    const end = await forEachConcurrently(numbers(100), {
      concurrency: 4,
      signal: controller.signal,
      work: async (number) => {
        if (number === 10) controller.abort();
        await new Promise((resolve) => setImmediate(resolve));
        finished.push(number);
      },
    });
    expect(end).toBe('stopped');
    expect(finished).toContain(10);
    expect(finished.length).toBeLessThanOrEqual(13);
  });
});
