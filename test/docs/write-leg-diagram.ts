/** Draws the state diagram of a leg into docs/architecture.md again, after a change in domain/leg/: `npm run docs:diagram`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { architectureFile, withDiagram } from './diagram-block';
import { legDiagram } from './leg-diagram';

it('writes the diagram', () => {
  const written = withDiagram(readFileSync(architectureFile, 'utf8'), legDiagram());
  writeFileSync(architectureFile, written);
  expect(readFileSync(architectureFile, 'utf8')).toBe(written);
});
