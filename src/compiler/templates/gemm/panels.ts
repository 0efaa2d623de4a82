/** First columns of the panels of one group: the last one ends with the last column. */
export function panelStarts(n: number, nr: number): number[] {
  return Array.from({ length: Math.ceil(n / nr) }, (_, p) => Math.max(0, Math.min(p * nr, n - nr)));
}
