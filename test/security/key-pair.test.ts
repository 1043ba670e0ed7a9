import { execFile } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newKeyPair } from '../../security/key-pair';

const programs = process.env['TEST_PROGRAMS'] ?? '';
const run = promisify(execFile);

/** In a process of its own, which can be ended where it waits for itself. The small young generation is collected often. */
const sealMany = `
  const { encryptCompact } = require(process.argv[1]);
  const { newKeyPair } = require(process.argv[2]);
  const { createPublicKey } = require('node:crypto');
  const to = createPublicKey({ key: newKeyPair('X25519').publicKey, format: 'jwk' });
  const kept = [];
  for (let made = 0; made < 30_000; made += 1) kept[made % 1_000] = encryptCompact(Buffer.from('content'), { header: {}, to });
  process.stdout.write('made them all');
`;

describe('a key pair', () => {
  it.each(['Ed25519', 'X25519', 'P-256'] as const)('is a JWK of each half that belong together: %s', (crv) => {
    const { publicKey, privateKey } = newKeyPair(crv);
    expect(publicKey).toMatchObject({ crv, x: expect.any(String) });
    expect(publicKey).not.toHaveProperty('d');
    const derived = createPublicKey(createPrivateKey({ key: privateKey, format: 'jwk' }));
    expect(derived.export({ format: 'jwk' })).toEqual(publicKey);
    expect(newKeyPair(crv).privateKey.d).not.toBe(privateKey.d);
  });

  it('can be made tens of thousands of times in one process, which never waits for itself', async () => {
    const modules = ['compact-encryption.js', 'key-pair.js'].map((name) => join(programs, 'security', name));
    const { stdout } = await run(process.execPath, ['--max-semi-space-size=1', '-e', sealMany, ...modules], {
      timeout: 120_000,
      killSignal: 'SIGKILL',
    });
    expect(stdout).toBe('made them all');
  });
});
