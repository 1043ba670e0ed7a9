/** A form for each kind of decision: what it will do, what of it cannot be undone, and what has to be said. */
import { randomUUID } from 'node:crypto';
import { roleForDecision } from '../../access/principal';
import { takeDecision } from '../../api/taking-decisions';
import { problemOf } from '../../api/problem-of-error';
import { ApiProblem } from '../../api/problem';
import { isAboutProvider } from '../../domain/decision/decision';
import { decisionKinds, type DecisionKind } from '../../domain/decision/decision-table';
import { isProvider, providerName, type Provider } from '../../domain/provider/provider-table';
import { DecisionFields } from '../components/decision-fields';
import { readDecisionForm } from '../decision-form';
import { FaultSummary, idOf, type FieldFault } from '../components/form';
import type { ConsoleServices } from '../console-services';
import { valueOf, type Fields, type PageRoute, type ShownPage, type Visit } from '../page';
import { decisionPageTexts as texts, decisionTexts } from '../texts/decisions';

/** Decision ids that a form of ours makes. */
const decisionIdPattern = /^[0-9a-f-]{36}$/;

export function decisionPages(services: ConsoleServices): readonly PageRoute[] {
  return decisionKinds.flatMap((kind): PageRoute[] => {
    const common = { path: `/requests/:requestId/decisions/${kind}`, role: roleForDecision(kind) };
    return [
      { ...common, method: 'GET', name: `${kind}Page`, show: async (visit) => formPage(services, kind, visit) },
      { ...common, method: 'POST', name: `${kind}Form`, show: async (visit) => take(services, kind, visit) },
    ];
  });
}

async function take(services: ConsoleServices, kind: DecisionKind, visit: Visit) {
  const { form, principal, now, parameters } = visit;
  const { requestId = '' } = parameters;
  const provider = providerOf(kind, form);
  const read = readDecisionForm(kind, form);
  const faults = 'faults' in read ? [...read.faults] : [];
  if (decisionTexts[kind].isFinal !== undefined && valueOf(form, 'confirmed') !== 'yes') {
    faults.push({ field: 'confirmed', problem: texts.confirmMissing });
  }
  if ('faults' in read || faults.length > 0) return formPage(services, kind, visit, { status: 422, faults });
  const decisionId = valueOf(form, 'decisionId');
  try {
    await takeDecision(services, {
      kind,
      requestId,
      fields: { ...read.fields, ...(provider === undefined ? {} : { provider }) },
      principal,
      decisionId: decisionId !== undefined && decisionIdPattern.test(decisionId) ? decisionId : randomUUID(),
      now,
    });
  } catch (error) {
    const problem = problemOf(error);
    if (problem.code !== 'decision-refused' && problem.code !== 'invalid-request') throw error;
    const said = problem.parts.detail ?? problem.parts.errors?.map((one) => one.problem).join(' ') ?? problem.message;
    return formPage(services, kind, visit, { status: 409, faults: [{ field: 'form', problem: said }] });
  }
  return { redirectTo: `/requests/${requestId}?taken=${kind}` };
}

async function formPage(
  { client }: ConsoleServices,
  kind: DecisionKind,
  { principal, parameters: { requestId = '' }, query, form, now }: Visit,
  { status = 200, faults = [] }: { readonly status?: number; readonly faults?: readonly FieldFault[] } = {},
): Promise<ShownPage> {
  const provider = providerOf(kind, { ...query, ...form });
  const { progress } = await client.get(requestId);
  const { title, does, isFinal } = decisionTexts[kind];
  const leg = progress?.legs.find((one) => one.provider === provider);
  const offered: readonly DecisionKind[] | undefined = provider === undefined ? progress?.decisions : leg?.decisions;
  const isOwn = kind === 'approve' && progress?.filedBy !== undefined && progress.filedBy === principal.id;
  const heading = provider === undefined ? title : `${providerName(provider)}: ${title}`;
  const typed: Fields = { ...startingValues(now), ...form };
  return {
    status,
    title: heading,
    body: (
      <>
        <p>
          <a href={`/requests/${requestId}`}>{texts.cancel}</a> <code>{requestId}</code>
        </p>
        <h1>{heading}</h1>
        <FaultSummary faults={faults} />
        {progress !== undefined && offered?.includes(kind) !== true && faults.length === 0 && (
          <p class="panel warn">{texts.notNow}</p>
        )}
        {isOwn && <p class="panel warn">{texts.ownRequest}</p>}
        <h2>{texts.what}</h2>
        <p>{does}</p>
        <form method="post" id={idOf('form')}>
          <input type="hidden" name="decisionId" value={valueOf(form, 'decisionId') ?? randomUUID()} />
          {provider !== undefined && <input type="hidden" name="provider" value={provider} />}
          <DecisionFields kind={kind} typed={typed} faults={faults} notices={progress?.notices} />
          {isFinal !== undefined && (
            <div class={faults.some(({ field }) => field === 'confirmed') ? 'field wrong' : 'field'}>
              <p class="final">{texts.final}</p>
              <label class="check" for={idOf('confirmed')}>
                <input type="checkbox" id={idOf('confirmed')} name="confirmed" value="yes" required />
                <span>{isFinal}</span>
              </label>
            </div>
          )}
          <p class="note">{texts.you(principal.id)}</p>
          <p class="actions">
            <button class={isFinal !== undefined && kind !== 'approve' ? 'danger' : ''}>{title}</button>
            <a class="button quiet" href={`/requests/${requestId}`}>
              {texts.cancel}
            </a>
          </p>
        </form>
      </>
    ),
  };
}

/** An address without a provider, or with one that there is not, leads nowhere. */
function providerOf(kind: DecisionKind, fields: Fields): Provider | undefined {
  if (!isAboutProvider(kind)) return undefined;
  const named = valueOf(fields, 'provider');
  if (!isProvider(named)) throw new ApiProblem('not-found');
  return named;
}

/** What happened has happened just now, as a rule. */
function startingValues(now: number): Fields {
  return { at: new Date(now).toISOString().slice(0, 16) };
}
