import { formatFigure, formatInterval, formatSqnr } from '../gate/figures/format.ts';
import { KINDS } from '../gate/figures/kinds.ts';
import { metricNamed } from '../gate/metrics/index.ts';
import type { Check, ModelReport, Report, Status, TargetReport } from '../gate/verdict/report.ts';

export const WORDS: Record<Status, string> = { pass: 'passed', fail: 'failed', inconclusive: 'inconclusive' };
export const NOT_JUDGED = 'nothing judged';

/** Whether a check misses its threshold, which the configuration accepts. */
export const isAccepted = ({ status, accepted }: Check): boolean => status === 'pass' && accepted !== undefined;
/** How many checks do. */
export const acceptedOf = (targets: readonly Pick<TargetReport, 'checks'>[]): number =>
  targets.reduce((sum, { checks }) => sum + checks.filter(isAccepted).length, 0);
/** The same behind a verdict. */
export const withAccepted = (accepted: number): string => (accepted === 0 ? '' : `, ${accepted} accepted`);

/** A column of the table that has a row for each model and target; cells are plain text, not escaped for anything yet. */
export interface Column {
  readonly heading: string;
  cell(target: TargetReport, model: ModelReport): string;
  /** What a cell is: the name of a model, of a target, a figure, or the verdict. */
  readonly is: 'model' | 'target' | 'figure' | 'verdict';
}

const figure = (heading: string, cell: (target: TargetReport) => string): Column => ({ heading, cell, is: 'figure' });

const COLUMNS: readonly Column[] = [
  { heading: 'Model', is: 'model', cell: (_, { name }) => name },
  { heading: 'Target', is: 'target', cell: ({ target, neon }) => (neon ? target : `${target} (no NEON build)`) },
  figure('INT8', int8Cell),
  figure('FP32', fp32Cell),
  figure('Drop', dropCell),
  figure('INT8 latency', latencyCell),
  figure('Speedup', speedupCell),
  {
    heading: 'Verdict',
    is: 'verdict',
    cell: ({ checks, verdict }) =>
      checks.length === 0 ? NOT_JUDGED : WORDS[verdict] + withAccepted(acceptedOf([{ checks }])),
  },
];

const BASE: Column = { heading: 'Against base', is: 'figure', cell: baseCell };

/** The columns of a report; what changed since a baseline stands before the verdict, where there is one. */
export const columnsFor = ({ baseline }: Pick<Report, 'baseline'>): readonly Column[] =>
  baseline ? [...COLUMNS.slice(0, -1), BASE, ...COLUMNS.slice(-1)] : COLUMNS;

/** A row of the table. */
export interface ReportRow {
  readonly verdict: Status;
  /** False where no threshold is in force. */
  readonly judged: boolean;
  /** One for each column. */
  readonly cells: readonly string[];
}

export function rowsOf(report: Report): ReportRow[] {
  const columns = columnsFor(report);
  return report.models.flatMap((model) =>
    model.targets.map((target) => ({
      verdict: target.verdict,
      judged: target.checks.length > 0,
      cells: columns.map((column) => column.cell(target, model)),
    })),
  );
}

export function int8Cell({ accuracy }: TargetReport): string {
  if (accuracy === null) return '–';
  const { metric, kind, int8, comparison } = accuracy;
  return `${metric} ${kind === 'sqnr' ? formatSqnr(comparison) : formatFigure(int8, KINDS[kind].unit)}`;
}

export function fp32Cell({ accuracy }: TargetReport): string {
  if (accuracy === null) return '–';
  const { metric, kind, fp32, twin } = accuracy;
  const definition = metricNamed(metric);
  // A metric that takes no labels measures INT8 against FP32, which has no figure of its own.
  const against = definition !== undefined && definition.labelled === undefined;
  return `${against ? 'reference' : formatFigure(fp32, KINDS[kind].unit)}${twin ? ' (twin)' : ''}`;
}

export function dropCell({ accuracy }: TargetReport): string {
  if (accuracy === null) return '–';
  const { kind, drop, interval } = accuracy;
  const { dropUnit } = KINDS[kind];
  const range =
    drop === null || interval === null || interval[0] === interval[1] ? '' : ` (${formatInterval(interval, dropUnit)})`;
  return `${formatFigure(drop, dropUnit)}${range}`;
}

function latencyCell({ latency }: TargetReport): string {
  if (latency === null) return '–';
  const { int8, unit, mode, memory, estimate } = latency;
  const moved = memory === undefined ? '' : `, ${formatFigure(memory.int8, 'bytes')} beyond L2`;
  const time = estimate && `; estimate ${formatFigure(estimate.int8, 'ns')}${range(estimate.int8Interval, 'ns')}`;
  return `${formatFigure(int8, unit)}${moved}, ${mode}${time ?? ''}`;
}

const range = (interval: [number, number] | null, unit: string): string =>
  interval === null ? '' : ` (${formatInterval(interval, unit)})`;

function speedupCell({ latency }: TargetReport): string {
  if (latency === null) return '–';
  const { speedup, interval } = latency;
  return `${formatFigure(speedup, 'ratio')}${range(interval, 'ratio')}`;
}

export function baseCell({ accuracy, regression }: TargetReport, { base }: ModelReport): string {
  if (base?.status === 'new' || base?.status === 'unchanged') return base.status;
  const { accuracy: lost = null, latency: slowed = null } = regression ?? {};
  const parts: string[] = [];
  if (lost !== null && lost.drop !== null && accuracy !== null)
    parts.push(`drop ${formatFigure(lost.drop, KINDS[accuracy.kind].dropUnit)}`);
  if (slowed !== null) {
    const range = slowed.interval === null ? '' : ` (${formatInterval(slowed.interval, 'ratio')})`;
    parts.push(`time ${formatFigure(slowed.slowdown, 'ratio')}${range}`);
  }
  return parts.length === 0 ? 'not compared' : parts.join(', ');
}
