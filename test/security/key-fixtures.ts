import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  hasCallbackKeys,
  type CallbackProviderKeys,
  type CertificateKeys,
  type ClientKeys,
  type GatewayKeys,
  type ProviderKeys,
} from '../../security/key-table';
import {
  initKeys,
  readCertificateKeys,
  readClientKeys,
  readGatewayKeys,
  readProviderKeys,
  readVerifyingKeys,
} from '../../security/key-files';
import type { JWK } from 'jose';
import { providerKeys, type Provider } from '../../domain/provider/provider-table';

export const NOW = Date.parse('2026-11-22T09:30:00Z');
export const requestId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a10';
export const run = '0198d1c2-7a10-7cc3-98c4-dc0c0c07398f';
export const otherRequestId = '7f3c1a52-9d0e-4b6a-8f21-5c9e2d7b4a11';

export interface Keys {
  readonly client: ClientKeys;
  readonly measureone: CallbackProviderKeys;
  readonly providers: Record<Provider, ProviderKeys>;
  readonly certificate: CertificateKeys;
  readonly gateway: GatewayKeys;
  readonly verifying: JWK[];
}

export async function withDirectory<Result>(use: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'erasure-keys-'));
  try {
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** A whole set of keys of one deployment, made and read back as the processes do it. */
export async function makeKeys(environment = 'test'): Promise<Keys> {
  return withDirectory(async (directory) => {
    await initKeys({ directory, environment, now: NOW });
    const measureone = await readProviderKeys(directory, 'measureone');
    if (!hasCallbackKeys(measureone)) throw new Error('measureone calls back');
    return {
      client: await readClientKeys(directory),
      measureone,
      providers: Object.fromEntries(
        await Promise.all(providerKeys.map(async (key) => [key, await readProviderKeys(directory, key)] as const)),
      ) as Keys['providers'],
      certificate: await readCertificateKeys(directory),
      gateway: await readGatewayKeys(directory),
      verifying: await readVerifyingKeys(join(directory, 'certificate.public.jwk')),
    };
  });
}

/** The error that `promise` rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<Error> {
  const failure: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new Error('expected a rejection with an Error');
  return failure;
}

export function base64url(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

export function replaceAt(text: string, index: number, replacement: string): string {
  return text.slice(0, index) + replacement + text.slice(index + 1);
}
