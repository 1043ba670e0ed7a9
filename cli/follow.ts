import type { ErasureClient } from '../client/erasure-client';
import type { RequestStatus } from '../client/request-status';
import { describeStep } from '../domain/leg/step-under-way';
import { remark, type CommandContext } from './context';
import { exitCode } from './exit-code';
import { legLine } from './request-view';

/**
 * Waits for the certificate and tells each change on the way. What may be left then is the answer to the person, which can
 * take days and is somebody's to give: `untilClosed` waits for that, too. An interruption leaves the request alone.
 */
export async function follow(
  client: ErasureClient,
  requestId: string,
  {
    context,
    untilClosed,
    tell,
  }: {
    readonly context: CommandContext;
    readonly untilClosed: boolean;
    readonly tell: (status: RequestStatus) => void;
  },
): Promise<RequestStatus> {
  const interrupted = (): void => {
    remark(context, `Stopped waiting. The request goes on; follow it with: erasure watch ${requestId}`);
    process.exit(exitCode.interrupted);
  };
  process.once('SIGINT', interrupted);
  try {
    for await (const status of client.watch(requestId, { untilClosed })) {
      if (status.status !== 'running' || (status.certificate !== undefined && !untilClosed)) return status;
      tell(status);
    }
  } finally {
    process.off('SIGINT', interrupted);
  }
  throw new TypeError('Watching ends with the end of the request');
}

/** What is new in each status, one line for each leg. */
export function newLines(): (status: RequestStatus) => readonly string[] {
  const told = new Map<string, string>();
  return ({ progress, underWay = [] }) => {
    const lines: readonly (readonly [about: string, line: string])[] =
      progress === undefined
        ? [['worker', 'No worker answers at the moment; still waiting.']]
        : [
            ...progress.legs.map((leg) => [leg.provider, legLine(leg)] as const),
            ...progress.todo.map((todo) => [todo, `To do: ${todo}`] as const),
            ...underWay.map((step) => [step.activity, `Trouble: ${describeStep(step)}`] as const),
          ];
    const fresh = lines.filter(([about, line]) => told.get(about) !== line);
    for (const [about, line] of fresh) told.set(about, line);
    if (progress !== undefined) told.delete('worker');
    return fresh.map(([, line]) => line);
  };
}
