import type { Report, Status } from '../gate/verdict/report.ts';
import { classRemarksOf } from './classes.ts';
import { type Column, columnsFor, type ReportRow, rowsOf } from './columns.ts';
import { driftMarkdown } from './drift.ts';
import { DRIFTS_TITLE, driftsOf } from './drifts.ts';
import { escapeCode, escapeText } from './escape.ts';
import { type Complaint, complaintsOf, headlineOf, notesOf, remarksOf } from './remarks.ts';
import { type SlowLines, slowOf } from './slow.ts';

/** GitHub's limit for a comment, in characters; a job summary takes more. */
export const COMMENT_LIMIT = 65_536;

const SIGNS: Record<Status, string> = { pass: '✅', fail: '❌', inconclusive: '⚠️' };

/**
 * The report as GitHub Markdown: a row for each model and target, the reasons of what is not green, and how the
 * figures came about. Every string that the report carries is escaped.
 *
 * @param limit most characters of the result; rows and reasons that do not fit are counted instead
 */
export function renderMarkdown(report: Report, { limit = COMMENT_LIMIT }: { readonly limit?: number } = {}): string {
  const [rows, columns] = [rowsOf(report), columnsFor(report)];
  const complaints = complaintsOf(report);
  const notes = [...classRemarksOf(report), ...notesOf(report)];
  const { words, status } = headlineOf(report);
  const title = `### ${SIGNS[status]} INT8 gate: ${words}`;
  const { version, config } = report.environment;
  const head = [title, '', line(columns.map(({ heading }) => heading)), `|${columns.map(() => ' --- |').join('')}`];
  const foot = ['', ...remarksOf(report).map((text) => `${escapeText(text)}  `)];
  foot.push(`<sub>int8-gate ${escapeText(version)}, ${escapeCode(config)}</sub>`, '');

  // What is red comes first, and keeps its room when not everything fits.
  const order = (status: Status) => ['fail', 'inconclusive', 'pass'].indexOf(status);
  rows.sort((a, b) => order(a.verdict) - order(b.verdict));
  complaints.sort((a, b) => order(a.status) - order(b.status));
  const room = limit - size(head) - size(foot);
  const lines = rows.map((each) => row(each, columns));
  const red = complaints.filter(({ status }) => status === 'fail').map(bullet);
  const redRows = lines.slice(0, rows.filter(({ verdict }) => verdict === 'fail').length);
  const ofRows = Math.max(room - size(red) - 2 * LAST_LINE, Math.min(room, size(redRows) + LAST_LINE));
  const shown = fit(lines, ofRows, (n) => `| … and ${n} more rows |${' |'.repeat(columns.length - 1)}`);
  const reasons = [
    ...complaints.map(bullet),
    ...slowOf(report).flatMap(slowBullets),
    ...notes.map(({ note, where }) => `- ${escapeText(note, 600)} (${whereText(where)})`),
  ];
  const drifts = driftsOf(report).map(
    ({ model, between, text }) =>
      `- ${model === null ? '' : `${escapeCode(model)} `}${escapeText(between)}: ${escapeText(text, 1000)}`,
  );
  if (drifts.length > 0) reasons.push('', `**${DRIFTS_TITLE}**`, '', ...drifts);
  const below = fit(reasons, room - size(shown) - 1, (n) => `- … and ${n} more; the report has them all`);
  if (below.length > 0) below.unshift('');
  const drift = driftMarkdown(report, room - size(shown) - size(below) - 1);
  const text = [...head, ...shown, ...below, ...drift, ...foot].join('\n');
  return text.length <= limit ? text : `${title}\n`.slice(0, limit);
}

/** Room for the line that counts what was left out. */
const LAST_LINE = 100;

const size = (lines: readonly string[]): number => lines.reduce((n, line) => n + line.length + 1, 0);

/** As many lines as there is room for; the rest is counted in a last line. */
function fit(lines: readonly string[], room: number, rest: (n: number) => string): string[] {
  if (size(lines) <= room) return [...lines];
  if (room < LAST_LINE) return [];
  const shown: string[] = [];
  let left = room - LAST_LINE;
  for (const line of lines) {
    left -= line.length + 1;
    if (left < 0) break;
    shown.push(line);
  }
  return [...shown, rest(lines.length - shown.length)];
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const row = ({ cells, verdict, judged }: ReportRow, columns: readonly Column[]): string =>
  line(
    cells.map((cell, i) => {
      const { is } = columns[i];
      if (is === 'model') return escapeCode(cell);
      return is === 'verdict' && judged ? `${SIGNS[verdict]} ${cell}` : escapeText(cell);
    }),
  );

function bullet({ model, target, id, status, reason, place }: Complaint): string {
  const at = place === null ? '' : ` (${escapeCode(place)})`;
  return `- ${SIGNS[status]} ${escapeCode(model)} on ${escapeText(target)}, ${escapeCode(id)}: ${escapeText(reason, 1000)}${at}`;
}

const slowBullets = ({ model, target, sentences }: SlowLines): string[] => [
  `- Why ${escapeCode(model)} is slow on ${escapeText(target)}:`,
  ...sentences.map((sentence) => `  - ${escapeText(sentence, 1000)}`),
];

const whereText = (where: readonly string[]): string =>
  `${where
    .slice(0, 3)
    .map((name) => escapeText(name))
    .join(', ')}${where.length > 3 ? ` and ${where.length - 3} more` : ''}`;
