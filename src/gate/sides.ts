import type { TensorData } from '../model/tensor/dtype.ts';

/**
 * Whose models a check runs on the same samples.
 *
 * * `int8`: the INT8 model under test
 * * `fp32`: what it was quantized from, or the dequantized twin
 * * `base`: the INT8 model of the baseline
 * * `reference`: the INT8 model in another runtime
 */
export type Side = 'int8' | 'fp32' | 'base' | 'reference';

/** One of something for each side that takes part. INT8 and FP32 always do. */
export type BySide<T> = { readonly [S in 'int8' | 'fp32']: T } & { readonly [S in Side]?: T };

/** The sides that take part, in the order of the object's keys. */
export const sidesOf = (of: BySide<unknown>): Side[] => Object.keys(of) as Side[];

export const valuesOf = <T>(of: BySide<T>): T[] => sidesOf(of).map((side) => of[side] as T);

/** `f` of each side's value. */
export const mapSides = <T, R>(of: BySide<T>, f: (value: T, side: Side) => R): BySide<R> =>
  Object.fromEntries(sidesOf(of).map((side) => [side, f(of[side] as T, side)])) as BySide<R>;

/** What each side is called. */
export const SIDE_NAMES: Readonly<Record<Side, string>> = {
  int8: 'INT8',
  fp32: 'FP32',
  base: 'INT8 of the baseline',
  reference: 'INT8 of the reference',
};

/** A sample, and what each side made of it. */
export interface SampleRun {
  /** Of the sample in the data set. */
  readonly index: number;
  /** Where each of the model's inputs was read: a path, or a path and the place in it. */
  readonly files: readonly string[];
  /** More than 1 where a record is cut into windows. */
  readonly inferences: number;
  /** Real values fed to the first input, the inferences one after another. */
  readonly real: Float32Array;
  /** What was fed: for each model input, its elements, the inferences one after another. */
  readonly inputs: BySide<readonly TensorData[]>;
  /** For each model output, its real (dequantized) values, the inferences one after another. */
  readonly outputs: BySide<readonly Float32Array[]>;
}

/** Follows a stream of samples, and says in the end what it found. */
export interface Subscriber<T> {
  add(sample: SampleRun): void;
  finish(): T;
}
