/** The simulator as a process of its own: prints its addresses as one JSON line and runs until it is told to end. */
import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { defaultCredentials, type SimulatorOptions, startSimulator } from './simulator';

const port = z.coerce.number().int().min(0).max(65_535).default(0);
const argumentsSchema = z.object({
  'measureone-port': port,
  'person-port': port,
  'aptrinsic-port': port,
  'control-port': port,
  time: z.exactOptional(z.iso.datetime({ offset: true })),
  state: z.exactOptional(z.string().min(1)),
  'exit-with-parent': z.boolean().default(false),
});

const { measureone, person, aptrinsic } = defaultCredentials;
const environmentSchema = z.object({
  SIMULATOR_MEASUREONE_CLIENT_ID: z.string().min(1).default(measureone.clientId),
  SIMULATOR_MEASUREONE_CLIENT_SECRET: z.string().min(1).default(measureone.clientSecret),
  SIMULATOR_PERSON_CLIENT_ID: z.string().min(1).default(person.clientId),
  SIMULATOR_PERSON_CLIENT_SECRET: z.string().min(1).default(person.clientSecret),
  SIMULATOR_APTRINSIC_API_KEY: z.string().min(1).default(aptrinsic.apiKey),
});

type Arguments = z.infer<typeof argumentsSchema>;

async function main(): Promise<void> {
  const given = readArguments();
  const simulator = await startSimulator(optionsOf(given, environmentSchema.parse(process.env)));
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

function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      'measureone-port': text,
      'person-port': text,
      'aptrinsic-port': text,
      'control-port': text,
      time: text,
      state: text,
      'exit-with-parent': { type: 'boolean' },
    },
  });
  return argumentsSchema.parse(values);
}

function optionsOf(given: Arguments, environment: z.infer<typeof environmentSchema>): SimulatorOptions {
  return {
    ...(given.time !== undefined && { time: given.time }),
    ...(given.state !== undefined && { stateFile: given.state }),
    ports: {
      measureone: given['measureone-port'],
      person: given['person-port'],
      aptrinsic: given['aptrinsic-port'],
      control: given['control-port'],
    },
    credentials: {
      measureone: {
        clientId: environment.SIMULATOR_MEASUREONE_CLIENT_ID,
        clientSecret: environment.SIMULATOR_MEASUREONE_CLIENT_SECRET,
      },
      person: {
        clientId: environment.SIMULATOR_PERSON_CLIENT_ID,
        clientSecret: environment.SIMULATOR_PERSON_CLIENT_SECRET,
      },
      aptrinsic: { apiKey: environment.SIMULATOR_APTRINSIC_API_KEY },
    },
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
