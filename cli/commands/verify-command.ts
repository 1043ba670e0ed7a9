import type { Command } from 'commander';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { print, printJson, type CommandContext } from '../context';
import { exitCode } from '../exit-code';
import { InputError } from '../command-failure';
import { readJson, readText } from '../read-input';

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('check a certificate offline and print it readably')
    .argument('<FILE>', 'the certificate (compact JWS, or JSON with a member "certificate"), or - for stdin')
    .requiredOption('--key <PUBLIC.jwk>', "the issuer's public key or keys (JWK or JWK Set)")
    .option('--subject <REQUEST_FILE>', 'also tell whether it is about the person in this request file')
    .option('--keys <DIRECTORY>', 'with --subject: where provider-*.json are, or some; ERASURE_KEYS_DIR where absent')
    .option('--fact-keys <FILE>', 'also tell who signed each fact that it rests on: the fact-keys.json of its issuer')
    .option('--decision-keys <FILE>', 'also tell whether its signed decisions hold: the decision.json of its issuer')
    .option('--json', 'print the claims as one JSON object instead')
    .addHelpText(
      'after',
      `
A certificate names the person by keyed hashes of their identifiers. With --subject these are made anew, with the hashing keys of
the workers, and compared; the identifiers themselves are not printed. It exits with 6 if the certificate was altered or is about
somebody else, and with 2 if that could be told for no provider.
Every answer that the certificate rests on is signed by the process that saw it. With --fact-keys these signatures are checked too, and
it is said whose each one is; it exits with 6 if one does not hold. The tokens of signed decisions are in it, too: they were checked
when it was issued, and are checked again with --decision-keys.

Examples:
  erasure verify certificate.jws --key certificate.public.jwk
  erasure verify certificate.jws --key certificate.public.jwk --fact-keys fact-keys.json
  erasure verify certificate.jws --key certificate.public.jwk --subject request.json --keys keys`,
    )
    .action((file: string, options: VerifyOptions) => verify(file, options, context));
}

interface VerifyOptions {
  readonly key: string;
  readonly subject?: string;
  readonly keys?: string;
  readonly factKeys?: string;
  readonly decisionKeys?: string;
  readonly json?: boolean;
}

async function verify(file: string, options: VerifyOptions, context: CommandContext): Promise<void> {
  const { verifyCertificate } = await import('../../security/certificate-signature.js');
  const { readDecisionKeysFile, readFactKeysFile, readVerifyingKeys } = await import('../../security/key-files.js');
  const { certificateClaimsIn, certificateIn } = await import('../../security/certificate-claims.js');
  const { checkFacts, factsText } = await import('../../security/certificate-facts.js');
  const { checkDecisions, decisionsText, signedDecisions } = await import('../../security/certificate-decisions.js');
  const { findSubject, subjectText } = await import('../certificate-subject.js');
  const { certificateText } = await import('../../domain/certificate/certificate-text.js');

  const keys = await readVerifyingKeys(options.key);
  const certificate = certificateIn(await readText(file, 'The certificate', context));
  if (certificate === undefined) {
    throw new InputError('The JSON holds no certificate: expected a member "certificate".');
  }
  const { claims, keyId } = await verifyCertificate(certificate, keys);
  const readable = (): CertificateClaims => {
    const read = certificateClaimsIn(claims);
    if (read !== undefined) return read;
    throw new InputError('The signature is valid, but this version does not know the form of this certificate.');
  };
  const { factKeys, decisionKeys, subject: requestFile } = options;
  const facts = factKeys === undefined ? undefined : checkFacts(readable(), await readFactKeysFile(factKeys));
  const decisions =
    decisionKeys === undefined ? undefined : await checkDecisions(readable(), await readDecisionKeysFile(decisionKeys));
  const found =
    requestFile === undefined
      ? undefined
      : await findSubject(readable(), {
          request: await readJson(requestFile, 'The request file', context),
          keysDirectory: keysDirectoryOf(options, context),
        });
  if (options.json === true) {
    const subject = found && Object.fromEntries(found.map(({ provider, finding }) => [provider, finding]));
    printJson(context, {
      valid: true,
      keyId,
      ...(subject && { subject }),
      ...(facts && { facts }),
      ...(decisions && { decisions }),
      claims,
    });
  } else {
    print(context, certificateText(readable(), { keyId }), `The signature is valid, by key ${keyId}.`);
    if (facts) print(context, factsText(facts));
    if (decisions) print(context, decisionsText(decisions));
    else if (signedDecisions(readable()).length > 0) {
      print(
        context,
        'The tokens of its signed decisions were checked when it was issued; --decision-keys checks them again.',
      );
    }
    if (found) print(context, subjectText(found));
  }
  const findings = found?.map(({ finding }) => finding);
  const isSomethingFalse = [...(facts ?? []), ...(decisions ?? [])].some(({ problem }) => problem !== undefined);
  if (isSomethingFalse || findings?.includes('other') === true) context.exitWith(exitCode.refused);
  else if (findings && !findings.includes('same')) context.exitWith(exitCode.usage);
}

function keysDirectoryOf({ keys }: VerifyOptions, { environment }: CommandContext): string {
  const directory = keys ?? environment['ERASURE_KEYS_DIR']?.trim();
  if (!directory) throw new InputError('--subject needs the hashing keys: give --keys, or set ERASURE_KEYS_DIR.');
  return directory;
}
