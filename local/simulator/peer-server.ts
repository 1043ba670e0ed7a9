/** The HTTP door of one simulated provider: faults, call log, and bytes; what is answered is the peer's affair. */
import { setTimeout as delay } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { CallLog, LoggedCall } from './call-log';
import type { SimulatorClock } from './clock';
import { type Outcome, outcomeOf } from './fault-outcome';
import type { Faults } from './faults';
import { type Answer, parseJson, type Peer, type PeerRequest } from './peer';

const bodyBytesMax = 1024 * 1024;

export interface PeerServerParts {
  readonly provider: string;
  readonly peer: Peer;
  readonly clock: SimulatorClock;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly closing: AbortSignal;
  /** Called after every call. */
  readonly changed: () => void;
}

export function peerServer(parts: PeerServerParts): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    forceCloseConnections: true,
    // One route for all: the router would decode the path, and an id holding %2F or a broken escape must arrive as sent.
    rewriteUrl: () => '/',
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setErrorHandler((error, request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    const call = log(parts, request, receive(request));
    return send(reply, call, parts.peer.error(status));
  });
  app.setNotFoundHandler((request, reply) => handle(parts, request, reply));
  return app;
}

async function handle(parts: PeerServerParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { clock, faults, peer, provider, closing, changed } = parts;
  clock.runDue();
  const received = receive(request);
  const about = peer.identify(received);
  const fault = faults.take(provider, about);
  const call = log(parts, request, received);
  call.operation = about.operation;
  if (about.subject !== undefined) call.subject = about.subject;
  if (fault) Object.assign(call, { fault: fault.kind, faultApplied: fault });
  reply.raw.once('close', () => {
    if (call.status === 'unanswered') call.status = 'destroyed';
  });

  const outcome = outcomeOf({ peer, request: received, about }, fault);
  if (outcome.acted?.meaning) call.did = outcome.acted.meaning;
  clock.runDue();
  changed();
  return deliver(reply, call, outcome, closing);
}

async function deliver(reply: FastifyReply, call: LoggedCall, outcome: Outcome, closing: AbortSignal) {
  switch (outcome.kind) {
    case 'hang':
      return reply.hijack();
    case 'destroy':
      return destroy(reply, call);
    case 'answer': {
      const late = outcome.delayMs && (await delay(outcome.delayMs, false, { signal: closing }).catch(() => true));
      return late || reply.raw.destroyed ? destroy(reply, call) : send(reply, call, outcome.answer);
    }
  }
}

function destroy(reply: FastifyReply, call: LoggedCall): FastifyReply {
  call.status = 'destroyed';
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

function send(reply: FastifyReply, call: LoggedCall, answer: Answer): FastifyReply {
  call.status = answer.status;
  if (answer.meaning) call.said = answer.meaning;
  return answer.cutOff
    ? sendHalf(reply, answer)
    : reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body);
}

function sendHalf(reply: FastifyReply, { status, headers, body = '' }: Answer): FastifyReply {
  reply.hijack();
  reply.raw.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  reply.raw.write(body.slice(0, body.length / 2), () => reply.raw.destroy());
  return reply;
}

function receive(request: FastifyRequest): PeerRequest {
  const [rawPath = '', query = ''] = splitOnce(request.originalUrl, '?');
  const body = typeof request.body === 'string' ? request.body : '';
  return { method: request.method, rawPath, query: new URLSearchParams(query), headers: request.headers, body };
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function log({ provider, clock, calls }: PeerServerParts, request: FastifyRequest, received: PeerRequest): LoggedCall {
  const call: LoggedCall = {
    at: clock.iso(),
    wallAt: new Date().toISOString(),
    provider,
    operation: 'unknown',
    method: received.method,
    rawPath: received.rawPath,
    headers: { ...request.headers },
    query: Object.fromEntries(received.query),
    status: 'unanswered',
  };
  if (received.body !== '') call.body = parseJson(received.body) ?? received.body;
  calls.add(call);
  return call;
}
