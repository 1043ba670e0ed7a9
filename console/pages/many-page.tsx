/** Many requests from a file: checked first, row by row, then filed. The server keeps no file. */
import { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import { submissionOf } from '../../api/filing';
import { filedRows, linesOf, type FiledRow, type FilingEnd } from '../../api/filing-rows';
import { ndjson } from '../../api/media-type';
import { streamedRows, type BulkForm } from '../../client/bulk/bulk-rows';
import { checkedRows, type CheckedRow } from '../../client/bulk/checked-rows';
import { BulkFileError, InvalidSubmissionError, type FieldProblem } from '../../client/errors';
import { byProvider, providerKeys, providerName, type Provider } from '../../domain/provider/provider-table';
import { FaultSummary, TextField, UploadField, type FieldFault } from '../components/form';
import { ProblemList, type LineProblem } from '../components/problem-list';
import type { ConsoleServices } from '../console-services';
import { uploadProblem, type PageAnswer, type PageRoute, type ShownPage, type Visit } from '../page';
import { manyTexts as texts } from '../texts/many';

/** So many are kept of the problems of one file; nobody mends more at once. */
const PROBLEMS_MAX = 5_000;
/** Lines that the browser has not read yet: it sends the whole file first. */
const UNREAD_BYTES_MAX = 16 * 1_024 * 1_024;
const ACCEPTED = '.csv,.ndjson,.jsonl,text/csv,application/x-ndjson';
const batchPattern = /^[A-Za-z0-9._-]{0,64}$/;

export function manyPages(services: ConsoleServices): readonly PageRoute[] {
  const common = { role: 'file' } as const;
  return [
    { ...common, method: 'GET', path: '/many', name: 'manyPage', show: async () => uploadPage({}) },
    {
      ...common,
      method: 'POST',
      path: '/many/check',
      name: 'checkMany',
      form: 'multipart',
      show: async (visit) => check(visit, services),
    },
    {
      ...common,
      method: 'POST',
      path: '/many/file',
      name: 'fileMany',
      form: 'multipart',
      show: async (visit) => file(visit, services),
    },
  ];
}

interface Upload {
  readonly part: MultipartFile;
  readonly form: BulkForm;
  readonly batch: string;
}

async function readUpload({ request }: Visit): Promise<Upload | { readonly faults: readonly FieldFault[] }> {
  const part = request.isMultipart() ? await firstFileOf(request) : undefined;
  if (part === undefined || part.filename === '') return { faults: [{ field: 'file', problem: texts.noFile }] };
  const field = part.fields['batch'];
  const batch = field !== undefined && 'value' in field && typeof field.value === 'string' ? field.value.trim() : '';
  if (!batchPattern.test(batch)) {
    part.file.resume();
    return { faults: [{ field: 'batch', problem: texts.badBatch }] };
  }
  return { part, batch, form: /\.(ndjson|jsonl)$/i.test(part.filename) ? 'ndjson' : 'csv' };
}

async function firstFileOf(request: Visit['request']): Promise<MultipartFile | undefined> {
  try {
    return await request.file();
  } catch (error) {
    throw uploadProblem(error);
  }
}

interface Found {
  readonly batch: string;
  readonly good: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly warned: number;
  readonly asks: Readonly<Record<Provider, number>>;
  readonly problems: readonly LineProblem[];
  readonly warnings: readonly LineProblem[];
}

async function check(visit: Visit, { rowIds, policy, webhookHosts }: ConsoleServices): Promise<ShownPage> {
  const upload = await readUpload(visit);
  if ('faults' in upload) return uploadPage(upload);
  const { part, form, batch } = upload;
  const { principal, now } = visit;
  const counts = { good: 0, duplicate: 0, rejected: 0, empty: 0 };
  const asks = byProvider(() => 0);
  let warned = 0;
  const problems: LineProblem[] = [];
  const warnings: LineProblem[] = [];
  const keep = (list: LineProblem[], line: number, found: readonly FieldProblem[]): void => {
    for (const { field, problem } of found) if (list.length < PROBLEMS_MAX) list.push({ line, field, problem });
  };
  try {
    for await (const row of checkedRows(streamedRows(wholeOnly(part), form), { ids: await rowIds(batch), now })) {
      const refused = problemsFor(row, { principal, policy, webhookHosts, now });
      counts[refused === undefined ? row.verdict : 'rejected'] += 1;
      keep(problems, row.line, refused ?? []);
      if (row.verdict !== 'good' || refused !== undefined) continue;
      if (row.warnings.length > 0) warned += 1;
      keep(warnings, row.line, row.warnings);
      for (const provider of providerKeys) if (row.submission.subject[provider] !== undefined) asks[provider] += 1;
    }
  } catch (error) {
    if (!(error instanceof BulkFileError)) throw error;
    part.file.resume();
    return uploadPage({ batch, faults: [{ field: 'file', problem: error.message }] });
  }
  const { good, duplicate: duplicates, rejected } = counts;
  return uploadPage({ batch, found: { batch, good, duplicates, rejected, warned, asks, problems, warnings } });
}

/** Also what only this server and whoever files can tell. */
function problemsFor(row: CheckedRow, by: Parameters<typeof submissionOf>[1]): readonly FieldProblem[] | undefined {
  if (row.verdict === 'rejected') return row.problems;
  if (row.verdict !== 'good') return undefined;
  try {
    submissionOf(row.submission, by);
    return undefined;
  } catch (error) {
    if (error instanceof InvalidSubmissionError) return error.problems;
    throw error;
  }
}

async function file(visit: Visit, services: ConsoleServices): Promise<PageAnswer> {
  const upload = await readUpload(visit);
  if ('faults' in upload) return uploadPage(upload);
  const { part, form, batch } = upload;
  const { principal, now, request } = visit;
  const rows = filedRows({ bytes: wholeOnly(part), form, batch, principal, now }, services);
  if (request.headers.accept === ndjson) {
    const lines = Readable.from(linesOf(rows), { objectMode: false, highWaterMark: UNREAD_BYTES_MAX });
    return { content: lines, type: ndjson };
  }
  let end: FilingEnd | undefined;
  const problems: LineProblem[] = [];
  for await (const row of rows) {
    if ('end' in row) end = row;
    else keepProblems(problems, row);
  }
  if (end === undefined) throw new TypeError('Filing has no end');
  return { title: texts.title, body: <Filed end={end} problems={problems} /> };
}

/** What lies beyond the limit is cut off without a word: the last row would be filed with a shortened identifier. */
async function* wholeOnly({ file: bytes }: MultipartFile): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw uploadProblem(error);
  }
  if (bytes.truncated) throw new BulkFileError(texts.tooLarge);
}

function keepProblems(list: LineProblem[], { line, problems }: FiledRow): void {
  for (const { field, problem } of problems) if (list.length < PROBLEMS_MAX) list.push({ line, field, problem });
}

interface UploadParts {
  readonly batch?: string;
  readonly faults?: readonly FieldFault[];
  readonly found?: Found;
}

function uploadPage({ batch = '', faults = [], found }: UploadParts): ShownPage {
  return {
    status: faults.length > 0 ? 422 : 200,
    title: texts.title,
    scripts: ['many.js'],
    body: (
      <>
        <h1>{texts.title}</h1>
        <p>{texts.lead}</p>
        <div id="faults-place">
          <FaultSummary faults={faults} />
        </div>
        <form
          id="check-form"
          class="panel"
          method="post"
          action="/many/check"
          encType="multipart/form-data"
          data-checking={texts.checking}
        >
          <TextField
            name="batch"
            label={texts.batch}
            hint={texts.batchHint}
            value={batch}
            faults={faults}
            isOptional
            maxLength={64}
          />
          <UploadField name="file" label={texts.file} hint={texts.fileHint} faults={faults} accept={ACCEPTED} />
          <p class="hint">{`${texts.columns}: ${texts.columnsText}`}</p>
          <p class="actions">
            <button>{texts.check}</button>
            <span role="status" id="check-status" class="note" />
          </p>
        </form>
        <div id="result">{found !== undefined && <Result found={found} />}</div>
      </>
    ),
  };
}

function Result({ found }: { readonly found: Found }) {
  const { batch, good, duplicates, rejected, warned, asks, problems, warnings } = found;
  return (
    <section aria-labelledby="found">
      <h2 id="found" tabIndex={-1}>
        {texts.result}
      </h2>
      <ul class="tally">
        <li class="good">{texts.good(good)}</li>
        {rejected > 0 && <li class="bad">{texts.rejected(rejected)}</li>}
        {duplicates > 0 && <li>{texts.duplicates(duplicates)}</li>}
        {warned > 0 && <li class="warn">{texts.warned(warned)}</li>}
      </ul>
      <p>
        {texts.asks}: {providerKeys.map((provider) => `${providerName(provider)} ${asks[provider]}`).join(', ')}.
      </p>
      <ProblemList title={texts.problems} problems={problems} fileName="rejected-rows.csv" />
      <ProblemList title={texts.warnings} problems={warnings} fileName="odd-rows.csv" />
      {good === 0 ? (
        <p class="panel warn">{texts.nothingGood}</p>
      ) : (
        <form
          id="file-form"
          class="panel"
          method="post"
          action="/many/file"
          encType="multipart/form-data"
          data-rows={good + duplicates + rejected}
          data-filing={texts.filing}
          data-broken={texts.brokenOff}
          data-new={texts.new}
          data-duplicate={texts.duplicate}
          data-failed={texts.failed}
          data-rejected={texts.leftOut}
          data-download={texts.download}
          data-inbox={texts.inbox}
          {...Object.fromEntries(Object.entries(texts.ends).map(([end, words]) => [`data-end-${end}`, words]))}
        >
          <input type="hidden" name="batch" value={batch} />
          <div data-without-script>
            <UploadField name="file-again" label={texts.fileAgain} hint={texts.fileAgainHint} accept={ACCEPTED} />
          </div>
          <p>{texts.final}</p>
          <p class="actions">
            <button>{texts.fileThem(good)}</button>
            <span role="status" id="file-status" />
          </p>
          <progress id="file-progress" aria-label={texts.filing} max={good + duplicates + rejected} value={0} hidden />
        </form>
      )}
    </section>
  );
}

function Filed({ end, problems }: { readonly end: FilingEnd; readonly problems: readonly LineProblem[] }) {
  return (
    <section aria-labelledby="filed">
      <h1 id="filed" tabIndex={-1}>
        {texts.filed}
      </h1>
      <p class={end.end === 'complete' ? 'panel good' : 'panel warn'} role="status">
        {texts.ends[end.end]} {end.detail}
      </p>
      <ul class="tally">
        <li class="good">{`${end.new} ${texts.new}`}</li>
        <li>{`${end.duplicate} ${texts.duplicate}`}</li>
        {end.failed > 0 && <li class="bad">{`${end.failed} ${texts.failed}`}</li>}
        {end.rejected > 0 && <li class="bad">{`${end.rejected} ${texts.leftOut}`}</li>}
      </ul>
      <ProblemList title={texts.problems} problems={problems} fileName="rejected-rows.csv" />
      <p>
        <a class="button" href="/">
          {texts.inbox}
        </a>
      </p>
    </section>
  );
}
