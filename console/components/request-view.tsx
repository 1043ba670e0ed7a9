/** One request as it stands: what to do, what each provider waits for, its course, and what was decided. */
import type { ComponentChildren } from 'preact';
import { roleForDecision, type Principal } from '../../access/principal';
import type { RequestStatus } from '../../client/request-status';
import { requestStateWords } from '../../client/request-words';
import type { DecisionKind } from '../../domain/decision/decision-table';
import type { LegProgress } from '../../domain/leg/leg-progress';
import { describeLegState } from '../../domain/leg/leg-words';
import { requestOutcomeMeaning } from '../../domain/leg/outcome';
import { describeStep } from '../../domain/leg/step-under-way';
import { providerName } from '../../domain/provider/provider-table';
import type { DueProgress } from '../../domain/request/due-progress';
import type { RequestProgress } from '../../domain/request/request-progress';
import { decisionPageTexts, decisionTexts } from '../texts/decisions';
import { requestTexts as texts } from '../texts/one-request';
import { TimeLine } from './time-line';
import { TrailTable } from './trail-table';
import { When } from './when';

export interface RequestViewProps {
  readonly status: RequestStatus;
  readonly principal: Principal;
  /** Epoch ms. */
  readonly now: number;
}

export function RequestView({ status, principal, now }: RequestViewProps) {
  const { requestId, progress, result, underWay = [], failure } = status;
  const legs = result?.legs ?? progress?.legs ?? [];
  const outcome = result?.outcome ?? progress?.outcome ?? status.outcome;
  const hasCertificate = result !== undefined || status.certificate !== undefined || status.state === 'awaiting-answer';
  return (
    <>
      <p class="standing">
        <StateBadge status={status} /> {outcome !== undefined && requestOutcomeMeaning[outcome]}
      </p>
      {failure !== undefined && <p class="fault">{failure}</p>}
      {status.status === 'running' && progress === undefined && <p class="panel warn">{texts.unanswered}</p>}
      {progress !== undefined && <DuePanel due={progress.due} noDueDate={progress.noDueDate} />}
      <section class="panel todo" aria-labelledby="todo">
        <h2 id="todo">{texts.todo}</h2>
        <Todo status={status} principal={principal} />
      </section>
      {hasCertificate && (
        <p class="panel good">
          {texts.certificateThere} <a href={`/requests/${requestId}/certificate`}>{texts.readCertificate}</a>
        </p>
      )}
      {underWay.length > 0 && (
        <section aria-labelledby="trouble">
          <h2 id="trouble">{texts.trouble}</h2>
          <ul>
            {underWay.map((step) => (
              <li key={step.activity}>{describeStep(step)}</li>
            ))}
          </ul>
        </section>
      )}
      {legs.length > 0 && (
        <>
          <section aria-labelledby="providers">
            <h2 id="providers">{texts.providers}</h2>
            <div class="legs">
              {legs.map((leg) => (
                <LegCard key={leg.provider} requestId={requestId} leg={leg} principal={principal} />
              ))}
            </div>
          </section>
          <section aria-labelledby="time-line">
            <h2 id="time-line">{texts.timeLine}</h2>
            <TimeLine
              legs={legs}
              startedAt={Date.parse(status.startedAt)}
              dueAt={progress?.due === undefined ? undefined : Date.parse(progress.due.at)}
              now={status.closedAt === undefined ? now : Date.parse(status.closedAt)}
            />
          </section>
        </>
      )}
      {progress !== undefined && progress.notes.length > 0 && (
        <section aria-labelledby="notes">
          <h2 id="notes">{texts.notes}</h2>
          <ul>
            {progress.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="trail">
        <h2 id="trail">{texts.trail}</h2>
        <TrailTable trail={result?.trail ?? progress?.trail ?? []} />
      </section>
      <section aria-labelledby="facts">
        <h2 id="facts">{texts.facts}</h2>
        <Facts status={status} />
      </section>
    </>
  );
}

function StateBadge({ status: { state } }: { readonly status: RequestStatus }) {
  const bad = ['attention', 'failed', 'terminated', 'timed-out', 'cancelled'].includes(state);
  const warn = ['awaiting-approval', 'on-hold', 'awaiting-answer', 'completed-with-exceptions'].includes(state);
  const tone = bad ? 'bad' : warn ? 'warn' : state === 'completed' ? 'good' : '';
  return <span class={`state ${tone}`}>{requestStateWords[state]}</span>;
}

function DuePanel({
  due,
  noDueDate,
}: {
  readonly due: DueProgress | undefined;
  readonly noDueDate: string | undefined;
}) {
  if (due === undefined)
    return noDueDate === undefined ? null : <p class="panel">{`${texts.noDueDate}: ${noDueDate}`}</p>;
  const { on, at, status, aimOn, extended, acknowledgeOn, feasibility, rule, calendar, timeZone } = due;
  const tone = status === 'overdue' ? 'bad' : status === 'due-soon' ? 'warn' : status === 'answered' ? 'good' : '';
  return (
    <div class="panel due">
      <p>
        {texts.dueOn} <strong>{on}</strong> <span class={`state ${tone}`}>{texts.dueStatus[status]}</span>
      </p>
      <p class="note">
        <When at={at} />. {aimOn !== undefined && texts.aimOn(aimOn)} {extended && texts.extended}{' '}
        {acknowledgeOn !== undefined && texts.acknowledgeOn(acknowledgeOn)} {texts.byLaw(rule, calendar, timeZone)}.
      </p>
      {feasibility.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </div>
  );
}

/** Come first where the sentences themselves do not say which decisions they ask for. */
const usual: readonly DecisionKind[] = ['approve', 'reject', 'release', 'notice', 'identity'];

function askedFor({ todoItems }: RequestProgress): readonly DecisionKind[] {
  const kinds = (todoItems ?? []).flatMap(({ decisions }) => decisions.map(({ kind }) => kind));
  return kinds.length === 0 ? usual : [...kinds, 'identity'];
}

function Todo({ status: { requestId, status, progress, result }, principal }: Omit<RequestViewProps, 'now'>) {
  if (status !== 'running' || result !== undefined) return <p>{texts.over}</p>;
  const { decisions = [], filedBy, state } = progress ?? {};
  const todo = progress?.todoItems?.map(({ text }) => text) ?? progress?.todo ?? [];
  const inAttention = (progress?.legs ?? []).filter(({ state: legState }) => legState === 'attention');
  const isNothing = todo.length === 0 && inAttention.length === 0;
  const isOwn = filedBy !== undefined && filedBy === principal.id;
  const mine = decisions.filter((kind) => principal.roles.has(roleForDecision(kind)));
  const allowed = mine.filter((kind) => kind !== 'approve' || !isOwn);
  const isAsked = (kind: DecisionKind): boolean =>
    progress !== undefined && todo.length > 0 && askedFor(progress).includes(kind);
  const [first, others] = [allowed.filter(isAsked), allowed.filter((kind) => !isAsked(kind))];
  return (
    <>
      {isNothing ? (
        <p>{progress === undefined ? texts.unanswered : texts.nothingToDo}</p>
      ) : (
        <ul class="sentences">
          {todo.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
          {inAttention.map(({ provider, youCan }) => (
            <li key={provider}>
              <a href={`#leg-${provider}`}>{providerName(provider)}</a>
              {youCan === undefined ? ` ${texts.needsAttention}` : `: ${youCan}`}
            </li>
          ))}
        </ul>
      )}
      {state === 'awaiting-approval' && isOwn && principal.roles.has('approve') && (
        <p class="note">{decisionPageTexts.ownRequest}</p>
      )}
      {todo.length > 0 && decisions.length > 0 && mine.length === 0 && <p class="note">{texts.youMayNot}</p>}
      {first.length > 0 && (
        <p class="actions">
          {first.map((kind) => (
            <DecisionLink key={kind} requestId={requestId} kind={kind} />
          ))}
        </p>
      )}
      {others.length > 0 && (
        <OtherDecisions>
          <p class="actions">
            {others.map((kind) => (
              <DecisionLink key={kind} requestId={requestId} kind={kind} isQuiet />
            ))}
          </p>
        </OtherDecisions>
      )}
    </>
  );
}

/** What nothing asks for now. */
function OtherDecisions({ children }: { readonly children: ComponentChildren }) {
  return (
    <details>
      <summary>{texts.otherDecisions}</summary>
      {children}
    </details>
  );
}

interface DecisionLinkProps {
  readonly requestId: string;
  readonly kind: DecisionKind;
  readonly provider?: string;
  readonly isQuiet?: boolean;
}

function DecisionLink({ requestId, kind, provider, isQuiet = false }: DecisionLinkProps) {
  const query = provider === undefined ? '' : `?provider=${provider}`;
  return (
    <a class={isQuiet ? 'button quiet' : 'button'} href={`/requests/${requestId}/decisions/${kind}${query}`}>
      {decisionTexts[kind].title}
      {provider !== undefined && <span class="visually-hidden">: {provider}</span>}
    </a>
  );
}

function LegCard({
  requestId,
  leg,
  principal,
}: {
  readonly requestId: string;
  readonly leg: LegProgress;
  readonly principal: Principal;
}) {
  const { provider, state, outcome, waitsFor, until, youCan, attention, settledAt, decisions = [] } = leg;
  const tone =
    state === 'attention'
      ? 'bad'
      : state === 'settled'
        ? outcome === 'erased'
          ? 'good'
          : ''
        : state === 'braked'
          ? 'warn'
          : '';
  const offered = decisions.filter((kind) => principal.roles.has(roleForDecision(kind)));
  const links = (
    <p class="actions">
      {offered.map((kind) => (
        <DecisionLink key={kind} requestId={requestId} kind={kind} provider={provider} isQuiet={kind !== 'retry'} />
      ))}
    </p>
  );
  return (
    <article class={`panel leg ${state}`} aria-labelledby={`leg-${provider}`}>
      <h3 id={`leg-${provider}`}>
        {providerName(provider)} <span class={`state ${tone}`}>{describeLegState(leg)}</span>
      </h3>
      <dl>
        {waitsFor !== 'nothing' && <Item label={texts.waitsFor}>{waitsFor}</Item>}
        {until !== undefined && (
          <Item label={texts.until}>
            <When at={until} />
          </Item>
        )}
        {settledAt !== undefined && (
          <Item label={texts.settled}>
            <When at={settledAt} />
          </Item>
        )}
        {attention !== undefined && (
          <Item label={texts.attentionSince}>
            <When at={attention.since} />
            {attention.triesDaily && `. ${texts.triesDaily}`}
          </Item>
        )}
        {youCan !== undefined && <Item label={texts.youCan}>{youCan}</Item>}
      </dl>
      {offered.length > 0 && (state === 'attention' ? links : <OtherDecisions>{links}</OtherDecisions>)}
    </article>
  );
}

function Item({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Facts({ status: { requestId, workflowId, startedAt, closedAt, progress } }: Pick<RequestViewProps, 'status'>) {
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    [texts.requestId, <code>{requestId}</code>],
    [texts.workflowId, <code>{workflowId}</code>],
    [texts.startedAt, <When at={startedAt} />],
    ...(closedAt === undefined ? [] : [[texts.closedAt, <When at={closedAt} />] as const]),
    ...(progress === undefined
      ? []
      : [
          [texts.submittedAt, <When at={progress.submittedAt} />] as const,
          [texts.regulation, progress.regulation] as const,
          [texts.decisionMode, texts.decisionModes[progress.decisionMode]] as const,
        ]),
    ...(progress?.filedBy === undefined ? [] : [[texts.filedBy, progress.filedBy] as const]),
  ];
  return (
    <dl class="facts">
      {rows.map(([label, content]) => (
        <div key={label}>
          <Item label={label}>{content}</Item>
        </div>
      ))}
    </dl>
  );
}
