/**
 * Credentials that a customer gave in encrypted form. MeasureOne's document names a `key_id` and no scheme: here each value
 * is a compact JWE with `alg` "dir" and `enc` "A256GCM" under the 32 bytes registered for that id.
 */
import { compactDecrypt } from 'jose';
import type { TokenCredentials } from './measureone-request';

type Values = Readonly<Record<string, unknown>>;

/** Headers and data in the clear. `keys`: base64url by `key_id`. Throws a plain sentence. */
export async function openedCredentials(
  { key_id: keyId, headers = {}, data = {} }: TokenCredentials,
  keys: Readonly<Record<string, string>>,
): Promise<{ readonly headers: Values; readonly data: Values }> {
  if (keyId === undefined) return { headers, data };
  const key = keys[keyId];
  if (key === undefined) throw new Error('no encryption key is registered under this key_id');
  const secret = Buffer.from(key, 'base64url');
  return { headers: await openedValues(headers, secret), data: await openedValues(data, secret) };
}

async function openedValues(values: Values, secret: Buffer): Promise<Values> {
  const opened = Object.entries(values).map(async ([name, value]) => [name, await openedValue(value, secret)] as const);
  return Object.fromEntries(await Promise.all(opened));
}

async function openedValue(value: unknown, secret: Buffer): Promise<string> {
  const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };
  const { plaintext } = await compactDecrypt(String(value), secret, options).catch(() => {
    throw new Error('a value cannot be decrypted with the key registered under this key_id');
  });
  return new TextDecoder().decode(plaintext);
}
