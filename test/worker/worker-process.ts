/** `erasure worker` as it runs in production, beside a story whose own worker is stopped. */
import { CompiledCli, type Ended } from '../cli/compiled-cli';
import type { Story } from '../support/story';
import { eventually } from '../support/workflow-bench';

export interface WorkerProcess {
  /** SIGTERM; resolves once it has gone. */
  stop(): Promise<Ended>;
  /** SIGKILL; the same. */
  kill(): Promise<Ended>;
}

export async function startWorkerProcess(
  story: Story,
  settings: Readonly<Record<string, string | undefined>> = {},
): Promise<WorkerProcess> {
  const environment = { ...story.environment, GATEWAY_PUBLIC_URL: story.gatewayUrl, ...settings };
  const { child, ended, ...running } = new CompiledCli().start(['worker'], { environment });
  const end = (signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> => {
    child.kill(signal);
    return ended;
  };
  const stop = (): Promise<Ended> => end('SIGTERM');
  try {
    await eventually(() => {
      if (running.stderr().includes('The worker serves')) return true;
      if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}: ${running.stderr()}`);
      return undefined;
    }, 30_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, kill: () => end('SIGKILL') };
}
