import type { Command } from 'commander';
import type { ErasureClient } from '../../client/erasure-client';
import { whyNoDecision, type DecisionKind, type ProviderDecision } from '../../domain/decision';
import { providerKeys, type Provider } from '../../domain/provider';
import { connected, requestIdOf } from '../connected';
import { print, printJson, type CommandContext } from '../context';
import { InputError } from '../failure';
import { choiceArgument } from '../options';

interface DecisionWords {
  readonly description: string;
  readonly explanation: string;
  readonly reason: string;
}

const words: Readonly<Record<DecisionKind, DecisionWords>> = {
  retry: {
    description: 'repeat the step that a provider in attention did not get through, now',
    explanation: 'Repeats that step only, and looks first where the provider can be asked.',
    reason: 'credentials-mended',
  },
  waive: {
    description: 'release a request from one provider, for good',
    explanation:
      'That leg ends as waived, and the request as completed-with-exceptions: the certificate says who and why.',
    reason: 'contract-ended',
  },
  attest: {
    description: 'vouch that one provider has erased, for good',
    explanation:
      'That leg ends as attested, and the request as completed-with-exceptions: the certificate says who and why.',
    reason: 'confirmed-in-writing',
  },
};

interface DecideOptions {
  readonly actor: string;
  readonly reason: string;
  readonly json?: boolean;
}

export function addDecisions(program: Command, context: CommandContext): void {
  for (const kind of Object.keys(words) as DecisionKind[]) addDecision(program, kind, context);
}

function addDecision(program: Command, kind: DecisionKind, context: CommandContext): void {
  const { description, explanation, reason } = words[kind];
  program
    .command(kind)
    .description(description)
    .argument('<ID>', 'the request id or the workflow id')
    .addArgument(choiceArgument('PROVIDER', 'whose leg it is about', providerKeys))
    .requiredOption('--actor <STAFF>', 'who decides: an opaque staff id, no name and no e-mail address')
    .requiredOption('--reason <CODE:TICKET>', `why: a code and a ticket reference, e.g. ${reason}:PRIV-1234`)
    .option('--json', 'print the leg after the decision as one JSON object')
    .addHelpText(
      'after',
      `
${explanation}
Actor and reason become part of the certificate. Both are references, never free text.

Example:
  erasure ${kind} 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 person --actor staff-17 --reason ${reason}:PRIV-1234`,
    )
    .action((id: string, provider: Provider, options: DecideOptions) =>
      decide(kind, { id, provider, options, context }),
    );
}

async function decide(
  kind: DecisionKind,
  {
    id,
    provider,
    options,
    context,
  }: {
    readonly id: string;
    readonly provider: Provider;
    readonly options: DecideOptions;
    readonly context: CommandContext;
  },
): Promise<void> {
  const decision = parseDecision(provider, options);
  const requestId = requestIdOf(id);
  const leg = await connected(context, (client) => take(client, kind, { requestId, decision }));
  const { legLine } = await import('../request-view.js');
  if (options.json === true) printJson(context, { requestId, decision: kind, provider: leg });
  else print(context, legLine(leg));
}

/** Codes hold no colon, references may. */
function parseDecision(provider: Provider, { actor, reason }: DecideOptions): ProviderDecision {
  const [, code = '', ticket = ''] = /^([^:]*):(.*)$/s.exec(reason) ?? [];
  if (ticket === '') throw new InputError('--reason: expected CODE:TICKET, e.g. credentials-mended:PRIV-1234.');
  const decision = { provider, actor, reason: { code, ticket } };
  const why = whyNoDecision(decision);
  if (why !== undefined) throw new InputError(`This is no decision: ${why}.`);
  return decision;
}

function take(
  client: ErasureClient,
  kind: DecisionKind,
  { requestId, decision }: { readonly requestId: string; readonly decision: ProviderDecision },
) {
  switch (kind) {
    case 'retry':
      return client.retryProvider(requestId, decision);
    case 'waive':
      return client.waiveProvider(requestId, decision);
    case 'attest':
      return client.attestProvider(requestId, decision);
  }
}
