import { InputError } from '../../errors.ts';

/** A row of a CSV file and the line it starts on. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** The divider of a table: the one of comma, semicolon and tab that its first line has most of. */
export function dividerOf(text: string): string {
  const [line] = text.split('\n', 1);
  const bare = line.replaceAll(/"[^"]*"/g, '');
  const count = (divider: string) => bare.split(divider).length;
  return [',', ';', '\t'].reduce((best, divider) => (count(divider) > count(best) ? divider : best));
}

/**
 * Splits CSV (RFC 4180: quotes, doubled quotes, line feeds inside quotes), divided by commas, semicolons or tabs, into
 * rows; empty lines are left out.
 * @throws InputError that names the line in `path` where a quote opens that is never closed
 */
export function parseCsv(text: string, path: string): CsvRow[] {
  const divider = dividerOf(text);
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let opened = 1;
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
      [quoted, cell, opened] = [true, '', line];
    } else if (c === divider) {
      cells.push(cell.trim());
      cell = '';
    } else if (c === '\n') {
      endRow();
    } else {
      cell += c;
    }
    if (c === '\n') line++;
  }
  if (quoted) throw new InputError(`${path}:${opened}: a quote (") opens here and is never closed`);
  endRow();
  return rows;
}
