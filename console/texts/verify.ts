export const verifyTexts = {
  title: 'Check a certificate',
  lead: 'Tells whether a certificate of erasure is genuine, wherever it comes from. Nothing that you give here is kept or sent on.',
  text: 'The certificate',
  textHint:
    'The signed text (JWS): three parts with dots between them. JSON with a member "certificate" is taken, too.',
  file: 'Or a file',
  fileHint: 'As it was downloaded, at most 1 MB.',
  otherKey: 'It comes from another deployment',
  key: 'Public key of its issuer',
  keyHint: 'A JWK or a JWK Set, as in the file certificate.public.jwk of that deployment. Empty: the key of this one.',
  check: 'Check',
  nothing: 'Paste a certificate, or choose a file.',
  both: 'Either paste a certificate or choose a file, not both.',
  badKey: 'This is no public key for certificates: expected a JWK or a JWK Set, as in certificate.public.jwk.',
  noKeys:
    'This server was given no key to check certificates with (certificate.public.jwk): paste the public key of the issuer.',
  byOtherKey:
    'It was checked with the key that you pasted. Whether that is the issuer’s, only you can know; what the certificate rests on was not checked.',
  result: 'What was found',
  another: 'Check another one',
} as const;
