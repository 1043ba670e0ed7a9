/** A request file to try, about somebody whom all simulated providers hold. */
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSubmission, RequestNotFoundError, type ErasureClient, type ErasureSubmission } from '../client';
import { identifiersOf } from '../client/submission';
import { DAY_MS } from '../domain/duration';
import { byProvider, identifierFields, providerKeys } from '../domain/provider/provider-table';
import type { Subject } from './scenarios';
import type { SimulatorControl } from './simulator/control';
import { simulatedProviders } from './simulator/simulator-registry';

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

/** What a person asks for now, at every provider. */
export function sampleSubmission(requestId: string, subject: Subject): ErasureSubmission {
  return {
    requestId,
    regulation: 'gdpr',
    submittedAt: new Date().toISOString(),
    receivedVia: 'web-form',
    subject: byProvider((provider) => ({
      [identifierFields[provider]]: subject[provider],
    })) as ErasureSubmission['subject'],
  };
}

export function newSubject(): Subject {
  return byProvider((provider) => simulatedProviders[provider].sample.id());
}

/** Whoever is there already stays as they are. */
export async function seed(simulator: SimulatorControl, subject: Subject): Promise<void> {
  const createDate = new Date(Date.now() - 400 * DAY_MS).toISOString();
  for (const provider of providerKeys) {
    const id = subject[provider];
    if ((await simulator.record(provider, id)).exists) continue;
    await simulator.operate('seed', { provider, ...simulatedProviders[provider].sample.seed(id, createDate) });
  }
}

function readLast(file: string): { readonly requestId: string; readonly subject: Subject } | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const last = parseSubmission(JSON.parse(readFileSync(file, 'utf8')), Date.now());
    const ids = identifiersOf(last);
    if (last.requestId === undefined || !providerKeys.every((provider) => ids.has(provider))) return undefined;
    return { requestId: last.requestId, subject: Object.fromEntries(ids) as Subject };
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
