import type { Accuracy } from '../figures/accuracy.ts';
import type { Latency } from '../figures/latency.ts';
import type { Regression } from '../figures/regression.ts';

/** What was measured for one model on one target. */
export interface Measurements {
  readonly accuracy: Accuracy;
  readonly latency: Latency | null;
  /** Why there is no latency, or why its intervals are so wide (an unfit machine): said where a check is inconclusive. */
  readonly doubt: string | null;
  /** How far beyond its limit, as a share of it, a time has to be for sure to fail; each threshold's own when absent. */
  readonly tolerance?: number;
  /** What was compared with the baseline, where there is one that had the model. */
  readonly regression?: Regression | null;
}

/** How a limit was met. */
export interface Finding {
  readonly status: 'pass' | 'fail' | 'inconclusive';
  readonly measured: number | null;
  readonly threshold: number;
  /** Of `measured` and `threshold`. */
  readonly unit: string;
  /** A sentence for people. */
  readonly reason: string;
  /** Why another set of samples might well have decided otherwise; a part of the reason. */
  readonly narrow?: string;
}

/** Keeps sums of floats such as 100 · (0.6 − 0.59) from missing a threshold that they equal. */
export const TINY = 1e-9;

export const inconclusive = (threshold: number, unit: string, reason: string): Finding => ({
  ...{ status: 'inconclusive', measured: null },
  ...{ threshold, unit, reason },
});
