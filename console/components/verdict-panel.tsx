/** What was found when a certificate was checked: the verdict in words first. */
import { factWords, roleOf } from '../../domain/fact/fact';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import type { CertificateVerdict } from '../../security/certificate-verdict';
import { signedDecisions } from '../../security/certificate-decisions';
import { certificateTexts as texts, verdictWords } from '../texts/certificates';
import { CertificateSheet } from './certificate-sheet';
import { When } from './when';
import { DataTable } from './data-table';

interface VerdictProps {
  readonly judged: CertificateVerdict;
  /** When it was checked, epoch ms: it may be printed. */
  readonly at: number;
  readonly note?: string;
}

export function VerdictPanel({ judged, at, note }: VerdictProps) {
  const { title, text, tone } = verdictWords[judged.verdict];
  return (
    <section class={`panel verdict ${tone}`} aria-labelledby="verdict">
      <h2 id="verdict">{title}</h2>
      <p>{text}</p>
      {'keyId' in judged && (
        <p class="id">{judged.verdict === 'unknown-key' ? texts.namedKey(judged.keyId) : texts.keyId(judged.keyId)}</p>
      )}
      {judged.verdict !== 'no-key' && (
        <p class="note">
          {texts.checkedAt} <When at={at} />
        </p>
      )}
      {note !== undefined && <p>{note}</p>}
      {'claims' in judged && judged.facts === undefined && <p>{texts.factsUnchecked}</p>}
      {'claims' in judged && judged.decisions === undefined && signedDecisions(judged.claims).length > 0 && (
        <p>{texts.decisionsUnchecked}</p>
      )}
    </section>
  );
}

interface Row {
  readonly what: string;
  readonly signer: string;
  readonly keyId: string;
  readonly problem: string | undefined;
}

/** What a certificate says, and what it rests on: first that, where it does not hold. */
export function CertificateFindings({
  judged,
  claims,
}: {
  readonly judged: CertificateVerdict;
  readonly claims: CertificateClaims | undefined;
}) {
  const foundations = <SignedFoundations judged={judged} />;
  const isUnfounded = judged.verdict === 'unfounded';
  return (
    <>
      {isUnfounded && foundations}
      {claims !== undefined && (
        <CertificateSheet claims={claims} {...('keyId' in judged ? { keyId: judged.keyId } : {})} />
      )}
      {!isUnfounded && foundations}
    </>
  );
}

/** Each signature under the certificate, those that do not hold first. */
function SignedFoundations({ judged }: { readonly judged: CertificateVerdict }) {
  if (!('claims' in judged) || (judged.facts === undefined && judged.decisions === undefined)) return null;
  const { facts = [], decisions = [] } = judged;
  const rows: readonly Row[] = [
    ...facts.map(({ provider, name, kind, keyId, problem }) => ({
      what: texts.factName(name, factWords[kind]),
      signer: texts.roleName(roleOf({ kind, provider }) ?? 'workflows', name),
      keyId,
      problem,
    })),
    ...decisions.map(({ kind, at, keyId, problem }) => ({
      what: texts.decisionName(kind, at),
      signer: texts.itsActor,
      keyId,
      problem,
    })),
  ].toSorted((a, b) => Number(b.problem !== undefined) - Number(a.problem !== undefined));
  return (
    <section class="foundations">
      <h2>{texts.facts}</h2>
      {rows.length === 0 ? (
        <p>{texts.noFacts}</p>
      ) : (
        <DataTable title={texts.facts} columns={[texts.what, texts.verdict, texts.signer]} stacks scrolls>
          {rows.map(({ what, signer, keyId, problem }, index) => (
            <tr key={String(index)}>
              <th scope="row">{what}</th>
              <td data-label={texts.verdict}>
                {problem === undefined ? (
                  <span class="state good">{texts.factHolds}</span>
                ) : (
                  <>
                    <span class="state bad">{texts.factFails}</span> {problem}
                  </>
                )}
              </td>
              <td data-label={texts.signer}>
                {signer}, <span class="id">{texts.byKey(keyId)}</span>
              </td>
            </tr>
          ))}
        </DataTable>
      )}
    </section>
  );
}
