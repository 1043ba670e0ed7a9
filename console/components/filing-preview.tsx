/** What filing a request will do, and the button that does it. */
import type { Preview } from '../../api/previewing';
import { describeDuration } from '../../domain/duration';
import { labels, SEEN } from '../pages/new-request-fields';
import { newRequestTexts as texts } from '../texts/new-request';
import { When } from './when';

export function FilingPreview({ preview, seen }: { readonly preview: Preview; readonly seen: string }) {
  const { warnings, approvalNeeded, providers, due, noDueDate, canBeMet, remarks } = preview;
  return (
    <div class="panel">
      <h2>{texts.preview}</h2>
      {warnings.length > 0 && (
        <div class="panel warn">
          <h3>{texts.odd}</h3>
          <ul>
            {warnings.map(({ field, problem }) => (
              <li key={`${field} ${problem}`}>{texts.wrongIdentifier(labels[field] ?? field, problem)}</li>
            ))}
          </ul>
          <p>{texts.oddHint}</p>
        </div>
      )}
      {due !== undefined && (
        <>
          <h3>{texts.due}</h3>
          <p class="due-day">{due.on}</p>
          <p class="note">{texts.dueOf(due.rule, due.timeZone)}</p>
          {due.aimOn !== due.on && <p>{texts.aim(due.aimOn)}</p>}
        </>
      )}
      {noDueDate !== undefined && <p class="note">{texts.noDue(noDueDate)}</p>}
      {canBeMet === true && <p class="state good">{texts.canBeMet}</p>}
      {canBeMet === false && <p class="state bad">{texts.canNotBeMet}</p>}
      {remarks.length > 0 && (
        <ul class="note">
          {remarks.map((remark) => (
            <li key={remark}>{remark}</li>
          ))}
        </ul>
      )}
      {approvalNeeded && <p>{texts.approval}</p>}
      <p>{approvalNeeded ? texts.approvalThen : texts.noApproval}</p>
      <ul class="asked">
        {providers.map(({ provider, name, windowMs, endsAt }) => (
          <li key={provider}>
            <strong>{name}</strong>
            <br />
            {windowMs === undefined || endsAt === undefined ? (
              texts.unknownWindow
            ) : (
              <>
                {texts.takes(describeDuration(windowMs))} <When at={endsAt} />
              </>
            )}
          </li>
        ))}
      </ul>
      <input type="hidden" name={SEEN} value={seen} />
      <p class="actions">
        <button formAction="/requests/new">{texts.file}</button>
      </p>
      <p class="note">{texts.fileHint}</p>
    </div>
  );
}
