/** A process of its own that is asked over Node's channel and answers: so that its CPU time is nobody else's. */
import { fork } from 'node:child_process';

export interface AskedProcess<Question, Answer> {
  readonly pid: number;
  ask(question: Question): Promise<Answer>;
  stop(): Promise<void>;
}

interface Reply {
  readonly id: number;
  readonly answer?: unknown;
  readonly failed?: string;
}

export async function startAskedProcess<Question, Answer>(options: {
  readonly script: string;
  readonly env: Readonly<Record<string, string>>;
  /** For Node, e.g. `--max-old-space-size=96`. */
  readonly nodeOptions?: readonly string[];
}): Promise<AskedProcess<Question, Answer>> {
  const child = fork(options.script, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
    ...(options.nodeOptions && { execArgv: [...options.nodeOptions] }),
  });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let last = 0;
  child.on('message', ({ id, answer, failed }: Reply) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (failed === undefined) asked?.resolve(answer as Answer);
    else asked?.reject(new Error(`${options.script}: ${failed}`));
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error(`${options.script} has ended`));
  });
  const ask = (question: Question | 'ready'): Promise<Answer> =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      child.send({ id: last, question });
    });
  await ask('ready');
  return {
    pid: child.pid!,
    ask,
    async stop() {
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/** In the process that is asked: answers until its parent lets go of it, and then ends. */
export function answerParent<Question, Answer>(start: () => Promise<(question: Question) => Promise<Answer>>): void {
  const started = start();
  process.on('message', ({ id, question }: { readonly id: number; readonly question: Question | 'ready' }) => {
    started
      .then((answer) => (question === 'ready' ? undefined : answer(question)))
      .then(
        (answer) => process.send?.({ id, answer }),
        (error: unknown) => process.send?.({ id, failed: error instanceof Error ? error.message : String(error) }),
      );
  });
  process.once('disconnect', () => process.exit());
}
