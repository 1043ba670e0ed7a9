/** The page for whatever keeps another page from being shown. */
import { problems, type ApiProblem, type ProblemCode } from '../api/problem';
import type { ShownPage } from './page';
import { common } from './texts/common';
import { problemTexts as texts } from './texts/problems';

interface Words {
  readonly title: string;
  readonly text: string;
  /** The page tries again by itself. */
  readonly triesAgain?: true;
}

const invalid: Words = { title: texts.invalidTitle, text: texts.invalid };

const wordsOf: Readonly<Partial<Record<ProblemCode, Words>>> = {
  'not-found': { title: texts.notFoundTitle, text: texts.notFound },
  'request-not-found': { title: texts.requestNotFoundTitle, text: texts.requestNotFound },
  'temporal-unavailable': { title: texts.temporalAwayTitle, text: texts.temporalAway, triesAgain: true },
  'no-worker': { title: texts.noWorkerTitle, text: texts.noWorker, triesAgain: true },
  'not-set-up': { title: texts.notSetUpTitle, text: texts.notSetUp },
  'too-large': { title: texts.tooLargeTitle, text: texts.tooLarge },
  'unsupported-media-type': invalid,
  'invalid-filter': invalid,
  'invalid-request': invalid,
  'not-json': invalid,
};

export function problemPage(problem: ApiProblem, callId: string): ShownPage {
  const { detail, errors = [], retryAfterS } = problem.parts;
  const words =
    problem.code === 'too-many-calls'
      ? { title: texts.tooManyTitle, text: texts.tooMany(retryAfterS ?? 60) }
      : problem.code === 'internal'
        ? { title: texts.internalTitle, text: texts.internal(callId) }
        : (wordsOf[problem.code] ?? { title: problem.message, text: detail ?? '' });
  return {
    status: problems[problem.code].status,
    title: words.title,
    scripts: words.triesAgain === true ? ['try-again.js'] : [],
    body: (
      <div class="problem">
        <h1>{words.title}</h1>
        <p>{words.text}</p>
        {detail !== undefined && detail !== words.text && <p>{detail}</p>}
        {errors.length > 0 && (
          <ul>
            {errors.map((one) => (
              <li key={one.field}>
                {one.field}: {one.problem}
              </li>
            ))}
          </ul>
        )}
        <p>
          <a class="button" href="">
            {texts.tryAgain}
          </a>{' '}
          <a href="/">{common.backToInbox}</a>
        </p>
        <p class="note">{texts.callId(callId)}</p>
      </div>
    ),
  };
}

/** A page that says one thing. */
export function plainPage(
  status: number,
  { title, text, more }: { readonly title: string; readonly text: string; readonly more?: ShownPage['body'] },
): ShownPage {
  return {
    status,
    title,
    body: (
      <div class="problem">
        <h1>{title}</h1>
        <p>{text}</p>
        {more}
      </div>
    ),
  };
}
