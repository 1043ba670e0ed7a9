import type { Command } from 'commander';
import { isRecord } from '../../domain/text';
import { print, printJson, type CommandContext } from '../context';
import { InputError } from '../failure';
import { parseJson, readText } from '../read-input';

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('check a certificate offline and print it readably')
    .argument('<FILE>', 'the certificate (compact JWS, or JSON with a member "certificate"), or - for stdin')
    .requiredOption('--key <PUBLIC.jwk>', "the issuer's public key or keys (JWK or JWK Set)")
    .option('--json', 'print the claims as one JSON object instead')
    .addHelpText(
      'after',
      `
Example:
  erasure verify certificate.jws --key certificate.public.jwk`,
    )
    .action((file: string, options: { key: string; json?: boolean }) => verify(file, options, context));
}

async function verify(
  file: string,
  options: { readonly key: string; readonly json?: boolean },
  context: CommandContext,
): Promise<void> {
  const { verifyCertificate } = await import('../../security/certificate.js');
  const { readVerifyingKeys } = await import('../../security/key-files.js');
  const { parseCertificateClaims } = await import('../certificate-claims.js');
  const { certificateText } = await import('../../domain/certificate-text.js');
  const keys = await readVerifyingKeys(options.key);
  const certificate = certificateIn(await readText(file, 'The certificate', context));
  const { claims, keyId } = await verifyCertificate(certificate, keys);
  if (options.json === true) {
    printJson(context, { valid: true, keyId, claims });
    return;
  }
  print(context, certificateText(parseCertificateClaims(claims), { keyId }));
  print(context, `The signature is valid, by key ${keyId}.`);
}

/** Only the line break that ends a text file is forgiven: the rest must be what was signed. */
function certificateIn(text: string): string {
  const trimmed = text.replace(/\r?\n$/, '');
  if (!/^\s*\{/.test(trimmed)) return trimmed;
  const content = parseJson(trimmed, 'The certificate file');
  if (isRecord(content) && typeof content['certificate'] === 'string') return content['certificate'];
  throw new InputError('The JSON holds no certificate: expected a member "certificate".');
}
