/** What a provider's brake is on for, in words for people. */
export const brakeGuide = {
  unauthorized: {
    happened: 'it refuses our credentials, whoever it is asked about',
    todo: 'mend the credentials of its workers, or ask the provider why it refuses them',
  },
  unavailable: {
    happened: 'it cannot be reached or serves nobody',
    todo: 'nothing while the provider is down; if it is not, mend the way to it (network, proxy, base URL)',
  },
  unrecognized: {
    happened: 'something between us and it answers in its place, such as a proxy, a firewall or a login page',
    todo: 'mend the way to the provider, or its base URL',
  },
  'unknown-ids': {
    happened: 'it knows none of the people it is asked about',
    todo:
      'check its base URL, region and environment, and look into the requests that are named here; ' +
      'if these people really are unknown there, release the brake by hand',
  },
} as const satisfies Record<string, { readonly happened: string; readonly todo: string }>;

export type BrakeReason = keyof typeof brakeGuide;
export const brakeReasons = Object.keys(brakeGuide) as readonly BrakeReason[];
