import { isRecord } from '../domain/text';
import type { Provider } from '../domain/provider';

/** What a provider that calls back names the event that we asked for. */
const completionEvents: Readonly<Partial<Record<Provider, string>>> = { measureone: 'individual.purged' };

export interface CallbackBody {
  readonly verdict: 'confirms' | 'another-event' | 'not-json';
  /** Only ever the name that we expect. */
  readonly event?: string;
}

/**
 * Of MeasureOne's body nothing is documented but that it is JSON; its sample reads the event's name from `event`, and
 * our own request names it `event_type`. So a body that names another event is no confirmation, and one that names none
 * is: the capability was handed out for this one event. Nothing of the body goes further than the name we know.
 */
export function readCallbackBody(body: Buffer | undefined, provider: Provider): CallbackBody {
  const text = new TextDecoder().decode(body).trim();
  if (text === '') return { verdict: 'confirms' };
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return { verdict: 'not-json' };
  }
  const expected = completionEvents[provider];
  const names = isRecord(content) ? [content['event'], content['event_type']] : [];
  const named = names.filter((name) => typeof name === 'string');
  if (named.some((name) => name !== expected)) return { verdict: 'another-event' };
  return { verdict: 'confirms', ...(named[0] === undefined ? {} : { event: named[0] }) };
}
