import { InputError } from '../../errors.ts';
import { errorChance } from './chance.ts';
import { checkTargets, squared } from './errors.ts';
import type { Labelled, MetricDefinition } from './metric.ts';
import { meanOfInferences } from './outputs.ts';
import type { Statistic } from './statistics.ts';

/** Samples times values that resampling can take. */
const MOST_VALUES = 1e5;

/**
 * Coefficient of determination, 1 − Σ (t − y)² / Σ (t − t̄)², the mean over output elements. Source of what a constant target
 * means (1 if it is met exactly, else 0): scikit-learn's r2_score.
 *
 * @param residuals squared, `width` a sample
 * @param targets likewise
 */
export function determination(residuals: readonly Float64Array[], targets: Float64Array, width: number): Statistic {
  return (weights) => {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      let [total, mean, lost] = [0, 0, 0];
      for (let i = 0; i < residuals.length; i++) {
        total += weights[i];
        mean += weights[i] * targets[i * width + k];
        lost += weights[i] * residuals[i][k];
      }
      mean /= total;
      let spread = 0;
      for (let i = 0; i < residuals.length; i++) spread += weights[i] * (targets[i * width + k] - mean) ** 2;
      sum += spread > 0 ? 1 - lost / spread : lost === 0 ? 1 : 0;
    }
    return sum / width;
  };
}

/** R², the share of the targets' variance that the model explains. */
export const r2: MetricDefinition = {
  kind: 'r2',
  compares: 'values',
  labelled(options, labels): Labelled {
    const width = checkTargets(options, labels);
    const { values } = labels;
    if (values.length > MOST_VALUES)
      throw new InputError(
        `metric r2: ${values.length / width} samples of ${width} values are too many to resample; set data.limit to ${Math.floor(MOST_VALUES / width)}, or use rmse`,
      );
    const labelled: Labelled<Float64Array> = {
      score([output], _real, index) {
        const found = meanOfInferences(output, width);
        return Float64Array.from({ length: width }, (_, k) => squared(found[k] - values[index * width + k]));
      },
      statistic: (residuals) => determination(residuals, values, width),
      work: 2 * width,
      chance(residuals) {
        const errors = residuals.map((each) => each.reduce((a, b) => a + b, 0) / width);
        // The mean of the targets explains nothing of their variance.
        return { ...errorChance(errors, values, width, squared), level: 0 };
      },
    };
    return labelled as Labelled;
  },
};
