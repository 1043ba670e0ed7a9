/** What all decisions have in common on the command line: who says it and why, its proof, and what is shown of it. */
import type { Command } from 'commander';
import type { ErasureClient } from '../client/erasure-client';
import {
  providerDecisionKinds,
  readDecision,
  readRequestDecision,
  whyNoDecision,
  whyNoRequestDecision,
  type DecisionKind,
  type ProviderDecision,
  type Reason,
  type RequestDecisionKind,
  type RequestDecisions,
} from '../domain/decision';
import { connected } from './connected';
import { print, printJson, type CommandContext } from './context';
import { tokenFor, type TokenOptions } from './decision-token';
import { InputError } from './failure';

type Kind = DecisionKind | RequestDecisionKind;

/** What was typed: the common options, and the fields of the decision's kind under their own names. */
export interface DecisionTyped extends TokenOptions {
  readonly actor: string;
  readonly reason: string;
  readonly json?: boolean;
  readonly [field: string]: unknown;
}

export const actorFlags = '--actor <STAFF>';
export const actorHelp = 'who decides: an opaque staff id, no name and no e-mail address';
export const reasonFlags = '--reason <CODE:TICKET>';
export const reasonHelp = (code: string): string => `why: a code and a ticket reference, e.g. ${code}:PRIV-1234`;

export function addActorAndReason(command: Command, reasonCode: string): Command {
  return command.requiredOption(actorFlags, actorHelp).requiredOption(reasonFlags, reasonHelp(reasonCode));
}

/** Throws `InputError` for what is no decision, before anything is asked of anybody. */
export async function takeDecision(
  kind: Kind,
  {
    requestId,
    typed,
    context,
  }: { readonly requestId: string; readonly typed: DecisionTyped; readonly context: CommandContext },
): Promise<void> {
  const said = { ...typed, reason: parseReason(typed.reason) };
  const why = isAboutProvider(kind) ? whyNoDecision(said) : whyNoRequestDecision(kind, said);
  if (why !== undefined) throw new InputError(`This is no decision: ${why}.`);
  if (isAboutProvider(kind)) {
    await decideAboutProvider(kind, {
      requestId,
      decision: readDecision(said as unknown as ProviderDecision),
      typed,
      context,
    });
  } else {
    await decideAboutRequest(kind, { requestId, content: readRequestDecision(kind, said).content, typed, context });
  }
}

interface Taking<Content> {
  readonly requestId: string;
  readonly content: Content;
  readonly typed: DecisionTyped;
  readonly context: CommandContext;
}

async function decideAboutProvider(
  kind: DecisionKind,
  { requestId, decision, typed, context }: Omit<Taking<never>, 'content'> & { readonly decision: ProviderDecision },
): Promise<void> {
  const proven = await withToken(kind, { requestId, content: decision, typed, context });
  const leg = await connected(context, (client) => takeOfProvider(client, kind, { requestId, decision: proven }));
  const { legLine } = await import('./request-view.js');
  if (typed.json === true) printJson(context, { requestId, decision: kind, provider: leg });
  else print(context, legLine(leg));
}

async function decideAboutRequest(
  kind: RequestDecisionKind,
  taking: Taking<RequestDecisions[RequestDecisionKind]>,
): Promise<void> {
  const { requestId, typed, context } = taking;
  const proven = await withToken(kind, taking);
  const progress = await connected(context, (client) => client.decide<RequestDecisionKind>(kind, requestId, proven));
  const { progressJson, progressText } = await import('./request-view.js');
  if (typed.json === true) printJson(context, { decision: kind, ...progressJson(progress) });
  else print(context, progressText(progress, context));
}

async function withToken<Content extends object>(
  kind: Kind,
  { requestId, content, typed, context }: Taking<Content>,
): Promise<Content> {
  const token = await tokenFor({ requestId, kind, content }, typed, context);
  return token === undefined ? content : { ...content, token };
}

function takeOfProvider(
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

/** Codes hold no colon, references may. */
export function parseReason(typed: string): Reason {
  const [, code = '', ticket = ''] = /^([^:]*):(.*)$/s.exec(typed) ?? [];
  if (ticket === '') throw new InputError('--reason: expected CODE:TICKET, e.g. credentials-mended:PRIV-1234.');
  return { code, ticket };
}

function isAboutProvider(kind: Kind): kind is DecisionKind {
  return providerDecisionKinds.some((known) => known === kind);
}
