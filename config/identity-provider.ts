/** The company's identity provider (OpenID Connect), and what its roles may do at the server. */
import { z } from 'zod';
import { accessRoles, type AccessRole } from '../domain/access-role';
import { safeUrl } from './setting-types';

/** Left exactly as it is: the issuer in a token must be the same text, with or without its trailing slash. */
export const issuerUrl = safeUrl;

/** What each role of the identity provider may do. */
export type RoleMap = ReadonlyMap<string, readonly AccessRole[]>;

export interface IdentityProviderConfig {
  readonly issuer: string;
  /** Whom its tokens have to be for. */
  readonly audience: string;
  /** The claim that holds the opaque id of the staff member or the service. */
  readonly actorClaim: string;
  /** The claim that holds their roles; dots lead into objects. */
  readonly rolesClaim: string;
  readonly roles: RoleMap;
}

const expected = `expected roles such as privacy-officer=view|file|decide, separated by commas; what they may do is some of ${accessRoles.join(', ')}`;

/** `privacy-officer=view|file|decide,head-of-privacy=view|approve`. */
export const roleMap = z.string().transform((text, context): RoleMap => {
  const roles = text.split(',').map((part): readonly [string, readonly AccessRole[]] => {
    const [role = '', allowed = '', ...more] = part.split('=').map((side) => side.trim());
    const names = allowed.split('|').map((name) => name.trim());
    const known = names.flatMap((name) => accessRoles.filter((one) => one === name));
    return [more.length === 0 && known.length === names.length ? role : '', known];
  });
  const names = roles.map(([role]) => role);
  if (names.includes('') || new Set(names).size !== names.length) {
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  }
  return new Map(roles);
});
