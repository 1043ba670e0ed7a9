/** The inputs of a decision, beside its provider. */
import type { DecisionKind } from '../../domain/decision/decision-table';
import { choicesOf, formFieldsOf } from '../decision-form';
import { valueOf, type Fields } from '../page';
import { SelectField, TextField, type FieldFault } from './form';

interface DecisionFieldsProps {
  readonly kind: DecisionKind;
  readonly typed: Fields;
  readonly faults: readonly FieldFault[];
  /** Of the choices of the field `notice` only these; all where absent. */
  readonly notices?: readonly string[] | undefined;
}

export function DecisionFields({ kind, typed, faults, notices }: DecisionFieldsProps) {
  return (
    <>
      {formFieldsOf(kind).map((one) => {
        const { name, label, hint, field, isInstant } = one;
        const choices = choicesOf(one, name === 'notice' ? notices : undefined);
        const common = { name, label, hint, isOptional: field.isOptional, faults, value: valueOf(typed, name) };
        if (choices !== undefined) return <SelectField key={name} {...common} choices={choices} />;
        return <TextField key={name} {...common} type={isInstant ? 'datetime-local' : 'text'} maxLength={200} />;
      })}
    </>
  );
}
