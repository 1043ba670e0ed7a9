import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reportFiles, type Kept } from '../../bench/frame/report-page';
import { measurements } from '../../bench/measurements';
import { read, root } from './markdown';

const kept = readdirSync(join(root, 'docs', 'benchmark'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(read(join('docs', 'benchmark', name))) as Kept);

/** In a process of its own: prettier loads its parsers in a way that jest has not. */
function formatted(input: string): string {
  const program = join(root, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
  const options = ['--no-config', '--print-width', '120', '--single-quote', '--parser', 'markdown'];
  return execFileSync(process.execPath, [program, ...options], { input, encoding: 'utf8' });
}

describe('docs/benchmark.md', () => {
  it('is, with its plots, what its measurements left, and edited by nobody', () => {
    const files = reportFiles(measurements, kept);
    for (const [file, content] of files) {
      expect([file, read(join('docs', file))]).toEqual([file, file.endsWith('.md') ? formatted(content) : content]);
    }
    const plots = readdirSync(join(root, 'docs', 'benchmark')).filter((name) => name.endsWith('.svg'));
    expect(plots.map((name) => `benchmark/${name}`).toSorted()).toEqual(
      [...files.keys()].filter((name) => name.endsWith('.svg')).toSorted(),
    );
  });

  it('has every figure that the README takes from it', () => {
    const [, costs = ''] = /\n## What it costs\n([^]*?)\n## /.exec(read('README.md')) ?? [];
    const figures = costs.match(/\d+\.\d+/g) ?? [];
    expect(figures.length).toBeGreaterThan(5);
    const report = read('docs/benchmark.md');
    expect(figures.filter((figure) => !report.includes(figure))).toEqual([]);
  });
});
