/** Calls as a customer of the three providers would write them by hand, and a receiver of callbacks. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultCredentials } from '../../../local/simulator/simulator-registry';
import { type Simulator } from '../../../local/simulator/simulator';

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- assertions look into it at will
  json: any;
}

export const personId = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
export const individualId = 'idv_2Xk4bYJd5eFgHiJkLmNoPqRsTuV';
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export async function call(url: string, init: RequestInit = {}): Promise<Reply> {
  const answer = await fetch(url, { redirect: 'manual', ...init });
  const text = await answer.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json };
}

export function basic({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

export async function measureoneToken({ addresses }: Simulator): Promise<string> {
  const headers = { authorization: basic(defaultCredentials.measureone) };
  const { json } = await call(`${addresses.measureone}/v3/auth/generate_purge_token`, { method: 'POST', headers });
  return json.access_token;
}

export async function purgeIndividual(
  simulator: Simulator,
  body: unknown,
  token?: string,
  more: object = {},
): Promise<Reply> {
  return call(`${simulator.addresses.measureone}/v3/compliances/purge_individual`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token ?? (await measureoneToken(simulator))}`,
      'content-type': 'application/json',
      version: '3.0',
      ...more,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

export async function personToken({ addresses }: Simulator): Promise<string> {
  const { json } = await call(`${addresses.person}/users/v2/oauth/token`, {
    method: 'POST',
    headers: { authorization: basic(defaultCredentials.person), 'content-type': 'application/json' },
    body: '{"grant_type":"client_credentials"}',
  });
  return json.access_token;
}

export async function person(
  simulator: Simulator,
  method: string,
  id = personId,
  resource = 'purge',
  body?: unknown,
  token?: string,
): Promise<Reply> {
  const headers: Record<string, string> = { authorization: `Bearer ${token ?? (await personToken(simulator))}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  return call(`${simulator.addresses.person}/users/v1/person/${id}/${resource}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

export function aptrinsic(
  { addresses }: Simulator,
  method: string,
  id: string,
  query = '',
  key = defaultCredentials.aptrinsic.apiKey,
): Promise<Reply> {
  return call(`${addresses.aptrinsic}/v1/users/${encodeURIComponent(id)}${query}`, {
    method,
    headers: { 'x-aptrinsic-api-key': key },
  });
}

export interface Received {
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What is answered next; the last one stays. */
  answers: { status: number; body?: string }[];
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: { status: number; body?: string }[] = [{ status: 200 }];
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      received.push({ path: request.url ?? '', headers: request.headers, body });
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 200 };
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections());
  return { url, received, answers, close };
}
