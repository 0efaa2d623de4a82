/** Quantiles of the distributions that intervals rest on, to about 1e-12. Both are symmetric about 0. All pure. */

/** Φ(x), the standard normal distribution. Source: Marsaglia, "Evaluating the normal distribution", J. Stat. Software 11(4), 2004. */
export function normalCdf(x: number): number {
  let sum = x;
  let term = x;
  for (let i = 3; ; i += 2) {
    term *= (x * x) / i;
    if (sum + term === sum) break;
    sum += term;
  }
  return 0.5 + sum * Math.exp((-x * x) / 2 - 0.5 * Math.log(2 * Math.PI));
}

/**
 * P(T ≤ t) of Student's t with whole degrees of freedom: a finite sum in θ = arctan(t / √df).
 * Source: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
function studentCdf(t: number, df: number): number {
  const theta = Math.atan(t / Math.sqrt(df));
  const cos2 = Math.cos(theta) ** 2;
  const odd = df % 2 === 1;
  let term = odd ? Math.cos(theta) : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= df - 2; k += 2) {
    term *= (cos2 * (k - 1)) / k;
    sum += term;
  }
  const inside = odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum;
  return (1 + inside) / 2;
}

/** The x with cdf(x) = p, by bisection of an increasing function. */
function invert(cdf: (x: number) => number, p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`a quantile needs a probability between 0 and 1, not ${p}`);
  if (p < 0.5) return -invert(cdf, 1 - p);
  let low = 0;
  let high = 1;
  while (cdf(high) < p) {
    low = high;
    high *= 2;
  }
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Quantile of the standard normal distribution: 1.6449 for p = 0.95.
 * @throws RangeError unless 0 < p < 1
 */
export const normalQuantile = (p: number): number => invert(normalCdf, p);

/**
 * Quantile of Student's t: 2.1318 for p = 0.95 and 4 degrees of freedom.
 * @param df degrees of freedom, a whole number from 1 on
 * @throws RangeError unless 0 < p < 1
 */
export const studentQuantile = (p: number, df: number): number => invert((t) => studentCdf(t, df), p);
