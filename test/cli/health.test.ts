import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePorts } from '../../local/engine/ports';
import { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';
import { startWorkerProcess } from '../worker/worker-process';
import { CompiledCli, type Ended } from './compiled-cli';

const cli = new CompiledCli();
const health = (args: readonly string[], environment: Readonly<Record<string, string>>): Promise<Ended> =>
  cli.run(['health', ...args], { environment });

let server: Server | undefined;
afterEach(() => server?.close());

/** A gateway that is up while Temporal is away. */
async function halfGateway(): Promise<Readonly<Record<string, string>>> {
  server = createServer((request, response) => {
    response.statusCode = request.url === '/healthz' ? 200 : 503;
    response.end('{}');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server?.once('listening', resolve));
  return { GATEWAY_HOST: '0.0.0.0', GATEWAY_PORT: String((server.address() as AddressInfo).port) };
}

describe('erasure health', () => {
  it('tells of a real worker that it answers, and whether it polls its queues', async () => {
    const story = await Story.open();
    await story.stopWorker();
    const [port = 0] = await freePorts(1);
    const settings = { METRICS_ADDRESS: `0.0.0.0:${port}` };
    const worker = await startWorkerProcess(story, { ...settings, ERASURE_PROVIDERS: 'person' });
    try {
      expect(await health(['worker'], settings)).toEqual({ code: 0, stdout: 'The worker answers.\n', stderr: '' });
      const own = { ...settings, ERASURE_PROVIDERS: 'person' };
      const ready = await eventually(async () => {
        const answer = await health(['worker', '--ready'], own);
        return answer.code === 0 ? answer : undefined;
      });
      expect(ready.stdout).toBe('The worker polls erasure, erasure-person.\n');
      expect(await health(['worker', '--ready'], settings)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'The worker does not poll erasure-measureone, erasure-aptrinsic.\n',
      });
    } finally {
      await worker.stop();
      await story.close();
    }
    expect(await health(['worker'], settings)).toEqual({
      code: 1,
      stdout: '',
      stderr: `The worker does not answer at 127.0.0.1:${port}.\n`,
    });
  });

  it('tells of a gateway that it answers, and whether it reaches Temporal', async () => {
    const settings = await halfGateway();
    expect(await health(['gateway'], settings)).toMatchObject({ code: 0, stdout: 'The gateway answers.\n' });
    expect(await health(['gateway', '--ready'], settings)).toMatchObject({
      code: 1,
      stderr: 'The gateway is not ready: it answers 503.\n',
    });
  });

  it('needs to know where a worker can be asked', async () => {
    const { code, stderr } = await health(['worker'], {});
    expect(code).toBe(2);
    expect(stderr).toContain('METRICS_ADDRESS is missing: a worker can be asked nowhere else');
  });
});
