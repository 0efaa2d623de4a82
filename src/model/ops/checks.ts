/** Shared parts of the operators' checks: each returns problems in words, an empty list when there are none. */

import type { Activation } from '../arithmetic/activation.ts';
import { type DType, integerRange, isFloat, isQuantizable, isReal } from '../tensor/dtype.ts';
import { elements, type Shape, showShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { OpKind } from './attrs.ts';
import type { EvalView, OpDefinition, OpView } from './definition.ts';

/** More elements than any tensor of a model may have; keeps index arithmetic far from 2^53. */
export const MAX_ELEMENTS = 2 ** 31 - 1;
/** TFLite's own kernels stop at 6 or 8 dimensions. */
export const MAX_RANK = 8;

export type Problem = string | false | null | undefined;

/** The problems of the first group that has any. A later group may rely on what the earlier ones established. */
export function firstProblems(...groups: readonly (() => readonly Problem[])[]): string[] {
  for (const group of groups) {
    const found = group().filter((p): p is string => typeof p === 'string');
    if (found.length > 0) return found;
  }
  return [];
}

export const oneOf = <T>(value: T, allowed: readonly T[], what: string): Problem =>
  !allowed.includes(value) && `${what} is ${value}, not ${allowed.join(' or ')}`;

export const dtypeIs = (t: Tensor, what: string, ...allowed: readonly DType[]): Problem =>
  oneOf(t.dtype, allowed, `the type of ${what}`);

export const rankIs = (t: Tensor, what: string, rank: number): Problem =>
  t.shape.length !== rank && `${what} has ${t.shape.length} dimensions, not ${rank}`;

export const sameDtype = (a: Tensor, whatA: string, b: Tensor, whatB: string): Problem =>
  a.dtype !== b.dtype && `${whatA} is ${a.dtype} but ${whatB} is ${b.dtype}`;

export const positive = (values: readonly number[], what: string): Problem =>
  values.some((v) => !Number.isInteger(v) || v < 1 || v > MAX_ELEMENTS) &&
  `${what} is ${values.join(' × ')}, must be at least 1`;

/** Only activations that clamp; TFLite ignores the others on most operators, which is no meaning to rely on. */
export const clampingActivation = (activation: Activation): Problem =>
  (activation === 'TANH' || activation === 'SIGN_BIT') && `the fused activation ${activation} is not defined here`;

/** Scales are positive, finite float32 values and zero points lie in the type's range. */
function soundQuantization(t: Tensor, what: string): Problem {
  const q = t.quantization;
  if (isFloat(t.dtype) || !isReal(t.dtype)) return `${what} is ${t.dtype}, not quantized`;
  if (q === null) return `the quantization of ${what} is missing`;
  if (q.scales.length === 0 || q.scales.length !== q.zeroPoints.length) {
    return `${what} has ${q.scales.length} scales and ${q.zeroPoints.length} zero points`;
  }
  const scale = q.scales.find((s) => !(s > 0 && s < Number.POSITIVE_INFINITY));
  if (scale !== undefined) return `${what} has the scale ${scale}, must be positive and finite`;
  const [lo, hi] = integerRange(t.dtype);
  const zero = q.zeroPoints.find((z) => !(Number.isInteger(z) && z >= lo && z <= hi));
  return zero !== undefined && `${what} has the zero point ${zero}, outside of ${t.dtype}`;
}

/** One scale and one zero point; for int16, which TFLite computes symmetrically, a zero point of 0. */
export function perTensorQuantized(t: Tensor, what: string): Problem {
  const unsound = soundQuantization(t, what);
  if (unsound) return unsound;
  if (t.quantization!.scales.length > 1) return `${what} is quantized per axis, must be per tensor`;
  return (
    t.dtype === 'int16' && t.quantization!.zeroPoints[0] !== 0 && `${what} is int16 with a zero point other than 0`
  );
}

/** An integer tensor that the file gives no scale. */
export const isBare = (t: Tensor): boolean => isQuantizable(t.dtype) && t.quantization === null;

/** As `perTensorQuantized`, for kernels that also run on tensors without quantization; see `parameters`. */
export const perTensorOrBare = (t: Tensor, what: string): Problem => (isBare(t) ? null : perTensorQuantized(t, what));

/** One scale, or one for each slice along dimension `axis`. */
export function weightsQuantized(t: Tensor, what: string, axis: number): Problem {
  const unsound = soundQuantization(t, what);
  if (unsound) return unsound;
  const q = t.quantization!;
  if (q.scales.length === 1) return null;
  if (q.axis !== axis) return `${what} is quantized along dimension ${q.axis}, must be ${axis}`;
  return q.scales.length !== t.shape[axis] && `${what} has ${q.scales.length} scales for ${t.shape[axis]} channels`;
}

/**
 * The kernels of some operators that move codes ask for equal parameters on both sides; those of the others copy codes
 * whatever the parameters are.
 */
export const sameParameters = (a: Tensor, b: Tensor): Problem =>
  isQuantizable(a.dtype) &&
  a.quantization !== null &&
  b.quantization !== null &&
  (a.quantization.scales[0] !== b.quantization.scales[0] ||
    a.quantization.zeroPoints[0] !== b.quantization.zeroPoints[0]) &&
  'input and output must have the same scale and zero point';

/** A bias: one value a channel, of the type that the operands call for. Absent is fine. */
export function biasFits(bias: Tensor | null, channels: number, ...allowed: readonly DType[]): Problem {
  if (bias === null) return null;
  if (elements(bias.shape) !== channels) return `the bias has ${elements(bias.shape)} values for ${channels} channels`;
  return dtypeIs(bias, 'the bias', ...allowed);
}

/** Axis counted from the front, or null when it lies outside. */
export function resolveAxis(axis: number, rank: number): number | null {
  const a = axis < 0 ? axis + rank : axis;
  return Number.isInteger(a) && a >= 0 && a < rank ? a : null;
}

/** The values of a small integer operand (axes, shapes, paddings), or null while they are not known. */
export function integers(t: Tensor | null | undefined): number[] | null {
  if (!t?.data) return null;
  return Array.from(t.data as ArrayLike<number | bigint>, Number);
}

/** An index operand: int32 or int64, at most one dimension (`rank` where it must be another). */
export const isIndexVector = (t: Tensor, what: string, rank = 1): readonly Problem[] => [
  dtypeIs(t, what, 'int32', 'int64'),
  t.shape.length > rank && `${what} has ${t.shape.length} dimensions, at most ${rank}`,
];

/** Results that no tensor can hold; whether they agree with the declared shapes is the graph verifier's business. */
const impossibleShapes = (shapes: readonly (Shape | null)[]): Problem[] =>
  shapes.map((shape, i) => {
    if (shape === null) return null;
    const bad = shape.some((d) => !Number.isInteger(d) || d < 0) || elements(shape) > MAX_ELEMENTS;
    if (shape.length > MAX_RANK) return `output ${i} would have ${shape.length} dimensions, at most ${MAX_RANK}`;
    return bad && `output ${i} would have the shape ${showShape(shape)}`;
  });

/**
 * Completes an operator's rules: before its own check come the counts and presence of operands, sane ranks and sizes;
 * after it the size of the results.
 */
export function defineOp<K extends OpKind>(rules: OpDefinition<K>): OpDefinition<K> {
  const { inputs, outputs } = rules.arity;
  const count = (n: number, [lo, hi]: readonly [number, number], what: string): Problem =>
    (n < lo || n > hi) &&
    `it has ${n} ${n === 1 ? what.slice(0, -1) : what}, must have ${lo === hi ? lo : `${lo} to ${hi}`}`;
  return {
    ...rules,
    check: (op) =>
      firstProblems(
        () => [count(op.inputs.length, inputs, 'inputs'), count(op.outputs.length, outputs, 'outputs')],
        () =>
          op.inputs
            .slice(0, inputs[0])
            .map((t, i) => t === null && !rules.optional?.includes(i) && `input ${i} is missing`),
        () => [...op.inputs, ...op.outputs].map((t) => t !== null && saneTensor(t)),
        () => rules.check(op),
        () => impossibleShapes(rules.shapes(op)),
      ),
  };
}

function saneTensor(t: Tensor): Problem {
  if (t.shape.length > MAX_RANK) return `"${t.name}" has ${t.shape.length} dimensions, at most ${MAX_RANK}`;
  if (t.shape.some((d) => !Number.isInteger(d) || d < 0)) return `"${t.name}" has the shape ${showShape(t.shape)}`;
  return elements(t.shape) > MAX_ELEMENTS && `"${t.name}" has more than ${MAX_ELEMENTS} elements`;
}

/** Operand `i`, which `check` or the arity has shown to be there. */
export const operand = <K extends OpKind>(op: OpView<K>, i: number): Tensor => op.inputs[i]!;

/** Scale and zero point of a tensor quantized as a whole; of one without quantization 0 and 0, as TFLite has it. */
export function parameters({ quantization: q }: Tensor): { readonly scale: number; readonly zeroPoint: number } {
  return q === null ? { scale: 0, zeroPoint: 0 } : { scale: q.scales[0], zeroPoint: q.zeroPoints[0] };
}

/** The elements of operand `i` as the type the caller has checked. */
export const dataOf = <T>(op: EvalView<OpKind>, i: number): T => op.data[i] as T;
