/** The types of settings: what a text has to be like, and what is said of one that is not. */
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { isWorkerName } from '../domain/brake/lease-check';
import { isProvider, providerKeys, type Provider } from '../domain/provider/provider-table';
import { CAPABILITY_HEADER } from '../security/capability-header';
import { keyPermissions as keyPermissionLevels } from '../security/key-permissions';

const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** Refuses a text with the sentence that fits it; `problem` answers undefined where it is right. */
export const textWithout = (problem: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = problem(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** An https URL, exactly as it was given; http is allowed to this machine itself only. */
export const safeUrl = textWithout(problemOfUrl);

/** The same without a trailing slash. */
export const baseUrl = safeUrl.transform((value) => value.replace(/\/+$/, ''));

/** Scheme, host and port alone, as browsers write them in `Origin`. */
export const origin = safeUrl
  .transform((value) => new URL(value))
  .refine(({ pathname }) => pathname === '/', 'expected scheme, host and port only, e.g. https://erasure.example.com')
  .transform((url) => url.origin);

function problemOfUrl(value: string): string | undefined {
  const expected = 'expected an https URL (http to this machine only)';
  // URL itself takes line ends, backslashes and a missing slash for slips, and goes somewhere.
  if (/[\s\\]/.test(value)) return `${expected} without blanks, line ends or backslashes`;
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return `${expected}: it has to begin with https://`;
  if (!URL.canParse(value)) return `${expected}, and this is no URL`;
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') return `${expected} without credentials`;
  // A bare `?` is no query to URL, and would make one of every path that is put behind it.
  if (/[?#]/.test(value)) return `${expected} without query or fragment`;
  // As in .env.example and the manifests.
  if (url.hostname.split('.').includes('your-environment-id')) return 'is a placeholder that nothing has filled in';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.includes(url.hostname))) return undefined;
  return expected;
}

/** A file or a directory. */
export const path = textWithout((value) =>
  value.startsWith('~') ? 'begins with ~, which only a shell replaces: write the whole path' : undefined,
);

const SECRET_LENGTH_MAX = 4096;
export const secret = textWithout((value) => {
  if (value.length > SECRET_LENGTH_MAX) return `expected at most ${SECRET_LENGTH_MAX} characters`;
  return /\p{Cc}/u.test(value) ? 'has a line end or another control character inside' : undefined;
});

export const port = textWithout((value) =>
  /^\d{1,5}$/.test(value) && Number(value) <= 65_535 ? undefined : 'expected a port number up to 65535, and no host',
).transform(Number);

export const workerName = textWithout((value) =>
  isWorkerName(value)
    ? undefined
    : 'expected 1 to 63 letters, digits, dots, hyphens or underscores, such as a host name',
);

export const flag = z.enum(['true', 'false'], 'expected true or false').transform((value) => value === 'true');

/** How far the modes of key files are believed. */
export const keyPermissions = z.enum(keyPermissionLevels, 'expected checked, readable or unchecked').default('checked');

const NUMBER_MAX = 1_000_000;
export const positiveNumber = textWithout((value) => {
  if (/^\d+,\d+$/.test(value)) return 'expected a number above 0 with a point, not a comma';
  if (!/^\d+(\.\d+)?$/.test(value)) return 'expected a number above 0, without a unit';
  return Number(value) > 0 && Number(value) <= NUMBER_MAX
    ? undefined
    : `expected a number above 0, at most ${NUMBER_MAX}`;
}).transform(Number);

function wholeNumber(digits: number) {
  return z
    .string()
    .regex(
      new RegExp(String.raw`^[1-9]\d{0,${digits - 1}}$`),
      `expected a whole number from 1 to ${'9'.repeat(digits)}, without a unit`,
    )
    .transform(Number);
}

export const positiveInteger = wholeNumber(7);
export const callsOfADay = wholeNumber(9);

/** An IP address or a name of this machine to listen on; an IPv6 address with brackets or without. */
export const listenHost = z
  .string()
  .transform((value) => value.replace(/^\[(.*)\]$/, '$1'))
  .refine(
    (value) => isIPv6(value) || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(value),
    'expected an IP address such as 0.0.0.0 or ::, or a name, without scheme and port',
  );

/** `127.0.0.1:9464` or `[::1]:9464`, as metrics are served on: what serves them looks no names up. */
export const bindAddress = z
  .string()
  .refine(isBindAddress, 'expected an IP address and a port, such as 127.0.0.1:9464');

function isBindAddress(value: string): boolean {
  const [, six = '', four = '', portNumber = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
  return (isIPv6(six) || isIPv4(four)) && Number(portNumber) <= 65_535;
}

/** Names of headers in lower case, without the one that is taken by the capability. */
export const headerNames = z
  .string()
  .transform((value) => value.split(',').map((part) => part.trim().toLowerCase()))
  .refine(
    (names) => names.length <= 8 && names.every((name) => /^[a-z0-9-]{1,64}$/.test(name) && name !== CAPABILITY_HEADER),
    `expected up to 8 names of headers, separated by commas, and not ${CAPABILITY_HEADER}`,
  )
  .transform((names) => [...new Set(names)]);

export const providerList = z
  .string()
  .transform((value) => (value === 'none' ? [] : value.split(',').map((part) => part.trim())))
  .refine((parts) => parts.every(isProvider), `expected a comma-separated list of ${providerKeys.join(', ')}, or none`)
  .transform((parts) => [...new Set(parts as Provider[])]);

const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;
const expectedSecret = `expected whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes`;

/** As Standard Webhooks writes secrets. */
export const webhookSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]+={0,2}$/, expectedSecret)
  .transform((value) => new Uint8Array(Buffer.from(value.slice('whsec_'.length), 'base64')))
  .refine(({ length }) => length >= SECRET_BYTES_MIN && length <= SECRET_BYTES_MAX, expectedSecret);
