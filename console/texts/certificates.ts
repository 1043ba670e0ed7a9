import type { FactRole } from '../../domain/fact/fact';
import type { CertificateVerdict } from '../../security/certificate-verdict';

type Verdict = CertificateVerdict['verdict'];

interface VerdictWords {
  readonly title: string;
  readonly text: string;
  /** A class of the stylesheet. */
  readonly tone: 'good' | 'warn' | 'bad';
}

export const verdictWords: Readonly<Record<Verdict, VerdictWords>> = {
  valid: {
    title: 'Valid',
    text: 'The signature holds to the last byte, and so does the signature of everything that the certificate rests on.',
    tone: 'good',
  },
  'not-fully-checked': {
    title: 'The signature is valid; not all that it rests on was checked',
    text: 'The signature holds to the last byte. The keys for the facts or decisions under it are not here.',
    tone: 'warn',
  },
  unfounded: {
    title: 'Do not rely on it',
    text: 'The signature is valid, and something that the certificate rests on does not hold: see below.',
    tone: 'bad',
  },
  altered: {
    title: 'Altered',
    text: 'It was changed after it was signed, or the key that it names never signed it.',
    tone: 'bad',
  },
  'unknown-key': {
    title: 'Not one of ours',
    text: 'It looks like a certificate, and was signed by a key that is not among those it was checked with.',
    tone: 'bad',
  },
  'no-certificate': {
    title: 'Not a certificate',
    text: 'It is another text, a signed text of another kind, or a part of a certificate.',
    tone: 'bad',
  },
  'no-key': {
    title: 'Not checked',
    text: 'It looks like a certificate. Whether it is genuine cannot be told here: this server was given no key to check one with (certificate.public.jwk).',
    tone: 'warn',
  },
  unreadable: {
    title: 'The signature is valid, in a form that is not known here',
    text: 'It was signed by another release of this software. What it says cannot be shown.',
    tone: 'warn',
  },
};

export const certificateTexts = {
  title: 'Erasure certificate',
  forFile: 'For the file',
  forPerson: 'For the person',
  forms: 'Forms of the certificate',
  download: 'Download the signed certificate (JWS)',
  print: 'Print',
  backToRequest: 'Back to the request',
  keyId: (keyId: string) => `Signed by key ${keyId}.`,
  namedKey: (keyId: string) => `It names the key ${keyId}.`,
  checkedAt: 'Checked here',
  request: 'The request',
  facts: 'What it rests on',
  noFacts: 'The certificate holds no signed facts.',
  factsUnchecked: 'The signatures of its facts were not checked: fact-keys.json is not here.',
  decisionsUnchecked: 'The signatures of its decisions were not checked: decision.json is not here.',
  factHolds: 'holds',
  factFails: 'DOES NOT HOLD',
  factName: (provider: string, what: string) => `${provider}: ${what}`,
  decisionName: (kind: string, at: string) => `decision ${kind} of ${at}`,
  itsActor: 'whoever decided',
  roleName: (role: FactRole, provider: string) =>
    role === 'gateway'
      ? 'the gateway'
      : role === 'workflows'
        ? 'the workers of the workflows'
        : `the worker of ${provider}`,
  byKey: (keyId: string) => `key ${keyId}`,
  what: 'What',
  verdict: 'Signature',
  signer: 'Signed by',
  notYetTitle: 'There is no certificate yet',
  notYet: 'It is signed once every provider has settled. Until then the request waits for this:',
  notYetUnknown: 'It is signed once every provider has settled. What it waits for cannot be told just now.',
  provider: 'Provider',
  state: 'State',
  waitsFor: 'Waits for',
  until: 'Until',
  nothing: 'nothing more',
  signing: 'Every provider has settled: the certificate is being signed.',
  noLetter: 'No letter is shown of a certificate that cannot be relied on.',
} as const;
