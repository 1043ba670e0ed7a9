import { remark, type CommandContext } from '../context';
import { exitCode } from '../exit-code';

/** The first Ctrl-C lets finish what is in flight; the second ends at once. */
export async function interruptible<T>(context: CommandContext, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupted = (): void => {
    if (controller.signal.aborted) process.exit(exitCode.interrupted);
    remark(context, '', 'Stopping: finishing what is in flight. Ctrl-C again ends at once.');
    controller.abort();
  };
  process.on('SIGINT', interrupted);
  try {
    return await work(controller.signal);
  } finally {
    process.off('SIGINT', interrupted);
  }
}
