import type { Report, Status } from '../gate/verdict/report.ts';
import { classRemarksOf } from './classes.ts';
import { type Column, columnsFor, type ReportRow, rowsOf } from './columns.ts';
import { driftTerminal } from './drift.ts';
import { DRIFTS_TITLE, driftsOf } from './drifts.ts';
import { clean } from './escape.ts';
import { complaintsOf, headlineOf, notesOf, remarksOf } from './remarks.ts';
import { slowOf } from './slow.ts';
import { width, wrap } from './wrap.ts';

const COLOURS: Record<Status, string> = { pass: '32', fail: '31', inconclusive: '33' };

/** How many columns a stream has; without end where it is no terminal and COLUMNS does not say. */
export function columnsOf(stream: { readonly columns?: number }, env: NodeJS.ProcessEnv): number {
  const columns = stream.columns || Number(env.COLUMNS);
  return columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

export interface TerminalOptions {
  /** Whether verdicts are coloured; see `wantsColour`. */
  readonly colour?: boolean;
  /** Characters of a line; a table that is wider is stacked, a row of it on several lines. */
  readonly columns?: number;
}

/** The report as text for a terminal or a log: the same table, reasons and remarks as in Markdown. */
export function renderTerminal(report: Report, options: TerminalOptions = {}): string {
  const { colour = false, columns = Number.POSITIVE_INFINITY } = options;
  const paint = (status: Status, text: string) => (colour ? `\x1b[${COLOURS[status]}m${text}\x1b[0m` : text);
  const rows = rowsOf(report).map((row) => ({ ...row, cells: row.cells.map((cell) => clean(cell)) }));
  const shape = columnsFor(report);
  const table = tableOf(rows, shape, paint);
  const complaints = complaintsOf(report).flatMap(({ model, target, id, status, word, reason, place }) => {
    const where = place === null ? '' : ` (${clean(place)})`;
    const text = `${word}: ${clean(model)} on ${clean(target)}, ${clean(id)}: ${clean(reason, 1000)}${where}`;
    const [first, ...rest] = wrap(text, columns, '  ');
    return [first.replace(word, paint(status, word)), ...rest];
  });
  const slow = slowOf(report).flatMap(({ model, target, sentences }) => [
    `Why ${clean(model)} is slow on ${clean(target)}:`,
    ...sentences.flatMap((sentence) => wrap(`  ${clean(sentence, 1000)}`, columns, '    ')),
  ]);
  const notes = [...classRemarksOf(report), ...notesOf(report)].map(({ note, where }) => {
    const shown = where.slice(0, 3).map((w) => clean(w));
    return `${clean(note, 600)} (${shown.join(', ')}${where.length > 3 ? ', …' : ''})`;
  });
  const remarks = [...notes, ...remarksOf(report).map((r) => clean(r))].flatMap((text) => wrap(text, columns, '  '));
  const drifts = driftsOf(report).flatMap(({ model, between, text }) =>
    wrap(`${model === null ? '' : `${clean(model)} `}${clean(between)}: ${clean(text, 1000)}`, columns, '  '),
  );
  if (drifts.length > 0) drifts.unshift(`${DRIFTS_TITLE}:`);
  const rowsShown = table.width <= columns ? table.lines : stacked(rows, shape, columns, paint);
  const sections = [rowsShown, complaints, driftTerminal(report, columns), slow, drifts, remarks];
  const filled = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  const { words, status } = headlineOf(report);
  return `${filled.join('\n\n')}\n\n${paint(status, `INT8 gate: ${words}`)}\n`;
}

const isName = ({ is }: Column): boolean => ['model', 'target'].includes(is);
const isVerdict = ({ is }: Column): boolean => is === 'verdict';

type Paint = (status: Status, text: string) => string;

function tableOf(
  rows: readonly ReportRow[],
  shape: readonly Column[],
  paint: Paint,
): { readonly lines: readonly string[]; readonly width: number } {
  const headings = shape.map(({ heading }) => heading);
  const widths = headings.map((heading, i) => Math.max(width(heading), ...rows.map(({ cells }) => width(cells[i]))));
  const line = (cells: readonly string[], show: (cell: string, column: number) => string = (cell) => cell) =>
    cells
      .map((cell, i) => show(cell, i) + ' '.repeat(widths[i] - width(cell)))
      .join('  ')
      .trimEnd();
  const lines = [line(headings), widths.map((w) => '─'.repeat(w)).join('  ')];
  for (const { verdict, cells } of rows)
    lines.push(line(cells, (cell, i) => (isVerdict(shape[i]) ? paint(verdict, cell) : cell)));
  return { lines, width: width(lines[1]) };
}

/** Each row under its model and target, a line for each figure. */
function stacked(rows: readonly ReportRow[], shape: readonly Column[], columns: number, paint: Paint): string[] {
  const first = Math.max(...shape.map(({ heading }) => width(heading))) + 2;
  return rows.flatMap(({ verdict, cells }, r) => [
    ...(r > 0 ? [''] : []),
    ...wrap(cells.filter((_, i) => isName(shape[i])).join(' on '), columns, '  '),
    ...cells.flatMap((cell, i) => {
      if (isName(shape[i])) return [];
      const { heading } = shape[i];
      const text = `  ${heading}${' '.repeat(first - width(heading))}`;
      if (isVerdict(shape[i])) return [`${text}${paint(verdict, cell)}`];
      const [head, ...rest] = wrap(cell, columns - width(text));
      return [`${text}${head}`, ...rest.map((more) => `${' '.repeat(width(text))}${more}`)];
    }),
  ]);
}

/**
 * Colours on a terminal, and wherever FORCE_COLOR asks for them (force-color.org: any value but 0, false and none);
 * never where NO_COLOR is set (no-color.org), unless FORCE_COLOR is too.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  const forced = env.FORCE_COLOR ?? '';
  if (forced !== '') return !/^(0|false|none)$/i.test(forced);
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
