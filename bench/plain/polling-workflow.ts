/** What many write instead of waiting: one timer an hour, and then a look at every provider that has not settled. */
import { defineSignal, proxyActivities, setHandler, sleep } from '@temporalio/workflow';
import type { AptrinsicCalls, CertificateCalls, MeasureOneCalls, PersonCalls } from './plain-activities';
import { PLAIN_QUEUE, plainQueues, type PlainOutcome, type PlainRequest, type PlainResult } from './plain-types';

const timeouts = { startToCloseTimeout: '30 seconds', scheduleToCloseTimeout: '3 days' } as const;
const measureone = proxyActivities<MeasureOneCalls>({ ...timeouts, taskQueue: plainQueues.measureone });
const person = proxyActivities<PersonCalls>({ ...timeouts, taskQueue: plainQueues.person });
const aptrinsic = proxyActivities<AptrinsicCalls>({ ...timeouts, taskQueue: plainQueues.aptrinsic });
const certificates = proxyActivities<CertificateCalls>({ ...timeouts, taskQueue: PLAIN_QUEUE });

const HOUR_MS = 3_600_000;
/** Aptrinsic is absent at once, and may come back until its window is over. */
const REVIVAL_MS = 169 * HOUR_MS;

export async function pollingErasure(request: PlainRequest): Promise<PlainResult> {
  let isPurged = false;
  // MeasureOne has nothing that could be polled: only its callback says anything.
  setHandler(defineSignal('individualPurged'), () => {
    isPurged = true;
  });
  await Promise.all([measureone.purgeIndividual(request), person.queuePurge(request), aptrinsic.deleteUser(request)]);
  const askedAt = Date.now();
  let [isPersonGone, isUserGone] = [false, false];
  while (!(isPurged && isPersonGone && isUserGone)) {
    await sleep(HOUR_MS);
    const [personIsThere, userIsThere] = await Promise.all([
      isPersonGone ? { isThere: false } : person.lookUpPerson(request),
      isUserGone ? { isThere: false } : aptrinsic.lookUpUser(request),
    ]);
    isPersonGone = !personIsThere.isThere;
    isUserGone = !userIsThere.isThere && Date.now() - askedAt >= REVIVAL_MS;
  }
  const outcomes: PlainOutcome[] = ['measureone', 'person', 'aptrinsic'].map((provider) => ({
    provider,
    outcome: 'erased',
  }));
  const certificate = await certificates.writeCertificate({ requestId: request.requestId, outcomes });
  return { outcomes, certificate };
}
