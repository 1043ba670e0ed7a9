/** What tests and demos do to the providers behind their callers' backs: in process or over HTTP, the same interface. */
import { z } from 'zod';
import { type Aptrinsic, type AptrinsicRecord, aptrinsicSettingsSchema } from './simulated-aptrinsic';
import { type CallFilter, callFilterSchema, type CallLog, type LoggedCall } from './call-log';
import { parseTime, type SimulatorClock } from './clock';
import { type Fault, type Faults, faultSchema, instantSchema } from './faults';
import { type MeasureOne, type MeasureOneRecord, measureoneSettingsSchema } from './simulated-measureone';
import type { CallbackDelivery } from './measureone-callbacks';
import { type DeliverCallback, deliverCallbackSchema, deliverySchema } from './measureone-delivery';
import { providerNames, type ProviderName } from './peer';
import { type PersonApi, type PersonRecord, personSettingsSchema } from './simulated-person';

export interface Addresses {
  measureone: string;
  person: string;
  /** Without `/v1`. */
  aptrinsic: string;
  control: string;
}

export interface Records {
  measureone: MeasureOneRecord;
  person: PersonRecord;
  aptrinsic: AptrinsicRecord;
}

const instantInput = z.union([z.string(), z.number()]);

export const seedSchema = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('measureone'), individualId: z.string().min(1) }),
  z.strictObject({ provider: z.literal('person'), personId: z.string() }),
  z.strictObject({
    provider: z.literal('aptrinsic'),
    identifyId: z.string().min(1),
    createDate: z.exactOptional(instantSchema),
  }),
]);
export type Seed = z.infer<typeof seedSchema>;

/** Every field may be left out. */
export const settingsSchema = z.strictObject({
  measureone: z.exactOptional(optional(measureoneSettingsSchema)),
  person: z.exactOptional(optional(personSettingsSchema)),
  aptrinsic: z.exactOptional(optional(aptrinsicSettingsSchema)),
});
export type SettingsPatch = z.infer<typeof settingsSchema>;

const individualDeliverySchema = z.strictObject({ individualId: z.string(), ...deliverySchema.shape });
export type IndividualDelivery = z.infer<typeof individualDeliverySchema>;

/** Times are ISO 8601 in UTC or epoch milliseconds, and of the simulator's clock. Every operation rejects bad input. */
export interface SimulatorControl {
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
  /** How MeasureOne's callback for one individual behaves; also after its request, until the first was sent. */
  setDelivery(delivery: IndividualDelivery): Promise<void>;
  /** Sends a callback right now: forged, altered, early, duplicate, or meant for another request. */
  deliverCallback(order: DeliverCallback): Promise<CallbackDelivery[]>;
  callbacks(filter?: { individualId?: string }): Promise<CallbackDelivery[]>;
  movePurge(move: { personId: string; purgeOn: string | number }): Promise<void>;
  /** Taken off the queue by somebody else. */
  dequeuePurge(person: { personId: string }): Promise<void>;
  /** An identify call from a live site. */
  liveTag(user: { identifyId: string }): Promise<void>;
  calls(filter?: CallFilter): Promise<LoggedCall[]>;
  clearCalls(): Promise<void>;
}

export interface ControlParts {
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly measureone: MeasureOne;
  readonly person: PersonApi;
  readonly aptrinsic: Aptrinsic;
  readonly settings: { readonly [P in ProviderName]: object };
  /** Called after every operation. */
  readonly changed: () => void;
}

export type Operation = keyof Operations;
export type Operations = ReturnType<typeof createOperations>;

/** One operation, one object in, one value out: what the HTTP port offers by name. */
export function createOperations(parts: ControlParts) {
  const { clock, faults, log, measureone, person, aptrinsic, changed } = parts;
  const nothing = z.strictObject({});
  const operation = <Input, Output>(schema: z.ZodType<Input>, run: (input: Input) => Output | Promise<Output>) => {
    return async (input: unknown): Promise<Output> => {
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
  return {
    time: operation(nothing, () => clock.iso()),
    setTime: operation(z.strictObject({ time: instantInput }), async ({ time }) => {
      await clock.moveTo(parseTime(time));
      return clock.iso();
    }),
    advance: operation(z.strictObject({ ms: z.number().nonnegative() }), async ({ ms }) => {
      await clock.moveTo(() => clock.now() + ms);
      return clock.iso();
    }),
    seed: operation(seedSchema, (seed) => applySeed(parts, seed)),
    record: operation(z.strictObject({ provider: z.enum(providerNames), id: z.string() }), ({ provider, id }) =>
      parts[provider].record(id),
    ),
    configure: operation(settingsSchema, (settings) => {
      for (const provider of providerNames) Object.assign(parts.settings[provider], settings[provider]);
      if (settings.measureone?.delivery) measureone.settingsChanged();
    }),
    addFault: operation(faultSchema, (fault) => faults.add(fault)),
    clearFaults: operation(nothing, () => faults.clear()),
    setDelivery: operation(individualDeliverySchema, ({ individualId, ...behaviour }) =>
      measureone.setDelivery(individualId, behaviour),
    ),
    deliverCallback: operation(deliverCallbackSchema, (order) => measureone.deliverCallback(order)),
    callbacks: operation(z.strictObject({ individualId: z.exactOptional(z.string()) }), ({ individualId }) =>
      measureone.callbacks(individualId),
    ),
    movePurge: operation(z.strictObject({ personId: z.string(), purgeOn: instantInput }), ({ personId, purgeOn }) =>
      person.movePurge(personId, parseTime(purgeOn)),
    ),
    dequeuePurge: operation(z.strictObject({ personId: z.string() }), ({ personId }) => person.dequeuePurge(personId)),
    liveTag: operation(z.strictObject({ identifyId: z.string().min(1) }), ({ identifyId }) =>
      aptrinsic.liveTag(identifyId),
    ),
    calls: operation(callFilterSchema, (filter) => log.list(filter)),
    clearCalls: operation(nothing, () => log.clear()),
  };
}

/** `call` carries an operation out: in this process or at the other end of the control port. */
export function controlThrough(
  addresses: Addresses,
  call: (name: Operation, input: object) => Promise<unknown>,
): SimulatorControl {
  const ask = <T>(name: Operation, input: object = {}) => call(name, input) as Promise<T>;
  return {
    addresses,
    time: () => ask('time'),
    setTime: (time) => ask('setTime', { time }),
    advance: (ms) => ask('advance', { ms }),
    seed: (seed) => ask('seed', seed),
    record: (provider, id) => ask('record', { provider, id }),
    configure: (settings) => ask('configure', settings),
    addFault: (fault) => ask('addFault', fault),
    clearFaults: () => ask('clearFaults'),
    setDelivery: (delivery) => ask('setDelivery', delivery),
    deliverCallback: (order) => ask('deliverCallback', order),
    callbacks: (filter) => ask('callbacks', filter),
    movePurge: (move) => ask('movePurge', move),
    dequeuePurge: (person) => ask('dequeuePurge', person),
    liveTag: (user) => ask('liveTag', user),
    calls: (filter) => ask('calls', filter),
    clearCalls: () => ask('clearCalls'),
  };
}

/** Not `.partial()`: a field given as undefined would overwrite a setting. */
function optional<Shape extends z.ZodRawShape>(schema: z.ZodObject<Shape>) {
  const entries = Object.entries(schema.shape).map(([key, field]) => [key, z.exactOptional(field as z.ZodType)]);
  return z.strictObject(Object.fromEntries(entries) as { [K in keyof Shape]: z.ZodExactOptional<Shape[K]> });
}

function applySeed({ measureone, person, aptrinsic }: ControlParts, seed: Seed): void {
  switch (seed.provider) {
    case 'measureone':
      return measureone.seed(seed.individualId);
    case 'person':
      return person.seed(seed.personId);
    case 'aptrinsic':
      return aptrinsic.seed(seed.identifyId, seed.createDate === undefined ? undefined : parseTime(seed.createDate));
  }
}
