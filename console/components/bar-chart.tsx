/** Counts as bars, beside the table that says the same. */
export interface Bar {
  readonly label: string;
  readonly value: number;
}

const ROW = 26;

export function BarChart({ bars, title }: { readonly bars: readonly Bar[]; readonly title: string }) {
  const most = Math.max(...bars.map(({ value }) => value));
  if (!(most > 0)) return null;
  return (
    <svg class="bars" width="100%" height={bars.length * ROW + 8} role="img" aria-label={title}>
      {bars.map(({ label, value }, index) => {
        const top = index * ROW + 4;
        return (
          <g key={label}>
            <rect class="back" x="0" y={top} width="100%" height={ROW - 4} rx={3} />
            <rect class="bar" x="0" y={top} width={`${((100 * value) / most).toFixed(2)}%`} height={ROW - 4} rx={3} />
            <text x="8" y={top + 16}>
              {`${label}: ${value}`}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
