/** What a callback must cost at the least: its signature verified, in a loop, or by a bare HTTP server that does nothing else. */
import { createServer } from 'node:http';
import { createCapabilityChecker } from '../../security/callback-capability';
import { CAPABILITY_HEADER } from '../../security/capability-header';
import { readGatewayKeys } from '../../security/key-files';
import { answerParent } from '../frame/asked-process';

export interface ProvenCallback {
  readonly handle: string;
  readonly capability: string;
}

/** Verifies them, and answers on which port it listens for more. */
answerParent<readonly ProvenCallback[], number>(async () => {
  const checker = createCapabilityChecker(await readGatewayKeys(process.env['ERASURE_KEYS_DIR'] ?? ''));
  const isTrue = async (callback: { readonly handle: unknown; readonly capability: unknown }): Promise<boolean> =>
    (await checker.check({ ...callback, now: Date.now() })) !== undefined;
  const server = createServer((request, response) => {
    request.resume();
    isTrue({ handle: request.url?.split('/').at(-1), capability: request.headers[CAPABILITY_HEADER] }).then(
      (proven) => response.writeHead(proven ? 204 : 404).end(),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return async (callbacks) => {
    for (const callback of callbacks) {
      if (!(await isTrue(callback))) throw new Error('A callback did not prove itself');
    }
    return address.port;
  };
});
