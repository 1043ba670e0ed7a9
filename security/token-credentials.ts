import { isSameText } from './same-text';

/** What a caller of our token endpoint has to send: all of these headers (names in lower case) and all of these fields. */
export interface TokenCredentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** What a caller did send. */
export interface PresentedCredentials {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: ReadonlyMap<string, string>;
}

/**
 * Whether the caller knows one of `accepted`, each of them whole. All values of all of them are compared, and each in
 * constant time: how long it takes says nothing about what was right.
 */
export function createCredentialCheck(
  accepted: readonly TokenCredentials[],
): (presented: PresentedCredentials) => boolean {
  return ({ headers, data }) => {
    const verdicts = accepted.map((credentials) => {
      const compared = [
        ...Object.entries(credentials.headers).map(([name, value]) => isPresented(headers[name], value)),
        ...Object.entries(credentials.data).map(([name, value]) => isPresented(data.get(name), value)),
      ];
      // Credentials that ask for nothing would let everybody in.
      return compared.length > 0 && !compared.includes(false);
    });
    return verdicts.includes(true);
  };
}

function isPresented(presented: unknown, expected: string): boolean {
  const text = typeof presented === 'string' ? presented : '';
  return isSameText(text, expected) && text !== '';
}
