/** Whoever follows the handbook is understood: every input that it shows is one, every name of the console is there, and no decision is left out. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { decisionProblem } from '../../domain/decision/decision';
import { decisionTexts } from '../../console/texts/decisions';
import { decisionKinds } from '../../domain/decision/decision-table';
import { attentionGuide } from '../../domain/leg/failure';
import { decisionUpdates } from '../../workflows/messages';
import { read, root, rows } from './markdown';

const text = read('docs/handbook.md');
const reason = { code: 'by-the-book', ticket: 'PRIV-1' };

/** What docs/temporal-ui.md shows for each update, beside actor and reason. */
const shown = new Map(
  rows(read('docs/temporal-ui.md'), 'Decide').flatMap(([first = '', second = '']) => {
    const [, name] = /^update `(\w+)`$/.exec(first) ?? [];
    const [, members = ''] = /^`(\{[^`]*\})`/.exec(second) ?? [];
    return name === undefined ? [] : [[name, JSON.parse(members) as object] as const];
  }),
);

/** Stands for what a text of the console is told, such as a number or a provider. */
const SOMETHING = '\0';

/** Every text of the console, with `SOMETHING` in those that are made of something. */
function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'function') return textsIn((value as (...told: string[]) => unknown)(SOMETHING, SOMETHING));
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

async function consoleTexts(): Promise<readonly string[]> {
  const files = readdirSync(join(root, 'console', 'texts'));
  const modules = await Promise.all(
    files.map((file) => import(join(root, 'console', 'texts', file)) as Promise<object>),
  );
  return modules.flatMap((module) => textsIn({ ...module }));
}

function isSaid(name: string, texts: readonly string[]): boolean {
  return texts.some((said) => {
    const [before = '', after] = said.split(SOMETHING);
    if (after === undefined) return said === name;
    return (
      before !== '' && name.startsWith(before) && name.endsWith(after) && name.length > before.length + after.length
    );
  });
}

describe('docs/handbook.md', () => {
  it.each(decisionKinds)('leads to an input of %s in the Temporal UI that the workflow accepts', (kind) => {
    const members = shown.get(decisionUpdates[kind].name);
    expect(members).toBeDefined();
    expect(decisionProblem(kind, { actor: 'staff-17', reason, ...members })).toBeUndefined();
  });

  it('says what to do for every attention reason', () => {
    for (const reasonOfLeg of Object.keys(attentionGuide)) expect(text).toContain(`\`${reasonOfLeg}\``);
  });

  it('names pages, buttons and fields as the console does', async () => {
    const texts = await consoleTexts();
    const named = [...text.matchAll(/\*\*([^*]+)\*\*/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter((name) => !isSaid(name, texts))).toEqual([]);
    expect(isSaid('Let it go', texts)).toBe(false);
  });

  it('names the button of every decision', () => {
    for (const kind of decisionKinds) expect(text).toContain(`**${decisionTexts[kind].title}**`);
  });
});
