/** Bodies of a 2xx that say the opposite of their status, or speak of somebody else, in whatever spelling. */
import { letters } from '../../domain/text';

/** At whatever depth. `failed` is none that begins a name: `failedLogins` would be about the person. */
const errorNames =
  /^((is|has|had|was)?(err|errno|errcode|errmsg|error.*|failed|failures?|exceptions?|fault.*)|.+(errors?|errorcode|failed|failures?|exceptions?|(?<!de)faults?|errorresponse))$/;
const successNames = /^(is|was|has)?(success|successful|succeeded|ok|okay|accepted|acknowledged|authsuccess)$/;
const noWords = /^(false|no|n|0)$/i;
const statusNames =
  /^(statuscodevalue|statustext|code|httpcode|responsecode)$|(status|statuscode|state|result|outcome)$/;
const failureWords =
  /fail|error|refus|reject|den(y|ied)|invalid|forbid|unauthori|unsuccess|unable|cannot|could[\W_]?n[o'’]?t|not[\W_]?(found|allowed|accept|permitted|ok|authori|implemented)|block|unavailable|abort|cancel|timed?[\W_]?out|bad[\W_]?(request|gateway)|exception/i;
/** HTTP's own names for a status that is an error, beside those above. */
const httpErrorNames =
  /^(gone|conflict|locked|too[\W_]?many[\W_]?requests|too[\W_]?early|(payload|uri|content|request.*)[\W_]?too[\W_]?(large|long)|(payment|length|upgrade|.*authentication|precondition)[\W_]?required|unprocessable.*|unsupported.*|insufficient.*|.*exceeded|im?[\W_]?a[\W_]?teapot|misdirected.*|loop[\W_]?detected|not[\W_]?extended)$/i;
const wrapperNames = /^(data|body|result|results|response|payload|meta|status|value)$/;
const DEPTH_MAX = 4;

/** Whether an object says of itself that what was asked for did not happen. */
export function saysFailure(value: unknown, depth = DEPTH_MAX): boolean {
  if (depth === 0) return false;
  if (Array.isArray(value)) return value.some((item) => saysFailure(item, depth - 1));
  if (!isObject(value)) return false;
  return Object.entries(value).some(([spelling, said]) => {
    const name = letters(spelling);
    return (
      ((errorNames.test(name) || name === 'detail') && saysSomething(said)) ||
      (successNames.test(name) && saysNo(said)) ||
      (statusNames.test(name) && (isErrorStatus(said) || said === false || saysFailed(said))) ||
      (wrapperNames.test(name) ? saysFailure(said, depth - 1) : holdsError(said, depth - 1))
    );
  });
}

/** Of a member that is no wrapper: its words could be about the person, but an error in it is an error. */
function holdsError(value: unknown, depth: number): boolean {
  if (depth === 0 || typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([spelling, said]) => (errorNames.test(letters(spelling)) && saysSomething(said)) || holdsError(said, depth - 1),
  );
}

function saysNo(said: unknown): boolean {
  return said === false || said === 0 || (typeof said === 'string' && noWords.test(said.trim()));
}

function saysFailed(said: unknown): boolean {
  return (
    typeof said === 'string' && (failureWords.test(said) || httpErrorNames.test(said.trim()) || /^false$/i.test(said))
  );
}

/**
 * Whether the code, or the words, of a 404 blame something else than that the subject is not there: our token, our rights, our
 * pace, the path, the provider itself.
 */
export function blamesSomethingElse(code: string): boolean {
  const words = code.replace(/([a-z])(?=[A-Z])/g, '$1_');
  return otherReasons.test(words) || otherShortReasons.test(words);
}

const otherReasons =
  /token|credential|permission|forbid|denied|method|route|endpoint|handler|internal|server|throttl|quota|unavailable|time[\W_]?out|timed|version|gateway|proxy|environment|sandbox|expired|unauth|too[\W_]?many|bad[\W_]?request|allowed/i;
const otherShortReasons =
  /(^|[\W_])(auth(?!ors?(?=$|[\W_]))[a-z]*|path|url|uri|keys?|api|host|rate|limits?|client|headers?|service)(?=$|[\W_])/i;

/** A number, or digits. Anything else, which may not even be convertible, is none. */
export function numberIn(value: unknown): number {
  return typeof value === 'number' || (typeof value === 'string' && value.trim() !== '') ? Number(value) : Number.NaN;
}

/** Every value that a body gives under one of these names (letters only, lower case), however deep. */
export function valuesUnder(value: unknown, names: readonly string[], depth = DEPTH_MAX): unknown[] {
  if (depth === 0 || typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([spelling, said]) => [
    ...(names.includes(letters(spelling)) ? [said] : []),
    ...valuesUnder(said, names, depth - 1),
  ]);
}

/** 400 to 599, as a number or in digits, with a reason behind it or not. */
export function isErrorStatus(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 400 && value <= 599;
  return typeof value === 'string' && /^[45]\d\d(\D|$)/.test(value.trim());
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function saysSomething(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '' || value === 0) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
