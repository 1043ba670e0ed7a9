/** The ports of `npm run up`: fixed, so that addresses can be kept in a browser's tabs and in other settings. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { areFree } from './engine/ports';
import { byProvider } from '../domain/provider/provider-table';
import { simulatedProviders } from './simulator/simulator-registry';
import type { StackPorts } from './stack';

interface PortUse {
  readonly port: number;
  readonly user: string;
  readonly option: string;
}

const uses: Readonly<Record<keyof StackPorts, PortUse>> = {
  server: { port: 8090, user: 'the console and API', option: 'server-port' },
  login: { port: 8091, user: 'the local login page', option: 'login-port' },
  webhooks: { port: 8092, user: 'the local receiver of webhooks', option: 'webhooks-port' },
  temporal: { port: 7233, user: 'the Temporal server', option: 'temporal-port' },
  ui: { port: 8233, user: 'the Temporal UI', option: 'ui-port' },
  gateway: { port: 8080, user: 'the gateway', option: 'gateway-port' },
  ...byProvider((provider) => {
    const { name, port } = simulatedProviders[provider];
    return { port, user: `the simulated ${name}`, option: `${provider}-port` };
  }),
  control: { port: 7804, user: "the simulator's control", option: 'control-port' },
};
const names = Object.keys(uses) as (keyof StackPorts)[];
const LOWEST = 1024;
const HIGHEST = 65_535;

/** Of a provider that was added since there is none. */
const portsSchema = z.partialRecord(z.enum(names), z.int().min(LOWEST).max(HIGHEST));

export function portOptions(): Option[] {
  return names.map((name) => {
    const { port, user, option } = uses[name];
    return new Option(`--${option} <port>`, `port of ${user} (${port}, or the one given last)`).argParser(parsePort);
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= LOWEST && port <= HIGHEST) return port;
  throw new InvalidArgumentError(`Expected a port from ${LOWEST} to ${HIGHEST}.`);
}

/** The ports once given stay with the directory: callbacks that providers owe us know the gateway's. */
export function choosePorts(directory: string, given: Readonly<Record<string, unknown>>): StackPorts {
  const file = join(directory, 'ports.json');
  const last = existsSync(file) ? portsSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  const chosen = Object.fromEntries(
    names.map((name) => [name, given[`${name}Port`] ?? last?.[name] ?? uses[name].port]),
  ) as unknown as StackPorts;
  for (const name of names) {
    const other = names.find((another) => another !== name && chosen[another] === chosen[name]);
    if (other === undefined) continue;
    throw new Error(
      `Port ${chosen[name]} is wanted twice: by ${uses[name].user} (--${uses[name].option}) and by ` +
        `${uses[other].user} (--${uses[other].option}).`,
    );
  }
  return chosen;
}

export function keepPorts(directory: string, ports: StackPorts): void {
  writeFileSync(join(directory, 'ports.json'), `${JSON.stringify(ports)}\n`);
}

/** Throws a sentence for each port that somebody else has; `withinMs` for processes of ours that are just ending. */
export async function assertFree(ports: StackPorts, { withinMs }: { readonly withinMs: number }): Promise<void> {
  const until = performance.now() + withinMs;
  for (;;) {
    const free = await Promise.all(names.map((name) => areFree([ports[name]])));
    const taken = names.filter((_name, index) => free[index] === false);
    if (taken.length === 0) return;
    if (performance.now() >= until) throw new Error(taken.map((name) => inUse(name, ports[name])).join('\n'));
    await pause(100);
  }
}

function inUse(name: keyof StackPorts, port: number): string {
  const { user, option } = uses[name];
  return `Port ${port} is in use, and ${user} needs it: end what listens there, or choose another one with --${option}.`;
}
