/** The three providers, each on its own port of 127.0.0.1, with a clock that can be moved and faults on demand. */
import { setMaxListeners } from 'node:events';
import type { FastifyInstance } from 'fastify';
import {
  Aptrinsic,
  aptrinsicOperations,
  type AptrinsicSettings,
  defaultAptrinsicSettings,
} from './simulated-aptrinsic';
import { CallLog } from './call-log';
import { parseTime, SimulatorClock } from './clock';
import {
  type Addresses,
  controlThrough,
  createOperations,
  type Operations,
  type SettingsPatch,
  settingsSchema,
  type SimulatorControl,
} from './control';
import { controlServer } from './control-server';
import { Faults } from './faults';
import {
  defaultMeasureOneSettings,
  MeasureOne,
  measureoneOperations,
  type MeasureOneSettings,
} from './simulated-measureone';
import type { ClientCredentials } from './peer';
import { peerServer } from './peer-server';
import { defaultPersonSettings, PersonApi, personOperations, type PersonSettings } from './simulated-person';
import { readState, StateFile } from './state-file';

export interface Credentials {
  readonly measureone: ClientCredentials;
  readonly person: ClientCredentials;
  readonly aptrinsic: { readonly apiKey: string };
}

export const defaultCredentials: Credentials = {
  measureone: { clientId: 'measureone-client', clientSecret: 'measureone-secret' },
  person: { clientId: 'person-client', clientSecret: 'person-secret' },
  aptrinsic: { apiKey: 'aptrinsic-key' },
};

export interface SimulatorOptions {
  /** Where the clock starts, unless a state was kept; wall time if not given. */
  readonly time?: string | number;
  /** 0 or none: a free one. */
  readonly ports?: { readonly [P in keyof Addresses]?: number };
  readonly credentials?: Partial<Credentials>;
  readonly settings?: SettingsPatch;
  /**
   * Where everything is kept but faults, tokens and logs: written shortly after each change, read at the start.
   * The clock runs on while nobody looks.
   */
  readonly stateFile?: string;
}

export interface Simulator extends SimulatorControl {
  /** Ends every connection, hanging ones too. */
  close(): Promise<void>;
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { operations, servers, stop } = build(options);
  const addresses = {} as Addresses;
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
  return { ...controlThrough(addresses, async (name, input) => operations[name](input)), close };
}

function build(options: SimulatorOptions) {
  const kept = options.stateFile === undefined ? undefined : readState(options.stateFile);
  let stateFile: StateFile | undefined;
  const changed = () => stateFile?.changed();
  const clock = new SimulatorClock(options.time === undefined ? undefined : parseTime(options.time), changed);
  const faults = new Faults(clock, {
    measureone: measureoneOperations,
    person: personOperations,
    aptrinsic: aptrinsicOperations,
  });
  const calls = new CallLog();
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const closing = ending.signal;
  const credentials = { ...defaultCredentials, ...options.credentials };
  const settings = initialSettings(kept?.settings ?? options.settings);

  const measureone = new MeasureOne({
    clock,
    faults,
    closing,
    credentials: credentials.measureone,
    settings: settings.measureone,
  });
  const person = new PersonApi({ clock, credentials: credentials.person, settings: settings.person });
  const aptrinsic = new Aptrinsic({ clock, credentials: credentials.aptrinsic, settings: settings.aptrinsic });

  if (kept !== undefined) {
    clock.restore(kept.clock.offsetMs);
    measureone.restore(kept.measureone);
    person.restore(kept.person);
    aptrinsic.restore(kept.aptrinsic);
  }
  if (options.stateFile !== undefined) {
    stateFile = new StateFile(options.stateFile, () => ({
      format: 'simulator-state/1',
      clock: { offsetMs: clock.offsetMs },
      settings,
      measureone: measureone.state(),
      person: person.state(),
      aptrinsic: aptrinsic.state(),
    }));
  }

  const door = { clock, faults, calls, closing, changed };
  const servers = {
    measureone: peerServer({ ...door, provider: 'measureone', peer: measureone }),
    person: peerServer({ ...door, provider: 'person', peer: person }),
    aptrinsic: peerServer({ ...door, provider: 'aptrinsic', peer: aptrinsic }),
  };
  const operations: Operations = createOperations({
    clock,
    faults,
    log: calls,
    measureone,
    person,
    aptrinsic,
    settings,
    changed,
  });
  const stop = () => {
    stateFile?.close();
    clock.close();
    ending.abort();
  };
  return { operations, servers, stop };
}

interface Settings {
  readonly measureone: MeasureOneSettings;
  readonly person: PersonSettings;
  readonly aptrinsic: AptrinsicSettings;
}

function initialSettings(patch: SettingsPatch = {}): Settings {
  const { measureone, person, aptrinsic } = settingsSchema.parse(patch);
  return {
    measureone: { ...defaultMeasureOneSettings, ...measureone },
    person: { ...defaultPersonSettings, ...person },
    aptrinsic: { ...defaultAptrinsicSettings, ...aptrinsic },
  };
}
