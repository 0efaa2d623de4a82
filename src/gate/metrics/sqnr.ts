import type { Against, MetricDefinition } from './metric.ts';
import { type PairSums, sqnrOf } from './outputs.ts';

const against: Against<PairSums> = {
  score: ({ sums }) => sums,
  statistic: (scores) => (weights) => {
    let signal = 0;
    let noise = 0;
    for (let i = 0; i < scores.length; i++) {
      signal += weights[i] * scores[i].signal;
      noise += weights[i] * scores[i].squared;
    }
    return sqnrOf(signal, noise);
  },
  perfect: Number.POSITIVE_INFINITY,
};

/** Signal to quantization noise ratio of INT8 against FP32, over all samples. */
export const sqnr: MetricDefinition = { kind: 'sqnr', compares: 'values', comparesAll: true, against };
