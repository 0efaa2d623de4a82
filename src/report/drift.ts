import type { Drift, DriftLayer } from '../gate/figures/drift.ts';
import { formatFigure } from '../gate/figures/format.ts';
import { escapeText } from './escape.ts';

/** Layers of a table that people read; JSON has them all. */
const MOST_LAYERS = 8;

/** The sentence that comes first: who is to blame, or that nobody is. */
export function driftHeadline({ accused, layers, samples }: Drift): string {
  const [first, ...more] = accused;
  if (first === undefined) {
    const [most] = layers;
    const top = most === undefined ? '' : ` The largest is ${formatFigure(most.introduced, 'dB')}, at ${most.label}.`;
    return `Drift on ${samples} samples: rounding explains the error of every layer.${top}`;
  }
  const others =
    more.length === 0 ? '' : ` ${more.length} more ${more.length === 1 ? 'layer is' : 'layers are'} suspect.`;
  return `Drift on ${samples} samples: the error begins at ${first.label}: ${first.reason}.${others}`;
}

const COLUMNS: readonly (readonly [heading: string, cell: (layer: DriftLayer) => string])[] = [
  ['Layer', ({ label }) => label],
  ['Introduced', ({ introduced }) => formatFigure(introduced, 'dB')],
  ['Inherited', ({ inherited }) => formatFigure(inherited, 'dB')],
  ['× rounding', ({ excess }) => (excess === null ? '–' : excess.toFixed(1))],
  ['RMSE, steps', ({ rmse }) => formatFigure(rmse, 'steps')],
  ['Bias, steps', ({ bias }) => (bias === null ? '–' : bias.toFixed(2))],
  ['Saturated', ({ clippedLow, clippedHigh }) => formatFigure(clippedLow + clippedHigh, 'share')],
  ['Range used', ({ used }) => (used === null ? '–' : `${Math.round(100 * used)} %`)],
  ['Worst channels', ({ channels }) => channels.map(({ channel }) => channel).join(', ')],
];

/** The accused first, then those that add most error to their signal. */
function shown({ accused, layers }: Drift, most: number): DriftLayer[] {
  const named = accused.flatMap(({ node }) => layers.filter((layer) => layer.node === node));
  return [...named, ...layers.filter((layer) => !named.includes(layer))].slice(0, most);
}

/** Drift as lines of plain text. */
export function driftLines(drift: Drift, most: number = Number.POSITIVE_INFINITY): string[] {
  const rows = shown(drift, most);
  const cells = [COLUMNS.map(([heading]) => heading), ...rows.map((layer) => COLUMNS.map(([, cell]) => cell(layer)))];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const table = cells.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  );
  return [
    driftHeadline(drift),
    ...drift.accused.slice(1).map(({ label, reason }) => `also: ${label}: ${reason}`),
    ...table,
    ...(drift.apart.length > 0 ? [`without a counterpart in FP32: ${drift.apart.join('; ')}`] : []),
    ...drift.notes,
  ];
}

/** Drift of a model as Markdown; with a table only where an accuracy check is red. */
export function driftMarkdown(model: string, drift: Drift, red: boolean): string[] {
  const headline = `- ${escapeText(model)}: ${escapeText(driftHeadline(drift), 1000)}`;
  if (!red) return [headline];
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    ...[headline, ''],
    row(COLUMNS.map(([heading]) => heading)),
    `|${COLUMNS.map(() => ' --- |').join('')}`,
    ...shown(drift, MOST_LAYERS).map((layer) => row(COLUMNS.map(([, cell]) => escapeText(cell(layer))))),
    '',
  ];
}
