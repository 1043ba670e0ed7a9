import { PassThrough } from 'node:stream';
import * as library from '../../client';
import type { CommandContext } from '../../cli/context';
import { exitCode, exitCodeHelp } from '../../cli/exit-code';
import { exitCodes, InputError, report, ServiceError } from '../../cli/command-failure';
import {
  DecisionTokenDeniedError,
  ServerUnavailableError,
  IdentityProviderUnavailableError,
  LoginRefusedError,
} from '../../cli/login-failure';
import { CertificateInvalid } from '../../security/certificate-signature';
import { DecisionNotSignable } from '../../security/decision-token';
import { TemporalUnreachable } from '../../worker/worker';
import { planted } from '../client/client-fixture';

const { ErasureClientError } = library;
type ErrorClass = new (...args: never[]) => Error;

/** Everything foreseen that a command may end with: of the library all that it exports. */
const foreseen: readonly ErrorClass[] = [
  ...(Object.values(library) as unknown[]).filter(
    (value): value is ErrorClass =>
      typeof value === 'function' && value.prototype instanceof Error && value !== ErasureClientError,
  ),
  CertificateInvalid,
  DecisionNotSignable,
  DecisionTokenDeniedError,
  ServerUnavailableError,
  IdentityProviderUnavailableError,
  LoginRefusedError,
  TemporalUnreachable,
  InputError,
  ServiceError,
];

/** The name that an instance carries: each constructor takes either a text or a list of texts first. */
function nameOf(errorClass: ErrorClass): string {
  const firsts = ['text', ['text']];
  for (const first of firsts) {
    try {
      return new errorClass(...([first, 'text'] as unknown[] as never[])).name;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }
  throw new Error('It can be made of neither');
}

function told(error: unknown): { readonly code: number; readonly text: string } {
  const stderr = new PassThrough();
  const stdout = new PassThrough();
  const context: CommandContext = { environment: {}, stdin: stdout, stdout, stderr, exitWith: () => undefined };
  const code = report(error, context);
  return { code, text: String(stderr.read() ?? '') };
}

describe('exit codes of failures', () => {
  it('belong to the names that the real classes carry: all of them, and no other', () => {
    const names = foreseen.map(nameOf);
    expect(new Set(names).size).toBe(foreseen.length);
    expect([...exitCodes.keys()].sort()).toEqual(names.sort());
  });

  it('are those of the classes, not merely known', () => {
    const requestId = '3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11';
    expect(told(new library.RequestNotFoundError(requestId)).code).toBe(exitCode.notFound);
    expect(told(new library.RequestConflictError(requestId, 'different-content')).code).toBe(exitCode.conflict);
    expect(told(new library.TemporalUnavailableError('Away.')).code).toBe(exitCode.unavailable);
    expect(told(new library.NoWorkerError(requestId)).code).toBe(exitCode.unavailable);
    expect(told(new library.DecisionRefusedError(requestId, 'No.')).code).toBe(exitCode.refused);
    expect(told(new library.RequestOverError(requestId, 'completed')).code).toBe(exitCode.refused);
    expect(told(new library.RequestFailedError(requestId, 'terminated')).code).toBe(exitCode.noCertificate);
    expect(told(new library.RequestStillRunningError(requestId)).code).toBe(exitCode.stillRunning);
    expect(told(new InputError('Wrong.'))).toEqual({ code: exitCode.usage, text: 'Wrong.\n' });
  });

  it('all stand in the help', () => {
    for (const code of Object.values(exitCode)) expect(exitCodeHelp).toMatch(new RegExp(`^ +${code}  `, 'm'));
  });

  it('is 1 for what nobody foresaw, whose message is not repeated', () => {
    expect(told(new TypeError(planted.personId))).toEqual({
      code: exitCode.unexpected,
      text: 'Something unexpected went wrong (TypeError). Set ERASURE_DEBUG=1 to see where.\n',
    });
  });
});
