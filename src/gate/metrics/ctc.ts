/**
 * Greedy CTC decoding: the best class of each step, repetitions once, then without blanks.
 * Source: Graves and others, "Connectionist temporal classification", ICML 2006, "best path decoding".
 *
 * @param best class of each step
 */
export function greedy(best: ArrayLike<number>, blank: number): number[] {
  const tokens: number[] = [];
  for (let t = 0; t < best.length; t++) {
    if (best[t] !== blank && (t === 0 || best[t] !== best[t - 1])) tokens.push(best[t]);
  }
  return tokens;
}
