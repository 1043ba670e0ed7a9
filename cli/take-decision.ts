/** What all decisions have in common on the command line: who says it and why, its proof, and what is shown of it. */
import type { Command } from 'commander';
import { defined } from '../domain/defined';
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
} from '../domain/decision/decision';
import type { LegProgress } from '../domain/leg/leg-progress';
import type { RequestProgress } from '../domain/request/request-progress';
import { connected } from './connected';
import { print, printJson, type CommandContext } from './context';
import { createProver, type TokenOptions } from './obtain-decision-token';
import { InputError } from './command-failure';

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

/** What the record of one decision will hold, and how it is sent: checked, and about no request yet. */
export interface TypedDecision {
  readonly kind: Kind;
  readonly content: object;
  readonly send: (client: ErasureClient, requestId: string, proof: Proof) => Promise<DecisionAnswer>;
}

interface Proof {
  readonly token?: string | undefined;
  /** The same for all tries of one decision, or an answer that got lost makes it two. */
  readonly decisionId?: string;
}

type DecisionAnswer = { readonly leg: LegProgress } | { readonly progress: RequestProgress };

/** Throws `InputError` for what is no decision, before anything is asked of anybody. */
export function readTypedDecision(kind: Kind, typed: DecisionTyped): TypedDecision {
  const said = { ...typed, reason: parseReason(typed.reason) };
  const why = isAboutProvider(kind) ? whyNoDecision(said) : whyNoRequestDecision(kind, said);
  if (why !== undefined) throw new InputError(`This is no decision: ${why}.`);
  return isAboutProvider(kind) ? aboutProvider(kind, said) : aboutRequest(kind, said);
}

function aboutProvider(kind: DecisionKind, said: object): TypedDecision {
  const content = readDecision(said as ProviderDecision);
  return {
    kind,
    content,
    send: async (client, requestId, { token, decisionId }) => {
      return { leg: await client.decide(kind, requestId, { ...content, ...defined({ token }), decisionId }) };
    },
  };
}

function aboutRequest(kind: RequestDecisionKind, said: object): TypedDecision {
  const { content } = readRequestDecision(kind, said);
  return {
    kind,
    content,
    send: async (client, requestId, { token, decisionId }) => ({
      progress: await client.decide<RequestDecisionKind>(kind, requestId, {
        ...content,
        ...defined({ token }),
        decisionId,
      }),
    }),
  };
}

export async function takeDecision(
  kind: Kind,
  {
    requestId,
    typed,
    context,
  }: { readonly requestId: string; readonly typed: DecisionTyped; readonly context: CommandContext },
): Promise<void> {
  const { content, send } = readTypedDecision(kind, typed);
  const prove = await createProver(typed, context);
  const answer = await connected(context, async (client) => {
    const token = await prove({ requestId, run: () => client.runOf(requestId), kind, content });
    return send(client, requestId, { token });
  });
  const { legLine, progressJson, progressText } = await import('./request-view.js');
  if ('leg' in answer) {
    if (typed.json === true) printJson(context, { requestId, decision: kind, provider: answer.leg });
    else print(context, legLine(answer.leg));
    return;
  }
  if (typed.json === true) printJson(context, { decision: kind, ...progressJson(answer.progress) });
  else print(context, progressText(answer.progress, context));
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
