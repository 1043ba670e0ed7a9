/** How a decision command proves who takes the decision: with a token made before, a key of its own, or a login at the server. */
import type { Command } from 'commander';
import { decisionRow } from '../domain/decision/decision-table';
import { SECOND_MS } from '../domain/duration';
import { isRecord } from '../domain/text';
import type { DecisionForRun } from '../security/decision-token';
import type { CommandContext } from './context';
import { InputError } from './command-failure';
import { DecisionTokenDeniedError, ServerUnavailableError } from './login-failure';
import { readText } from './read-input';

const ANSWER_MS_MAX = 15 * SECOND_MS;

export interface TokenOptions {
  readonly staffKey?: string;
  readonly tokenFile?: string;
}

/** Undefined where nothing is set up for it: the decision is then sent without, and the run says if it needs one. */
export type TokenSource = (decision: UnsignedDecision) => Promise<string | undefined>;

/** `run` is asked only where a token is made. */
type UnsignedDecision = Omit<DecisionForRun, 'run'> & { readonly run: () => Promise<string> };

export function addTokenOptions(command: Command): Command {
  return command
    .option('--staff-key <FILE>', 'sign the decision with this key file of yours')
    .option('--token-file <FILE>', 'send this decision token along, made with erasure sign-decision; - for stdin');
}

/** Reads what the options name once and at once, so that a wrong file is told before anything is sent. */
export async function createTokenSource(options: TokenOptions, context: CommandContext): Promise<TokenSource> {
  const { staffKey, tokenFile } = options;
  if (staffKey !== undefined && tokenFile !== undefined) {
    throw new InputError('Give --staff-key or --token-file, and not both.');
  }
  if (tokenFile !== undefined) {
    const token = (await readText(tokenFile, 'The decision token', context)).trim();
    return () => Promise.resolve(token);
  }
  if (staffKey !== undefined) return signerWith(staffKey);
  // Of no use to the others; and whoever only retries should not have to log in.
  return async (decision) => (decisionRow(decision.kind).isGuarded ? signedByServer(decision, context) : undefined);
}

async function signerWith(staffKey: string): Promise<TokenSource> {
  const { createDecisionTokenIssuer } = await import('../security/decision-token.js');
  const { readStaffKeys } = await import('../security/key-files.js');
  const issuer = createDecisionTokenIssuer(await readStaffKeys(staffKey));
  return async (decision) => (await issuer.issue({ ...decision, run: await decision.run(), now: Date.now() })).token;
}

async function signedByServer(
  decision: UnsignedDecision,
  { environment }: CommandContext,
): Promise<string | undefined> {
  const { readServerUrl } = await import('../config/staff-config.js');
  const server = readServerUrl(environment);
  if (server === undefined) return undefined;
  const { readLogin } = await import('./login-file.js');
  const login = await readLogin(environment);
  if (login === undefined) throw new InputError('You are not logged in: run erasure login, or give --staff-key.');
  if (login.expiresAt <= Date.now()) throw new InputError('Your login is over: run erasure login.');
  const { readProxy } = await import('../config/network-config.js');
  const { createAgents, proxyFailureOf } = await import('../network/agents.js');
  const { createFetch } = await import('../network/fetch.js');
  const fetch = createFetch(createAgents({ proxy: readProxy(environment) }));
  const answer = await fetch(`${server}/api/v1/decision-tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${login.idToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...decision, run: await decision.run() }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  }).catch((error: unknown) => {
    const because = proxyFailureOf(error)?.message ?? 'Check ERASURE_SERVER_URL.';
    throw new ServerUnavailableError(`The server cannot be reached. ${because}`, { cause: error });
  });
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok && isRecord(body) && typeof body['token'] === 'string') return body['token'];
  const detail = isRecord(body) && body['code'] === 'not-allowed' ? body['detail'] : undefined;
  throw refusalOf(answer.status, typeof detail === 'string' ? detail : undefined);
}

function refusalOf(status: number, detail: string | undefined): Error {
  switch (status) {
    case 400:
    case 422:
      return new InputError(
        'The server found no decision in what was sent. Is it of another release than this command?',
      );
    case 401:
      return new DecisionTokenDeniedError(
        'The server does not accept your login: run erasure login. If that does not help, the identity provider names you by something that is no opaque id: see SERVER_OIDC_ACTOR_CLAIM.',
      );
    case 403:
      return new DecisionTokenDeniedError(detail ?? 'The server does not sign this decision for you.');
    case 404:
      return new DecisionTokenDeniedError(
        'The server at ERASURE_SERVER_URL signs no decisions. Give --staff-key, or leave ERASURE_SERVER_URL out.',
      );
    default:
      return new ServerUnavailableError(`The server could not sign the decision (${status}). Try again later.`);
  }
}
