/** The certificate of a request: for the file, for the person, and the signed text itself. */
import { RequestStillRunningError } from '../../client/errors';
import type { CertificateClaims } from '../../domain/certificate/certificate';
import { describeLegState } from '../../domain/leg/leg-words';
import { providerName } from '../../domain/provider/provider-table';
import { uncheckedClaimsIn } from '../../security/certificate-claims';
import { judgeCertificate, type CertificateVerdict } from '../../security/certificate-verdict';
import { PersonLetter } from '../components/person-letter';
import { CertificateFindings, VerdictPanel } from '../components/verdict-panel';
import { When } from '../components/when';
import type { PageAnswer, PageRoute, ShownPage, Visit } from '../page';
import type { ConsoleServices } from '../console-services';
import { certificateTexts as texts } from '../texts/certificates';
import { letterTexts } from '../texts/person-letter';
import { DataTable } from '../components/data-table';

export function certificatePages({ client, issuerKeys }: ConsoleServices): readonly PageRoute[] {
  /** Whoever may see the request sees what it still waits for. */
  const withCertificate = async (
    visit: Visit,
    show: (requestId: string, certificate: string) => PageAnswer | Promise<PageAnswer>,
  ): Promise<PageAnswer> => {
    const { requestId = '' } = visit.parameters;
    try {
      return await show(requestId, await client.certificate(requestId));
    } catch (error) {
      if (!(error instanceof RequestStillRunningError)) throw error;
      visit.request.problemCode = 'no-certificate-yet';
      return notYet(requestId, await client.get(requestId));
    }
  };

  return [
    {
      method: 'GET',
      path: '/requests/:requestId/certificate',
      role: 'view',
      name: 'certificatePage',
      show: (visit) =>
        withCertificate(visit, async (requestId, certificate) => {
          const shown = await shownOf(certificate, issuerKeys, visit.now);
          return page(requestId, 'file', { body: <FileForm {...shown} /> });
        }),
    },
    {
      method: 'GET',
      path: '/requests/:requestId/certificate/person',
      role: 'view',
      name: 'personLetterPage',
      show: (visit) =>
        withCertificate(visit, async (requestId, certificate) => {
          const shown = await shownOf(certificate, issuerKeys, visit.now);
          const isShown = shown.claims !== undefined && shown.judged.verdict !== 'unfounded';
          return page(requestId, 'person', { body: <PersonForm {...shown} />, status: isShown ? 200 : 409 });
        }),
    },
    {
      method: 'GET',
      path: '/requests/:requestId/certificate.jws',
      role: 'view',
      name: 'certificateDownload',
      show: (visit) =>
        withCertificate(visit, (requestId, certificate) => ({
          content: certificate,
          type: 'application/jose',
          headers: { 'content-disposition': `attachment; filename="erasure-${requestId}.jws"` },
        })),
    },
  ];
}

interface Shown {
  readonly judged: CertificateVerdict;
  /** Of this certificate, which Temporal has for this request; unchecked only where there is no key. */
  readonly claims: CertificateClaims | undefined;
  readonly at: number;
}

async function shownOf(certificate: string, keys: ConsoleServices['issuerKeys'], at: number): Promise<Shown> {
  const judged = await judgeCertificate(certificate, keys);
  if (judged.verdict === 'no-key') return { judged, at, claims: uncheckedClaimsIn(certificate) };
  return { judged, at, claims: 'claims' in judged ? judged.claims : undefined };
}

function FileForm({ judged, claims, at }: Shown) {
  return (
    <>
      <VerdictPanel judged={judged} at={at} />
      <CertificateFindings judged={judged} claims={claims} />
    </>
  );
}

/** Nothing is said to the person that is known not to hold. */
function PersonForm({ judged, claims, at }: Shown) {
  if (claims === undefined || judged.verdict === 'unfounded') {
    return <VerdictPanel judged={judged} at={at} note={texts.noLetter} />;
  }
  return (
    <>
      {judged.verdict === 'no-key' && (
        <div class="screen-only">
          <VerdictPanel judged={judged} at={at} />
        </div>
      )}
      <p class="note screen-only">{letterTexts.notice}</p>
      <PersonLetter claims={claims} />
    </>
  );
}

type Form = 'file' | 'person';

function page(
  requestId: string,
  form: Form,
  { body, status = 200 }: { readonly body: ShownPage['body']; readonly status?: number },
): ShownPage {
  const path = `/requests/${requestId}/certificate`;
  const title = form === 'file' ? texts.title : letterTexts.title;
  return {
    status,
    title: form === 'file' ? `${texts.title} ${requestId}` : title,
    scripts: ['print.js'],
    body: (
      <>
        <h1 class={form === 'file' ? '' : 'screen-only'}>{texts.title}</h1>
        <nav class="screen-only forms" aria-label={texts.forms}>
          <a href={path} aria-current={form === 'file' ? 'page' : undefined}>
            {texts.forFile}
          </a>
          <a href={`${path}/person`} aria-current={form === 'person' ? 'page' : undefined}>
            {texts.forPerson}
          </a>
        </nav>
        <p class="actions">
          <button type="button" class="quiet" data-print hidden>
            {texts.print}
          </button>
          <a class="button quiet" href={`${path}.jws`} download>
            {texts.download}
          </a>
          <a href={`/requests/${requestId}`}>{texts.backToRequest}</a>
        </p>
        {body}
      </>
    ),
  };
}

function notYet(requestId: string, { progress }: Awaited<ReturnType<ConsoleServices['client']['get']>>): ShownPage {
  const open = progress?.legs.filter(({ outcome }) => outcome === undefined) ?? [];
  return {
    status: 409,
    title: texts.notYetTitle,
    body: (
      <div class="problem">
        <h1>{texts.notYetTitle}</h1>
        <p>{progress === undefined ? texts.notYetUnknown : open.length === 0 ? texts.signing : texts.notYet}</p>
        {open.length > 0 && (
          <DataTable
            title={texts.notYetTitle}
            columns={[texts.provider, texts.state, texts.waitsFor, texts.until]}
            stacks
            scrolls
          >
            {open.map((leg) => (
              <tr key={leg.provider}>
                <th scope="row">{providerName(leg.provider)}</th>
                <td data-label={texts.state}>{describeLegState(leg)}</td>
                <td data-label={texts.waitsFor}>{leg.waitsFor}</td>
                <td data-label={texts.until}>{leg.until === undefined ? '–' : <When at={leg.until} />}</td>
              </tr>
            ))}
          </DataTable>
        )}
        {progress !== undefined && progress.todo.length > 0 && (
          <ul>
            {progress.todo.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
        <p>
          <a class="button" href={`/requests/${requestId}`}>
            {texts.backToRequest}
          </a>
        </p>
      </div>
    ),
  };
}
