import type { Compared } from './explain.ts';

/** Part of the largest output that rounding alone may make of a difference: sums of float32 have no fixed order. */
const ROUNDING = 1e-4;

/** Why outputs of two float runtimes differ, in a sentence. Pure. */
export function explainFloat({ ours, theirs }: Pick<Compared, 'ours' | 'theirs'>, title: string): string {
  let [largest, apart] = [0, 0];
  for (const [n, outputs] of theirs.entries())
    for (const [k, values] of outputs.entries())
      for (let i = 0; i < values.length; i++) {
        const difference = Math.abs(Number(values[i]) - Number(ours[n][k][i]));
        largest = Math.max(largest, Math.abs(Number(values[i])));
        apart = Math.max(apart, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
      }
  if (apart <= ROUNDING * largest)
    return `Sums of float32 have no fixed order: no value is further apart than ${(apart / largest).toExponential(1)} of the largest output.`;
  return `More than rounding explains: our FP32 build does not compute what ${title} does, please report it.`;
}
