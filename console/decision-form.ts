/** A decision as a form sends it: the fields of the decision table by name, read and checked one by one. */
import { isRecord } from '../domain/text';
import { commonFields, decisionRow, type DecisionKind } from '../domain/decision/decision-table';
import type { Field } from '../domain/decision/decision-field';
import type { FieldFault } from './components/form';
import { valueOf, type Fields } from './page';
import { choiceTexts, decisionFieldTexts, decisionPageTexts } from './texts/decisions';

/** One input of the form. */
export interface FormField {
  /** With a dot for a field of a field: `reason.code`. */
  readonly name: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly field: Field;
  readonly isInstant: boolean;
}

/** Beside the provider, which the address names. */
export function formFieldsOf(kind: DecisionKind): readonly FormField[] {
  const { provider: _provider, ...own } = { provider: undefined, ...decisionRow(kind).fields };
  return Object.entries({ ...own, reason: commonFields.reason }).flatMap(([name, field]: [string, Field]) =>
    field.fields === undefined
      ? [formField(name, field)]
      : Object.entries(field.fields).map(([part, inner]) => formField(`${name}.${part}`, inner)),
  );
}

function formField(name: string, field: Field): FormField {
  const texts: { readonly label?: string; readonly hint?: string } = decisionFieldTexts[name] ?? {};
  const { label = name, hint } = texts;
  return { name, label, hint, field, isInstant: field.option?.placeholder === 'INSTANT' };
}

export function choicesOf({ field }: FormField, only?: readonly string[]) {
  const choices = field.option?.choices?.filter((choice) => only === undefined || only.includes(choice));
  return choices?.map((value) => ({ value, text: choiceTexts[value] ?? value }));
}

/** What was sent, or what is wrong with it. Nothing that was typed is in a fault. */
export function readDecisionForm(
  kind: DecisionKind,
  form: Fields,
): { readonly fields: Readonly<Record<string, unknown>> } | { readonly faults: readonly FieldFault[] } {
  const faults: FieldFault[] = [];
  const fields: Record<string, unknown> = {};
  for (const { name, label, field, isInstant } of formFieldsOf(kind)) {
    const typed = valueOf(form, name)?.trim();
    const value = isInstant && typed !== undefined ? instantOf(typed) : typed;
    if (value === undefined || value === '') {
      if (!field.isOptional) faults.push({ field: name, problem: decisionPageTexts.isMissing(label) });
    } else if (!field.holds(value)) {
      faults.push({
        field: name,
        problem: decisionPageTexts.expected(label, isInstant ? 'a date and a time' : field.expected),
      });
    } else {
      put(fields, name.split('.'), value);
    }
  }
  return faults.length > 0 ? { faults } : { fields };
}

/** As a browser sends a date and a time; the form says that it is in UTC. */
function instantOf(typed: string): string {
  const [, minute, second = ':00'] = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?$/.exec(typed) ?? [];
  return minute === undefined ? typed : `${minute}${second}Z`;
}

function put(into: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[name] = value;
    return;
  }
  const inner = into[name];
  const record: Record<string, unknown> = isRecord(inner) ? inner : {};
  into[name] = record;
  put(record, rest, value);
}
