/** Whoever follows the handbook is understood: every input that it shows is one, and no decision is left out. */
import { decisionProblem } from '../../domain/decision/decision';
import { decisionKinds } from '../../domain/decision/decision-table';
import { attentionGuide } from '../../domain/leg/failure';
import { decisionUpdates } from '../../workflows/messages';
import { read } from './markdown';

const text = read('docs/handbook.md');
const kindOf = new Map(decisionKinds.map((kind) => [decisionUpdates[kind].name, kind]));

/** The last update that is named before each input, and the input. */
const shown = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(({ index, 1: json = '' }) => {
  const names = [...text.slice(0, index).matchAll(/update `(\w+)`/g)].map(([, name = '']) => name);
  return [names.at(-1) ?? '', JSON.parse(json) as unknown] as const;
});

describe('docs/handbook.md', () => {
  it.each(shown)('shows an input of %s that the workflow accepts', (name, input) => {
    const kind = kindOf.get(name);
    expect(kind === undefined ? name : decisionProblem(kind, input)).toBeUndefined();
  });

  it('says what to do for every attention reason', () => {
    for (const reason of Object.keys(attentionGuide)) expect(text).toContain(`\`${reason}\``);
  });
});
