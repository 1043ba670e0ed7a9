/** Settings come from environment variables: all that is wrong is listed at once, by name and never by value. */
import { z } from 'zod';

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
  const unfilled = Object.entries(given).flatMap(([name, value = '']) => problemOfText(name, value) ?? []);
  const wrong = (parsed.error?.issues ?? []).map((issue): string => {
    const name = String(issue.path[0]);
    const value = given[name];
    if (value === undefined) return `${name} is missing`;
    return problemOfText(name, value) ?? `${name}: ${issue.message}`;
  });
  const problems = [...new Set([...wrong, ...unfilled])];
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new ConfigurationError(problems);
}

/** What is wrong with a value whatever it is for: the marks that files and templates leave in it. */
export function problemOfText(name: string, value: string): string | undefined {
  if (/^(["'`]).*\1$/s.test(value) || /^[“”„‘’].*[“”‘’]$/s.test(value)) {
    return `${name}: stands in quotation marks that belong to no value here; leave them out`;
  }
  if (/^\$\{[^}]*\}$|^\$[A-Z_][A-Z0-9_]*$|^<[^<>]*>$|^\{\{.*\}\}$/.test(value)) {
    return `${name}: is a placeholder that nothing has filled in`;
  }
  return undefined;
}

/** A file that begins with a byte order mark makes it part of its first name, and that setting would be lost in silence. */
export function refuseHiddenNames(environment: Environment): void {
  const names = Object.keys(environment).flatMap((name) => (name.startsWith('\uFEFF') ? [name.slice(1)] : []));
  if (names.length === 0) return;
  throw new ConfigurationError(
    names.map((name) => {
      // Comments above it are taken for a part of the name.
      const setting = /[A-Za-z_][A-Za-z0-9_]*$/.exec(name)?.[0] ?? 'The first setting';
      return `${setting}: stands behind a byte order mark, so nobody reads it; save the settings file as UTF-8 without one`;
    }),
  );
}

/** Whether a variable is set; an empty one counts as unset. */
export function isGiven(name: string, environment: Environment): boolean {
  return (environment[name]?.trim() ?? '') !== '';
}

/** Whoever sets one of `names` believes that it does something, and without `needed` it would not. */
export function refuseWithout(
  needed: string,
  { names, otherwise }: { readonly names: readonly string[]; readonly otherwise: string },
  environment: Environment,
): void {
  const alone = isGiven(needed, environment) ? [] : names.filter((name) => isGiven(name, environment));
  if (alone.length === 0) return;
  throw new ConfigurationError(
    alone.map((name) => `${name} is set, but ${otherwise}: set ${needed} as well, or neither`),
  );
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
