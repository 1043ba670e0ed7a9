/** What the checks of the fault suite look for; each is a promise of the product, seen from outside. */
export const invariants = {
  'one-end': 'Each accepted request comes to exactly one end: one run, one certificate, one result.',
  'nothing-lost': 'Each accepted request ends, or stands where a person can see what it waits for.',
  'not-too-strong': 'No claim is stronger than what the provider did and said.',
  'not-too-early': "No claim is made before the provider's window was over.",
  'nobody-else': 'Each call is about the subject of an accepted request of that provider.',
  'no-call-out-of-turn': 'No call after a provider has settled; no erasing call before approval or during a hold.',
  'bounded-repeats':
    'An erasing call is repeated only for a new round, a failure, or what was under way when something broke.',
  'callback-counts-once': 'A callback that is delivered again changes nothing.',
  'forgery-refused': 'What nobody has signed is answered with no success, and confirms nothing.',
  'never-unattended': 'An open request always has a timer or an activity, or a person is called.',
  'answer-never-silent': 'Where the person is owed an answer, the request says so.',
  'nothing-personal': 'No identifier and no secret in histories, logs or certificates.',
  'certificate-holds': 'Each certificate verifies offline, is about its request, and rests on signed facts.',
} as const;
export type Invariant = keyof typeof invariants;

export interface Finding {
  readonly invariant: Invariant;
  /** Absent where it is about no single request. */
  readonly requestId?: string;
  readonly what: string;
  /** Lines of the log or the history that show it. */
  readonly evidence: readonly string[];
}

export function finding(invariant: Invariant, what: string, evidence: readonly unknown[] = []): Finding {
  return { invariant, what, evidence: evidence.filter((of) => of !== undefined).map(line) };
}

function line(of: unknown): string {
  const text = typeof of === 'string' ? of : JSON.stringify(of);
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
