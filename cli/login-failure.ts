/** How logging in and getting a decision signed can fail. Messages are whole sentences, without anything that was read. */

/** The identity provider, or whoever should have logged in, did not go along. */
export class LoginRefusedError extends Error {
  override readonly name = 'LoginRefusedError';
}

export class IdentityProviderUnavailableError extends Error {
  override readonly name = 'IdentityProviderUnavailableError';
}

/** The server signs no such decision for this staff member. */
export class DecisionTokenDeniedError extends Error {
  override readonly name = 'DecisionTokenDeniedError';
}

export class ServerUnavailableError extends Error {
  override readonly name = 'ServerUnavailableError';
}
