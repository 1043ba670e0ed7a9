/** Checks a certificate from anywhere: what `erasure verify` does, the verdict first. */
import type { FastifyRequest } from 'fastify';
import { ApiProblem } from '../../api/problem';
import { certificateIn } from '../../security/certificate-claims';
import { judgeCertificate, type CertificateVerdict, type IssuerKeys } from '../../security/certificate-verdict';
import { verifyingKeysIn } from '../../security/key-files';
import { FaultSummary, TextAreaField, UploadField, type FieldFault } from '../components/form';
import { CertificateFindings, VerdictPanel } from '../components/verdict-panel';
import { uploadProblem, valueOf, type Fields, type PageRoute, type ShownPage } from '../page';
import type { ConsoleServices } from '../console-services';
import { certificateTexts, verdictWords } from '../texts/certificates';
import { verifyTexts as texts } from '../texts/verify';

/** A little more than the longest certificate that is read: what is cut off there is none. */
const BYTES_MAX = 1_024 * 1_024 + 1_024;
const FIELDS_MAX = 4;
/** Read to its end, so that the browser gets an answer. */
const UPLOAD_BYTES_MAX = 16 * 1_024 * 1_024;
/** A file that is too long is cut off in place of being refused: then it is no certificate. */
const cutsFiles = { throwFileSizeLimit: false } as object;

export function verifyPages({ issuerKeys }: ConsoleServices): readonly PageRoute[] {
  return [
    {
      method: 'GET',
      path: '/verify',
      role: 'view',
      name: 'verifyPage',
      show: async ({ now: at }) => page({ issuerKeys, at }),
    },
    {
      method: 'POST',
      path: '/verify',
      role: 'view',
      name: 'verifyCertificate',
      form: 'multipart',
      show: async ({ request, now: at }) => {
        const given = await givenIn(request);
        const { text, file = '', key } = given;
        const pasted = key === undefined ? undefined : verifyingKeysIn(key);
        const faults = faultsOf(given, pasted);
        if (faults.length > 0) return page({ issuerKeys, at, given, faults, status: 422 });
        // White space around what was pasted is none of it; a file is taken as it is.
        const certificate = certificateIn(text?.trim() ?? file) ?? '';
        const judged = await judgeCertificate(certificate, pasted === undefined ? issuerKeys : { certificate: pasted });
        return page({ issuerKeys, at, judged, isByOtherKey: pasted !== undefined });
      },
    },
  ];
}

interface Given {
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly key: string | undefined;
}

/** Everything is bounded as it comes in; what is larger is cut off, and then no certificate and no key. */
async function givenIn(request: FastifyRequest): Promise<Given> {
  const fields = request.isMultipart() ? await partsOf(request) : ((request.body ?? {}) as Fields);
  const given = (name: string): string | undefined => {
    const value = valueOf(fields, name);
    return value?.trim() === '' ? undefined : value;
  };
  return { text: given('certificate'), file: given('file'), key: given('key') };
}

async function partsOf(request: FastifyRequest): Promise<Fields> {
  if (!(Number(request.headers['content-length']) <= UPLOAD_BYTES_MAX)) throw new ApiProblem('too-large');
  const limits = { fileSize: BYTES_MAX, fieldSize: BYTES_MAX, files: 1, fields: FIELDS_MAX };
  const fields: Record<string, string> = {};
  try {
    for await (const part of request.parts({ limits, ...cutsFiles })) {
      fields[part.fieldname] = part.type === 'file' ? (await part.toBuffer()).toString('utf8') : String(part.value);
    }
  } catch (error) {
    throw uploadProblem(error);
  }
  return fields;
}

function faultsOf({ text, file, key }: Given, keys: IssuerKeys['certificate']): readonly FieldFault[] {
  const faults: FieldFault[] = [];
  if (text === undefined && file === undefined) faults.push({ field: 'certificate', problem: texts.nothing });
  if (text !== undefined && file !== undefined) faults.push({ field: 'certificate', problem: texts.both });
  if (key !== undefined && keys === undefined) faults.push({ field: 'key', problem: texts.badKey });
  return faults;
}

interface PageParts {
  readonly issuerKeys: IssuerKeys;
  readonly given?: Pick<Given, 'text' | 'key'>;
  readonly faults?: readonly FieldFault[];
  readonly judged?: CertificateVerdict;
  readonly isByOtherKey?: boolean;
  readonly at: number;
  readonly status?: number;
}

function page({
  issuerKeys,
  given,
  faults = [],
  judged,
  isByOtherKey = false,
  status = 200,
  at,
}: PageParts): ShownPage {
  return {
    status,
    title: judged === undefined ? texts.title : `${verdictWords[judged.verdict].title} – ${texts.title}`,
    scripts: ['print.js'],
    body: (
      <>
        <h1>{judged === undefined ? texts.title : texts.result}</h1>
        {judged !== undefined && (
          <>
            <VerdictPanel judged={judged} at={at} {...(isByOtherKey ? { note: texts.byOtherKey } : {})} />
            <p class="actions">
              <a class="button quiet" href="/verify">
                {texts.another}
              </a>
              <button type="button" class="quiet" data-print hidden>
                {certificateTexts.print}
              </button>
            </p>
            <CertificateFindings judged={judged} claims={'claims' in judged ? judged.claims : undefined} />
          </>
        )}
        {judged === undefined && (
          <>
            <p>{texts.lead}</p>
            {issuerKeys.certificate === undefined && <p class="panel warn">{texts.noKeys}</p>}
            <FaultSummary faults={faults} />
            <form class="narrow" method="post" action="/verify" encType="multipart/form-data" noValidate>
              <TextAreaField
                name="certificate"
                label={texts.text}
                hint={texts.textHint}
                value={given?.text}
                faults={faults}
                isOneWay
              />
              <UploadField name="file" label={texts.file} hint={texts.fileHint} isOneWay />
              <details class="panel" open={given?.key !== undefined || issuerKeys.certificate === undefined}>
                <summary>{texts.otherKey}</summary>
                <TextAreaField
                  name="key"
                  label={texts.key}
                  hint={texts.keyHint}
                  value={given?.key}
                  faults={faults}
                  isOptional
                />
              </details>
              <p class="actions">
                <button>{texts.check}</button>
              </p>
            </form>
          </>
        )}
      </>
    ),
  };
}
