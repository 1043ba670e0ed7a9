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

type SdkLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** Gives the SDK's log lines the same form. Failures are reduced to type and message: their causes may carry anything. */
export function sdkLogger(logger: Logger): {
  log(level: SdkLevel, message: string, meta?: Record<string, unknown>): void;
  trace(message: string, meta?: Record<string, unknown>): void;
  debug(message: string, meta?: Record<string, unknown>): void;
  info(message: string, meta?: Record<string, unknown>): void;
  warn(message: string, meta?: Record<string, unknown>): void;
  error(message: string, meta?: Record<string, unknown>): void;
} {
  const log = (level: SdkLevel, message: string, meta: Record<string, unknown> = {}): void => {
    logger[lowerCase[level]](plain(meta), message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

const lowerCase = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

function plain(meta: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, plainValue(value)]));
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) {
    const { type, nextRetryDelay } = value as { type?: unknown; nextRetryDelay?: unknown };
    return { name: value.name, message: value.message, type, nextRetryDelay };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}
