/** How a decision that was typed is checked, sent with its token, and shown. */
import { progressJson } from '../client/request-json';
import type { ErasureClient } from '../client/erasure-client';
import { decisionProblem, readDecision, type Decision } from '../domain/decision/decision';
import { decisionRow, type DecisionKind } from '../domain/decision/decision-table';
import { defined } from '../domain/defined';
import type { DecisionAnswer } from '../workflows/messages';
import { InputError } from './command-failure';
import { connected } from './connected';
import { print, printJson, remark, type CommandContext } from './context';
import { createTokenSource, type TokenOptions, type TokenSource } from './obtain-decision-token';

/** What was typed: the common options, and the fields of the decision's kind under their own names. */
export interface DecisionOptions extends TokenOptions {
  readonly json?: boolean;
  readonly yes?: boolean;
  readonly [field: string]: unknown;
}

/** Throws `InputError` for what is no decision, before anything is sent. */
export function parseDecision(kind: DecisionKind, options: DecisionOptions): Decision {
  const problem = decisionProblem(kind, options);
  if (problem !== undefined) throw new InputError(`This is no decision: ${problem}.`);
  return readDecision(kind, options);
}

export async function sendDecision(
  client: ErasureClient,
  { kind, content }: Decision,
  {
    requestId,
    tokenFor,
    decisionId,
  }: {
    readonly requestId: string;
    readonly tokenFor: TokenSource;
    /** The same for all tries of one decision, or an answer that got lost makes it two. */
    readonly decisionId?: string;
  },
): Promise<DecisionAnswer> {
  const token = await tokenFor({ requestId, run: () => client.runOf(requestId), kind, content });
  return client.decide(kind, requestId, { ...content, ...defined({ token, decisionId }) });
}

export async function takeDecision(
  kind: DecisionKind,
  {
    requestId,
    options,
    context,
  }: { readonly requestId: string; readonly options: DecisionOptions; readonly context: CommandContext },
): Promise<void> {
  const decision = parseDecision(kind, options);
  const tokenFor = await createTokenSource(options, context);
  const answer = await connected(context, (client) => sendDecision(client, decision, { requestId, tokenFor }));
  const { legLine, progressText } = await import('./request-view.js');
  if ('provider' in answer) {
    if (options.json === true) printJson(context, { requestId, decision: kind, provider: answer });
    else print(context, legLine(answer));
  } else if (options.json === true) printJson(context, { decision: kind, ...progressJson(answer) });
  else print(context, progressText(answer, context));
  const { afterwards } = decisionRow(kind).command;
  if (afterwards !== undefined) remark(context, `${afterwards} ${requestId}`);
}
