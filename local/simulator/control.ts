/** What tests and demos do to the providers behind their callers' backs: in process or over HTTP, the same interface. */
import { z } from 'zod';
import { type CallFilter, callFilterSchema, type CallLog, type LoggedCall } from './call-log';
import { parseTime, type SimulatorClock } from './clock';
import { type Fault, type Faults, faultSchema } from './faults';
import {
  byName,
  type ProviderControls,
  type ProviderName,
  providerNames,
  type Records,
  type Seed,
  type SettingsPatch,
  simulatedProviders,
} from './simulator-registry';
import type { Control, Operate, SimulatedPeer } from './simulated-provider';

/** Of a provider what its callers are told as its base URL. */
export type Addresses = Readonly<Record<ProviderName | 'control', string>>;

/** Not `.partial()`: a field given as undefined would overwrite a setting. */
function patchOf({ shape }: z.ZodObject): z.ZodType {
  const fields = Object.entries(shape).map(([key, field]) => [key, z.exactOptional(field as z.ZodType)]);
  return z.exactOptional(z.strictObject(Object.fromEntries(fields) as z.ZodRawShape));
}

/** Every field may be left out. */
export const settingsSchema = z.strictObject(
  byName((name) => patchOf(simulatedProviders[name].settingsSchema)),
) as z.ZodType<SettingsPatch>;

/** Times are ISO 8601 in UTC or epoch milliseconds, and of the simulator's clock. Every operation rejects bad input. */
export interface CommonControl {
  readonly addresses: Addresses;
  /** The simulator's time. */
  time(): Promise<string>;
  /**
   * Passes through every instant at which something falls due, in order, and resolves when the callbacks due on the
   * way have been attempted. The clock never goes back, and runs on with wall time.
   */
  setTime(time: string | number): Promise<string>;
  advance(ms: number): Promise<string>;
  seed(seed: Seed): Promise<void>;
  record<P extends ProviderName>(provider: P, id: string): Promise<Records[P]>;
  configure(settings: SettingsPatch): Promise<void>;
  addFault(fault: Fault): Promise<void>;
  clearFaults(): Promise<void>;
  calls(filter?: CallFilter): Promise<LoggedCall[]>;
  clearCalls(): Promise<void>;
  /** The calls that are over, each told once. */
  takeCalls(): Promise<LoggedCall[]>;
  /** Any operation by its name. */
  readonly operate: Operate;
}

export type SimulatorControl = CommonControl & ProviderControls;

export interface ControlParts {
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly peers: Readonly<Record<ProviderName, SimulatedPeer>>;
  readonly settings: Readonly<Record<ProviderName, object>>;
  /** Called after every operation. */
  readonly changed: () => void;
}

export type Operations = Readonly<Record<string, (input: unknown) => Promise<unknown>>>;

const nothing = z.strictObject({});
const provider = z.enum(providerNames);

/** One operation, one object in, one value out: what the HTTP port offers by name. */
export function createOperations({ clock, faults, log, peers, settings, changed }: ControlParts): Operations {
  const operation = <Input>(schema: z.ZodType<Input>, run: (input: Input) => unknown) => {
    return async (input: unknown): Promise<unknown> => {
      const parsed = schema.safeParse(input);
      if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
      clock.runDue();
      try {
        return await run(parsed.data);
      } finally {
        changed();
      }
    };
  };
  const ofProvider = (name: ProviderName, control: Control) =>
    operation(control.schema, (input) => control.run(peers[name], input));
  const seeds = byName((name) => ofProvider(name, simulatedProviders[name].seed));
  const controls = providerNames.flatMap((name) =>
    Object.entries(simulatedProviders[name].controls).map(([key, one]) => [key, ofProvider(name, one)] as const),
  );
  return {
    time: operation(nothing, () => clock.iso()),
    setTime: operation(z.strictObject({ time: z.union([z.string(), z.number()]) }), async ({ time }) => {
      await clock.moveTo(parseTime(time));
      return clock.iso();
    }),
    advance: operation(z.strictObject({ ms: z.number().nonnegative() }), async ({ ms }) => {
      await clock.moveTo(() => clock.now() + ms);
      return clock.iso();
    }),
    seed: operation(z.looseObject({ provider }), ({ provider: name, ...input }) => seeds[name](input)),
    record: operation(z.strictObject({ provider, id: z.string() }), (of) => peers[of.provider].record(of.id)),
    configure: operation(settingsSchema, (patch) => {
      for (const name of providerNames) {
        if (patch[name] === undefined) continue;
        Object.assign(settings[name], patch[name]);
        peers[name].settingsChanged?.(patch[name]);
      }
    }),
    addFault: operation(faultSchema, (fault) => faults.add(fault)),
    clearFaults: operation(nothing, () => faults.clear()),
    calls: operation(callFilterSchema, (filter) => log.list(filter)),
    clearCalls: operation(nothing, () => log.clear()),
    takeCalls: operation(nothing, () => log.take()),
    ...Object.fromEntries(controls),
  };
}

/** `operate` carries an operation out: in this process or at the other end of the control port. */
export function controlThrough(addresses: Addresses, operate: Operate): SimulatorControl {
  const ask = <T>(name: string, input: object = {}) => operate(name, input) as Promise<T>;
  const controls = providerNames
    .flatMap((name) => Object.keys(simulatedProviders[name].controls))
    .map((name) => [name, (input?: object) => ask(name, input)]);
  const common: CommonControl = {
    addresses,
    time: () => ask('time'),
    setTime: (time) => ask('setTime', { time }),
    advance: (ms) => ask('advance', { ms }),
    seed: (seed) => ask('seed', seed),
    record: (name, id) => ask('record', { provider: name, id }),
    configure: (settings) => ask('configure', settings),
    addFault: (fault) => ask('addFault', fault),
    clearFaults: () => ask('clearFaults'),
    calls: (filter) => ask('calls', filter),
    clearCalls: () => ask('clearCalls'),
    takeCalls: () => ask('takeCalls'),
    operate,
  };
  return { ...common, ...(Object.fromEntries(controls) as ProviderControls) };
}
