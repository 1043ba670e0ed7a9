/** Every key file: which process it is for, which keys it holds, and who may read it. All that handles key files follows from this. */
import { z } from 'zod';
import { factRoles, type FactRole } from '../domain/fact/fact';
import { accessRoles } from '../domain/access-role';
import { decisionKinds } from '../domain/decision/decision-table';
import { completionEventOf, providerKeys, type Provider } from '../domain/provider/provider-table';
import { opaquePattern } from '../domain/text';
import { keyList, publicKeysOf, sealing, secretKey, signing, thumbprintOf, verifyingKey } from './key-shapes';

export interface KeyFile<Keys> {
  readonly name: string;
  readonly shape: z.ZodType<Keys>;
  /** `public`: all may read it. Whoever can change it decides as anybody, or passes for any role. */
  readonly access: 'secret' | 'public';
  /** The command that makes it. */
  readonly madeBy: string;
  /** The file has a key, `facts`, that signs what this role sees. */
  readonly signsAs?: FactRole;
}

function keyFile<Keys>(
  name: string,
  shape: z.ZodType<Keys>,
  more: Partial<Pick<KeyFile<Keys>, 'access' | 'madeBy' | 'signsAs'>> = {},
): KeyFile<Keys> {
  return { name, shape, access: 'secret', madeBy: 'erasure keys init', ...more };
}

/** Name of the deployment that keys, seals and capabilities belong to, e.g. `production`. */
export const environmentPattern = /^[a-z0-9][a-z0-9-]{0,31}$/;
const environment = z.string().regex(environmentPattern);

const clientKeys = z.strictObject({
  role: z.literal('client'),
  environment,
  intake: keyList(signing.privateKey),
  /** Partial: a client made before a provider was added knows no key of it. */
  sealing: z.partialRecord(z.enum(providerKeys), keyList(sealing.publicKey)),
});

/** These providers tell us when they are done, so their workers sign callback capabilities. */
export const providersThatCallBack: readonly Provider[] = providerKeys.filter(
  (provider) => completionEventOf(provider) !== undefined,
);

function providerShape<Facts extends z.ZodType>(expected: Provider, facts: Facts) {
  return z
    .strictObject({
      role: z.literal('provider'),
      provider: z.enum(providerKeys),
      environment,
      sealing: keyList(sealing.privateKey),
      intake: keyList(signing.publicKey),
      hashing: keyList(secretKey),
      /** Signs what this provider answered. */
      facts,
      callback: keyList(signing.privateKey).optional(),
    })
    .refine(({ provider }) => provider === expected, { path: ['provider'], error: `is not ${expected}` })
    .refine(({ provider, callback }) => providersThatCallBack.includes(provider) === (callback !== undefined), {
      path: ['callback'],
      error: `belongs to the providers that call back (${providersThatCallBack.join(', ')}), and to no other`,
    });
}

const certificateKeys = z.strictObject({
  role: z.literal('certificate'),
  environment,
  certificate: keyList(signing.privateKey),
  /** Signs what the workers of the workflows have seen. */
  facts: keyList(signing.privateKey),
});

const gatewayKeys = z.strictObject({
  role: z.literal('gateway'),
  environment,
  callback: keyList(signing.publicKey),
  token: keyList(secretKey),
  /** Signs what callbacks said. */
  facts: keyList(signing.privateKey),
});

/** The server signs for everybody whom it has authenticated. Only where it does is this file needed. */
const serverDecisionKeys = z.strictObject({
  role: z.literal('server-decision'),
  environment,
  decision: keyList(signing.privateKey),
});

/** Sessions of the console are sealed with the first key; all of them open one. */
const serverSessionKeys = z.strictObject({
  role: z.literal('server-session'),
  environment,
  session: keyList(secretKey),
});

/** Until 0.3 gateways signed decisions: their key is good for the server. */
export const gatewayDecisionFile = keyFile(
  'gateway-decision.json',
  z.strictObject({ ...serverDecisionKeys.shape, role: z.literal('gateway-decision') }),
);

const staffMember = {
  /** Opaque id of the one staff member who decides with this key. */
  actor: z.string().regex(opaquePattern),
  /** What it may sign; everything where it is absent. */
  kinds: z.array(z.enum(decisionKinds)).min(1).optional(),
};

const staffKeys = z.strictObject({
  role: z.literal('staff'),
  environment,
  ...staffMember,
  decision: keyList(signing.privateKey),
});

const decisionKeys = z.strictObject({
  role: z.literal('decision'),
  environment,
  /** `gateway`: it signed decisions in 0.3; requests that are open may rest on such a token. */
  keys: publicKeysOf(z.union([z.enum(['server', 'gateway']), z.strictObject(staffMember)])),
});

const factKeys = z.strictObject({
  role: z.literal('fact-keys'),
  environment,
  keys: publicKeysOf(z.enum(factRoles)),
});

const serviceKeys = z.strictObject({
  role: z.literal('service-keys'),
  environment,
  keys: z
    .array(
      z.strictObject({
        /** Opaque id of the service. */
        service: z.string().regex(opaquePattern),
        /** SHA-256 of the key, base64url. */
        hash: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
        roles: z.array(z.enum(accessRoles)).min(1),
        /** RFC 3339 instants. */
        addedAt: z.iso.datetime(),
        expiresAt: z.iso.datetime().optional(),
      }),
    )
    .min(1),
});

/** A JWK, or a JWK Set. */
const verifyingKeys = z
  .preprocess(
    (content) => z.looseObject({ keys: z.array(z.unknown()) }).safeParse(content).data?.keys ?? [content],
    z.array(verifyingKey).min(1),
  )
  .transform((keys) => keys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? thumbprintOf({ crv, x }) })));

/** By the role in the file. */
export const keyFiles = {
  client: keyFile('client.json', clientKeys),
  certificate: keyFile('certificate.json', certificateKeys, { signsAs: 'workflows' }),
  gateway: keyFile('gateway.json', gatewayKeys, { signsAs: 'gateway' }),
  'server-decision': keyFile('server-decision.json', serverDecisionKeys),
  'server-session': keyFile('server-session.json', serverSessionKeys, { madeBy: 'erasure keys init --upgrade' }),
  /** Whose decisions are believed. */
  decision: keyFile('decision.json', decisionKeys, { access: 'public' }),
  /** Which role has seen what a fact says. */
  'fact-keys': keyFile('fact-keys.json', factKeys, { access: 'public', madeBy: 'erasure keys init --upgrade' }),
  /** Which services may call the server. Holds hashes only. */
  'service-keys': keyFile('service-keys.json', serviceKeys, { access: 'public', madeBy: 'erasure keys add-service' }),
} as const;

const providerFiles = new Map(
  providerKeys.map((provider) => {
    const shape = providerShape(provider, keyList(signing.privateKey));
    return [provider, keyFile(`provider-${provider}.json`, shape, { signsAs: provider })] as const;
  }),
);

export function providerKeyFile(provider: Provider): KeyFile<ProviderKeys> {
  return providerFiles.get(provider) as KeyFile<ProviderKeys>;
}

/** Also of a release that signed no facts: an old set of keys still tells whom an old certificate is about. */
export function archivedProviderKeyFile(provider: Provider) {
  return keyFile(providerKeyFile(provider).name, providerShape(provider, keyList(signing.privateKey).optional()));
}

/** A staff member's own, wherever they keep it. */
export const staffKeyFile = keyFile('staff', staffKeys, { madeBy: 'erasure keys add-staff' });

/** What certificates are verified with: to be given away, with the keys of the facts. */
export const verifyingKeyFile = keyFile('certificate.public.jwk', verifyingKeys, { access: 'public' });

/** Public keys that certificates are verified with. */
export type VerifyingKeys = z.infer<typeof verifyingKeys>;
export type ClientKeys = z.infer<typeof clientKeys>;
export type ProviderKeys = z.infer<ReturnType<typeof providerShape<z.ZodType<CertificateKeys['facts']>>>>;
export type CertificateKeys = z.infer<typeof certificateKeys>;
export type GatewayKeys = z.infer<typeof gatewayKeys>;
export type ServerDecisionKeys = z.infer<typeof serverDecisionKeys>;
export type ServerSessionKeys = z.infer<typeof serverSessionKeys>;
export type StaffKeys = z.infer<typeof staffKeys>;
export type DecisionKeys = z.infer<typeof decisionKeys>;
export type ServiceKeys = z.infer<typeof serviceKeys>;
export type FactKeys = z.infer<typeof factKeys>;
/** Keys with which a process signs what it sees. */
export type FactSigningKeys = ProviderKeys | GatewayKeys | CertificateKeys;
export type RoleKeys =
  FactSigningKeys | ClientKeys | ServerDecisionKeys | ServerSessionKeys | DecisionKeys | FactKeys | ServiceKeys;

/** Keys of a provider that calls back. */
export type CallbackProviderKeys = ProviderKeys & { readonly callback: NonNullable<ProviderKeys['callback']> };

/** Whether this provider's worker can issue callback capabilities. */
export function hasCallbackKeys(keys: ProviderKeys): keys is CallbackProviderKeys {
  return keys.callback !== undefined;
}

/** The files of the processes that sign what they see. The workers that check facts come before those that sign them. */
export const factSigningFiles: readonly KeyFile<FactSigningKeys>[] = [
  keyFiles.certificate,
  ...providerFiles.values(),
  keyFiles.gateway,
];

/** Where these keys were read from. */
export function keyFileOf(keys: RoleKeys): KeyFile<RoleKeys> {
  return keys.role === 'provider' ? providerKeyFile(keys.provider) : keyFiles[keys.role];
}
