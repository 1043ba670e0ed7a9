import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';

export const tokenSettings = {
  tokenLifetimeSeconds: z.number().positive(),
  /** Each login ends the tokens that the client was given before. */
  oneToken: z.boolean(),
};
type TokenSettings = z.infer<z.ZodObject<typeof tokenSettings>>;

export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: number;
}

/** Tokens live in wall time, like the clients that judge their expiry: the simulator's clock does not age them. */
export class Tokens {
  readonly #expiresAt = new Map<string, number>();

  issue(token: string, { tokenLifetimeSeconds, oneToken }: TokenSettings): IssuedToken {
    if (oneToken) this.#expiresAt.clear();
    const expiresAt = Date.now() + tokenLifetimeSeconds * 1000;
    this.#expiresAt.set(token, expiresAt);
    return { token, expiresAt };
  }

  state(token: string): 'valid' | 'expired' | 'unknown' {
    const expiresAt = this.#expiresAt.get(token);
    if (expiresAt === undefined) return 'unknown';
    return Date.now() < expiresAt ? 'valid' : 'expired';
  }

  expire(token: string | undefined): void {
    if (token !== undefined && this.#expiresAt.has(token)) this.#expiresAt.set(token, 0);
  }
}

export function uuidToken(): string {
  return randomUUID();
}

export function jwtLookingToken(): string {
  return [24, 120, 43].map((bytes) => randomBytes(bytes).toString('base64url')).join('.');
}
