import type { Fault, Garbage } from './faults';
import { type Answer, type Identified, json, type Peer, type PeerRequest } from './peer';

/** `acted`: what the provider would have answered, where it carried the call out. */
export type Outcome = { readonly acted?: Answer } & (
  | { readonly kind: 'answer'; readonly answer: Answer; readonly delayMs?: number }
  | { readonly kind: 'destroy' }
  | { readonly kind: 'hang' }
);

interface Call {
  readonly peer: Peer;
  readonly request: PeerRequest;
  readonly about: Identified;
}

export function outcomeOf(call: Call, fault: Fault | undefined): Outcome {
  let acted: Answer | undefined;
  const outcome = outcomeUnder(call, fault, () => (acted = call.peer.answer(call.request, call.about)));
  return acted === undefined ? outcome : { ...outcome, acted };
}

function outcomeUnder(call: Call, fault: Fault | undefined, act: () => Answer): Outcome {
  if (!fault) return answered(act());
  switch (fault.kind) {
    case 'down':
      return { kind: 'destroy' };
    case 'reset-after-acting':
      act();
      return { kind: 'destroy' };
    case 'hang':
      if (fault.acting) act();
      return { kind: 'hang' };
    case 'slow':
      return { kind: 'answer', answer: act(), delayMs: fault.delayMs };
    case 'status':
    case 'wrong-body':
    case 'wrong-subject':
    case 'redirect':
    case 'token-expired':
    case 'forbidden':
    case 'bad-credentials':
    case 'inner-status':
    case 'in-between':
      return answered(faultyAnswer(call, fault, act));
  }
}

type AnsweringFault = Exclude<Fault, { kind: 'down' | 'reset-after-acting' | 'hang' | 'slow' }>;

function faultyAnswer({ peer, request, about }: Call, fault: AnsweringFault, act: () => Answer): Answer {
  switch (fault.kind) {
    case 'status':
      return statusAnswer(fault, peer.error(fault.status, about));
    case 'wrong-body':
      return spoiled(fault, act());
    case 'wrong-subject':
      act();
      return peer.aboutSomeoneElse(about, fault.otherSubject);
    case 'redirect':
      return { status: fault.status ?? 302, headers: { location: fault.location } };
    case 'token-expired':
      return peer.refuse({ kind: 'token-expired', variant: fault.variant ?? 'documented' }, request);
    case 'forbidden':
    case 'bad-credentials':
      return peer.refuse({ kind: fault.kind }, request);
    case 'inner-status':
      if (!peer.innerStatus) throw new Error('this provider has no inner status');
      return peer.innerStatus(fault.statusCodeValue);
    case 'in-between':
      return inBetween(fault, peer.error(500, about));
  }
}

function inBetween({ status, says }: Extract<Fault, { kind: 'in-between' }>, ownError: Answer): Answer {
  const page = `<!doctype html><title>${status}</title><p>Please sign in, or call the help desk.`;
  switch (says) {
    case 'page':
      return { status, headers: { 'content-type': 'text/html' }, body: page };
    case 'gateway':
      return json(status, { message: 'no Route matched with those values', request_id: 'c0ffee' });
    case 'empty':
      return { status };
    case 'text':
      return { status, headers: { 'content-type': 'text/plain' }, body: 'upstream connect error' };
    case 'broken-gzip':
      return { status, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: '{}' };
    case 'own-error':
      return { ...ownError, status };
  }
}

function answered(answer: Answer): Outcome {
  return { kind: 'answer', answer };
}

function statusAnswer(fault: Extract<Fault, { kind: 'status' }>, documented: Answer): Answer {
  const base =
    fault.body === undefined
      ? fault.status < 400
        ? { status: fault.status }
        : documented
      : sent(fault.status, fault.body);
  return { ...base, headers: { ...base.headers, ...fault.headers } };
}

function spoiled(fault: Extract<Fault, { kind: 'wrong-body' }>, answer: Answer): Answer {
  // A 204 has no body to spoil, and a refusal is not the success that this fault is about.
  const status = fault.status ?? (answer.status < 300 && answer.status !== 204 ? answer.status : 200);
  const base = fault.body === undefined ? garbage(status, fault.garbage ?? 'html', answer) : sent(status, fault.body);
  return fault.contentType === undefined
    ? base
    : { ...base, headers: { ...base.headers, 'content-type': fault.contentType } };
}

function sent(status: number, body: unknown): Answer {
  return typeof body === 'string'
    ? { status, headers: { 'content-type': 'application/json' }, body }
    : json(status, body);
}

const hugeBytes = 8 * 1024 * 1024;
const depth = 200_000;

export function garbage(status: number, kind: Garbage, answer: Pick<Answer, 'body'> = {}): Answer {
  const headers = { 'content-type': 'application/json' };
  const body = answer.body || JSON.stringify({ result: 'accepted', reference: 'c0ffee' });
  switch (kind) {
    case 'html':
      return {
        status,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><title>Please sign in</title><p>…',
      };
    case 'truncated':
      return { status, headers, body: body.slice(0, Math.ceil(body.length / 2)) };
    case 'cut-off':
      return { status, headers, body, cutOff: true };
    case 'empty':
      return { status, headers, body: '' };
    case 'null':
      return { status, headers, body: 'null' };
    case 'huge':
      return { status, headers, body: `{"padding":"${'x'.repeat(hugeBytes)}"}` };
    case 'deep':
      return { status, headers, body: '['.repeat(depth) + ']'.repeat(depth) };
    case 'wrong-type':
      return { status, headers: { 'content-type': 'text/plain' }, body };
    case 'other-shape':
      return json(status, [{ surprise: true, nested: { list: [1, 'two', null] } }]);
  }
}
