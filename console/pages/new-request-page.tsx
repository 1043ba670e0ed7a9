/** The form that files a request: it says what will happen before anything is sent, and keeps what was typed. */
import { randomUUID } from 'node:crypto';
import { IANAZone } from 'luxon';
import { submissionOf } from '../../api/filing';
import { previewOf, type Preview } from '../../api/previewing';
import { InvalidSubmissionError, RequestConflictError, TemporalUnavailableError } from '../../client/errors';
import type { ErasureSubmission } from '../../client/submission';
import { regulations, type Regulation } from '../../domain/law/regulation';
import { IDENTIFIER_LENGTH_MAX } from '../../domain/provider/identifier';
import { providerFacts, providerKeys, providerName, type Provider } from '../../domain/provider/provider-table';
import { FaultSummary, SelectField, TextField, type Choice, type FieldFault } from '../components/form';
import { FilingPreview } from '../components/filing-preview';
import { valueOf, type PageAnswer, type PageRoute, type ShownPage, type Visit } from '../page';
import { plainPage } from '../problem-page';
import type { ConsoleServices } from '../console-services';
import { newRequestTexts as texts } from '../texts/new-request';
import {
  faultsOf,
  identifierField,
  identifierLabel,
  proofFields,
  SEEN,
  TIME_ZONE,
  typedRequest,
} from './new-request-fields';

const scripts = ['live-check.js'];

export function newRequestPages({ client, policy, webhookHosts }: ConsoleServices): readonly PageRoute[] {
  const form = (visit: Visit, shown: Partial<FormParts> = {}): ShownPage => formPage(visit, { policy, ...shown });

  const check = (visit: Visit): CheckedForm => {
    const typed = typedRequest(visit.form);
    try {
      const submission = submissionOf(typed.body, { ...visit, policy, webhookHosts });
      if (typed.faults.length > 0) return { faults: faultsOf(typed, []) };
      return { faults: [], submission, preview: previewOf(submission, policy, visit.now) };
    } catch (error) {
      if (!(error instanceof InvalidSubmissionError)) throw error;
      return { faults: faultsOf(typed, error.problems) };
    }
  };

  const file = async (visit: Visit): Promise<PageAnswer> => {
    const { faults, submission, preview } = check(visit);
    if (submission === undefined) return form(visit, { status: 422, faults });
    if (valueOf(visit.form, SEEN) !== seenOf(preview)) {
      const isOdd = preview.warnings.length > 0;
      return form(visit, { status: 422, preview, ...(isOdd ? { notice: { text: texts.lookAgain } } : {}) });
    }
    try {
      const { requestId, duplicate } = await client.submit(submission);
      return afterwards(visit, requestId, duplicate);
    } catch (error) {
      if (error instanceof RequestConflictError) {
        const { requestId } = error;
        const notice = { title: texts.conflictTitle, text: texts.conflict, requestId };
        // What stands here can only be a request of its own.
        return form(visit, { status: 409, requestId: randomUUID(), notice });
      }
      if (!(error instanceof TemporalUnavailableError)) throw error;
      visit.request.problemCode = 'temporal-unavailable';
      return form(visit, {
        status: 503,
        preview,
        notice: { title: texts.uncertainTitle, text: texts.uncertain },
      });
    }
  };

  return [
    { method: 'GET', path: '/requests/new', role: 'file', name: 'newRequestPage', show: async (visit) => form(visit) },
    {
      method: 'POST',
      path: '/requests/new/check',
      role: 'file',
      name: 'checkNewRequest',
      show: async (visit) => {
        // Also where something is wrong: that is what was asked.
        const { faults, preview } = check(visit);
        return form(visit, { faults, preview });
      },
    },
    { method: 'POST', path: '/requests/new', role: 'file', name: 'fileNewRequest', show: file },
  ];
}

type CheckedForm =
  | { readonly faults: readonly FieldFault[]; readonly submission?: undefined; readonly preview?: undefined }
  | { readonly faults: readonly FieldFault[]; readonly submission: ErasureSubmission; readonly preview: Preview };

interface Notice {
  readonly title?: string;
  readonly text: string;
  readonly requestId?: string;
}

interface FormParts {
  readonly policy: ConsoleServices['policy'];
  readonly status: number;
  readonly faults: readonly FieldFault[];
  readonly preview: Preview | undefined;
  readonly notice: Notice;
  /** Where it is not the one that was sent. */
  readonly requestId: string;
}

/** Names no identifier: fields and sentences only. */
function seenOf({ warnings }: Preview): string {
  return warnings.length === 0 ? 'nothing' : warnings.map(({ field, problem }) => `${field} ${problem}`).join('; ');
}

function afterwards({ principal }: Visit, requestId: string, isDuplicate: boolean): PageAnswer {
  const maySee = principal.roles.has('view');
  if (maySee && !isDuplicate) return { redirectTo: `/requests/${requestId}` };
  const more = (
    <>
      <p class="id">{requestId}</p>
      <p class="actions">
        {maySee && (
          <a class="button" href={`/requests/${requestId}`}>
            {texts.openRequest}
          </a>
        )}
        <a class="button quiet" href="/requests/new">
          {texts.another}
        </a>
      </p>
    </>
  );
  return plainPage(200, {
    title: isDuplicate ? texts.duplicateTitle : texts.filedTitle,
    text: isDuplicate ? texts.duplicate : texts.filed,
    more,
  });
}

function formPage(visit: Visit, parts: Partial<FormParts> & Pick<FormParts, 'policy'>): ShownPage {
  const { form, principal } = visit;
  const { policy, status = 200, faults = [], preview, notice } = parts;
  const requestId = parts.requestId ?? valueOf(form, 'requestId') ?? randomUUID();
  const field = (name: string) => ({ name, value: valueOf(form, name), faults });
  const hasProof = proofFields.some((name) => valueOf(form, name) !== undefined);
  return {
    status,
    title: texts.title,
    scripts,
    body: (
      <>
        <h1>{texts.title}</h1>
        <p>{texts.lead}</p>
        {notice !== undefined && <NoticePanel notice={notice} maySee={principal.roles.has('view')} />}
        <FaultSummary faults={faults} />
        <form
          class="filing"
          method="post"
          action="/requests/new/check"
          autoComplete="off"
          noValidate
          data-live-check
          data-fresh={visit.request.method === 'GET'}
          data-live={texts.live}
          data-failed={texts.checkFailed}
        >
          <input type="hidden" name="requestId" value={requestId} />
          <div class="filing-fields">
            <fieldset>
              <legend>{texts.subject}</legend>
              <p class="hint">{texts.subjectHint}</p>
              {providerKeys.map((provider) => (
                <TextField
                  key={provider}
                  {...field(identifierField(provider))}
                  label={identifierLabel(provider)}
                  hint={identifierHint(provider)}
                  isOptional
                  maxLength={IDENTIFIER_LENGTH_MAX}
                />
              ))}
            </fieldset>
            <fieldset>
              <legend>{texts.request}</legend>
              <SelectField
                {...field('regulation')}
                label={texts.regulation}
                hint={texts.regulationHint}
                choices={lawChoices(policy)}
              />
              <SelectField
                {...field(TIME_ZONE)}
                value={valueOf(form, TIME_ZONE) ?? 'UTC'}
                label={texts.timeZone}
                hint={texts.timeZoneHint}
                choices={zoneChoices(policy, valueOf(form, TIME_ZONE))}
              />
              <TextField
                {...field('submittedAt')}
                type="datetime-local"
                label={texts.submittedAt}
                hint={texts.submittedAtHint}
              />
              <TextField
                {...field('receivedVia')}
                label={texts.receivedVia}
                hint={texts.receivedViaHint}
                isOptional
                maxLength={64}
              />
              <TextField {...field('ground')} label={texts.ground} hint={texts.groundHint} isOptional maxLength={64} />
            </fieldset>
            <details class="panel" open={hasProof}>
              <summary>{texts.identity}</summary>
              <p class="hint">{texts.identityHint}</p>
              <TextField
                {...field('identityAskedAt')}
                type="datetime-local"
                label={texts.identityAskedAt}
                hint={texts.identityAskedAtHint}
                isOptional
              />
              <TextField
                {...field('informationReceivedAt')}
                type="datetime-local"
                label={texts.informationReceivedAt}
                hint={texts.informationReceivedAtHint}
                isOptional
              />
              <TextField
                {...field('verification.method')}
                label={texts.verificationMethod}
                hint={texts.verificationMethodHint}
                isOptional
                maxLength={64}
              />
              <TextField
                {...field('verification.by')}
                label={texts.verificationBy}
                hint={texts.verificationByHint(principal.id)}
                isOptional
                maxLength={64}
              />
              <TextField {...field('verification.at')} type="datetime-local" label={texts.verificationAt} isOptional />
              <TextField
                {...field('verification.reference')}
                label={texts.verificationReference}
                hint={texts.verificationReferenceHint}
                isOptional
                maxLength={64}
              />
            </details>
            <p class="hint">{texts.filedBy(principal.id)}</p>
            <p class="actions">
              <button>{texts.check}</button>
              <span class="note">{texts.checkHint}</span>
            </p>
          </div>
          <div class="filing-preview" id="preview">
            <p class="note" role="status" data-live-status>
              {preview !== undefined ? texts.ready : faults.length > 0 ? texts.toMend(faults.length) : texts.notReady}
            </p>
            {preview !== undefined && <FilingPreview preview={preview} seen={seenOf(preview)} />}
          </div>
        </form>
      </>
    ),
  };
}

function NoticePanel({ notice, maySee }: { readonly notice: Notice; readonly maySee: boolean }) {
  const { title, text, requestId } = notice;
  return (
    <div class="panel warn" role="alert">
      {title !== undefined && <h2>{title}</h2>}
      <p>{text}</p>
      {requestId !== undefined && maySee && (
        <p>
          <a href={`/requests/${requestId}`}>{texts.conflictLink}</a>
        </p>
      )}
    </div>
  );
}

function identifierHint(provider: Provider): string {
  const { form, tellsCase } = providerFacts(provider).identifier;
  const like = form === 'uuid' ? texts.uuidHint : texts.textHint(providerName(provider), IDENTIFIER_LENGTH_MAX);
  return tellsCase ? `${like} ${texts.caseHint}` : like;
}

function lawChoices(policy: ConsoleServices['policy']): readonly Choice[] {
  const own = Object.keys(policy?.laws ?? {}) as Regulation[];
  return [...regulations, ...own].map((law) => ({ value: law, text: texts.law(law, policy?.laws[law]?.source) }));
}

/** UTC, those of the policy's calendars, and what was chosen: the script adds the reader's own. */
function zoneChoices(policy: ConsoleServices['policy'], chosen: string | undefined): readonly Choice[] {
  const ofPolicy = Object.values(policy?.calendars ?? {}).flatMap((choice) => choice?.timeZone ?? []);
  const known = chosen !== undefined && IANAZone.isValidZone(chosen) ? [chosen] : [];
  return [...new Set(['UTC', ...ofPolicy, ...known])].map((zone) => ({ value: zone, text: zone }));
}
