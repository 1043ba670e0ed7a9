/** What can be set at a provider: the kinds of settings, as data. They are read and checked in config/provider-config.ts. */

interface SettingBase {
  /** The environment variable. */
  readonly variable: string;
  /** May be left out, and then has no value. */
  readonly optional?: true;
  /** Means something beside this other variable only; `otherwise` completes "… is set, but the provider …". */
  readonly needs?: { readonly variable: string; readonly otherwise: string };
}

export type Setting = SettingBase &
  (
    | { readonly kind: 'base-url'; readonly refused?: { readonly ending: string; readonly expected: string } }
    | { readonly kind: 'secret' }
    | { readonly kind: 'flag'; readonly default: boolean }
    | {
        readonly kind: 'text';
        readonly pattern: RegExp;
        readonly expected: string;
        readonly default: string;
      }
    | { readonly kind: 'delay' }
    | { readonly kind: 'token-credentials' }
  );

interface SettingValues {
  /** Without a slash at its end. */
  readonly 'base-url': string;
  /** Also what a credential is called by, such as a client id. */
  readonly secret: string;
  readonly flag: boolean;
  readonly text: string;
  /** Milliseconds from our asking. */
  readonly delay: number | 'asap';
  readonly 'token-credentials': TokenCredentials;
}

/** What a provider is told to fetch a token with before it calls us back; it is sent as it is. */
export interface TokenCredentials {
  /** Given: the values are ciphertext that the provider opens with the key it knows by this id. */
  readonly keyId?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, string>>;
}

type OptionalNames<Settings> = {
  [Name in keyof Settings]: Settings[Name] extends { readonly optional: true } ? Name : never;
}[keyof Settings];
type ValueOf<Kept> = Kept extends { readonly kind: infer Kind extends keyof SettingValues }
  ? SettingValues[Kind]
  : never;

/** The values of a provider's settings, by the names that its row in the table gives them. */
export type SettingsFrom<Settings> = {
  readonly [Name in Exclude<keyof Settings, OptionalNames<Settings>>]: ValueOf<Settings[Name]>;
} & { readonly [Name in OptionalNames<Settings>]?: ValueOf<Settings[Name]> | undefined };
