/** The providers' HTTP calls as a sample would make them: fetch, a token that is kept, an error for every surprise. */

export interface ProviderSettings {
  readonly measureone: { readonly url: string; readonly clientId: string; readonly clientSecret: string };
  readonly person: { readonly url: string; readonly clientId: string; readonly clientSecret: string };
  readonly aptrinsic: { readonly url: string; readonly apiKey: string };
  /** MeasureOne calls this address back, with the request id at its end. */
  readonly callbackUrl: string;
}

/** Functions, not methods: each is an activity by itself. */
export interface ProviderCalls {
  readonly purgeIndividual: (of: { requestId: string; individualId: string }) => Promise<{ isKnown: boolean }>;
  readonly queuePurge: (of: { personId: string }) => Promise<{ purgeOn: string }>;
  readonly lookUpPerson: (of: { personId: string }) => Promise<{ isThere: boolean }>;
  readonly deleteUser: (of: { identifyId: string }) => Promise<{ isKnown: boolean }>;
  readonly lookUpUser: (of: { identifyId: string }) => Promise<{ isThere: boolean }>;
}

export function createProviderCalls({ measureone, person, aptrinsic, callbackUrl }: ProviderSettings): ProviderCalls {
  const measureoneLogin = keptToken(() =>
    logIn(`${measureone.url}/v3/auth/generate_purge_token`, { headers: basic(measureone) }),
  );
  const personLogin = keptToken(() =>
    logIn(`${person.url}/users/v2/oauth/token`, {
      headers: { ...basic(person), 'content-type': 'application/json' },
      body: JSON.stringify({ grant_type: 'client_credentials' }),
    }),
  );
  const aptrinsicHeaders = { 'x-aptrinsic-api-key': aptrinsic.apiKey };

  return {
    async purgeIndividual({ requestId, individualId }) {
      const answer = await measureoneLogin((token) =>
        fetch(`${measureone.url}/v3/compliances/purge_individual`, {
          method: 'POST',
          headers: { ...bearer(token), 'content-type': 'application/json' },
          body: JSON.stringify({
            individual_id: individualId,
            delivery_details: [{ event_type: 'individual.purged', url: `${callbackUrl}/${requestId}` }],
          }),
        }),
      );
      return { isKnown: await isFound(answer) };
    },
    async queuePurge({ personId }) {
      const answer = await personLogin((token) =>
        fetch(`${person.url}/users/v1/person/${personId}/purge`, {
          method: 'POST',
          headers: { ...bearer(token), 'content-type': 'application/json' },
          body: '{}',
        }),
      );
      if (!answer.ok) throw new Error(`The person API answered ${answer.status}`);
      const { purge_on: purgeOn } = (await answer.json()) as { purge_on: string };
      return { purgeOn };
    },
    async lookUpPerson({ personId }) {
      const answer = await personLogin((token) =>
        fetch(`${person.url}/users/v1/person/${personId}/info`, { headers: bearer(token) }),
      );
      return { isThere: await isFound(answer) };
    },
    async deleteUser({ identifyId }) {
      const url = `${aptrinsic.url}/v1/users/${encodeURIComponent(identifyId)}?hardDelete=true`;
      return { isKnown: await isFound(await fetch(url, { method: 'DELETE', headers: aptrinsicHeaders })) };
    },
    async lookUpUser({ identifyId }) {
      const url = `${aptrinsic.url}/v1/users/${encodeURIComponent(identifyId)}`;
      return { isThere: await isFound(await fetch(url, { headers: aptrinsicHeaders })) };
    },
  };
}

/** The body is read to its end, or the connection could not be used again. */
async function isFound(answer: Response): Promise<boolean> {
  await answer.arrayBuffer();
  if (answer.ok) return true;
  if (answer.status === 404) return false;
  throw new Error(`The provider answered ${answer.status}`);
}

type Call = (send: (token: string) => Promise<Response>) => Promise<Response>;

/** One login for all calls, and a new one when the provider refuses the token. */
function keptToken(login: () => Promise<string>): Call {
  let kept: Promise<string> | undefined;
  const token = (): Promise<string> =>
    (kept ??= login().catch((error: unknown) => {
      kept = undefined;
      throw error;
    }));
  return async (send) => {
    const used = token();
    const answer = await send(await used);
    if (answer.status !== 401 && answer.status !== 403) return answer;
    await answer.arrayBuffer();
    if (kept === used) kept = undefined;
    return send(await token());
  };
}

async function logIn(url: string, request: { headers: Record<string, string>; body?: string }): Promise<string> {
  const answer = await fetch(url, { method: 'POST', ...request });
  if (!answer.ok) throw new Error(`The login was answered ${answer.status}`);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return token;
}

function basic({ clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string }) {
  return { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` };
}

function bearer(token: string) {
  return { authorization: `Bearer ${token}` };
}
