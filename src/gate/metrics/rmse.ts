import { errorOfTargets, squared } from './errors.ts';
import type { Against, Labelled, MetricDefinition } from './metric.ts';
import { mseOf } from './outputs.ts';
import { meanOf, type Statistic } from './statistics.ts';

/** The root of the mean of squared errors, taken over all samples. */
const rootOfMean = (squares: readonly number[]): Statistic => {
  const mean = meanOf(squares);
  return (weights) => Math.sqrt(mean(weights));
};

const against: Against<number> = { score: ({ sums }) => mseOf(sums), statistic: rootOfMean, perfect: 0 };

/** Root mean squared error: against labels, or of INT8 against FP32. */
export const rmse: MetricDefinition = {
  kind: 'error',
  compares: 'values',
  comparesAll: true,
  labelled(options, labels): Labelled {
    const ofSquares = errorOfTargets(squared, options, labels);
    const labelled: Labelled<number> = {
      ...ofSquares,
      statistic: rootOfMean,
      chance(squares) {
        const test = ofSquares.chance(squares);
        return { ...test, level: Math.sqrt(test.level) };
      },
    };
    return labelled as Labelled;
  },
  against: against as Against,
};
