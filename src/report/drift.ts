import type { Drift, DriftLayer } from '../gate/figures/drift.ts';
import { formatFigure } from '../gate/figures/format.ts';
import { aspectOf } from '../gate/thresholds/index.ts';
import type { ModelReport, Report } from '../gate/verdict/report.ts';
import { clean, escapeText } from './escape.ts';
import { wrap } from './wrap.ts';

/** A label without what the converter wrote behind the first name: it joins the names of all fused operators with semicolons. */
const shortLabel = (label: string): string => label.replace(/"([^";]+);[^"]*"?/, '"$1; …"');

/** Layers of a table that people read; JSON has them all. */
const MOST_LAYERS = 8;

/** The sentence that comes first: who is to blame, or that nobody is. */
export function driftHeadline({ accused, layers, samples }: Drift): string {
  const [first, ...more] = accused;
  if (first === undefined) {
    const [most] = layers;
    const top =
      most === undefined ? '' : ` The largest is ${formatFigure(most.introduced, 'dB')}, at ${shortLabel(most.label)}.`;
    return `Drift on ${samples} samples: rounding explains the error of every layer.${top}`;
  }
  const others =
    more.length === 0 ? '' : ` ${more.length} more ${more.length === 1 ? 'layer is' : 'layers are'} suspect.`;
  return `Drift on ${samples} samples: the error begins at ${shortLabel(first.label)}: ${first.reason}.${others}`;
}

/** Characters of a label in the table. */
const MOST_OF_A_LABEL = 60;

const COLUMNS: readonly (readonly [heading: string, cell: (layer: DriftLayer) => string])[] = [
  ['Layer', ({ label }) => clean(shortLabel(label), MOST_OF_A_LABEL)],
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
  const named = accused.flatMap(({ node, label }) =>
    layers.filter((layer) => layer.node === node && layer.label === label),
  );
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
    ...drift.accused.slice(1).map(({ label, reason }) => `also: ${shortLabel(label)}: ${reason}`),
    ...table,
    ...(drift.apart.length > 0 ? [`without a counterpart in FP32: ${drift.apart.join('; ')}`] : []),
    ...drift.notes,
  ];
}

/** Whether a check of accuracy is red: then the table is shown, too. */
const isRed = ({ targets }: ModelReport): boolean =>
  targets.some(({ checks }) => checks.some(({ id, status }) => status === 'fail' && aspectOf(id) === 'accuracy'));

/** The drift of every model as Markdown: a sentence each, and a table where a check of accuracy is red. */
export function driftMarkdown({ models }: Report, room: number): string[] {
  const short = (model: ModelReport) => [
    `- ${escapeText(model.name)}: ${escapeText(driftHeadline(model.drift!), 1000)}`,
  ];
  const told = models.filter(({ drift }) => drift).sort((a, b) => Number(isRed(b)) - Number(isRed(a)));
  let left = room;
  const lines: string[] = [];
  for (const model of told) {
    const forms = isRed(model) ? [[...short(model), ...tableOf(model.drift!)], short(model)] : [short(model)];
    const fits = forms.find((form) => form.join('\n').length + 2 <= left);
    if (fits === undefined) break;
    left -= fits.join('\n').length + 2;
    lines.push(...fits);
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

function tableOf(drift: Drift): string[] {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    '',
    row(COLUMNS.map(([heading]) => heading)),
    `|${COLUMNS.map(() => ' --- |').join('')}`,
    ...shown(drift, MOST_LAYERS).map((layer) => row(COLUMNS.map(([, cell]) => escapeText(cell(layer))))),
    '',
  ];
}

/** The same for a terminal. */
export const driftTerminal = ({ models }: Report, columns: number): string[] =>
  models.flatMap((model) => {
    if (!model.drift) return [];
    const [head, ...rest] = driftLines(model.drift, MOST_LAYERS).map((line) => clean(line, 1000));
    const first = wrap(`${clean(model.name)}: ${head}`, columns, '  ');
    return isRed(model)
      ? [
          ...first,
          ...rest
            .map((line) => `  ${line}`)
            .flatMap((line) => (line.length > columns ? wrap(line.trim(), columns, '  ') : [line])),
        ]
      : first;
  });
