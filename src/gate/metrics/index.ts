import { InputError } from '../../errors.ts';
import { agreement } from './agreement.ts';
import { type Arrange, arrangeBy, arranged } from './arrange.ts';
import { auc } from './auc.ts';
import { cer } from './cer.ts';
import { cosine } from './cosine.ts';
import { eer } from './eer.ts';
import { f1 } from './f1.ts';
import { mae } from './mae.ts';
import type { Against, Labelled, MetricDefinition, MetricOptions } from './metric.ts';
import { miou } from './miou.ts';
import { mse } from './mse.ts';
import { holdsIndexes } from './outputs.ts';
import { prAuc } from './pr_auc.ts';
import { precision } from './precision.ts';
import { psnr } from './psnr.ts';
import { r2 } from './r2.ts';
import { recall } from './recall.ts';
import { rmse } from './rmse.ts';
import { sqnr } from './sqnr.ts';
import { ssim } from './ssim.ts';
import { topN } from './top_n.ts';
import { wer } from './wer.ts';

/** Every metric. The configuration's schema, the evaluation, the judge and the report take what they need from here. */
export const METRICS = {
  ...{ topN, f1, precision, recall, auc, 'pr-auc': prAuc, eer },
  ...{ mse, mae, rmse, r2 },
  ...{ wer, cer },
  ...{ psnr, ssim, miou },
  ...{ agreement, cosine, sqnr },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;

const rows = Object.entries<MetricDefinition>(METRICS);
const patternOf = ([key, { names }]: (typeof rows)[number]): string => names?.pattern ?? key;

/** What `metric` may be in a configuration. */
export const METRIC_PATTERN = new RegExp(`^(${rows.map(patternOf).join('|')})$`);
/** The same for people. */
export const METRIC_WORDS = `one of ${rows.map(([key, { names }]) => names?.examples ?? key).join(', ')}`;

/** The definition of the metric that is written `name`; undefined where there is none. */
export const metricNamed = (name: string): MetricDefinition | undefined =>
  rows.find((row) => new RegExp(`^${patternOf(row)}$`).test(name))?.[1];

/** The metrics that `test` holds for, as a sentence lists them: `mse or mae`. */
export function namesOf(test: (definition: MetricDefinition) => boolean): string {
  const names = rows.filter(([, definition]) => test(definition)).map(([key, { names }]) => names?.examples ?? key);
  return names.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** A metric made ready for one model pair and its labels. */
export interface Metric {
  readonly name: string;
  readonly definition: MetricDefinition;
  /** How each model is scored on its own; null where INT8 is compared with FP32 instead. */
  readonly labelled: Labelled | null;
  /** How INT8 is compared with FP32; null for a metric that only labels can score. */
  readonly against: Against | null;
  /** Puts the output that the metric is on before the others, as `against` wants it; `labelled` does so itself. */
  readonly arrange: Arrange;
}

/**
 * The metric of a configuration for a model with these ports and labels.
 * @throws InputError where labels are missing, or do not fit the model's output
 */
export function makeMetric(asked: MetricOptions): Metric {
  const { name, labels } = asked;
  const definition = metricNamed(name);
  if (definition === undefined) throw new RangeError(`no metric ${name}`);
  const arrange = arrangeBy(asked);
  const outputs = arrange(asked.outputs);
  const options = { ...asked, outputs };
  if (labels === null) {
    if (definition.against === undefined)
      throw new InputError(
        `metric ${name} needs data.labels; without labels, use ${namesOf(({ labelled }) => labelled === undefined)}`,
      );
    if (definition.compares === 'values' && outputs.every(holdsIndexes))
      throw new InputError(
        `metric ${name} compares values, but the model's outputs are ${outputs[0].dtype} class numbers; use agreement`,
      );
    if (asked.settings?.output !== undefined && definition.comparesAll)
      throw new InputError(`metric ${name} compares all outputs where there are no labels; leave out metric.output`);
    return { name, definition, labelled: null, against: againstOf(definition, options), arrange };
  }
  if (definition.labelled === undefined)
    throw new InputError(
      `metric ${name} compares INT8 with FP32 and uses no labels; leave out data.labels, or choose top1`,
    );
  return {
    name,
    definition,
    labelled: arranged(definition.labelled(options, labels), arrange, asked),
    against: null,
    arrange,
  };
}

const againstOf = ({ against }: MetricDefinition, options: MetricOptions): Against | null =>
  typeof against === 'function' ? against(options) : (against ?? null);
