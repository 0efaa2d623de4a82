import { type Finding, TINY } from './finding.ts';

/** What a true figure may be, by one-sided bounds at the confidence of the rule. */
export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** A limit of the configuration. */
export interface Held {
  readonly value: number;
  /** Whether the true figure has to reach the limit or must not exceed it. */
  readonly sense: 'at-least' | 'at-most';
  /** How far beyond the limit, in its own unit, no figure fails yet: what a measurement is trusted to. */
  readonly tolerance?: number;
}

/**
 * `pass` where the bounds leave only figures within the limit, `fail` where they leave only figures beyond limit and
 * tolerance, else `inconclusive`. A point estimate (low = high, no tolerance) is never inconclusive. Pure.
 */
export function decide({ low, high }: Bounds, { value, sense, tolerance = 0 }: Held): Finding['status'] {
  if (sense === 'at-least') return decide({ low: -high, high: -low }, { value: -value, sense: 'at-most', tolerance });
  const slack = TINY * Math.max(1, Math.abs(value));
  if (high <= value + slack) return 'pass';
  return low > value + tolerance + slack ? 'fail' : 'inconclusive';
}
