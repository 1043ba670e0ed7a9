/** The certificate for people: the whole of what it claims as plain text, at most 100 columns wide. */
import type { CertificateClaims } from './certificate';
import { certificateEntries, type CertificateEntry } from './certificate-entries';

const WIDTH = 100;
const LABEL_WIDTH = 18;

/** Unsigned text: whoever needs proof checks the signature. `keyId` is the key whose signature was found to hold. */
export function certificateText(claims: CertificateClaims, signature: { readonly keyId?: string } = {}): string {
  const { request, providers } = certificateEntries(claims, signature);
  const lines = [
    'ERASURE CERTIFICATE',
    '='.repeat(WIDTH),
    ...request.flatMap(linesOf),
    ...providers.flatMap(({ title, entries }) => ['', title, '-'.repeat(WIDTH), ...entries.flatMap(linesOf)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Wrapped under itself. */
function linesOf({ label, value }: CertificateEntry): string[] {
  return wrap(value, WIDTH - LABEL_WIDTH).map(
    (line, index) => `${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`,
  );
}

/** Breaks at spaces only: a hash or an id stays in one piece, so that it can be copied. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/ +/)) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
