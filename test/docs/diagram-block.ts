/** Where the diagram of a leg stands in the documentation, between two marks. */
import { join } from 'node:path';

export const architectureFile = join(__dirname, '..', '..', 'docs', 'architecture.md');

const begin = '<!-- Made from domain/leg/ by `npm run docs:diagram`. -->';
const end = '<!-- End of what is made. -->';

/** The document with this diagram. */
export function withDiagram(text: string, diagram: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/architecture.md has no place for the diagram: ${begin} … ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n\`\`\`mermaid\n${diagram}\n\`\`\`\n\n${text.slice(to)}`;
}
