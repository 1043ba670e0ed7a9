/** Why a process cannot listen, in one sentence. */
import { ServiceError } from './command-failure';

/** Node's own error says which of its addresses it was. `settings`: where they come from. */
export function explainListening(process: string, settings: string): (error: unknown) => unknown {
  return (error) => {
    if (!(error instanceof Error)) return error;
    const { code = '', address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
    if (!['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL'].includes(code)) return error;
    return new ServiceError(`The ${process} cannot listen on ${address}:${port} (${code}). Check ${settings}.`);
  };
}
