/** Fields of forms: label, hint, what is wrong, and what was typed. */
import type { ComponentChildren, VNode } from 'preact';
import { defined } from '../../domain/defined';
import { common } from '../texts/common';

export interface FieldFault {
  /** The `name` of the field. */
  readonly field: string;
  readonly problem: string;
}

/** First on a page that comes back with what is wrong, each line leading to its field. */
export function FaultSummary({ faults }: { readonly faults: readonly FieldFault[] }) {
  if (faults.length === 0) return null;
  return (
    <div class="faults" role="alert" tabIndex={-1} id="faults">
      <h2>{common.wrong}</h2>
      <ul>
        {faults.map(({ field, problem }) => (
          <li key={`${field} ${problem}`}>
            <a href={`#${idOf(field)}`}>{problem}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function idOf(name: string): string {
  return `field-${name.replaceAll(/[^\w-]/g, '-')}`;
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly hint?: ComponentChildren;
  readonly isOptional?: boolean;
  /** One of several ways to give the same thing: no way is required, and none is called optional. */
  readonly isOneWay?: boolean;
  readonly faults?: readonly FieldFault[];
}

interface TextFieldProps extends FieldProps {
  readonly value?: string | undefined;
  readonly type?: 'text' | 'datetime-local' | 'date' | 'search' | 'email' | 'number';
  readonly autoComplete?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
}

/** Label, hint and what is wrong, around the one control that they are about. */
function FieldFrame({
  name,
  label,
  hint,
  isOptional = false,
  isOneWay = false,
  faults = [],
  control,
}: FieldProps & { readonly control: (attributes: ReturnType<typeof attributesOf>) => VNode }) {
  const id = idOf(name);
  const own = faults.filter(({ field }) => field === name);
  return (
    <div class={own.length > 0 ? 'field wrong' : 'field'}>
      <FieldLabel id={id} label={label} isOptional={isOptional} />
      <FieldNotes id={id} hint={hint} faults={own} />
      {control(attributesOf({ name, hint, isRequired: !isOptional && !isOneWay, own }))}
    </div>
  );
}

function attributesOf({
  name,
  hint,
  isRequired,
  own,
}: {
  readonly name: string;
  readonly hint: ComponentChildren;
  readonly isRequired: boolean;
  readonly own: readonly FieldFault[];
}) {
  const id = idOf(name);
  return {
    id,
    name,
    required: isRequired,
    'aria-describedby': notesOf(id, hint, own),
    'aria-invalid': own.length > 0 ? ('true' as const) : undefined,
  };
}

/** Ids and codes are no prose, and some browsers send what they check the spelling of elsewhere. */
const verbatim = { autoComplete: 'off', spellcheck: false, autoCapitalize: 'none' } as const;

export function TextField({ value, type = 'text', autoComplete, pattern, maxLength, ...field }: TextFieldProps) {
  return (
    <FieldFrame
      {...field}
      control={(attributes) => (
        <input
          {...attributes}
          {...verbatim}
          {...defined({ autoComplete, pattern, maxLength })}
          value={value ?? ''}
          // Which of them it is makes no difference to the attributes used here, as their types would have it.
          type={type as 'text'}
        />
      )}
    />
  );
}

interface TextAreaFieldProps extends FieldProps {
  readonly value?: string | undefined;
  readonly rows?: number;
}

export function TextAreaField({ value, rows = 6, ...field }: TextAreaFieldProps) {
  return (
    <FieldFrame
      {...field}
      control={(attributes) => <textarea {...attributes} {...verbatim} rows={rows} value={value ?? ''} />}
    />
  );
}

interface UploadFieldProps extends FieldProps {
  /** What is offered to choose; no check. */
  readonly accept?: string;
}

export function UploadField({ accept, ...field }: UploadFieldProps) {
  return (
    <FieldFrame {...field} control={(attributes) => <input {...attributes} {...defined({ accept })} type="file" />} />
  );
}

export interface Choice {
  readonly value: string;
  readonly text: string;
}

interface SelectFieldProps extends FieldProps {
  readonly value?: string | undefined;
  readonly choices: readonly Choice[];
}

export function SelectField({ value, choices, ...field }: SelectFieldProps) {
  return (
    <FieldFrame
      {...field}
      control={(attributes) => (
        <select {...attributes}>
          <option value="" />
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value} selected={choice.value === value}>
              {choice.text}
            </option>
          ))}
        </select>
      )}
    />
  );
}

function FieldLabel({
  id,
  label,
  isOptional,
}: {
  readonly id: string;
  readonly label: string;
  readonly isOptional: boolean;
}) {
  return (
    <label for={id}>
      {label} {isOptional && <span class="note">({common.optional})</span>}
    </label>
  );
}

function FieldNotes({
  id,
  hint,
  faults,
}: {
  readonly id: string;
  readonly hint: ComponentChildren;
  readonly faults: readonly FieldFault[];
}) {
  return (
    <>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {faults.length > 0 && (
        <p class="fault" id={`${id}-fault`}>
          {faults.map(({ problem }) => problem).join(' ')}
        </p>
      )}
    </>
  );
}

function notesOf(id: string, hint: ComponentChildren, faults: readonly FieldFault[]): string | undefined {
  const notes = [hint === undefined ? '' : `${id}-hint`, faults.length === 0 ? '' : `${id}-fault`];
  return notes.filter((note) => note !== '').join(' ') || undefined;
}
