/**
 * Reads what is sent to a run. Anybody who may write to the namespace can send what is no JSON at all; the SDK's own
 * converter would throw before the guard or a validator sees it, and block the run for ever. Here it reads as nothing.
 */
import { defaultPayloadConverter, type PayloadConverter } from '@temporalio/workflow';

export const payloadConverter: PayloadConverter = {
  toPayload: (value) => defaultPayloadConverter.toPayload(value),
  fromPayload: <T>(payload: Parameters<PayloadConverter['fromPayload']>[0]): T => {
    try {
      return defaultPayloadConverter.fromPayload<T>(payload);
    } catch {
      return undefined as T;
    }
  },
};
