/** Who may be told of the changes of requests: settings of the workers, which tell them, and of the server, which takes requests in. */
import { z } from 'zod';
import { webhookPlaceOf, type WebhookPlace } from '../domain/request/webhook-url';
import { ConfigurationError, isGiven, readEnvironment, type Environment } from './environment';
import { webhookSecret } from './setting-types';

/** Whether it may be told. */
type HostMatcher = (place: WebhookPlace) => boolean;

const pattern = /^(\*\.)?([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::(\d{1,5}))?$/;

const hostList = (expected: string, isAllowed: (isWildcard: boolean) => boolean) =>
  z.string().transform((text, context): readonly HostMatcher[] => {
    const entries = text.split(',').map((entry) => pattern.exec(entry.trim().toLowerCase()));
    const wrong = entries.findIndex((entry) => entry === null || !isAllowed(entry[1] !== undefined));
    if (wrong < 0) return entries.flatMap((entry) => (entry === null ? [] : [matcherOf(entry)]));
    context.addIssue({ code: 'custom', message: `number ${wrong + 1} is not ${expected}; separate them by commas` });
    return z.NEVER;
  });

function matcherOf([, wildcard, name = '', port = '443']: RegExpExecArray): HostMatcher {
  return (place) =>
    place.port === Number(port) && (wildcard === undefined ? place.host === name : place.host.endsWith(`.${name}`));
}

/** The server has these too: what a worker would not tell is refused when it is filed. */
export const webhookHostVariables = {
  ERASURE_WEBHOOK_HOSTS: hostList(
    'a host name such as hooks.example.com or *.example.com, with a port where it is not 443',
    () => true,
  ).optional(),
  ERASURE_WEBHOOK_PRIVATE_HOSTS: hostList(
    'a whole host name such as crm.internal, with a port where it is not 443',
    (isWildcard) => !isWildcard,
  ).optional(),
} as const;

export const webhookVariables = {
  ...webhookHostVariables,
  ERASURE_WEBHOOK_SECRET: webhookSecret.optional(),
} as const;

/** Where messages may go: `private` hosts may have an address of the company's own network. */
export interface WebhookHosts {
  kindOf(url: string): 'public' | 'private' | undefined;
}

export interface WebhookConfig {
  readonly hosts: WebhookHosts;
  /** The key itself, not its text. */
  readonly secret: Uint8Array;
}

/** Nobody may be told without it. */
export function readWebhookHosts(environment: Environment): WebhookHosts | undefined {
  const { ERASURE_WEBHOOK_HOSTS: hosts, ERASURE_WEBHOOK_PRIVATE_HOSTS: ownHosts } = readEnvironment(
    webhookHostVariables,
    environment,
  );
  if (hosts === undefined && ownHosts === undefined) return undefined;
  return {
    kindOf(url) {
      const place = webhookPlaceOf(url);
      if (ownHosts?.some((matches) => matches(place)) === true) return 'private';
      return hosts?.some((matches) => matches(place)) === true ? 'public' : undefined;
    },
  };
}

export function readWebhookConfig(environment: Environment): WebhookConfig | undefined {
  const hosts = readWebhookHosts(environment);
  const { ERASURE_WEBHOOK_SECRET: secret } = readEnvironment(webhookVariables, environment);
  if (hosts !== undefined && secret !== undefined) return { hosts, secret };
  if (hosts === undefined && secret === undefined) return undefined;
  const given = Object.keys(webhookVariables).find((name) => isGiven(name, environment));
  throw new ConfigurationError([
    secret === undefined
      ? `ERASURE_WEBHOOK_SECRET is missing, and ${given} is set: set both, or neither`
      : 'ERASURE_WEBHOOK_SECRET is set, and neither ERASURE_WEBHOOK_HOSTS nor ERASURE_WEBHOOK_PRIVATE_HOSTS: nobody could be told',
  ]);
}
