/** Settings of the gateway process. */
import { z } from 'zod';
import { port, positiveInteger, readAll, readEnvironment, type Environment } from './environment';
import { logLevel, type LogLevel } from './logging';
import { readTemporalConfig, type TemporalConfig } from './temporal-config';

export const gatewayVariables = {
  ERASURE_KEYS_DIR: z.string().min(1),
  GATEWAY_HOST: z.string().min(1).default('127.0.0.1'),
  GATEWAY_PORT: port.default(8080),
  GATEWAY_INVALID_PER_MINUTE: positiveInteger.default(60),
  LOG_LEVEL: logLevel,
} as const;

export interface GatewayConfig {
  readonly temporal: TemporalConfig;
  readonly keysDirectory: string;
  readonly host: string;
  readonly port: number;
  /** Invalid callbacks that one address may send each minute before it is answered 429. Valid ones are never limited. */
  readonly invalidPerMinute: number;
  readonly logLevel: LogLevel;
}

export function readGatewayConfig(environment: Environment): GatewayConfig {
  const read = readAll({
    own: () => readEnvironment(gatewayVariables, environment),
    temporal: () => readTemporalConfig(environment),
  });
  return {
    temporal: read.temporal,
    keysDirectory: read.own.ERASURE_KEYS_DIR,
    host: read.own.GATEWAY_HOST,
    port: read.own.GATEWAY_PORT,
    invalidPerMinute: read.own.GATEWAY_INVALID_PER_MINUTE,
    logLevel: read.own.LOG_LEVEL,
  };
}
