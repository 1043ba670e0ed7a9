/**
 * Files an erasure request by the HTTP API, and waits for its certificate. Needs Node 20 and nothing else.
 *
 *   ERASURE_API=http://127.0.0.1:8090 ERASURE_API_KEY=esk_… node file-and-follow.js <PERSON_ID>
 */
import { randomUUID } from 'node:crypto';

const base = `${process.env['ERASURE_API'] ?? 'http://127.0.0.1:8090'}/api/v1`;
const headers = {
  authorization: `Bearer ${process.env['ERASURE_API_KEY'] ?? ''}`,
  'content-type': 'application/json',
};
const EVERY_MS = 1_000;

interface Problem {
  readonly code: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly problem: string }[];
}

/** Tries again where the API says that it is worth it. Throws for every other problem. */
async function call(path: string, body?: unknown): Promise<Record<string, unknown>> {
  for (;;) {
    const answer = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return (await answer.json()) as Record<string, unknown>;
    const problem = (await answer.json()) as Problem;
    const retryAfterS = answer.headers.get('retry-after');
    if (retryAfterS === null) throw new Error(JSON.stringify(problem));
    await pause(Number(retryAfterS) * 1_000);
  }
}

async function main(personId: string): Promise<void> {
  // Kept by you: filing it again with this id is safe, whatever became of the first answer.
  const requestId = randomUUID();
  await call('/requests', {
    requestId,
    regulation: 'gdpr',
    submittedAt: new Date().toISOString(),
    subject: { person: { personId } },
  });
  process.stderr.write(`Filed ${requestId}\n`);
  for (;;) {
    const request = await call(`/requests/${requestId}`);
    if (typeof request['certificate'] === 'string' || request['state'] === 'awaiting-answer') break;
    process.stderr.write(`${String(request['state'])}\n`);
    await pause(EVERY_MS);
  }
  const { certificate } = await call(`/requests/${requestId}/certificate`);
  process.stdout.write(`${String(certificate)}\n`);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
