import { readFileSync } from 'node:fs';
import { architectureFile, withDiagram } from './diagram-block';
import type { LegState } from '../../domain/leg/leg-state';
import { legDiagram } from './leg-diagram';

const diagram = legDiagram();
const phases: Readonly<Record<LegState['phase'], true>> = {
  ask: true,
  window: true,
  callback: true,
  look: true,
  attention: true,
  withdraw: true,
  settled: true,
};

describe('the diagram of a leg in docs/architecture.md', () => {
  it('shows the state machine as it is (if not: `npm run docs:diagram`)', () => {
    const text = readFileSync(architectureFile, 'utf8');
    expect(text).toBe(withDiagram(text, diagram));
  });

  it('draws every phase, and no other', () => {
    const drawn = [...diagram.matchAll(/(\w+) --> (\w+)/g)].flatMap(([, from = '', to = '']) => [from, to]);
    expect([...new Set(drawn)].filter((name) => name !== 'open').toSorted()).toEqual(Object.keys(phases).toSorted());
  });

  it.each([
    ['no way from the window to an end but through its time, a decision or a cancellation', 'window', ['window over']],
    ['no way from looking to an end but that nothing was found', 'look', ['absent']],
    [
      'no way from hoping for a callback to an end but the callback, or giving it up',
      'callback',
      ['grace over', 'callback'],
    ],
  ])('has %s', (_fact, phase, ways) => {
    const [, label = ''] = new RegExp(`${phase} --> settled: (.*)`).exec(diagram) ?? [];
    expect(label.replace(/ \([^)]*\)/g, '').split(', ')).toEqual(ways);
  });
});
