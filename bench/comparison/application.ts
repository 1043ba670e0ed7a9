/** An application that erases: ours, and those that it is compared with. All of them call the same simulated providers. */
import type { Subject } from '../../local/scenarios';
import type { Stack } from '../../local/stack';
import type { Roles } from '../frame/cpu-time';

export interface Application {
  readonly name: string;
  /** The processes whose CPU time counts, and what each of them does. */
  roles(): Roles;
  /** Starts an erasure for each subject, and answers their workflow ids. */
  submit(subjects: readonly Subject[]): Promise<readonly string[]>;
}

export interface ComparedApplication extends Application {
  /** Where its runs and its providers are. */
  readonly stack: Stack;
}
