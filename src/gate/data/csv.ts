/** A row of a CSV file and the line it starts on. */
export interface Row {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Splits CSV (RFC 4180: quotes, doubled quotes, line feeds inside quotes) into rows; empty lines are left out. */
export function parseCsv(text: string): Row[] {
  const rows: Row[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const endRow = () => {
    cells.push(cell.trim());
    if (cells.length > 1 || cells[0] !== '') rows.push({ line: start, cells });
    [cells, cell, start] = [[], '', line + 1];
  };
  const from = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') cell += text[++i];
      else if (c === '"') quoted = false;
      else cell += c;
    } else if (c === '"' && cell.trim() === '') {
      [quoted, cell] = [true, ''];
    } else if (c === ',') {
      cells.push(cell.trim());
      cell = '';
    } else if (c === '\n') {
      endRow();
    } else {
      cell += c;
    }
    if (c === '\n') line++;
  }
  endRow();
  return rows;
}
