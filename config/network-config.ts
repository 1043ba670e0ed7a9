/** The company's forward proxy, by settings of ours alone: HTTP_PROXY and its like are meant for other programs. */
import { z } from 'zod';
import { proxyException, type Proxy, type ProxyException } from '../network/proxy';
import { ConfigurationError, readEnvironment, refuseWithout, type Environment } from './environment';
import { flag, textWithout } from './setting-types';

const expected = 'expected a URL such as http://proxy.example.com:3128';
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

const proxyUrl = textWithout((value) => {
  if (/[\s\\]/.test(value)) return `${expected} without blanks, line ends or backslashes`;
  if (/^socks/i.test(value)) return `${expected}: a SOCKS proxy cannot be used`;
  if (!/^https?:\/\//i.test(value)) return `${expected}: it has to begin with http:// or https://`;
  if (!URL.canParse(value)) return `${expected}, and this is no URL; what is special in a password is written as %40`;
  const { pathname, username, password } = new URL(value);
  if (pathname !== '/' || /[?#]/.test(value)) return `${expected} without path, query or fragment`;
  const credentials = [username, password].map(decoded);
  if (credentials.includes(undefined)) return `${expected}: its credentials are not well encoded, % is written as %25`;
  return credentials.some((text = '') => /\p{Cc}/u.test(text)) || credentials[0]?.includes(':') === true
    ? `${expected}: its credentials hold a character that no proxy can be sent`
    : undefined;
}).transform((value): Omit<Proxy, 'exceptions'> => {
  const { protocol, hostname, port, username, password } = new URL(value);
  return {
    isEncrypted: protocol === 'https:',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (PORTS[protocol] ?? 0) : Number(port),
    ...(username === '' && password === ''
      ? {}
      : { credentials: { username: decoded(username) ?? '', password: decoded(password) ?? '' } }),
  };
});

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const exceptions = z.string().transform((text, context): readonly ProxyException[] => {
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const understood = parts.map((part) => proxyException(part));
  const wrong = understood.findIndex((exception) => exception === undefined);
  if (wrong < 0) return understood.filter((exception) => exception !== undefined);
  context.addIssue({
    code: 'custom',
    message:
      `number ${wrong + 1} is none of a name, a suffix such as .example.com, an address or a network such as 10.0.0.0/8, ` +
      'each with a port or without, separated by commas',
  });
  return z.NEVER;
});

export const networkVariables = {
  ERASURE_PROXY_URL: proxyUrl.optional(),
  ERASURE_NO_PROXY: exceptions.optional(),
  ERASURE_PROXY_TEMPORAL: flag.default(false),
} as const;

/** The proxy that all calls to providers, to the identity provider and to webhooks go through. */
export function readProxy(environment: Environment): Proxy | undefined {
  const { ERASURE_PROXY_URL: proxy, ERASURE_NO_PROXY: without = [] } = readNetwork(environment);
  return proxy && { ...proxy, exceptions: without };
}

/** The one that Temporal is reached through; most have Temporal on their own side of it. */
export function readTemporalProxy(environment: Environment): Proxy | undefined {
  const { ERASURE_PROXY_TEMPORAL: isWanted, ERASURE_PROXY_URL: proxy } = readNetwork(environment);
  if (!isWanted || proxy === undefined) return undefined;
  if (proxy.isEncrypted) {
    throw new ConfigurationError([
      "ERASURE_PROXY_TEMPORAL: Temporal's own client reaches a proxy by http:// only, and ERASURE_PROXY_URL begins with https://",
    ]);
  }
  if (/[:@]/.test(proxy.credentials?.password ?? '') || proxy.credentials?.username.includes('@') === true) {
    throw new ConfigurationError([
      "ERASURE_PROXY_TEMPORAL: Temporal's own client can use no credentials of a proxy that hold : or @",
    ]);
  }
  return { ...proxy, exceptions: [] };
}

function readNetwork(environment: Environment): z.output<z.ZodObject<typeof networkVariables>> {
  const read = readEnvironment(networkVariables, environment);
  const names = ['ERASURE_NO_PROXY', ...(read.ERASURE_PROXY_TEMPORAL ? ['ERASURE_PROXY_TEMPORAL'] : [])];
  refuseWithout('ERASURE_PROXY_URL', { names, otherwise: 'there is no proxy' }, environment);
  return read;
}
