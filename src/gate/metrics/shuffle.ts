import { randomSource } from '../../runtime/timing/random.ts';
import type { ChanceTest } from './chance.ts';

const MOST_SHUFFLES = 999;
/** So that the least p is still below what evidence asks for. */
const LEAST_SHUFFLES = 199;
/** Work that all shuffles together may take, in labels moved. */
const MOST_MOVES = 2e7;

/**
 * A permutation test: what the figure is where the same answers meet the labels of other samples. That is a model which
 * answers as often, and never looks at the data.
 *
 * @param figure of the answers as they are
 * @param of the figure where sample i has the label of sample order[i]
 * @param work of one evaluation for each sample; 1 when absent
 */
export function shuffledChance(
  figure: number,
  samples: number,
  of: (order: Int32Array) => number,
  higherIsBetter: boolean,
  work = 1,
): ChanceTest {
  const next = randomSource(1);
  const order = Int32Array.from({ length: samples }, (_, i) => i);
  const rounds = Math.max(LEAST_SHUFFLES, Math.min(MOST_SHUFFLES, Math.floor(MOST_MOVES / (samples * work))));
  let sum = 0;
  let defined = 0;
  let asGood = 0;
  for (let r = 0; r < rounds; r++) {
    for (let i = samples - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    const value = of(order);
    if (Number.isNaN(value)) continue;
    sum += value;
    defined++;
    const slack = 1e-12 * Math.max(1, Math.abs(figure));
    if (higherIsBetter ? value >= figure - slack : value <= figure + slack) asGood++;
  }
  const p = Number.isNaN(figure) || defined === 0 ? 1 : (1 + asGood) / (1 + defined);
  return { level: defined === 0 ? Number.NaN : sum / defined, p, by: 'guessing' };
}
