/** What a simulator remembers when it is started again, in one file. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { settingsSchema } from './control';
import { byName, simulatedProviders } from './simulator-registry';

const WRITE_AFTER_MS = 50;

const stateSchema = z.strictObject({
  format: z.literal('simulator-state/1'),
  clock: z.strictObject({ offsetMs: z.number() }),
  settings: settingsSchema,
  // Absent for a provider that was added since.
  ...byName((name) => z.exactOptional(simulatedProviders[name].stateSchema)),
});
export type SimulatorState = z.infer<typeof stateSchema>;

/** None where nothing was kept yet. Throws on a file that is not one of ours, or that somebody has damaged. */
export function readState(file: string): SimulatorState | undefined {
  if (!existsSync(file)) return undefined;
  const parsed = stateSchema.safeParse(parse(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') || 'the whole of it';
  throw new Error(
    `The simulator's state file ${file} is damaged (${where}). Put it back as it was, or delete it to begin without state.`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export class StateFile {
  readonly #file: string;
  readonly #state: () => SimulatorState;
  #written = '';
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(file: string, state: () => SimulatorState) {
    this.#file = file;
    this.#state = state;
    mkdirSync(dirname(file), { recursive: true });
  }

  /** Not put off by further changes: the file is never older than the delay. */
  changed(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#write();
  }

  /** Renaming a written file makes it appear whole: whenever we are killed, the file is the old or the new one. */
  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = JSON.stringify(this.#state());
    if (text === this.#written) return;
    const draft = `${this.#file}.new`;
    // Personal data, although invented, and the secrets of callbacks.
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    renameSync(draft, this.#file);
    this.#written = text;
  }
}
