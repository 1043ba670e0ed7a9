/** Who a request is from, by what stands in its `Authorization` header. */
import { createServiceKeyCheck, isServiceKey } from '../security/service-keys';
import type { ServiceKeys } from '../security/key-table';
import type { AccessTokenVerifier } from './access-token';
import type { Principal } from './principal';

/** `unknown`: nothing that holds; `reason` is a code for the log. `provider-away`: the identity provider cannot be asked now. */
export type Authentication =
  | { readonly verdict: 'known'; readonly principal: Principal }
  | { readonly verdict: 'unknown' | 'provider-away'; readonly reason: string };

export type Authenticator = (authorization: string | undefined, now: number) => Promise<Authentication>;

export function createAuthenticator({
  verifyToken,
  serviceKeys,
}: {
  /** Of the company's identity provider; absent where there is none. */
  readonly verifyToken?: AccessTokenVerifier | undefined;
  readonly serviceKeys?: ServiceKeys | undefined;
}): Authenticator {
  const serviceOf = serviceKeys && createServiceKeyCheck(serviceKeys);

  return async (authorization, now) => {
    const [, presented] = /^bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    if (presented === undefined) return unknown('no-bearer-token');
    if (isServiceKey(presented)) {
      const service = serviceOf?.(presented, now);
      if (service === undefined) return unknown('no-such-service-key');
      return known({ kind: 'service', id: service.service, roles: new Set(service.roles) });
    }
    if (verifyToken === undefined) return unknown('no-identity-provider');
    const verified = await verifyToken(presented, now);
    if (verified.verdict !== 'known') return verified;
    const { id, roles } = verified.claims;
    // Whoever it is, no decision of theirs could be recorded.
    return id === undefined ? unknown('no-opaque-id') : known({ kind: 'staff', id, roles });
  };
}

function known(principal: Principal): Authentication {
  return { verdict: 'known', principal };
}

function unknown(reason: string): Authentication {
  return { verdict: 'unknown', reason };
}
