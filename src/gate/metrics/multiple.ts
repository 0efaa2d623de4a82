import { gammaln } from 'simple-statistics';

/** Tests of many classes at once. All pure. */

/**
 * P(X ≥ k): of `draws` out of `all`, of which `marked` are marked, at least k are. Exact.
 */
export function hypergeometricTail(k: number, all: number, marked: number, draws: number): number {
  const choose = (n: number, m: number) => gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1);
  const most = Math.min(marked, draws);
  const least = Math.max(0, marked + draws - all);
  if (k <= least) return 1;
  let tail = 0;
  for (let i = most; i >= k; i--)
    tail += Math.exp(choose(marked, i) + choose(all - marked, draws - i) - choose(all, draws));
  return Math.min(1, tail);
}

/**
 * p values of several tests, so corrected that with probability 1 − α none of those below α is a false one, however the tests
 * depend on each other. Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6, 1979.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b]);
  const adjusted = new Array<number>(ps.length);
  let largest = 0;
  order.forEach((i, rank) => {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[i]));
    adjusted[i] = largest;
  });
  return adjusted;
}
