/** Where whoever filed a request wants to be told of its changes. It is kept in Temporal in the clear, so nothing personal may stand in it. */

const LENGTH_MAX = 512;
const pattern = /^(https?):\/\/([a-z0-9.-]{1,253})(?::([1-9]\d{0,4}))?((?:\/[A-Za-z0-9._~-]*)*)$/;
/** A host whose last part begins with a digit is read as an address, also where it does not look like one: 80 is 0.0.0.80. */
const hostName = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const address = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const loopbackNames = ['localhost', '127.0.0.1'];

export interface WebhookPlace {
  readonly host: string;
  readonly port: number;
}

/** Why this is no address that can be told of changes: the sentence goes on from the field. */
export function webhookUrlProblem(url: unknown): string | undefined {
  const expected = 'expected an https URL of a host name and a path of letters, digits and - . _ ~ only';
  if (typeof url !== 'string' || url.length > LENGTH_MAX) return expected;
  const [, scheme, host = '', port = '443'] = pattern.exec(url) ?? [];
  if (scheme === undefined || Number(port) > 65_535 || !(hostName.test(host) || address.test(host))) return expected;
  if (/(^|\/)\.{1,2}(\/|$)/.test(url.slice(url.indexOf('://') + 3))) return `${expected}, without . or .. in it`;
  return scheme === 'https' || loopbackNames.includes(host) ? undefined : expected;
}

/** Of a URL that has no problem. */
export function webhookPlaceOf(url: string): WebhookPlace {
  const [, scheme, host = '', port] = pattern.exec(url) ?? [];
  return { host, port: port === undefined ? (scheme === 'http' ? 80 : 443) : Number(port) };
}
