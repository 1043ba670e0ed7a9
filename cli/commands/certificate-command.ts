import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { errorCode } from '../../domain/text';
import { connected } from '../connected';
import { print, printJson, remark, type CommandContext } from '../context';
import { InputError } from '../command-failure';
import { typedRequestId } from '../../temporal/names';

interface CertificateOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

export function addCertificate(program: Command, context: CommandContext): void {
  program
    .command('certificate')
    .description('fetch the signed certificate of a request that has completed')
    .argument('<ID>', 'the request id or the workflow id')
    .option('--out <FILE>', 'write it to this file instead of stdout; an existing one is kept')
    .option('--force', 'overwrite an existing file')
    .option('--json', 'print one JSON object with the request id and the certificate')
    .addHelpText(
      'after',
      `
The certificate is a compact JWS without personal data. It is handed out as it is: check it with erasure verify.

Examples:
  erasure certificate 3f2b8f0e-6c1d-4f53-9f6e-1d0f4f0f8a11 --out certificate.jws
  erasure verify certificate.jws --key certificate.public.jwk`,
    )
    .action((id: string, options: CertificateOptions) => certificateOf(id, options, context));
}

async function certificateOf(id: string, options: CertificateOptions, context: CommandContext): Promise<void> {
  const requestId = typedRequestId(id);
  const certificate = await connected(context, (client) => client.certificate(requestId));
  const { out, force = false, json = false } = options;
  if (out !== undefined) await write(out, `${certificate}\n`, { force });
  if (json) printJson(context, { requestId, certificate });
  else if (out === undefined) print(context, certificate);
  const file = out === undefined ? '<FILE>' : 'that file';
  remark(context, `${out === undefined ? '' : 'Written. '}Nothing was checked: verify ${file} with erasure verify.`);
}

async function write(file: string, text: string, { force }: { readonly force: boolean }): Promise<void> {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' });
  } catch (error) {
    const code = errorCode(error);
    throw new InputError(
      code === 'EEXIST'
        ? 'The file exists already: nothing was written. Name another one, or say --force to overwrite it.'
        : `The file cannot be written (${code}).`,
    );
  }
}
