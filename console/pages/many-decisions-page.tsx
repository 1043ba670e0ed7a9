/** One decision about all requests that a filter of the inbox names: shown first, then taken about those that were shown. */
import { randomUUID } from 'node:crypto';
import { roleForDecision } from '../../access/principal';
import { problemOf } from '../../api/problem-of-error';
import { ApiProblem } from '../../api/problem';
import { requestIdParameter } from '../../api/schemas';
import { takeDecision } from '../../api/taking-decisions';
import { forEachConcurrently } from '../../client/bulk/concurrently';
import { isAboutProvider } from '../../domain/decision/decision';
import { decisionKinds, decisionRow, type DecisionKind } from '../../domain/decision/decision-table';
import { DataTable } from '../components/data-table';
import { FaultSummary, idOf, type FieldFault } from '../components/form';
import type { ConsoleServices } from '../console-services';
import { readDecisionForm } from '../decision-form';
import { DecisionFields } from '../components/decision-fields';
import { RequestLink } from '../components/request-link';
import { inboxFilterNamed, type InboxFilter } from '../inbox-filters';
import { valueOf, type Fields, type PageRoute, type ShownPage, type Visit } from '../page';
import { decisionPageTexts, decisionTexts } from '../texts/decisions';
import { manyDecisionsTexts as texts } from '../texts/many-decisions';

/** So many are decided by one form: its answer waits for all of them. */
export const AT_ONCE_MAX = 100;
const CONCURRENCY = 4;
/** After so many without an answer no worker is taken to be there. */
const UNANSWERED_MAX = 4;

export function manyDecisionPages(services: ConsoleServices): readonly PageRoute[] {
  return decisionKinds
    .filter((kind) => decisionRow(kind).command.bulk !== undefined)
    .flatMap((kind): PageRoute[] => {
      const common = { path: `/many-decisions/${kind}`, role: roleForDecision(kind) };
      return [
        { ...common, method: 'GET', name: `${kind}ManyPage`, show: async (visit) => showForm(services, kind, visit) },
        { ...common, method: 'POST', name: `${kind}ManyForm`, show: async (visit) => take(services, kind, visit) },
      ];
    });
}

async function showForm({ client }: ConsoleServices, kind: DecisionKind, { query, principal }: Visit) {
  const filter = filterOf(kind, query);
  const page = await client.page({ ...filter.narrows, limit: AT_ONCE_MAX });
  const requestIds = [...new Set(page.requests.map(({ requestId }) => requestId))];
  return formPage(kind, { filter, requestIds, isCut: page.cursor !== undefined, typed: {}, by: principal.id });
}

async function take(
  services: ConsoleServices,
  kind: DecisionKind,
  { form, principal, now }: Visit,
): Promise<ShownPage> {
  const filter = filterOf(kind, form);
  const requestIds = requestIdsIn(form);
  const read = readDecisionForm(kind, form);
  const faults = 'faults' in read ? [...read.faults] : [];
  if (valueOf(form, 'confirmed') !== 'yes') faults.push({ field: 'confirmed', problem: texts.confirmMissing });
  if ('faults' in read || faults.length > 0) {
    return formPage(kind, { filter, requestIds, isCut: false, typed: form, faults, by: principal.id });
  }
  const decisionId = requestIdParameter.safeParse({ requestId: valueOf(form, 'decisionId') }).data?.requestId;
  const fields = { ...read.fields, ...(isAboutProvider(kind) && { provider: filter.provider }) };
  const results = await takeEach(requestIds, async (requestId) => {
    // The same id for all: each request takes it once, however often the form is sent.
    await takeDecision(services, { kind, requestId, fields, principal, decisionId: decisionId ?? randomUUID(), now });
  });
  return resultPage(kind, filter, results);
}

type Result = 'done' | 'refused' | 'unanswered' | 'left';

interface RequestResult {
  readonly requestId: string;
  readonly result: Result;
  readonly why?: string;
}

async function takeEach(
  requestIds: readonly string[],
  takeOne: (requestId: string) => Promise<void>,
): Promise<readonly RequestResult[]> {
  const results = new Map<string, RequestResult>();
  let unanswered = 0;
  const all = async function* () {
    yield* requestIds;
  };
  await forEachConcurrently(all(), {
    concurrency: CONCURRENCY,
    work: async (requestId) => {
      if (unanswered >= UNANSWERED_MAX) return;
      try {
        await takeOne(requestId);
        results.set(requestId, { requestId, result: 'done' });
      } catch (error) {
        const problem = problemOf(error);
        const why = problem.parts.detail ?? problem.message;
        if (problem.code === 'no-worker') {
          unanswered += 1;
          results.set(requestId, { requestId, result: 'unanswered', why });
        } else if (problem.code === 'decision-refused' || problem.code === 'request-not-found') {
          results.set(requestId, { requestId, result: 'refused', why });
        } else throw error;
      }
    },
  });
  return requestIds.map((requestId) => results.get(requestId) ?? { requestId, result: 'left' });
}

/** Throws where this cannot be decided about what the filter names. */
function filterOf(kind: DecisionKind, fields: Fields): InboxFilter {
  const filter = inboxFilterNamed(valueOf(fields, 'show'));
  if (filter?.decisions.includes(kind) !== true) throw new ApiProblem('not-found');
  return filter;
}

function requestIdsIn(form: Fields): readonly string[] {
  const given = (valueOf(form, 'requests') ?? '').split(' ').filter((one) => one !== '');
  const isGood = given.every((requestId) => requestIdParameter.safeParse({ requestId }).success);
  if (given.length === 0 || given.length > AT_ONCE_MAX || !isGood) throw new ApiProblem('not-found');
  return [...new Set(given)];
}

interface FormParts {
  readonly filter: InboxFilter;
  readonly requestIds: readonly string[];
  /** There are more. */
  readonly isCut: boolean;
  readonly typed: Fields;
  readonly faults?: readonly FieldFault[];
  readonly by: string;
}

function formPage(kind: DecisionKind, { filter, requestIds, isCut, typed, faults = [], by }: FormParts): ShownPage {
  const { title: decision, does } = decisionTexts[kind];
  const title = texts.title(decision, filter.text);
  const count = requestIds.length;
  return {
    status: faults.length > 0 ? 422 : 200,
    title,
    body: (
      <>
        <BackToList filter={filter} />
        <h1>{title}</h1>
        <FaultSummary faults={faults} />
        <h2>{decisionPageTexts.what}</h2>
        <p>{does}</p>
        <h2>{texts.which}</h2>
        {count === 0 ? (
          <p class="panel">{texts.none}</p>
        ) : (
          <form method="post" id={idOf('form')}>
            <p>{texts.count(count)}</p>
            <ul class="ids" tabIndex={0} aria-label={texts.list}>
              {requestIds.map((requestId) => (
                <li key={requestId}>
                  <RequestLink requestId={requestId} />
                </li>
              ))}
            </ul>
            {isCut && <p class="note">{texts.cut(AT_ONCE_MAX)}</p>}
            <input type="hidden" name="decisionId" value={valueOf(typed, 'decisionId') ?? randomUUID()} />
            <input type="hidden" name="show" value={filter.name} />
            <input type="hidden" name="requests" value={requestIds.join(' ')} />
            <DecisionFields kind={kind} typed={typed} faults={faults} />
            <div class={faults.some(({ field }) => field === 'confirmed') ? 'field wrong' : 'field'}>
              <label class="check" for={idOf('confirmed')}>
                <input type="checkbox" id={idOf('confirmed')} name="confirmed" value="yes" required />
                <span>{texts.confirm(count)}</span>
              </label>
            </div>
            <p class="note">{decisionPageTexts.you(by)}</p>
            <p class="actions">
              <button>{texts.take(count)}</button>
            </p>
          </form>
        )}
      </>
    ),
  };
}

function resultPage(kind: DecisionKind, filter: InboxFilter, results: readonly RequestResult[]): ShownPage {
  const title = texts.title(decisionTexts[kind].title, filter.text);
  const count = (wanted: Result): number => results.filter(({ result }) => result === wanted).length;
  const [done, refused, unanswered, left] = [count('done'), count('refused'), count('unanswered'), count('left')];
  return {
    title,
    body: (
      <>
        <BackToList filter={filter} />
        <h1>{title}</h1>
        <h2>{texts.result}</h2>
        <ul class="tally">
          <li class="good">{texts.doneCount(done)}</li>
          {refused > 0 && <li class="bad">{texts.refusedCount(refused)}</li>}
          {unanswered > 0 && <li class="bad">{texts.unansweredCount(unanswered)}</li>}
          {left > 0 && <li class="bad">{texts.leftCount(left)}</li>}
        </ul>
        {unanswered + left > 0 && <p class="panel warn">{texts.repeat}</p>}
        <DataTable title={texts.result} columns={[texts.request, texts.what]} stacks>
          {results.map(({ requestId, result, why }) => (
            <tr key={requestId}>
              <th scope="row">
                <RequestLink requestId={requestId} />
              </th>
              <td data-label={texts.what}>{result === 'done' ? texts.done : (why ?? texts.leftOne)}</td>
            </tr>
          ))}
        </DataTable>
      </>
    ),
  };
}

function BackToList({ filter }: { readonly filter: InboxFilter }) {
  return (
    <p>
      <a href={`/?show=${filter.name}`}>{texts.back}</a>
    </p>
  );
}
