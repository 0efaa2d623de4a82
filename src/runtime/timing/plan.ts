import { LOOKS } from './interval.ts';

/** Least ns of a batch. */
export const MIN_BATCH_NS = 1e6;
/** Most samples of the data that are timed. */
export const SAMPLES = 8;
const ROUNDS = { least: 5, most: 48 };
const WARM_UP = { most: 4, ms: 50 };

/** Rounds to throw away at the start of a launch: clock, caches and branch predictors have settled then. */
export const warmUpRounds = (roundMs: number): number =>
  Math.max(1, Math.min(WARM_UP.most, Math.ceil(WARM_UP.ms / roundMs)));

/**
 * Rounds of a launch, of which the budget pays for as many as there may be looks at; as many for each sample if there are
 * at least two for each.
 *
 * @param samples of the data
 */
export function iterationsOf(roundMs: number, budgetMs: number, samples: number): number {
  const affordable = Math.floor(budgetMs / LOOKS[LOOKS.length - 1] / roundMs) - warmUpRounds(roundMs);
  const rounds = Math.min(ROUNDS.most, Math.max(ROUNDS.least, affordable));
  return rounds < 2 * samples ? rounds : rounds - (rounds % samples);
}
