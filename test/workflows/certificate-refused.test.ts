import { ApplicationFailure } from '@temporalio/common';
import { DAY_MS } from '../../domain/duration';
import { progress } from '../../workflows/messages';
import { eventually, OVER_MS, packedCertificateOf, WorkflowBench } from '../support/workflow-bench';

let bench: WorkflowBench;
beforeAll(async () => {
  bench = await WorkflowBench.open();
});
beforeEach(() => bench.reset());
afterAll(() => bench.close());

const refused = (): Promise<never> =>
  Promise.reject(
    ApplicationFailure.create({ type: 'EvidenceRefused', message: 'No certificate was issued: scripted.' }),
  );

describe('a request whose evidence does not hold', () => {
  it('says so instead of ending, tries once a day, and ends once it holds', async () => {
    bench.certificateGate = refused;
    const handle = await bench.startFor('person');
    await eventually(async () => ((await bench.leg(handle)).answeredAt === undefined ? undefined : true));
    await bench.forward(handle, OVER_MS);
    const shown = await eventually(async () => {
      const found = await handle.query(progress);
      return found.blockedOn.includes('certificate') ? found : undefined;
    });
    expect(shown).toMatchObject({ state: 'issuing-certificate', blockedOn: ['staff', 'certificate'] });
    expect(shown.todo[0]).toMatch(/^No certificate was issued: scripted\. Since .*; it is tried again daily\./);

    const tries = bench.statements.length;
    await bench.forward(handle, 3 * DAY_MS);
    expect(bench.statements.length - tries).toBeGreaterThanOrEqual(2);
    expect(bench.statements.length - tries).toBeLessThanOrEqual(4);

    bench.certificateGate = undefined;
    await bench.forward(handle, DAY_MS + 1);
    const { certificate, outcome, requestId } = await handle.result();
    expect({ certificate, outcome }).toEqual({ certificate: packedCertificateOf(requestId), outcome: 'completed' });
  });
});
