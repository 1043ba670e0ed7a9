/** One line of progress: rewritten in place on a terminal, elsewhere a new one every few seconds. */
import { SECOND_MS } from '../../domain/duration';
import { remark, type CommandContext } from '../context';

const TERMINAL_EVERY_MS = SECOND_MS / 5;
const ELSEWHERE_EVERY_MS = 5 * SECOND_MS;

export class LiveLine {
  readonly #context: CommandContext;
  readonly #isTerminal: boolean;
  #shownAt: number;

  constructor(context: CommandContext) {
    this.#context = context;
    this.#isTerminal = context.stderr.isTTY === true && context.environment['TERM'] !== 'dumb';
    this.#shownAt = Date.now();
  }

  /** `text` is called only when its time has come. */
  show(text: () => string): void {
    const now = Date.now();
    if (now - this.#shownAt < (this.#isTerminal ? TERMINAL_EVERY_MS : ELSEWHERE_EVERY_MS)) return;
    this.#shownAt = now;
    if (this.#isTerminal) this.#context.stderr.write(`\r\u001b[2K${text()}`);
    else remark(this.#context, text());
  }

  clear(): void {
    if (this.#isTerminal) this.#context.stderr.write('\r\u001b[2K');
  }
}
