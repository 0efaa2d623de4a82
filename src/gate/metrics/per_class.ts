import { type ClassFigures, MOST_CLASSES } from '../figures/classes.ts';
import { binomialTail } from './chance.ts';
import type { Labelled } from './metric.ts';
import { holm, hypergeometricTail } from './multiple.ts';

/** Adjusted p below which a class counts as one that loses more than the others. */
const SIGNIFICANT = 0.05;

interface Counts {
  samples: number;
  int8: number;
  fp32: number;
  int8Only: number;
  fp32Only: number;
}

/**
 * Which classes lose, and more than the whole. A class has to show both: more samples that only FP32 gets right than samples that
 * only INT8 does (sign test), and more of the former than as many samples of any class have (hypergeometric). Both are exact; its p
 * is the larger one, corrected for the number of classes.
 *
 * @param int8 scores of all samples, in their order
 * @returns null for a metric that is not on classes
 */
export function perClass(
  { classes }: Pick<Labelled, 'classes'>,
  int8: readonly unknown[],
  fp32: readonly unknown[],
): ClassFigures | null {
  if (classes === undefined) return null;
  const counts = new Map<number, Counts>();
  for (const [i, score] of int8.entries()) {
    const label = classes.of(i);
    const of = counts.get(label) ?? { samples: 0, int8: 0, fp32: 0, int8Only: 0, fp32Only: 0 };
    counts.set(label, of);
    const [a, b] = [classes.right(score, i), classes.right(fp32[i], i)];
    of.samples++;
    if (a) of.int8++;
    if (b) of.fp32++;
    if (a && !b) of.int8Only++;
    if (b && !a) of.fp32Only++;
  }
  const lost = [...counts.values()].reduce((sum, { fp32Only }) => sum + fp32Only, 0);
  const rows = [...counts].map(([label, { samples, int8: a, fp32: b, int8Only, fp32Only }]) => ({
    ...{ class: label, name: classes.names?.[label] ?? null, samples, int8: a / samples, fp32: b / samples },
    ...{ int8Only, fp32Only },
    p: Math.max(
      binomialTail(fp32Only, fp32Only + int8Only, 0.5),
      hypergeometricTail(fp32Only, int8.length, lost, samples),
    ),
  }));
  const adjusted = holm(rows.map(({ p }) => p));
  const tested = rows.map((row, i) => ({ ...row, adjusted: adjusted[i] }));
  const losing = tested.filter((row) => row.int8 < row.fp32);
  losing.sort((x, y) => x.p - y.p || y.fp32 - y.int8 - (x.fp32 - x.int8) || x.class - y.class);
  return {
    count: rows.length,
    significant: losing.filter((row) => row.adjusted < SIGNIFICANT).length,
    worst: losing.slice(0, MOST_CLASSES),
  };
}
