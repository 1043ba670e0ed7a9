/** The request as it lives: one row per provider, redrawn in place on a terminal, a line per change elsewhere. */
import { clearScreenDown, moveCursor } from 'node:readline';
import Table from 'cli-table3';
import { createColors } from 'picocolors';
import { DAY_MS, describeInstant, HOUR_MS } from '../domain/duration';
import type { LegProgress } from '../domain/leg/leg-progress';
import { describeLegState } from '../domain/leg/leg-words';
import type { RequestProgress } from '../domain/request/request-progress';
import { providerName } from '../domain/provider/provider-table';

export interface LiveView {
  show(progress: RequestProgress, clock: { readonly now: number; readonly startedAt: number }): void;
  /** A line that stays. */
  tell(line: string): void;
}

export function createLiveView(stream: NodeJS.WriteStream): LiveView {
  return stream.isTTY ? new RedrawnView(stream) : new LineView(stream);
}

export function elapsed(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const hours = Math.floor((ms % DAY_MS) / HOUR_MS);
  return `${days} d ${String(hours).padStart(2, '0')} h`;
}

class RedrawnView implements LiveView {
  readonly #stream: NodeJS.WriteStream;
  #drawnLines = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: RequestProgress, clock: { readonly now: number; readonly startedAt: number }): void {
    this.#erase();
    const colors = createColors(!process.env['NO_COLOR']);
    const table = new Table({
      head: ['provider', 'state', 'waits for', 'until'],
      colWidths: [25, 28, 40, 22],
      wordWrap: true,
      style: { head: [], border: [] },
    });
    table.push(
      ...progress.legs.map((leg) => rowOf(leg).map((cell, column) => (column === 1 ? paint(cell, leg, colors) : cell))),
    );
    const text = `\nVirtual time ${describeInstant(clock.now)}, ${elapsed(clock.now - clock.startedAt)} since the request\n${table.toString()}\n`;
    this.#stream.write(text);
    this.#drawnLines = text.split('\n').length - 1;
  }

  tell(line: string): void {
    this.#erase();
    this.#stream.write(`${line}\n`);
  }

  #erase(): void {
    if (this.#drawnLines === 0) return;
    moveCursor(this.#stream, 0, -this.#drawnLines);
    clearScreenDown(this.#stream);
    this.#drawnLines = 0;
  }
}

class LineView implements LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #shown = new Map<string, string>();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(progress: RequestProgress, clock: { readonly now: number; readonly startedAt: number }): void {
    for (const leg of progress.legs) {
      const row = legLine(leg);
      if (this.#shown.get(leg.provider) === row) continue;
      this.#shown.set(leg.provider, row);
      this.tell(`${describeInstant(clock.now)}  +${elapsed(clock.now - clock.startedAt)}  ${row}`);
    }
  }

  tell(line: string): void {
    this.#stream.write(`${line}\n`);
  }
}

/** One line about one leg. */
export function legLine(leg: LegProgress): string {
  const [name, state, waitsFor, until] = rowOf(leg);
  return `${name}: ${state}${waitsFor === '–' ? '' : `: ${waitsFor}`}${until === '–' ? '' : ` (until ${until})`}`;
}

function rowOf(leg: LegProgress): [string, string, string, string] {
  const round = leg.state !== 'settled' && leg.rounds > 1 ? `, round ${leg.rounds}` : '';
  return [
    providerName(leg.provider),
    `${describeLegState(leg)}${round}`,
    leg.state === 'settled' ? '–' : leg.waitsFor,
    leg.until === undefined ? '–' : describeInstant(Date.parse(leg.until)),
  ];
}

function paint(text: string, leg: LegProgress, colors: ReturnType<typeof createColors>): string {
  if (leg.state === 'attention') return colors.yellow(text);
  if (leg.state !== 'settled') return text;
  return leg.outcome === 'erased' || leg.outcome === 'not-found' ? colors.green(text) : colors.yellow(text);
}
