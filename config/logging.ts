/** JSON log lines on stderr, of ours and of Temporal's SDK alike. */
import { pino, type Logger } from 'pino';
import { z } from 'zod';

export const logLevel = z
  .enum(['trace', 'debug', 'info', 'warn', 'error'], 'expected trace, debug, info, warn or error')
  .default('info');
export type LogLevel = z.output<typeof logLevel>;

export function createLogger(options: { readonly name: string; readonly level: LogLevel }): Logger {
  // stdout belongs to what a command was asked for.
  return pino({ name: options.name, level: options.level, base: { name: options.name } }, pino.destination(2));
}

interface SdkEntry {
  readonly level: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  readonly message: string;
  readonly meta?: Readonly<Record<string, unknown>>;
}

/** Gives the SDK's log lines the same form. Failures are reduced to type and message: their causes may carry anything. */
export function sdkLog(logger: Logger): (entry: SdkEntry) => void {
  return ({ level, message, meta = {} }) => logger[level.toLowerCase() as LogLevel](plain(meta), message);
}

function plain(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) {
    const { type, nextRetryDelay } = value as { type?: unknown; nextRetryDelay?: unknown };
    return { name: value.name, message: value.message, type, nextRetryDelay };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}
