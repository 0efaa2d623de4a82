import type { Profile } from '../arithmetic/multiplier.ts';
import type { TensorData } from '../tensor/dtype.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OpAttrs, OpKind } from './attrs.ts';

/** What an operator's rules see: its attributes and the tensors it reads and writes (an absent operand is null). */
export interface OpView<K extends OpKind> {
  readonly kind: K;
  readonly attrs: OpAttrs[K];
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
}

/** What evaluation sees besides: the elements of the operands (constants' own data or computed ones). */
export interface EvalView<K extends OpKind> extends OpView<K> {
  readonly data: readonly (TensorData | null)[];
  readonly profile: Profile;
}

/** The rules of one operator kind. All functions are pure. */
export interface OpDefinition<K extends OpKind> {
  /** Least and most operands, and least and most results. */
  readonly arity: { readonly inputs: readonly [number, number]; readonly outputs: readonly [number, number] };
  /** Operands that may be absent although their count is required; those beyond the least count may be anyway. */
  readonly optional?: readonly number[];
  /**
   * Operands that are variables, which the operator reads and replaces: their new elements follow the results that
   * `evaluate` returns, in this order.
   */
  readonly state?: readonly number[];
  /**
   * The operator runs other graphs of the model or touches variables shared by them, for which `evaluate` sees too
   * little: the interpreter runs it (interpreter/control.ts). It is never folded or removed.
   */
  readonly control?: true;
  /** Results follow from the operands' shapes, whatever the elements are. */
  readonly fromShapes?: true;
  /**
   * Whether the operator is defined for these tensors: dtypes, ranks, shapes, quantization. Every reason why not, in
   * words fit for a message; empty when it is. Called before anything else looks at the node; may not throw.
   */
  check(op: OpView<K>): string[];
  /**
   * Shapes of the results from the operands' shapes (and constants' data). null in place of a shape that depends on
   * values only known when running. Called after `check` returned nothing.
   */
  shapes(op: OpView<K>): (Shape | null)[];
  /**
   * The largest shapes that results can have whose shapes depend on values; only the first extent may turn out smaller.
   * For operators where these follow from the operands' shapes.
   */
  bounds?(op: OpView<K>): Shape[];
  /** Operands whose values a build must know although no shape follows from them: an axis to go along. */
  readonly decisive?: readonly number[];
  /** Multiply-accumulates of one application; without it none: additions, tables and moves do not count. */
  macs?(op: OpView<K>): number;
  /**
   * Of an operator that computes with scales: what the text form calls its operands in Relay's `qnn.` attributes
   * (input_scale, kernel_zero_point …). Without it, the operator only moves or compares codes and keeps its plain name.
   */
  readonly operandNames?: readonly string[];
  /** TFLite's arithmetic: the elements of each result, allocated with the result's dtype; then those of `state`. */
  evaluate(op: EvalView<K>): TensorData[];
}

export type OpTable<Family> = { readonly [K in keyof Family & OpKind]: OpDefinition<K> };
