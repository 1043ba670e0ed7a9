/** The providers, each on its own port of 127.0.0.1, with a clock that can be moved and faults on demand. */
import { setMaxListeners } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { CallLog } from './call-log';
import { parseTime, SimulatorClock } from './clock';
import { type Addresses, controlThrough, createOperations, settingsSchema, type SimulatorControl } from './control';
import { controlServer } from './control-server';
import { Faults } from './faults';
import { peerServer } from './peer-server';
import {
  byName,
  type Credentials,
  defaultCredentials,
  providerNames,
  type SettingsPatch,
  simulatedProviders,
} from './simulator-registry';
import { readState, StateFile } from './state-file';

export interface SimulatorOptions {
  /** Where the clock starts, unless a state was kept; wall time if not given. */
  readonly time?: string | number;
  /** 0 or none: a free one. */
  readonly ports?: Partial<Record<keyof Addresses, number>>;
  readonly credentials?: Partial<Credentials>;
  readonly settings?: SettingsPatch;
  /**
   * Where everything is kept but faults, tokens and logs: written shortly after each change, read at the start.
   * The clock runs on while nobody looks.
   */
  readonly stateFile?: string;
}

export type Simulator = SimulatorControl & {
  /** Ends every connection, hanging ones too. */
  close(): Promise<void>;
};

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { operations, servers, stop } = build(options);
  const addresses: Partial<Record<keyof Addresses, string>> = {};
  const control = controlServer(operations, () => addresses);
  const all = { ...servers, control };
  const close = async () => {
    stop();
    await Promise.all(Object.values(all).map((server) => server.close()));
  };
  try {
    for (const [name, server] of Object.entries(all) as [keyof Addresses, FastifyInstance][]) {
      addresses[name] = await server.listen({ host: '127.0.0.1', port: options.ports?.[name] ?? 0 });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const operate = async (name: string, input: object) => operations[name]?.(input);
  return { ...controlThrough(addresses as Addresses, operate), close };
}

function build(options: SimulatorOptions) {
  const kept = options.stateFile === undefined ? undefined : readState(options.stateFile);
  let stateFile: StateFile | undefined;
  const changed = () => stateFile?.changed();
  const clock = new SimulatorClock(options.time === undefined ? undefined : parseTime(options.time), changed);
  const faults = new Faults(
    clock,
    byName((name) => simulatedProviders[name].operations),
  );
  const calls = new CallLog();
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const closing = ending.signal;
  const credentials = { ...defaultCredentials, ...options.credentials };
  const patch = settingsSchema.parse(kept?.settings ?? options.settings ?? {});
  const settings = byName((name) => ({ ...simulatedProviders[name].settings, ...patch[name] }));
  const peers = byName((name) =>
    simulatedProviders[name].create({
      clock,
      faults,
      closing,
      credentials: credentials[name],
      settings: settings[name],
    }),
  );

  if (kept !== undefined) {
    clock.restore(kept.clock.offsetMs);
    for (const name of providerNames) if (kept[name] !== undefined) peers[name].restore(kept[name]);
  }
  if (options.stateFile !== undefined) {
    stateFile = new StateFile(options.stateFile, () => ({
      format: 'simulator-state/1',
      clock: { offsetMs: clock.offsetMs },
      settings,
      ...byName((name) => peers[name].state()),
    }));
  }

  const servers = byName((name) =>
    peerServer({ clock, faults, calls, closing, changed, provider: name, peer: peers[name] }),
  );
  const operations = createOperations({ clock, faults, log: calls, peers, settings, changed });
  const stop = () => {
    stateFile?.close();
    clock.close();
    ending.abort();
  };
  return { operations, servers, stop };
}
