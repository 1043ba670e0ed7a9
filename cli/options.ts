/** Options and arguments that several commands share. What is wrong is told without what was typed: it may be an identifier. */
import { Argument, Option } from 'commander';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../domain/duration';
import { InputError } from './command-failure';

/** Reads one of `choices`. */
export function oneOf(what: string, choices: readonly string[]): (typed: string) => string {
  return (typed) => {
    if (choices.includes(typed)) return typed;
    throw new InputError(`${what}: expected one of ${choices.join(', ')}.`);
  };
}

export function choiceOption(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices);
  return option.argParser(oneOf(option.long ?? flags, choices));
}

export function choiceArgument(name: string, description: string, choices: readonly string[]): Argument {
  return new Argument(`<${name}>`, description).choices(choices).argParser(oneOf(name, choices));
}

const unitsMs: Readonly<Record<string, number>> = { m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `90m`, `12h`, `3d`: in milliseconds. */
export function durationOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((typed: string) => {
    const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(typed) ?? [];
    const unitMs = unitsMs[unit];
    if (unitMs === undefined) {
      throw new InputError(`${option.long ?? flags}: expected a length of time such as 90m, 12h or 3d.`);
    }
    return Number(count) * unitMs;
  });
}

export function parseCount(typed: string): number {
  const count = /^\d{1,7}$/.test(typed) ? Number(typed) : 0;
  if (count === 0) throw new InputError('--limit: expected a whole number above 0.');
  return count;
}

/** From 1 to `max`. */
export function wholeNumber(option: string, max: number): (typed: string) => number {
  return (typed) => {
    const number = /^\d{1,7}$/.test(typed) ? Number(typed) : 0;
    if (number < 1 || number > max) throw new InputError(`${option}: expected a whole number from 1 to ${max}.`);
    return number;
  };
}
