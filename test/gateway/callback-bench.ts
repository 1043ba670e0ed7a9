/** What the gateway's tests have in common: real keys, a logger that can be read, a request that only has MeasureOne. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { pino, type Logger } from 'pino';
import type { CallbackDelivery, Delivery, ProvenCallback } from '../../gateway/callback-delivery';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import {
  createCapabilityChecker,
  createCapabilityIssuer,
  type CapabilityChecker,
  type CapabilityIssuer,
} from '../../security/callback-capability';
import {
  createTokenChecker,
  createTokenIssuer,
  type TokenChecker,
  type TokenIssuer,
} from '../../security/callback-token';
import { hasCallbackKeys, type GatewayKeys } from '../../security/key-table';
import { initKeys, readGatewayKeys, readProviderKeys } from '../../security/key-files';

export interface Keys {
  readonly directory: string;
  readonly issuer: CapabilityIssuer;
  readonly checker: CapabilityChecker;
  readonly gateway: GatewayKeys;
  readonly tokenIssuer: TokenIssuer;
  readonly tokenChecker: TokenChecker;
  remove(): Promise<void>;
}

export async function makeKeys(environment = 'test'): Promise<Keys> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-gateway-'));
  await initKeys({ directory, environment, now: Date.now() });
  const provider = await readProviderKeys(directory, 'measureone');
  if (!hasCallbackKeys(provider)) throw new Error('MeasureOne has callback keys');
  const gateway = await readGatewayKeys(directory);
  return {
    directory,
    gateway,
    tokenIssuer: createTokenIssuer(gateway),
    tokenChecker: createTokenChecker(gateway),
    issuer: createCapabilityIssuer(provider),
    checker: createCapabilityChecker(gateway),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Of the person whom all these callbacks are about. */
export const IDENTIFIER = 'idv_planted';

export interface Callback {
  readonly requestId: string;
  readonly runId: string;
  readonly handle: string;
  readonly capability: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

export async function callbackOf(
  issuer: CapabilityIssuer,
  {
    requestId = randomUUID(),
    runId = randomUUID(),
    now = Date.now(),
  }: { readonly requestId?: string; readonly runId?: string; readonly now?: number } = {},
): Promise<Callback> {
  const { handle, capability } = await issuer.issue({
    requestId,
    runId,
    provider: 'measureone',
    identifier: IDENTIFIER,
    waitsUntil: now,
  });
  return {
    requestId,
    runId,
    handle,
    capability,
    path: `/callbacks/measureone/${handle}`,
    headers: { [CAPABILITY_HEADER]: capability, 'content-type': 'application/json' },
  };
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly handle?: string;
  readonly reason?: string;
}

export class LogCapture {
  text = '';
  readonly logger: Logger = pino({ level: 'trace' }, { write: (line: string) => void (this.text += line) });

  get lines(): LogLine[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogLine);
  }

  about(handle: string): LogLine[] {
    return this.lines.filter((line) => line.handle === handle);
  }
}

export class FakeConfirmer implements CallbackDelivery {
  readonly delivered: ProvenCallback[] = [];
  delivery: Delivery | Promise<Delivery> = { outcome: 'delivered' };

  async deliver(callback: ProvenCallback): Promise<Delivery> {
    this.delivered.push(callback);
    return this.delivery;
  }

  /** Those that confirm. */
  get confirmed(): ProvenCallback[] {
    return this.delivered.filter((callback) => 'event' in callback);
  }
}
