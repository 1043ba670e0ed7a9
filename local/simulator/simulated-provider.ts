/** What a simulated provider brings: one of these for each, listed in the registry. */
import type { z } from 'zod';
import type { SimulatorClock } from './clock';
import type { Faults } from './faults';
import type { Peer, PeerOperations } from './peer';

export interface ProviderParts<Credentials, Settings> {
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly closing: AbortSignal;
  readonly credentials: Credentials;
  /** The object that `configure` changes. */
  readonly settings: Settings;
}

export interface SimulatedPeer extends Peer {
  /** All that has to outlive the process, for the state file. */
  state(): unknown;
  restore(state: unknown): void;
  /** What the provider holds under an id. */
  record(id: string): { readonly exists: boolean };
  /** `patch` is in the settings already. */
  settingsChanged?(patch: object): void;
}

/** Something that tests and demos do to a provider behind its callers' backs. */
export interface Control {
  readonly schema: z.ZodType;
  run(peer: SimulatedPeer, input: unknown): unknown;
}

export function control<Of, Input, Output>(schema: z.ZodType<Input>, run: (peer: Of, input: Input) => Output) {
  return { schema, run };
}

/** Carries out an operation of the control by its name. */
export type Operate = (name: string, input: object) => Promise<unknown>;

/** What the world does to this provider while the demo's request is open. */
export interface Story {
  readonly name: string;
  readonly title: string;
  readonly workerSettings?: Readonly<Record<string, string>>;
  /** Before the request is submitted. */
  prepare?(operate: Operate, id: string): Promise<unknown>;
  readonly events?: readonly StoryEvent[];
  /** The request's outcome; anything else is a failure of the demo. */
  readonly ends: 'completed' | 'completed-with-exceptions';
}

export interface StoryEvent {
  /** Virtual time since the request was submitted. */
  readonly afterMs: number;
  readonly told: string;
  happen(operate: Operate, id: string): Promise<unknown>;
}

/** Its key in the registry is the provider's key. */
export interface SimulatedProvider {
  readonly name: string;
  /** Where `npm run up` has it. */
  readonly port: number;
  readonly operations: PeerOperations;
  readonly credentials: Readonly<Record<string, string>>;
  readonly settingsSchema: z.ZodObject;
  readonly settings: object;
  /** Changes of `settings` that make the demo's story shorter to tell. */
  readonly demoSettings?: object;
  readonly stateSchema: z.ZodType;
  create(parts: ProviderParts<object, object>): SimulatedPeer;
  /** Makes somebody up whom the provider holds; the input has the field that request files name the id by. */
  readonly seed: Control;
  /** The id of a new somebody, and the input that seeds them. */
  readonly sample: { id(): string; seed(id: string, createDate: string): object };
  readonly controls: Readonly<Record<string, Control>>;
  readonly stories: readonly Story[];
}
