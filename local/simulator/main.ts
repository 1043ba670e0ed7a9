/** The simulator as a process of its own: prints its addresses as one JSON line and runs until it is told to end. */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { byName, type Credentials, defaultCredentials, type ProviderName, providerNames } from './simulator-registry';
import { type SimulatorOptions, startSimulator } from './simulator';

const names = [...providerNames, 'control'] as const;
const port = z.coerce.number().int().min(0).max(65_535).default(0);
const argumentsSchema = z.looseObject({
  time: z.exactOptional(z.iso.datetime({ offset: true })),
  state: z.exactOptional(z.string().min(1)),
  'exit-with-parent': z.boolean().default(false),
});
const portsSchema = z.looseObject(Object.fromEntries(names.map((name) => [`${name}-port`, port])));

/** `SIMULATOR_<PROVIDER>_CLIENT_SECRET` for `clientSecret`, and so on. */
const credentialVariables = (name: ProviderName) =>
  Object.keys(defaultCredentials[name]).map(
    (field) => [field, `SIMULATOR_${name}_${field.replaceAll(/[A-Z]/g, '_$&')}`.toUpperCase()] as const,
  );

async function main(): Promise<void> {
  const given = readArguments();
  const simulator = await startSimulator(optionsOf(given));
  let ending = false;
  const end = () => {
    if (ending) return;
    ending = true;
    void simulator.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  if (given['exit-with-parent']) watchParent(end);
  process.stdout.write(`${JSON.stringify(simulator.addresses)}\n`);
}

function readArguments() {
  const text = { type: 'string' } as const;
  const ports = Object.fromEntries(names.map((name) => [`${name}-port`, text]));
  const { values } = parseArgs({
    options: { ...ports, time: text, state: text, 'exit-with-parent': { type: 'boolean' } },
  });
  return { ...argumentsSchema.parse(values), ports: portsSchema.parse(values) };
}

function optionsOf({ time, state, ports }: ReturnType<typeof readArguments>): SimulatorOptions {
  const credentials = byName((name) => ({
    ...defaultCredentials[name],
    ...Object.fromEntries(
      credentialVariables(name).flatMap(([field, variable]) => {
        const given = process.env[variable];
        return given === undefined ? [] : [[field, z.string().min(1, `${variable} is empty`).parse(given)]];
      }),
    ),
  }));
  return {
    ...(time !== undefined && { time }),
    ...(state !== undefined && { stateFile: state }),
    ports: Object.fromEntries(names.map((name) => [name, ports[`${name}-port`] as number])),
    credentials: credentials as Credentials,
  };
}

const parentCheckMs = 500;

/** A killed parent closes our stdin where that is a pipe; where it is not (`/dev/null` ends at once), we get a new parent. */
function watchParent(end: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, parentCheckMs).unref();
  const stdin = fstatSync(0);
  if (!stdin.isFIFO() && !stdin.isSocket()) return;
  process.stdin.once('end', end).once('error', end).resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof z.ZodError ? z.prettifyError(error) : String(error)}\n`);
  process.exitCode = 1;
});
