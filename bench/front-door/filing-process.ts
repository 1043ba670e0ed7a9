/** Files requests in a process of its own: with the client library, or over HTTP as a service of the company would. */
import { Client, Connection } from '@temporalio/client';
import { ErasureClient, type ErasureSubmission } from '../../client';
import { readClientKeys } from '../../security/key-files';
import { createSealer } from '../../security/sealing';
import { answerParent } from '../frame/asked-process';
import { atOnce } from '../frame/at-once';

const AT_ONCE = 8;

/** `take`: these are filed next, so that taking them over is no part of what filing costs. `file`: answers how many were new. */
export type FilingQuestion =
  | { readonly do: 'take'; readonly submissions: readonly ErasureSubmission[] }
  | { readonly do: 'file'; readonly at?: { readonly url: string; readonly bearer: string } };

answerParent<FilingQuestion, number>(async () => {
  const connection = await Connection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
  const client = new ErasureClient({
    client: new Client({ connection, namespace: process.env['TEMPORAL_NAMESPACE'] ?? '' }),
    sealer: createSealer(await readClientKeys(process.env['ERASURE_KEYS_DIR'] ?? '')),
  });
  let taken: readonly ErasureSubmission[] = [];

  return async (question) => {
    if (question.do === 'take') {
      taken = question.submissions;
      return taken.length;
    }
    const { at } = question;
    const fileOne =
      at === undefined
        ? async (submission: ErasureSubmission) => !(await client.submit(submission)).duplicate
        : (submission: ErasureSubmission) => isFiled(submission, at);
    const filed = await atOnce(taken, AT_ONCE, fileOne);
    return filed.filter((isNew) => isNew).length;
  };
});

async function isFiled(
  submission: ErasureSubmission,
  { url, bearer }: { readonly url: string; readonly bearer: string },
): Promise<boolean> {
  const answer = await fetch(`${url}/api/v1/requests`, {
    method: 'POST',
    headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
    body: JSON.stringify(submission),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`The API answered ${answer.status}: ${text}`);
  return answer.status === 201;
}
