/** One set of activities for each queue. */
import type { ProviderCalls } from './provider-calls';
import type { PlainOutcome } from './plain-types';

export type MeasureOneCalls = Pick<ProviderCalls, 'purgeIndividual'>;
export type PersonCalls = Pick<ProviderCalls, 'queuePurge' | 'lookUpPerson'>;
export type AptrinsicCalls = Pick<ProviderCalls, 'deleteUser' | 'lookUpUser'>;

export const certificateActivities = {
  async writeCertificate(statement: { requestId: string; outcomes: readonly PlainOutcome[] }): Promise<string> {
    return JSON.stringify({ ...statement, issuedAt: new Date().toISOString() });
  },
};
export type CertificateCalls = typeof certificateActivities;
