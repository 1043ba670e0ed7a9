/** Makes every failure one clear sentence and an exit code. A stack is shown only to whoever asks for it. */
import { CommanderError } from 'commander';
import { exitCode, type ExitCode } from './exit-code';
import type { CommandContext } from './context';

/** Something about the input, the files or the settings is wrong. The message is a whole sentence. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** A process of ours cannot start or go on. The message is a whole sentence. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
}

/** By name, so that `erasure --help` need not load the modules that define them. */
export const exitCodes: ReadonlyMap<string, ExitCode> = new Map([
  ['InputError', exitCode.usage],
  ['InvalidSubmissionError', exitCode.usage],
  ['BulkFileError', exitCode.usage],
  ['FilterError', exitCode.usage],
  ['SealingUnavailableError', exitCode.usage],
  ['ConfigurationError', exitCode.usage],
  ['KeyFileError', exitCode.usage],
  ['DecisionNotSignable', exitCode.usage],
  ['RequestNotFoundError', exitCode.notFound],
  ['RequestConflictError', exitCode.conflict],
  ['TemporalUnavailableError', exitCode.unavailable],
  ['TemporalUnreachable', exitCode.unavailable],
  ['NoWorkerError', exitCode.unavailable],
  ['ServerUnavailableError', exitCode.unavailable],
  ['IdentityProviderUnavailableError', exitCode.unavailable],
  ['DecisionRefusedError', exitCode.refused],
  ['DecisionTokenDeniedError', exitCode.refused],
  ['LoginRefusedError', exitCode.refused],
  ['CertificateInvalid', exitCode.refused],
  ['RequestOverError', exitCode.refused],
  ['RequestFailedError', exitCode.noCertificate],
  ['RequestStillRunningError', exitCode.stillRunning],
  ['ServiceError', exitCode.unexpected],
]);

/** Whether this failure was foreseen, and has a sentence and an exit code of its own. */
export function hasExitCode(error: unknown): boolean {
  return error instanceof Error && exitCodes.has(error.name);
}

/** Tells the failure on stderr and answers with its exit code. */
export function report(error: unknown, { stderr, environment }: CommandContext): ExitCode {
  const known = error instanceof Error ? exitCodes.get(error.name) : undefined;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCode.ok;
    const sentence = usageSentence(error);
    if (sentence !== undefined) stderr.write(`${sentence}\nSee erasure --help.\n`);
  } else if (error instanceof Error && known !== undefined) {
    stderr.write(`${printable(error.message)}\n`);
  } else {
    // Nobody knows what its message quotes, so it is not repeated.
    const kind = error instanceof Error ? error.name : typeof error;
    stderr.write(`Something unexpected went wrong (${printable(kind)}). Set ERASURE_DEBUG=1 to see where.\n`);
  }
  if (environment['ERASURE_DEBUG'] === '1' && error instanceof Error) stderr.write(`${error.stack ?? ''}\n`);
  return error instanceof CommanderError ? exitCode.usage : (known ?? exitCode.unexpected);
}

/** commander repeats what was typed, and that may be an identifier: only its suggestions of known names are kept. */
function usageSentence({ code, message }: CommanderError): string | undefined {
  if (code === 'commander.help') return undefined;
  const sentence = message
    .replace(/^error: /, '')
    .replace(/^unknown (option|command) '[\s\S]*'(?=$|\n\(Did you mean)/, 'there is no such $1')
    .replace(/\n\(/, ' (');
  return `${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}${/[.)]$/.test(sentence) ? '' : '.'}`;
}

/** Some messages carry words from outside: they must not steer the terminal. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, '?');
}
