#!/usr/bin/env node
/** The `erasure` command. */
import type { CommandContext } from './context';
import { createProgram } from './program';
import { exitCode, type ExitCode } from './exit-code';
import { report } from './command-failure';

const context: CommandContext = {
  environment: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  exitWith(code: ExitCode) {
    process.exitCode = code;
  },
};

function fail(error: unknown): never {
  process.exit(report(error, context));
}

// `erasure … | head` closes our stdout early: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.ok);
  fail(error);
});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

// Ends at once: what a service has half started would keep its process alive, and looking well.
createProgram(context).parseAsync(process.argv).catch(fail);
