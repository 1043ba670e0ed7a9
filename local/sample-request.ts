/** A request file to try, about somebody whom all three simulated providers hold. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RequestNotFoundError, type ErasureClient, type ErasureSubmission } from '../client';
import { DAY_MS } from '../domain/duration';
import type { Subject } from './scenarios';
import type { SimulatorControl } from './simulator/control';

interface SampleRequest {
  readonly requestId: string;
  readonly file: string;
}

/** The one written before, as long as nobody has submitted it; otherwise a new one about somebody else. */
export async function writeSampleRequest({
  directory,
  client,
  simulator,
}: {
  readonly directory: string;
  readonly client: ErasureClient;
  readonly simulator: SimulatorControl;
}): Promise<SampleRequest> {
  const file = join(directory, 'request.json');
  const last = readLast(file);
  if (last !== undefined && !(await isSubmitted(client, last.requestId))) {
    await seed(simulator, last.subject);
    return { requestId: last.requestId, file };
  }
  const requestId = randomUUID();
  const subject = newSubject();
  await seed(simulator, subject);
  writeFileSync(file, `${JSON.stringify(sampleSubmission(requestId, subject), null, 2)}\n`);
  return { requestId, file };
}

/** What a person asks for now, at all three providers. */
export function sampleSubmission(requestId: string, subject: Subject): ErasureSubmission {
  return {
    requestId,
    regulation: 'gdpr',
    submittedAt: new Date().toISOString(),
    receivedVia: 'web-form',
    subject: {
      measureone: { individualId: subject.individualId },
      person: { personId: subject.personId },
      aptrinsic: { identifyId: subject.identifyId },
    },
  };
}

export function newSubject(): Subject {
  return {
    individualId: `idv_${randomUUID().replaceAll('-', '').slice(0, 27)}`,
    personId: randomUUID(),
    identifyId: `${randomUUID().slice(0, 8)}@customer.example`,
  };
}

/** Whoever is there already stays as they are. */
export async function seed(
  simulator: SimulatorControl,
  { individualId, personId, identifyId }: Subject,
): Promise<void> {
  const createDate = new Date(Date.now() - 400 * DAY_MS).toISOString();
  if (!(await simulator.record('measureone', individualId)).exists) {
    await simulator.seed({ provider: 'measureone', individualId });
  }
  if (!(await simulator.record('person', personId)).exists) await simulator.seed({ provider: 'person', personId });
  if (!(await simulator.record('aptrinsic', identifyId)).exists) {
    await simulator.seed({ provider: 'aptrinsic', identifyId, createDate });
  }
}

function readLast(file: string): { readonly requestId: string; readonly subject: Subject } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const { requestId, subject } = JSON.parse(readFileSync(file, 'utf8')) as ErasureSubmission;
    const individualId = subject.measureone?.individualId;
    const personId = subject.person?.personId;
    const identifyId = subject.aptrinsic?.identifyId;
    if (!requestId || !individualId || !personId || !identifyId) return undefined;
    return { requestId, subject: { individualId, personId, identifyId } };
  } catch {
    // Somebody has edited it: a new one takes its place.
    return undefined;
  }
}

async function isSubmitted(client: ErasureClient, requestId: string): Promise<boolean> {
  try {
    await client.get(requestId);
    return true;
  } catch (error) {
    if (error instanceof RequestNotFoundError) return false;
    throw error;
  }
}
