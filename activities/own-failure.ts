/** Makes one of the domain's failures of whatever an attempt threw: by an adapter, by a seal, by a worker that drains, or by a bug. */
import { providerName, type Provider } from '../domain/provider/provider-table';
import { SealError } from '../security/sealing';
import { ProviderFailure, type ProviderAdapter } from './providers/provider';

/** A bug in an adapter. Its message stays in the worker: it may quote what the adapter was working on. */
export type ReportBug = (bug: { readonly provider: Provider; readonly kind: string; readonly frames: string }) => void;

/** What an attempt failed with, in the words of the domain, whatever was thrown. */
export function asProviderFailure(
  error: unknown,
  {
    adapter: { provider },
    reportBug,
    draining,
  }: { readonly adapter: Pick<ProviderAdapter, 'provider'>; readonly reportBug: ReportBug; readonly draining: boolean },
): ProviderFailure {
  const name = providerName(provider);
  if (error instanceof ProviderFailure) return error;
  if (error instanceof SealError) {
    return error.code === 'key-unavailable'
      ? new ProviderFailure(
          'KeyUnavailable',
          `This worker does not hold the key that the ${name} identifier is sealed to.`,
        )
      : new ProviderFailure('IdentifierUnusable', `The sealed ${name} identifier was refused: ${error.message}`);
  }
  if (draining) {
    return new ProviderFailure(
      'ProviderUnavailable',
      `The worker shut down while it was calling ${name}; another tries again.`,
    );
  }
  const kind = error instanceof Error ? error.name : typeof error;
  reportBug({ provider, kind, frames: framesOf(error) });
  // Retried, so that the request goes on by itself once a mended worker is deployed.
  return new ProviderFailure(
    'ProviderUnavailable',
    `Our own adapter for ${name} broke (${kind}); the worker's log says where.`,
  );
}

/** Where a bug is, without its message. */
function framesOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  // The message goes first: it may itself have a line that looks like a frame.
  const lines = (error.stack ?? '').replace(error.message, '').split('\n');
  return lines.filter((line) => /^\s+at /.test(line)).join('\n');
}
