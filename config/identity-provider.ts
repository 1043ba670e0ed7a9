/** The company's identity provider (OpenID Connect), and what its roles may decide. */
import { z } from 'zod';
import { decisionKinds, type DecisionKind } from '../domain/decision/decision-table';
import { safeUrl } from './setting-types';

/** Left exactly as it is: the issuer in a token must be the same text, with or without its trailing slash. */
export const issuerUrl = safeUrl;

/** The kinds of decisions that each role may take. */
export type DecisionRoles = ReadonlyMap<string, readonly DecisionKind[]>;

const expected = `expected roles such as privacy-officer=approve|hold|release, separated by commas; kinds are ${decisionKinds.join(', ')}`;

/** `privacy-officer=approve|reject|hold,legal=hold|release`. */
export const decisionRoles = z.string().transform((text, context): DecisionRoles => {
  const roles = text.split(',').map((part): readonly [string, readonly DecisionKind[]] => {
    const [role = '', allowed = '', ...more] = part.split('=').map((side) => side.trim());
    const names = allowed.split('|').map((name) => name.trim());
    const known = names.flatMap((name) => decisionKinds.filter((kind) => kind === name));
    return [more.length === 0 && known.length === names.length ? role : '', known];
  });
  const names = roles.map(([role]) => role);
  if (names.includes('') || new Set(names).size !== names.length) {
    context.addIssue({ code: 'custom', message: expected });
    return z.NEVER;
  }
  return new Map(roles);
});
