/** A forward proxy of the company, and what is reached without it. */
import { BlockList, isIP, isIPv6 } from 'node:net';
import { isLoopback } from './loopback';

export interface Proxy {
  /** TLS to the proxy itself; what goes through it is inside TLS in any case. */
  readonly isEncrypted: boolean;
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** A secret. */
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly exceptions: readonly ProxyException[];
}

export interface Target {
  /** An IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Whether this is one of the hosts that are reached directly. */
export type ProxyException = (target: Target) => boolean;

/** This machine itself is never reached through a proxy, which would go to itself. */
export function goesThrough({ exceptions }: Pick<Proxy, 'exceptions'>, target: Target): boolean {
  return !isLoopback(target.host) && !exceptions.some((isException) => isException(target));
}

/**
 * A name stands for itself and for all names below it, `.name` or `*.name` for those below it only; an address or a network
 * (CIDR) for URLs that have such an address in them, since no name is looked up for this. A port may follow. Undefined: none of these.
 */
export function proxyException(text: string): ProxyException | undefined {
  const [, bracketed, plain = '', portText] = /^(?:\[([^\]]+)\]|([^\s[\]]+?))(?::(\d{1,5}))?$/.exec(whole(text)) ?? [];
  const host = bracketed ?? plain;
  if (bracketed !== undefined && !isIPv6(bracketed.replace(/\/\d+$/, ''))) return undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  const isHost = hostMatcher(host.toLowerCase());
  return isHost && ((target) => (port === undefined || port === target.port) && isHost(target.host.toLowerCase()));
}

/** A bare IPv6 address or network would look as if its last group were a port. */
function whole(text: string): string {
  return isIPv6(text.replace(/\/\d+$/, '')) ? `[${text}]` : text;
}

function hostMatcher(host: string): ((host: string) => boolean) | undefined {
  const [address = '', bits, ...more] = host.split('/');
  const family = isIP(address);
  if (family !== 0) {
    if (more.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined;
    const prefix = bits === undefined ? undefined : Number(bits);
    if (prefix !== undefined && prefix > (family === 6 ? 128 : 32)) return undefined;
    const list = new BlockList();
    const name = family === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, name);
    else list.addSubnet(address, prefix, name);
    return (asked) => isIP(asked) !== 0 && list.check(asked, isIP(asked) === 6 ? 'ipv6' : 'ipv4');
  }
  const below = /^\*?\./.exec(host)?.[0] ?? '';
  const name = host.slice(below.length);
  if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name) || /^[\d.]+$/.test(name)) return undefined;
  return (asked) => asked.endsWith(`.${name}`) || (below === '' && asked === name);
}
