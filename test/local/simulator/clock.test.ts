import { SimulatorClock } from '../../../local/simulator/clock';
import { type Simulator, startSimulator } from '../../../local/simulator/simulator';

describe('SimulatorClock', () => {
  it('runs what is due in order of time, each at its own instant, and waits for it', async () => {
    const clock = new SimulatorClock(Date.parse('2030-01-01T00:00:00Z'));
    const start = clock.now();
    const seen: string[] = [];
    clock.schedule(start + 2000, async (at) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`second ${at === start + 2000 && clock.now() - at < 1000}`);
    });
    clock.schedule(start + 1000, (at) => {
      seen.push(`first ${clock.now() - at < 500}`);
      clock.schedule(start + 1500, () => void seen.push('scheduled on the way'));
    });
    clock.schedule(start + 9000, () => void seen.push('not due'));
    await clock.moveTo(start + 5000);
    expect(seen).toEqual(['first true', 'scheduled on the way', 'second true']);
    clock.close();
  });

  it('runs what wall time makes due, without being asked', async () => {
    const clock = new SimulatorClock();
    const ran = new Promise((resolve) => clock.schedule(clock.now() + 20, resolve));
    // The clock's own timer keeps no process alive; this one does.
    const keepAlive = setTimeout(() => undefined, 5000);
    await expect(ran).resolves.toEqual(expect.any(Number));
    clearTimeout(keepAlive);
    clock.close();
  });

  it('does not run what was cancelled', async () => {
    const clock = new SimulatorClock();
    let ran = false;
    clock.schedule(clock.now() + 1000, () => void (ran = true))();
    await clock.moveTo(clock.now() + 2000);
    expect(ran).toBe(false);
    clock.close();
  });
});

describe('simulator time', () => {
  let simulator: Simulator;
  beforeEach(async () => void (simulator = await startSimulator({ time: '2030-06-01T00:00:00Z' })));
  afterEach(() => simulator.close());

  it('starts at the given instant and runs on with wall time', async () => {
    const first = Date.parse(await simulator.time());
    expect(first - Date.parse('2030-06-01T00:00:00Z')).toBeLessThan(2000);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(Date.parse(await simulator.time()) - first).toBeGreaterThanOrEqual(25);
  });

  it('moves to an instant or by a duration, and never back', async () => {
    expect(await simulator.setTime('2030-06-03T00:00:00Z')).toMatch(/^2030-06-03T00:00:0/);
    expect(await simulator.advance(86_400_000)).toMatch(/^2030-06-04T00:00:0/);
    await expect(simulator.setTime('2030-06-02T00:00:00Z')).rejects.toThrow('cannot go back');
    await expect(simulator.advance(-1)).rejects.toThrow('>=0');
    await expect(simulator.setTime('soon')).rejects.toThrow('not an instant');
  });

  it('adds up moves that are asked for at once', async () => {
    const before = Date.parse(await simulator.time());
    await Promise.all([simulator.advance(1_000_000), simulator.advance(2_000_000)]);
    expect(Date.parse(await simulator.time()) - before).toBeGreaterThanOrEqual(3_000_000);
  });
});
