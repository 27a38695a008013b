export type Row = readonly string[];

/** Aligned text: the first column to the left, the others to the right. A row that ends early is a remark. */
export function table(rows: readonly Row[]): string {
  const complete = rows.filter((row) => row.length === rows[0]?.length);
  const width = (column: number) => Math.max(...complete.map((row) => row[column]?.length ?? 0));
  const first = Math.max(...rows.map((row) => row[0]?.length ?? 0));
  return rows
    .map((row) => {
      const [label = '', ...cells] = row;
      const isComplete = complete.includes(row);
      const rest = cells.map((cell, index) => (isComplete ? cell.padStart(width(index + 1)) : cell));
      return [label.padEnd(first), ...rest].join('  ');
    })
    .join('\n');
}

export function times(value: number | null): string {
  return value === null ? '-' : value.toFixed(2);
}

export function ms(us: number | null): string {
  return us === null || Number.isNaN(us) ? '-' : (us / 1_000).toFixed(2);
}

export function percent(share: number | null): string {
  return share === null ? '-' : `${(share * 100).toFixed(0)} %`;
}

export function mb(bytes: number): string {
  return (bytes / 1_000_000).toFixed(0);
}
