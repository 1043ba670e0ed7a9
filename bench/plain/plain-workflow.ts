/** The same process as ours without any guard: ask three providers, wait out their windows, look, write a certificate. */
import { condition, defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type { AptrinsicCalls, CertificateCalls, MeasureOneCalls, PersonCalls } from './plain-activities';
import { PLAIN_QUEUE, plainQueues, type PlainOutcome, type PlainRequest, type PlainResult } from './plain-types';

export { pollingErasure } from './polling-workflow';

const timeouts = { startToCloseTimeout: '30 seconds', scheduleToCloseTimeout: '3 days' } as const;
const measureone = proxyActivities<MeasureOneCalls>({ ...timeouts, taskQueue: plainQueues.measureone });
const person = proxyActivities<PersonCalls>({ ...timeouts, taskQueue: plainQueues.person });
const aptrinsic = proxyActivities<AptrinsicCalls>({ ...timeouts, taskQueue: plainQueues.aptrinsic });
const certificates = proxyActivities<CertificateCalls>({ ...timeouts, taskQueue: PLAIN_QUEUE });

export const individualPurged = defineSignal('individualPurged');

export async function plainErasure(request: PlainRequest): Promise<PlainResult> {
  let isPurged = false;
  setHandler(individualPurged, () => {
    isPurged = true;
  });

  const outcomes = await Promise.all([
    eraseAtMeasureOne(request, () => isPurged),
    eraseAtPerson(request),
    eraseAtAptrinsic(request),
  ]);
  const certificate = await certificates.writeCertificate({ requestId: request.requestId, outcomes });
  return { outcomes, certificate };
}

async function eraseAtMeasureOne(
  { requestId, individualId }: PlainRequest,
  isPurged: () => boolean,
): Promise<PlainOutcome> {
  const { isKnown } = await measureone.purgeIndividual({ requestId, individualId });
  if (!isKnown) return { provider: 'measureone', outcome: 'not-found' };
  await sleep('121 hours');
  const isConfirmed = isPurged() || (await condition(isPurged, '72 hours'));
  return { provider: 'measureone', outcome: isConfirmed ? 'erased' : 'presumed-erased' };
}

async function eraseAtPerson({ personId }: PlainRequest): Promise<PlainOutcome> {
  const { purgeOn } = await person.queuePurge({ personId });
  await sleep(Math.max(1, Date.parse(purgeOn) - Date.now()));
  const { isThere } = await person.lookUpPerson({ personId });
  return { provider: 'person', outcome: isThere ? 'still-there' : 'erased' };
}

async function eraseAtAptrinsic({ identifyId }: PlainRequest): Promise<PlainOutcome> {
  const { isKnown } = await aptrinsic.deleteUser({ identifyId });
  if (!isKnown) return { provider: 'aptrinsic', outcome: 'not-found' };
  await sleep('169 hours');
  const { isThere } = await aptrinsic.lookUpUser({ identifyId });
  return { provider: 'aptrinsic', outcome: isThere ? 'still-there' : 'erased' };
}
