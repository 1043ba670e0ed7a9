import { requestDecisionKinds } from '../support/decision-kinds';
import { decisionTable } from './decision-table';
import { read } from './markdown';

describe('the table of decisions in docs/architecture.md', () => {
  it('says of every decision when it is taken, as domain/request/decision-problem.ts does', () => {
    const [, section = ''] = read('docs/architecture.md').split(/^## The request around its legs$/m);
    const told = (section.split(/^## /m)[0] ?? '')
      .split('\n')
      .filter((line) => line.startsWith('|') && !/^\|[\s|:-]+$/.test(line))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(told).toEqual(decisionTable());
  });

  it('leaves no kind of decision out', () => {
    const told = decisionTable().map(([name = '']) => name.replaceAll('`', '').split(' ')[0]);
    for (const kind of requestDecisionKinds) expect(told).toContain(kind);
  });
});
