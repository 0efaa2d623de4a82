import { formatCount, formatFigure } from '../gate/figures/format.ts';
import type { ReferenceFigures } from '../gate/figures/references.ts';
import { REFERENCES } from '../gate/references/index.ts';
import type { ModelReport, Report } from '../gate/verdict/report.ts';
import { baseCell, dropCell, fp32Cell, int8Cell } from './columns.ts';

/** A line of the section that tells three drifts apart, for a model that was compared with another runtime. */
export interface Drift {
  /** null: of all models. */
  readonly model: string | null;
  /** Between what, e.g. `quantization, FP32 → INT8`. */
  readonly between: string;
  readonly text: string;
}

export const DRIFTS_TITLE = 'Three drifts';

/** What quantization, the compiler and the change each do to a model; nothing for models without references. */
export function driftsOf(report: Report): Drift[] {
  const lines = report.models.flatMap((model) => {
    if (model.references === undefined) return [];
    const lines = [
      { between: 'quantization, FP32 → INT8', text: quantization(model) },
      ...model.references.map((found) => ({
        between: `compiler, ${titleOf(found)} → our ${isOfFp32(found) ? 'FP32 build' : 'build'}`,
        text: compiler(found),
      })),
      ...(report.baseline ? [{ between: REGRESSION, text: regression(model) }] : []),
    ];
    return lines.map((line) => ({ model: model.name, ...line }));
  });
  const compared = lines.length === 0 || report.baseline;
  return compared
    ? lines
    : [...lines, { model: null, between: REGRESSION, text: 'not compared, there is no baseline' }];
}

const REGRESSION = 'regression, base → head';

/** Reports of other versions may know references that this one does not. */
const titleOf = ({ name }: ReferenceFigures): string =>
  Object.hasOwn(REFERENCES, name) ? REFERENCES[name as keyof typeof REFERENCES].title : name;

const isOfFp32 = ({ name }: ReferenceFigures): boolean =>
  Object.hasOwn(REFERENCES, name) && REFERENCES[name as keyof typeof REFERENCES].side === 'fp32';

function quantization(model: ModelReport): string {
  const target = model.targets.find(({ accuracy }) => accuracy !== null);
  if (target === undefined) return 'not measured';
  return `drop ${dropCell(target)}: INT8 ${int8Cell(target)}, FP32 ${fp32Cell(target)}`;
}

function compiler(found: ReferenceFigures): string {
  const { version, target, samples, values, differing, largest, unit, explanation, fault } = found;
  const title = titleOf(found);
  if (fault !== null) return `not compared. ${title} ${version} could not run this model: ${fault}`;
  const asked = `${title} ${version}, ${samples} ${samples === 1 ? 'sample' : 'samples'} on ${target}`;
  const counted = `${formatCount(differing)} of ${formatCount(values)} values differ (${asked})`;
  if (differing === 0) return counted;
  const steps = unit === 'real' ? '' : largest === 1 ? ' step' : ' steps';
  return `${counted}, by at most ${formatFigure(largest, 'error')}${steps}${explanation === null ? '' : `. ${explanation}`}`;
}

function regression(model: ModelReport): string {
  const [target] = model.targets;
  return target === undefined ? 'not compared' : baseCell(target, model);
}
