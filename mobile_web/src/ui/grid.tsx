import { words } from "./words.ts";

const NUMBER = /^[-−+(]?[€$£¥]?\s?\d[\d.,'’\s]*\s?[%€$£¥)]?$/;

/** Columns that hold only numbers (below the heading) line up at their end. */
export function numericColumns(rows: readonly (readonly string[])[]): ReadonlySet<number> {
  const found = new Set<number>();
  const [head, ...body] = rows;
  head?.forEach((_, column) => {
    const cells = body.map((row) => row[column] ?? "").filter((cell) => cell.trim() !== "");
    if (cells.length > 0 && cells.every((cell) => NUMBER.test(cell.trim()))) found.add(column);
  });
  return found;
}

/** A table whose first row is its heading. `rows` bounds how many of them are drawn. */
export function Grid(props: { rows: readonly (readonly string[])[]; label: string; peek?: boolean }) {
  const shown = props.peek ? props.rows.slice(0, 4) : props.rows;
  const numeric = numericColumns(props.rows);
  const align = (column: number) => (numeric.has(column) ? "n" : "");
  const [head = [], ...body] = shown;
  return (
    <div class={props.peek ? "peek" : "grid"} tabIndex={0} role="region" aria-label={props.label || words.value.table}>
      <table>
        <thead><tr>{head.map((cell, column) => <th key={column} scope="col" class={align(column)}><bdi>{cell}</bdi></th>)}</tr></thead>
        <tbody>
          {body.map((row, index) => (
            <tr key={index}>
              {head.map((_, column) =>
                column === 0 && !props.peek
                  ? <th key={column} scope="row"><bdi>{row[column]}</bdi></th>
                  : <td key={column} class={align(column)}><bdi>{row[column]}</bdi></td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
