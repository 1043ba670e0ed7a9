import { toTheEnd } from '../../local/to-the-end';

/** What Node calls once nothing keeps the process alive any more. */
function runDry(): void {
  for (const listener of process.listeners('beforeExit')) if (!before.has(listener)) listener(0);
}
let before: ReadonlySet<unknown>;
beforeEach(() => {
  before = new Set(process.listeners('beforeExit'));
});

describe('the work of a program', () => {
  it('is called broken off where the process would end before it has', () => {
    const brokenOff = jest.fn();
    void toTheEnd(new Promise(() => undefined), brokenOff);
    runDry();
    expect(brokenOff).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['has ended', Promise.resolve('done')],
    ['has failed', Promise.reject(new Error('failed'))],
  ])('is not, once it %s', async (_how, work) => {
    const brokenOff = jest.fn();
    const told = await toTheEnd(work, brokenOff).catch((error: Error) => error.message);
    expect(['done', 'failed']).toContain(told);
    runDry();
    expect(brokenOff).not.toHaveBeenCalled();
  });
});
