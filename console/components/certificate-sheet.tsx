/** The certificate for the file: everything that it claims, as the plain text has it. */
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { certificateEntries, type CertificateEntry } from '../../domain/certificate/certificate-entries';
import { certificateTexts as texts } from '../texts/certificates';

interface SheetProps {
  readonly claims: CertificateClaims;
  /** The key whose signature was found to hold. */
  readonly keyId?: string;
}

export function CertificateSheet({ claims, ...signature }: SheetProps) {
  const { request, providers } = certificateEntries(claims, signature);
  return (
    <article class="sheet panel">
      <h2>{texts.request}</h2>
      <Entries entries={request} />
      {providers.map(({ title, entries }) => (
        <section key={title}>
          <h2>{title}</h2>
          <Entries entries={entries} />
        </section>
      ))}
    </article>
  );
}

function Entries({ entries }: { readonly entries: readonly CertificateEntry[] }) {
  return (
    <dl class="entries">
      {grouped(entries).map(({ label, values }, index) => (
        <div key={String(index)}>
          <dt>{label}</dt>
          {values.map((value, position) => (
            <dd key={String(position)}>{value}</dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

interface Group {
  readonly label: string;
  readonly values: string[];
}

/** What has no label of its own goes on with the entry before. */
function grouped(entries: readonly CertificateEntry[]): readonly Group[] {
  const groups: Group[] = [];
  for (const { label, value } of entries) {
    const last = groups.at(-1);
    if (label === '' && last !== undefined) last.values.push(value);
    else groups.push({ label, values: [value] });
  }
  return groups;
}
