/** Whether a callback is what it claims to be: its capability and, in token mode, the token that its sender fetched from us. */
import type { IncomingHttpHeaders } from 'node:http';
import { isProvider } from '../domain/provider/provider-table';
import { CAPABILITY_HEADER } from '../security/capability-header';
import type { CheckedSubject, CapabilityChecker } from '../security/callback-capability';
import type { TokenChecker, TokenRefusal } from '../security/callback-token';

export interface TokenDemand {
  readonly checker: TokenChecker;
  /** Where a callback may bring its token; names in lower case. */
  readonly headers: readonly string[];
  /** False: a callback without a true token is let in, and says so. */
  readonly required: boolean;
}

/** `missing`: in none of the headers there is anything. */
export type TokenProblem = 'missing' | TokenRefusal;

export type CallbackVerdict =
  | { readonly verdict: 'proven'; readonly subject: CheckedSubject; readonly tokenProblem?: TokenProblem }
  /** Anybody can send this. */
  | { readonly verdict: 'not-proven' }
  /** Nobody can send this but whom the worker told the capability: a provider without its token, or a thief. */
  | { readonly verdict: 'no-token'; readonly subject: CheckedSubject; readonly tokenProblem: TokenProblem };

export type CallbackVerifier = (callback: {
  readonly provider: string;
  readonly handle: string;
  readonly headers: IncomingHttpHeaders;
  readonly now: number;
}) => Promise<CallbackVerdict>;

export function createCallbackVerifier({
  checker,
  token,
}: {
  readonly checker: CapabilityChecker;
  readonly token?: TokenDemand | undefined;
}): CallbackVerifier {
  return async ({ provider, handle, headers, now }) => {
    const subject = await checker.check({ handle, capability: headers[CAPABILITY_HEADER], now });
    if (subject === undefined || !isProvider(provider) || subject.provider !== provider) {
      return { verdict: 'not-proven' };
    }
    if (token === undefined) return { verdict: 'proven', subject };
    const tokenProblem = await problemOfToken(token, { subject, headers, now });
    if (tokenProblem === undefined) return { verdict: 'proven', subject };
    return { verdict: token.required ? 'no-token' : 'proven', subject, tokenProblem };
  };
}

/** Undefined if any of the headers holds a true token: a proxy on the way may have put something of its own into another. */
async function problemOfToken(
  { checker, headers: names }: TokenDemand,
  callback: { readonly subject: CheckedSubject; readonly headers: IncomingHttpHeaders; readonly now: number },
): Promise<TokenProblem | undefined> {
  const { subject, headers, now } = callback;
  let problem: TokenProblem = 'missing';
  for (const name of names) {
    const value = headers[name];
    if (value === undefined || value === '') continue;
    const token = typeof value === 'string' ? withoutScheme(value) : value;
    const verdict = await checker.check({ token, provider: subject.provider, handle: subject.handle, now });
    if (verdict === 'valid') return undefined;
    problem = verdict;
  }
  return problem;
}

/** A provider's document may write the scheme as "Bearer:", and its samples as "Bearer". */
function withoutScheme(value: string): string {
  return value.replace(/^bearer:? +/i, '');
}
