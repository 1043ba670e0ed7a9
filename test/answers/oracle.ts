/**
 * What may be claimed after some answers, at most. Written from the providers' documents and from nothing else: it shares no
 * code with the adapters, and reads no body; it is told what each one is.
 */
import type { Call, Failing, Given, Provider } from './kinds';

export interface Entry {
  readonly call: Call;
  readonly given: Given | Failing;
}

export type Log = readonly Entry[];

const erasingCalls: readonly Call[] = ['purge', 'queue', 'delete'];
const isErasing = ({ call }: Entry) => erasingCalls.includes(call);

/** Labelled as JSON, or not labelled at all. A page is a page, whatever the label, and so is what is labelled as one. */
const isJson = ({ type }: Given) => type === '' || type === 'application/json';
const isPage = ({ type, body }: Given) => type === 'text/html' || body.kind === 'page';

function isSuccess({ call, given }: Entry): boolean {
  if (typeof given === 'string' || isPage(given)) return false;
  const { status, body } = given;
  const { kind } = body;
  switch (call) {
    // No success is documented: a 2xx that is empty or an object, no error and about nobody else.
    case 'purge':
      if (![200, 201, 202, 204].includes(status)) return false;
      return kind === 'nothing' || (isJson(given) && (kind === 'own success' || kind === 'some object'));
    // "202, PurgeResponse"; its members say whose answer it is.
    case 'queue':
      return [200, 201, 202].includes(status) && isJson(given) && kind === 'own success';
    case 'read':
    case 'info':
      return status === 200 && isJson(given) && kind === 'own success';
    case 'dequeue':
      return status === 204 && kind === 'nothing';
    // "200 Deleted", "204 No Content", with an entity that may be absent.
    case 'delete':
      if (status === 204) return kind === 'nothing';
      return status === 200 && (kind === 'nothing' || (isJson(given) && kind === 'own success'));
    case 'login':
      return status === 200 && isJson(given) && kind === 'own success';
  }
}

/** Believed with the provider's own error body only. */
function isNotFound({ given }: Entry): boolean {
  return typeof given !== 'string' && given.status === 404 && isJson(given) && given.body.kind === 'own not-found';
}

/** The provider itself refused the call: whatever it was, it was not carried out. */
function isRefusal({ given }: Entry): boolean {
  if (typeof given === 'string' || !isJson(given)) return false;
  const { status, body } = given;
  const isFinal = status >= 400 && status < 500 && ![407, 408, 425, 429].includes(status);
  return isFinal && /^own (error|not-found)$/.test(body.kind);
}

const canHaveArrived = (entry: Entry) => isErasing(entry) && entry.given !== 'refused';
const mayHaveBeenCarriedOut = (entry: Entry) => canHaveArrived(entry) && !isRefusal(entry);

export interface Limits {
  readonly outcomes: ReadonlySet<string>;
  /** Words of a certificate's basis, and whether they would be true. */
  readonly words: ReadonlyMap<RegExp, boolean>;
}

export function atMost(provider: Provider, log: Log): Limits {
  const arrived = log.some(canHaveArrived);
  const accepted = log.some((entry) => isErasing(entry) && isSuccess(entry));
  const unknown = log.some((entry) => isErasing(entry) && isNotFound(entry));
  const doubtful = log.some(
    (entry, index) =>
      mayHaveBeenCarriedOut(entry) && log.slice(index + 1).some((later) => isErasing(later) && isNotFound(later)),
  );
  const queued = log.some((entry) => provider === 'person' && entry.call === 'read' && isSuccess(entry));
  const lastOf = (call: Call) => log.findLast((entry) => entry.call === call);
  const isGone = (call: Call) => {
    const last = lastOf(call);
    return last !== undefined && isNotFound(last);
  };
  // The person: not on the queue, and not there any more. Looked at in this order.
  const absent = provider === 'aptrinsic' ? isGone('read') : provider === 'person' && isGone('read') && isGone('info');
  const seen =
    provider === 'aptrinsic'
      ? accepted || log.some((entry) => entry.call === 'read' && isSuccess(entry))
      : log.some((entry) => entry.call === 'info' && isSuccess(entry));
  const dequeued =
    log.some((entry) => entry.call === 'dequeue' && (isSuccess(entry) || !isRefusal(entry))) && isGone('read');
  // A look at the person counts for the withdrawal only if it came after it.
  const info = log
    .slice(log.findLastIndex(({ call }) => call === 'dequeue') + 1)
    .findLast(({ call }) => call === 'info');
  const spared =
    log.some((entry) => entry.call === 'dequeue' && isSuccess(entry)) || (info !== undefined && isSuccess(info));

  const outcomes = new Set(['unknown', 'unsettled']);
  if (seen && absent) outcomes.add('erased verified');
  if ((accepted || doubtful || queued) && (provider === 'measureone' || absent)) outcomes.add('presumed-erased');
  if (unknown && !accepted && !doubtful && (provider === 'measureone' || absent)) outcomes.add('not-found');
  if (accepted && dequeued && spared) outcomes.add('withdrawn');
  if (!arrived) outcomes.add('never-asked');

  return {
    outcomes,
    words: new Map([
      [/took the request on at/, accepted],
      [/^.*answered that it knows no such identifier/, unknown],
      [/knew no such identifier/, unknown],
      [/an erasure is queued/, queued],
      [/was known to be there/, seen],
      [/the record was absent/, absent],
      [/there before and was absent/, seen && absent],
      [/it was withdrawn|withdrawn at the provider/i, accepted && dequeued],
      [/We asked|had been asked/, arrived],
      [/no call of ours can have reached it/, !arrived],
    ]),
  };
}

/** Whose answer it cannot be, for sure: nothing of it may be told of the provider, neither that it refused nor that it broke its word. */
export function isStrangers(given: Given): boolean {
  return isPage(given) || given.status === 407 || given.status === 511;
}

/** Only not now, whoever says so. */
export function isNotNow({ status }: Given): boolean {
  return [408, 425, 429].includes(status) || (status >= 500 && status !== 511);
}
