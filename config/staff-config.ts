/** Settings of a staff member's own machine: where they log in, and where decisions are signed. */
import { z } from 'zod';
import { ConfigurationError, readEnvironment, refuseHiddenNames, type Environment } from './environment';
import { baseUrl } from './setting-types';
import { issuerUrl } from './identity-provider';

export const staffVariables = {
  ERASURE_SERVER_URL: baseUrl.optional(),
  ERASURE_OIDC_ISSUER: issuerUrl.optional(),
  ERASURE_OIDC_CLIENT_ID: z.string().min(1).optional(),
  ERASURE_OIDC_SCOPE: z.string().min(1).default('openid'),
} as const;

export interface LoginConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}

function readStaffVariables(environment: Environment): z.output<z.ZodObject<typeof staffVariables>> {
  refuseHiddenNames(environment);
  return readEnvironment(staffVariables, environment);
}

/** Where decisions are signed for whoever is logged in; undefined where no server is named. */
export function readServerUrl(environment: Environment): string | undefined {
  return readStaffVariables(environment).ERASURE_SERVER_URL;
}

/** Throws `ConfigurationError` where there is nothing to log in at. */
export function readLoginConfig(environment: Environment): LoginConfig {
  const own = readStaffVariables(environment);
  const { ERASURE_OIDC_ISSUER: issuer, ERASURE_OIDC_CLIENT_ID: clientId, ERASURE_OIDC_SCOPE: scope } = own;
  if (issuer !== undefined && clientId !== undefined) return { issuer, clientId, scope };
  throw new ConfigurationError([
    ...(issuer === undefined ? ['ERASURE_OIDC_ISSUER is missing'] : []),
    ...(clientId === undefined ? ['ERASURE_OIDC_CLIENT_ID is missing'] : []),
  ]);
}
