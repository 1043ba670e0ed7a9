import type { ErasureClient } from '../client/erasure-client';
import type { RequestStatus } from '../client/request-status';
import { describeStep } from '../domain/leg/step-under-way';
import type { RequestProgress } from '../domain/request/request-progress';
import { todoText } from '../domain/request/todo';
import { remark, type CommandContext } from './context';
import { exitCode } from './exit-code';
import { legLine } from './request-view';

export interface FollowOptions {
  readonly context: CommandContext;
  /** Also after the certificate, until the answer to the person is recorded, which can take days. */
  readonly untilClosed: boolean;
  /** `lines`: what is new in it, for people. */
  readonly onChange: (status: RequestStatus, lines: readonly string[]) => void;
}

/** Waits for the certificate and reports each change on the way. An interruption leaves the request alone. */
export async function follow(
  client: ErasureClient,
  requestId: string,
  { context, untilClosed, onChange }: FollowOptions,
): Promise<RequestStatus> {
  const interrupted = (): void => {
    remark(context, `Stopped waiting. The request goes on; follow it with: erasure watch ${requestId}`);
    process.exit(exitCode.interrupted);
  };
  const newLines = lineFilter();
  process.once('SIGINT', interrupted);
  try {
    for await (const status of client.watch(requestId, { untilClosed })) {
      if (status.status !== 'running' || (status.certificate !== undefined && !untilClosed)) return status;
      onChange(status, newLines(status));
    }
  } finally {
    process.off('SIGINT', interrupted);
  }
  throw new TypeError('Watching ends with the end of the request');
}

type Line = readonly [about: string, line: string];

/** Leaves out what an earlier status has said already. */
function lineFilter(): (status: RequestStatus) => readonly string[] {
  const shown = new Map<string, string>();
  return (status) => {
    const fresh = linesOf(status).filter(([about, line]) => shown.get(about) !== line);
    for (const [about, line] of fresh) shown.set(about, line);
    if (status.progress !== undefined) shown.delete('worker');
    return fresh.map(([, line]) => line);
  };
}

function linesOf({ progress, underWay = [] }: RequestStatus): readonly Line[] {
  if (progress === undefined) return [['worker', 'No worker answers at the moment; still waiting.']];
  return [
    ...progress.legs.map((leg): Line => [leg.provider, legLine(leg)]),
    ...todosOf(progress).map((todo): Line => [todo, `To do: ${todo}`]),
    ...underWay.map((step): Line => [step.activity, `Trouble: ${describeStep(step)}`]),
  ];
}

function todosOf({ requestId, todo, todoItems }: RequestProgress): readonly string[] {
  return todoItems?.map((item) => todoText(item, requestId)) ?? todo;
}
