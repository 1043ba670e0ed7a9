/** A host on the other side of the world, with an address that answers late and one where nobody is. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createHttp } from '../../activities/providers/http';
import { createAgents } from '../../network/agents';
import { failureFrom } from '../activities/providers/bare-provider';

/** It takes in no connection while it is stopped, and the kernel drops what comes then: the next packet comes a second later. */
const program = `
const server = require('node:http').createServer((_request, response) => response.end('from afar'));
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));
`;
const NOBODY = '127.0.0.9';

let child: ChildProcess;
let port: number;
let waiting: readonly Socket[];
beforeEach(async () => {
  child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  port = Number(line.toString());
  child.kill('SIGSTOP');
  waiting = Array.from({ length: 6 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await pause(200);
});
afterEach(() => {
  for (const socket of waiting) socket.destroy();
  child.kill('SIGKILL');
});

const addresses = ['127.0.0.1', NOBODY].map((address) => ({ address, family: 4 }));
const lookup = ((_host, _options, callback) => callback(null, addresses as never)) as LookupFunction;

function send(http: Agent) {
  Object.assign((http as Agent & { readonly options: object }).options, { lookup });
  void pause(500).then(() => child.kill('SIGCONT'));
  return createHttp({ agents: { ...createAgents(), http } }).send({
    to: 'Provider',
    what: 'the request',
    method: 'GET',
    url: `http://far.example:${port}/`,
  });
}

it('is reached, since its first address is given the time', async () => {
  await expect(send(createAgents().http)).resolves.toMatchObject({ status: 200, body: 'from afar' });
});

it("would not be reached in Node's own time", async () => {
  const failure = await failureFrom(send(new Agent({ autoSelectFamilyAttemptTimeout: 250 })));
  expect(failure.type).toBe('ProviderUnavailable');
});
