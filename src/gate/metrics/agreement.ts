import { type MetricDefinition, meanAgainst } from './metric.ts';

/** Share of samples on which INT8 and FP32 choose the same class. */
export const agreement: MetricDefinition = {
  kind: 'share',
  compares: 'classes',
  countsSamples: true,
  against: meanAgainst(({ classes }) => sameShare(classes.int8, classes.fp32), 1),
};

/** Share of positions at which both choose the same class. */
function sameShare(int8: ArrayLike<number>, fp32: ArrayLike<number>): number {
  let same = 0;
  for (let i = 0; i < int8.length; i++) if (int8[i] === fp32[i]) same++;
  return same / int8.length;
}
