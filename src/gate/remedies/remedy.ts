import type { Gain } from './accuracy.ts';
import type { Cost } from './speed.ts';
import type { Change } from './variants.ts';

/** A change that was tried: what it gains, and what it costs. */
export interface Remedy extends Change, Gain {
  /** How messages name the layer. */
  readonly operator: string;
  /** Of the gain. */
  readonly unit: string;
  /** null where speed was not measured. */
  readonly latency: Cost | null;
  /** Share by which an inference takes longer than INT8's: 0.02 is 2 %. */
  readonly slowerBy: number | null;
  readonly sentence: string;
}
