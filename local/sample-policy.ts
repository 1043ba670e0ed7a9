/** The policy of the local stack, as a company in Berlin might have it. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export const samplePolicy = {
  decisions: 'asserted',
  approval: 'not-needed',
  answer: 'tracked',
  calendars: {
    gdpr: { timeZone: 'Europe/Berlin', calendar: 'DE-BE' },
    'uk-gdpr': { timeZone: 'Europe/London', calendar: 'GB-ENG' },
    ccpa: { timeZone: 'America/Los_Angeles', calendar: 'US-CA' },
  },
} as const;

/** Written once: what somebody changes in it stays. */
export async function keepPolicy(directory: string, changes: object = {}): Promise<string> {
  const file = join(directory, 'policy.json');
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify({ ...samplePolicy, ...changes }, undefined, 2)}\n`);
  return file;
}
