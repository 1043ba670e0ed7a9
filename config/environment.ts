/** Settings come from environment variables: all that is wrong is listed at once, by name and never by value. */
import { isIPv4, isIPv6 } from 'node:net';
import { z } from 'zod';
import { providerKeys, isProvider, type Provider } from '../domain/provider';

export type Environment = Readonly<Record<string, string | undefined>>;

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration is incomplete or wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Parses the variables that `shape` names; an empty variable counts as unset. */
export function readEnvironment<Shape extends z.ZodRawShape>(
  shape: Shape,
  environment: Environment,
): z.output<z.ZodObject<Shape>> {
  const given = Object.fromEntries(
    Object.keys(shape)
      .map((name) => [name, environment[name]?.trim()] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = z.object(shape).safeParse(given, { reportInput: false });
  if (parsed.success) return parsed.data;
  throw new ConfigurationError(
    parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      return given[name] === undefined ? `${name} is missing` : `${name}: ${issue.message}`;
    }),
  );
}

/** Whether a variable is set; an empty one counts as unset. */
export function isGiven(name: string, environment: Environment): boolean {
  return (environment[name]?.trim() ?? '') !== '';
}

/** Runs several readers and reports the problems of all of them together. */
export function readAll<Parts extends Record<string, () => unknown>>(
  parts: Parts,
): { [Name in keyof Parts]: ReturnType<Parts[Name]> } {
  const problems: string[] = [];
  const read: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(parts)) {
    try {
      read[name] = part();
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigurationError([...new Set(problems)]);
  return read as { [Name in keyof Parts]: ReturnType<Parts[Name]> };
}

const loopbackHosts: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

/** An https URL without a trailing slash; http is allowed to this machine itself only. */
export const baseUrl = z
  .string()
  .refine(
    (value) => isSafeUrl(value),
    'expected an https URL (http to this machine only), without query or credentials',
  )
  .transform((value) => value.replace(/\/+$/, ''));

function isSafeUrl(value: string): boolean {
  // A bare `?` is no query to URL, and would make one of every path that is put behind it.
  if (!URL.canParse(value) || /[?#]/.test(value)) return false;
  const url = new URL(value);
  const isEncrypted = url.protocol === 'https:' || (url.protocol === 'http:' && loopbackHosts.includes(url.hostname));
  return isEncrypted && url.username === '' && url.password === '';
}

export const secret = z.string().min(1).max(4096);

export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'expected a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'expected a port number up to 65535');

export const flag = z.enum(['true', 'false'], 'expected true or false').transform((value) => value === 'true');

/** How far the modes of key files are believed. */
export const keyPermissions = z
  .enum(['checked', 'readable', 'unchecked'], 'expected checked, readable or unchecked')
  .default('checked');
export type KeyPermissions = z.output<typeof keyPermissions>;

export const positiveNumber = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'expected a number')
  .transform(Number)
  .refine((value) => value > 0, 'expected a number above 0');

export const positiveInteger = z
  .string()
  .regex(/^[1-9]\d{0,6}$/, 'expected a whole number above 0')
  .transform(Number);

/** `127.0.0.1:9464` or `[::1]:9464`, as metrics are served on: what serves them looks no names up. */
export const bindAddress = z
  .string()
  .refine(isBindAddress, 'expected an IP address and a port, such as 127.0.0.1:9464');

function isBindAddress(value: string): boolean {
  const [, six = '', four = '', portNumber = ''] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? [];
  return (isIPv6(six) || isIPv4(four)) && Number(portNumber) <= 65_535;
}

const CAPABILITY_HEADER = 'x-erasure-capability';

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
