import type { Report, Status } from '../gate/verdict/report.ts';
import { clean } from './escape.ts';
import { complaintsOf, HEADINGS, headlineOf, notesOf, remarksOf, rowsOf, WORDS } from './rows.ts';

const COLOURS: Record<Status, string> = { pass: '32', fail: '31', inconclusive: '33' };

/**
 * The report as text for a terminal or a log: the same table, reasons and remarks as in Markdown.
 *
 * @param colour whether verdicts are coloured; see `wantsColour`
 */
export function renderTerminal(report: Report, { colour = false }: { readonly colour?: boolean } = {}): string {
  const paint = (status: Status, text: string) => (colour ? `\x1b[${COLOURS[status]}m${text}\x1b[0m` : text);
  const rows = rowsOf(report);
  const cells = rows.map((r) =>
    [r.model, r.target, r.int8, r.fp32, r.drop, r.latency, r.speedup, r.words].map((text) => clean(text)),
  );
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...cells.map((row) => [...row[i]].length)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell + ' '.repeat(widths[i] - [...cell].length));
  const last = HEADINGS.length - 1;
  const lines = [line(HEADINGS).join('  ').trimEnd(), widths.map((w) => '─'.repeat(w)).join('  ')];
  for (const [i, row] of cells.entries()) {
    lines.push([...line(row).slice(0, last), paint(rows[i].verdict, row[last])].join('  '));
  }
  const complaints = complaintsOf(report).map(
    ({ model, target, id, status, reason, place }) =>
      `${paint(status, WORDS[status])}: ${clean(model)} on ${clean(target)}, ${clean(id)}: ${clean(reason, 1000)}${place === null ? '' : ` (${clean(place)})`}`,
  );
  const notes = notesOf(report).map(
    ({ note, where }) =>
      `${clean(note)} (${where
        .slice(0, 3)
        .map((w) => clean(w))
        .join(', ')}${where.length > 3 ? ', …' : ''})`,
  );
  const sections = [lines, complaints, [...notes, ...remarksOf(report).map((r) => clean(r))]].filter(
    (s) => s.length > 0,
  );
  const { words, status } = headlineOf(report);
  return `${sections.map((s) => s.join('\n')).join('\n\n')}\n\n${paint(status, `INT8 gate: ${words}`)}\n`;
}

/** Colours only on a terminal, and never where NO_COLOR is set (no-color.org). */
export const wantsColour = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
