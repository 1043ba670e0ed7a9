/** A message to somebody's webhook, signed as Standard Webhooks has it. */
import { Webhook } from 'standardwebhooks';
import { SECOND_MS } from '../domain/duration';
import type { Agents } from '../network/agents';
import { createHttp, retryAfterOf } from './providers/http';
import { ProviderFailure } from './providers/provider';

const ANSWER_MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 10 * SECOND_MS;

export interface SignedPost {
  readonly url: string;
  /** The same over all tries: receivers tell a repeated message by it. */
  readonly id: string;
  /** Epoch ms, of this try: receivers refuse old messages. */
  readonly now: number;
  readonly body: object;
}

/** What came of it: the status, or why there was none, in words that hold nothing of the message. */
export type SignedPostAnswer =
  | { readonly status: number; readonly retryAfterMs?: number | undefined }
  | { readonly status?: never; readonly problem: string };

/** `secret`: the key itself, not its text. No redirect is followed. */
export function createSignedPost({
  secret,
  agents,
}: {
  readonly secret: Uint8Array;
  readonly agents?: Agents | undefined;
}): (post: SignedPost) => Promise<SignedPostAnswer> {
  const webhook = new Webhook(secret, { format: 'raw' });
  const http = createHttp({ timeoutMs: TIMEOUT_MS, answerMaxBytes: ANSWER_MAX_BYTES, agents });
  return async ({ url, id, now, body }) => {
    const text = JSON.stringify(body);
    const at = new Date(Math.floor(now / SECOND_MS) * SECOND_MS);
    try {
      const answer = await http.send({
        to: 'The webhook',
        what: 'the message',
        method: 'POST',
        url,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(at.getTime() / SECOND_MS),
          'webhook-signature': webhook.sign(id, at, text),
        },
        body: text,
      });
      return { status: answer.status, retryAfterMs: retryAfterOf(answer) };
    } catch (error) {
      if (error instanceof ProviderFailure) return { problem: error.message };
      throw error;
    }
  };
}

export function isTaken({ status = 0 }: SignedPostAnswer): boolean {
  return status >= 200 && status <= 299;
}
