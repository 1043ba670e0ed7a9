/** A plot as SVG: bars or lines with axes, labels and 95 % intervals, readable on light and on dark pages. */
import type { Plot } from './measurement';

const WIDTH = 720;
const HEIGHT = 340;
const AREA = { left: 70, right: 20, top: 62, bottom: 56 } as const;
const innerWidth = WIDTH - AREA.left - AREA.right;
const innerHeight = HEIGHT - AREA.top - AREA.bottom;
/** Told apart also by those who see fewer colours, and against white as against black. */
const colours = ['#4c8fd6', '#d9822b', '#3d9b6b', '#a86cc1', '#c2554d'] as const;

const style = `
text { font: 13px system-ui, sans-serif; fill: #444c56; }
.title { font-size: 15px; font-weight: 600; }
.axis { stroke: #6e7781; } .grid { stroke: #6e7781; stroke-opacity: 0.25; }
.interval { stroke: #444c56; stroke-width: 1.4; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } .interval { stroke: #c9d1d9; } }
`;

type Series = Plot['series'][number];
type Point = Series['points'][number];

export function svgOf(plot: Plot): string {
  const highest = Math.max(...plot.series.flatMap(({ points }) => points.map(({ y, high }) => Math.max(y, high ?? y))));
  const steps = ticksUpTo(highest);
  const top = steps.at(-1) ?? 1;
  const y = (value: number): number => AREA.top + innerHeight * (1 - Math.max(0, value) / top);
  const parts = [
    `<style>${style}</style>`,
    text(AREA.left, 20, plot.title, 'class="title"'),
    ...legend(plot.series),
    ...steps.flatMap((step) => [
      line(AREA.left, y(step), WIDTH - AREA.right, y(step), step === 0 ? 'axis' : 'grid'),
      text(AREA.left - 8, y(step) + 4, numberText(step), 'text-anchor="end"'),
    ]),
    text(
      16,
      AREA.top + innerHeight / 2,
      plot.y,
      `text-anchor="middle" transform="rotate(-90 16 ${AREA.top + innerHeight / 2})"`,
    ),
    ...(plot.kind === 'bars' ? bars(plot, y) : lines(plot, y)),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(plot.title)}">\n${parts.join('\n')}\n</svg>\n`;
}

function legend(series: readonly Series[]): string[] {
  let left = AREA.left;
  return series.flatMap(({ name }, index) => {
    const at = left;
    left += 34 + 7.5 * name.length;
    return [`<rect x="${at}" y="32" width="12" height="12" fill="${colourOf(index)}"/>`, text(at + 18, 43, name)];
  });
}

function bars(plot: Plot, y: (value: number) => number): string[] {
  const labels = labelsOf(plot);
  const groupWidth = innerWidth / labels.length;
  const barWidth = Math.min(46, (groupWidth * 0.8) / plot.series.length);
  return labels.flatMap((label, group) => {
    const middle = AREA.left + groupWidth * (group + 0.5);
    const start = middle - (barWidth * plot.series.length) / 2;
    return [
      text(middle, HEIGHT - AREA.bottom + 20, label, 'text-anchor="middle"'),
      ...plot.series.flatMap(({ points }, index) => {
        const point = points.find(({ x }) => String(x) === label);
        if (point === undefined) return [];
        const left = start + index * barWidth;
        const height = y(0) - y(point.y);
        return [
          `<rect x="${round(left + 1)}" y="${round(y(point.y))}" width="${round(barWidth - 2)}" height="${round(height)}" fill="${colourOf(index)}"/>`,
          ...intervalOf(point, left + barWidth / 2, y),
        ];
      }),
    ];
  });
}

function lines(plot: Plot, y: (value: number) => number): string[] {
  const scale =
    plot.logarithmicX === true ? (value: number) => Math.log10(Math.max(1, value)) : (value: number) => value;
  const all = plot.series.flatMap(({ points }) => points.map(({ x }) => Number(x)));
  const [least, most] = [scale(Math.min(...all)), scale(Math.max(...all))];
  const x = (value: number): number =>
    AREA.left + (most === least ? innerWidth / 2 : ((scale(value) - least) / (most - least)) * innerWidth);
  const shown = plot.logarithmicX === true || new Set(all).size <= 8 ? [...new Set(all)] : ticksUpTo(Math.max(...all));
  return [
    ...shown
      .filter((value) => scale(value) >= least && scale(value) <= most)
      .map((value) => text(x(value), HEIGHT - AREA.bottom + 20, numberText(value), 'text-anchor="middle"')),
    text(AREA.left + innerWidth / 2, HEIGHT - 12, plot.x ?? '', 'text-anchor="middle"'),
    ...plot.series.flatMap(({ points }, index) => [
      `<polyline fill="none" stroke="${colourOf(index)}" stroke-width="2" points="${points.map((point) => `${round(x(Number(point.x)))},${round(y(point.y))}`).join(' ')}"/>`,
      // Many points are a curve.
      ...(points.length > 60
        ? []
        : points.flatMap((point) => [
            `<circle cx="${round(x(Number(point.x)))}" cy="${round(y(point.y))}" r="3" fill="${colourOf(index)}"/>`,
            ...intervalOf(point, x(Number(point.x)), y),
          ])),
    ]),
  ];
}

function intervalOf({ low, high }: Point, x: number, y: (value: number) => number): string[] {
  return low === undefined || high === undefined || low === high ? [] : [line(x, y(low), x, y(high), 'interval')];
}

function labelsOf({ series }: Plot): string[] {
  return [...new Set(series.flatMap(({ points }) => points.map(({ x }) => String(x))))];
}

/** From 0 in round steps to the first one that nothing is above. */
export function ticksUpTo(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((size) => size >= rough) ?? magnitude * 10;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}

function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" class="${kind}"/>`;
}

function colourOf(index: number): string {
  return colours[index % colours.length] ?? colours[0];
}

function numberText(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(4))}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
