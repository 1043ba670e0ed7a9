/** The control port of a simulator in another process, as the interface that the one in this process has. */
import { type Addresses, controlThrough, type SimulatorControl } from './control';

export async function connectControl(baseUrl: string): Promise<SimulatorControl> {
  const addresses = (await ask(`${baseUrl}/control/addresses`)) as Addresses;
  return controlThrough(addresses, (name, input) =>
    ask(`${baseUrl}/control/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    }),
  );
}

async function ask(url: string, init?: RequestInit): Promise<unknown> {
  const answer = await fetch(url, init);
  const body = (await answer.json()) as { result?: unknown; error?: string };
  if (!answer.ok) throw new Error(body.error ?? `the simulator answered ${answer.status}`);
  return body.result ?? undefined;
}
