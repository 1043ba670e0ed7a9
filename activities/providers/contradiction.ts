/** Bodies of a 2xx that say the opposite of their status, or speak of somebody else, in whatever spelling. */

const errorNames =
  /^(errors?|errorcode|errormessage|errordescription|exception|fault|failure|externalapierror|detail)$/;
const successNames = /^(is)?(success|successful|succeeded|ok|okay|accepted|acknowledged|authsuccess)$/;
const statusNames =
  /^(status|statuscode|statuscodevalue|statustext|code|httpcode|httpstatus|state|result|outcome|responsecode)$/;
const failureWords =
  /fail|error|refus|reject|den(y|ied)|invalid|forbid|unauthori|not[\W_]?(found|allowed|accepted|permitted|ok|authori)|block|unavailable|abort|cancel|timed?[\W_]?out|bad[\W_]?(request|gateway)|exception/i;
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
      (errorNames.test(name) && saysSomething(said)) ||
      (successNames.test(name) && (said === false || said === 'false' || said === 0)) ||
      (statusNames.test(name) && (isErrorStatus(said) || (typeof said === 'string' && failureWords.test(said)))) ||
      (wrapperNames.test(name) && saysFailure(said, depth - 1))
    );
  });
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

function letters(text: string): string {
  return text.toLowerCase().replace(/[^a-z]/g, '');
}
