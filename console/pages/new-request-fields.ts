/** What was typed into the form of a new request, and the request that it makes. */
import { DateTime, IANAZone } from 'luxon';
import { defined } from '../../domain/defined';
import { identifierFields, providerKeys, providerName, type Provider } from '../../domain/provider/provider-table';
import type { FieldProblem } from '../../client/errors';
import type { FieldFault } from '../components/form';
import { valueOf, type Fields } from '../page';
import { newRequestTexts as texts } from '../texts/new-request';

export const TIME_ZONE = 'timeZone';
/** What looked odd when it was checked, so that nothing odd is sent unseen. */
export const SEEN = 'seen';

export const identifierField = (provider: Provider): string => `subject.${provider}.${identifierFields[provider]}`;
export const identifierLabel = (provider: Provider): string =>
  texts.identifier(providerName(provider), identifierFields[provider]);

/** Fields with a day and a time, in the time zone of the form. */
const timeFields = ['submittedAt', 'identityAskedAt', 'informationReceivedAt', 'verification.at'] as const;
const verificationFields = ['method', 'by', 'at', 'reference'] as const;

/** What is only filled in where the person's identity was checked, or asked for. */
export const proofFields: readonly string[] = [
  'identityAskedAt',
  'informationReceivedAt',
  ...verificationFields.map((name) => `verification.${name}`),
];

/** By the path that a problem names; each is the name of a field, too. In the order of the form. */
export const labels: Readonly<Record<string, string>> = {
  ...Object.fromEntries(providerKeys.map((provider) => [identifierField(provider), identifierLabel(provider)])),
  regulation: texts.regulation,
  [TIME_ZONE]: texts.timeZone,
  submittedAt: texts.submittedAt,
  receivedVia: texts.receivedVia,
  ground: texts.ground,
  identityAskedAt: texts.identityAskedAt,
  informationReceivedAt: texts.informationReceivedAt,
  'verification.method': texts.verificationMethod,
  'verification.by': texts.verificationBy,
  'verification.at': texts.verificationAt,
  'verification.reference': texts.verificationReference,
};
const order = Object.keys(labels);

export interface TypedRequest {
  /** As a request file says it; what was not typed is absent. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What only this form can get wrong. */
  readonly faults: readonly FieldFault[];
}

/** Identifiers stay as they were typed: white space around one is told, not removed. */
export function typedRequest(form: Fields): TypedRequest {
  const faults: FieldFault[] = [];
  const chosen = valueOf(form, TIME_ZONE) ?? 'UTC';
  const isZone = IANAZone.isValidZone(chosen);
  if (!isZone) faults.push(faultOf(TIME_ZONE, texts.unknownZone));
  const zone = isZone ? chosen : 'UTC';
  const times = Object.fromEntries(
    timeFields.map((name) => {
      const read = instantIn(zone, valueOf(form, name));
      if (read?.problem !== undefined) faults.push(faultOf(name, read.problem));
      return [name, read?.at];
    }),
  );
  const subject = providerKeys.flatMap((provider) => {
    const identifier = valueOf(form, identifierField(provider));
    return identifier === undefined ? [] : [[provider, { [identifierFields[provider]]: identifier }] as const];
  });
  const isVerified = verificationFields.some((name) => valueOf(form, `verification.${name}`) !== undefined);
  const verification = {
    method: code(valueOf(form, 'verification.method')),
    by: valueOf(form, 'verification.by')?.trim(),
    at: times['verification.at'],
    reference: valueOf(form, 'verification.reference')?.trim(),
  };
  return {
    faults,
    body: {
      subject: Object.fromEntries(subject),
      ...defined({
        requestId: valueOf(form, 'requestId'),
        regulation: valueOf(form, 'regulation'),
        submittedAt: times['submittedAt'],
        receivedVia: code(valueOf(form, 'receivedVia')),
        ground: code(valueOf(form, 'ground')),
        identityAskedAt: times['identityAskedAt'],
        informationReceivedAt: times['informationReceivedAt'],
        verification: isVerified ? defined(verification) : undefined,
      }),
    },
  };
}

/** "Web form" is taken as the code that it means. */
function code(typed: string | undefined): string | undefined {
  return typed?.trim().toLowerCase().replaceAll(/\s+/g, '-');
}

/** What is wrong in the words of the form, one for each field: the form's own finding first. */
export function faultsOf({ body, faults }: TypedRequest, problems: readonly FieldProblem[]): readonly FieldFault[] {
  const all = [...faults, ...problems.map((problem) => faultOfProblem(problem, body))];
  return all
    .filter(({ field }, index) => index === all.findIndex((other) => other.field === field))
    .toSorted((a, b) => order.indexOf(a.field) - order.indexOf(b.field));
}

function faultOfProblem({ field, problem }: FieldProblem, body: TypedRequest['body']): FieldFault {
  const [first] = providerKeys;
  if (field === 'subject' && first !== undefined) {
    return { field: identifierField(first), problem: texts.needsIdentifier };
  }
  const label = labels[field];
  if (label === undefined) return { field, problem: texts.wrong(field, problem) };
  if (field.startsWith('subject.')) return { field, problem: texts.wrongIdentifier(label, problem) };
  const [outer = '', inner] = field.split('.');
  const holder = inner === undefined ? body : (body[outer] as Readonly<Record<string, unknown>> | undefined);
  const isMissing = holder?.[inner ?? outer] === undefined;
  return { field, problem: isMissing ? texts.missing(label) : texts.wrong(label, problem) };
}

function faultOf(field: string, problem: string): FieldFault {
  return { field, problem: texts.wrong(labels[field] ?? field, problem) };
}

interface ReadTime {
  readonly at?: string;
  readonly problem?: string;
}

/** Of an hour that comes twice, when clocks are put back, the first: a due date is then early rather than late. */
function instantIn(zone: string, typed: string | undefined): ReadTime | undefined {
  if (typed === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(typed)) return { problem: texts.notATime };
  const time = DateTime.fromISO(typed, { zone });
  if (!time.isValid) return { problem: texts.notATime };
  if (time.toFormat("yyyy-MM-dd'T'HH:mm") !== typed.slice(0, 16)) return { problem: texts.noSuchTime };
  const first = Math.min(...time.getPossibleOffsets().map((one) => one.toMillis()));
  return { at: new Date(first).toISOString() };
}
