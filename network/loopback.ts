/** Whether a host (an IPv6 address without brackets) is this machine itself, whatever a name server says. */
export function isLoopback(host: string): boolean {
  return /^(127(\.\d{1,3}){3}|::1|(.*\.)?localhost)$/i.test(host);
}
