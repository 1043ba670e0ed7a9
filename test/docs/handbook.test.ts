/** Whoever follows the handbook is understood: every input that it shows is one, and no decision is left out. */
import {
  providerDecisionKinds,
  requestDecisionKinds,
  whyNoDecision,
  whyNoRequestDecision,
  type RequestDecisionKind,
} from '../../domain/decision/decision';
import { attentionGuide } from '../../domain/leg/failure';
import { providerDecisionUpdates, requestDecisionUpdates } from '../../workflows/messages';
import { read } from './markdown';

const text = read('docs/handbook.md');
const kindOf = new Map(requestDecisionKinds.map((kind) => [requestDecisionUpdates[kind].name, kind]));

/** The last update that is named before each input, and the input. */
const shown = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(({ index, 1: json = '' }) => {
  const names = [...text.slice(0, index).matchAll(/update `(\w+)`/g)].map(([, name = '']) => name);
  return [names.at(-1) ?? '', JSON.parse(json) as unknown] as const;
});

describe('docs/handbook.md', () => {
  it.each(shown)('shows an input of %s that the workflow accepts', (name, input) => {
    const kind: RequestDecisionKind | undefined = kindOf.get(name);
    expect(kind === undefined ? whyNoDecision(input) : whyNoRequestDecision(kind, input)).toBeUndefined();
  });

  it('names every update and the command for it', () => {
    const updates = [...Object.values(requestDecisionUpdates), ...Object.values(providerDecisionUpdates)];
    for (const { name } of updates) expect(text).toContain(`update \`${name}\``);
    for (const kind of [...requestDecisionKinds, ...providerDecisionKinds])
      expect(text).toContain(`\nerasure ${kind} `);
  });

  it('says what to do for every attention reason', () => {
    for (const reason of Object.keys(attentionGuide)) expect(text).toContain(`\`${reason}\``);
  });
});
