import type { Accuracy } from '../figures/accuracy.ts';
import { formatAgainst } from '../figures/format.ts';
import type { Latency } from '../figures/latency.ts';

/** What was measured for one model on one target. */
export interface Measurements {
  readonly accuracy: Accuracy;
  readonly latency: Latency | null;
  /** Why there is no latency, or why it proves nothing (an unfit machine); speed checks are then inconclusive. */
  readonly doubt: string | null;
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
}

/** Keeps sums of floats such as 100 · (0.6 − 0.59) from missing a threshold that they equal. */
export const TINY = 1e-9;

/**
 * @param what the sentence up to the figure
 * @param role what the limit is: `required`, `allowed`
 */
export function finding(
  passed: boolean,
  { measured, limit, unit }: { readonly measured: number; readonly limit: number; readonly unit: string },
  what: string,
  role: string,
): Finding {
  const [wanted, found] = formatAgainst(limit, [measured], unit);
  const reason = `${what} ${found}, ${wanted} ${role}`;
  return { status: passed ? 'pass' : 'fail', measured, threshold: limit, unit, reason };
}

/** A least value, held against a figure; inconclusive for the reason `otherwise` where there is none. */
export function atLeast(
  { measured, limit, unit }: { readonly measured: number | null; readonly limit: number; readonly unit: string },
  what: string,
  otherwise: string,
): Finding {
  if (measured === null) return inconclusive(limit, unit, otherwise);
  return finding(measured >= limit - TINY, { measured, limit, unit }, what, 'required');
}

export const inconclusive = (threshold: number, unit: string, reason: string): Finding => ({
  ...{ status: 'inconclusive', measured: null },
  ...{ threshold, unit, reason },
});
