import { allocate, type DType, isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, showShape, strides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { clamp, roundAway } from './arithmetic.ts';
import type { Activation, NoAttrs } from './attrs.ts';
import {
  defineOp,
  dtypeIs,
  firstProblems,
  integers,
  isIndexVector,
  operand,
  type Problem,
  parameters,
  perTensorQuantized,
  resolveAxis,
  sameDtype,
  sameParameters,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { intoWhole, type MovementPlan, runCopies, type StridedCopy, whole } from './strided_copy.ts';
import { planStridedSlice } from './strided_slice.ts';

export interface ShapeFamily {
  /** data, optional new shape; `newShape` counts where the operand is absent or no vector. */
  reshape: { readonly newShape: readonly number[] | null };
  squeeze: { readonly axes: readonly number[] };
  /** The shape of a tensor as int32 or int64. TFLite SHAPE. */
  shape_of: { readonly dtype: DType };
  /** How many dimensions a tensor has, an int32 scalar. TFLite RANK. */
  rank_of: NoAttrs;
  strided_slice: {
    readonly beginMask: number;
    readonly endMask: number;
    readonly ellipsisMask: number;
    readonly newAxisMask: number;
    readonly shrinkAxisMask: number;
    readonly offset: boolean;
  };
  /** TFLite PACK. */
  stack: { readonly axis: number };
  concatenate: { readonly axis: number; readonly activation: Activation };
  /** data, paddings [rank, 2]. Pads with the output's zero point. TFLite PAD. */
  'nn.pad': NoAttrs;
  transpose: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends ShapeFamily {}
}

/** Kinds that move elements; the others look at shapes alone. */
export type ShapeMovingKind = Exclude<keyof ShapeFamily, 'shape_of' | 'rank_of'>;

/** `shape` with its one −1 worked out, or why it does not hold `count` elements. */
function fillIn(shape: readonly number[], count: number): number[] | string {
  const stretch = shape.indexOf(-1);
  if (shape.some((d, i) => (d < 0 && d !== -1) || (d === -1 && i !== stretch)))
    return `the new shape is ${showShape(shape)}`;
  const known = elements(shape.filter((d) => d !== -1));
  const rest = known === 0 ? 0 : count / known;
  const filled = shape.map((d) => (d === -1 ? rest : d));
  return elements(filled) === count && filled.every(Number.isInteger)
    ? filled
    : `${count} elements do not fit the new shape ${showShape(shape)}`;
}

/** Whether TFLite reads the new shape off this operand: 64-bit vectors it does not, where the options have a shape. */
const isNewShape = (t: Tensor | null | undefined, option: readonly number[] | null): t is Tensor =>
  t?.shape.length === 1 && (t.dtype === 'int32' || (t.dtype === 'int64' && option === null));

/**
 * The shape asked for; null while it is unknown. In the options none at all is a scalar's, and so is [0], as early
 * converters wrote it. Source: GetOutputShape (reshape.cc).
 */
function newShapeOf({ inputs: [, operand], attrs: { newShape } }: OpView<'reshape'>): readonly number[] | null {
  if (isNewShape(operand, newShape)) return integers(operand);
  return newShape?.length === 1 && newShape[0] === 0 ? [] : (newShape ?? []);
}

const flatCopy = (from: Shape, to: Shape): MovementPlan => whole([to], [intoWhole([elements(from)], 0, [1])]);

function planConcatenate(inputs: readonly Tensor[], axis: number): MovementPlan | string {
  const first = inputs[0].shape;
  const at = resolveAxis(axis, first.length);
  if (at === null) return `axis ${axis} of ${first.length} dimensions`;
  const odd = inputs.find((t) => t.shape.length !== first.length || t.shape.some((d, k) => k !== at && d !== first[k]));
  if (odd) return `[${first}] and [${odd.shape}] do not join along dimension ${at}`;
  const shape = first.with(
    at,
    inputs.reduce((sum, t) => sum + t.shape[at], 0),
  );
  const dst = strides(shape);
  let done = 0;
  const copies = inputs.map((t, from): StridedCopy => {
    const dstOffset = done * dst[at];
    done += t.shape[at];
    return { from, to: 0, extents: t.shape, srcOffset: 0, srcStrides: strides(t.shape), dstOffset, dstStrides: dst };
  });
  return whole([shape], copies);
}

function planStack(inputs: readonly Tensor[], axis: number): MovementPlan | string {
  const { shape } = inputs[0];
  const at = resolveAxis(axis, shape.length + 1);
  if (at === null) return `axis ${axis} of ${shape.length + 1} dimensions`;
  const slices = inputs.map((t) => ({ ...t, shape: t.shape.toSpliced(at, 0, 1) }));
  return planConcatenate(slices, at);
}

/** The output's zero point; but signed data that are not quantized count as plain integers. Source: Eval (pad.cc). */
function paddedWith(data: Tensor, output: Tensor): number {
  const plain = !isQuantizable(output.dtype) || output.quantization === null;
  return plain || (data.dtype !== 'uint8' && data.quantization === null) ? 0 : parameters(output).zeroPoint;
}

function planPad(op: OpView<'nn.pad'>): MovementPlan | string | null {
  const { shape } = operand(op, 0);
  const pads = integers(op.inputs[1]);
  if (pads === null) return null;
  if (pads.length !== 2 * shape.length) return `${pads.length} paddings for ${shape.length} dimensions`;
  if (pads.some((p) => p < 0)) return 'a padding is negative';
  const out = shape.map((d, k) => pads[2 * k] + d + pads[2 * k + 1]);
  const dst = strides(out);
  const copy: StridedCopy = {
    from: 0,
    to: 0,
    extents: shape,
    srcOffset: 0,
    srcStrides: strides(shape),
    dstOffset: dst.reduce((sum, s, k) => sum + s * pads[2 * k], 0),
    dstStrides: dst,
  };
  return whole([out], [copy], paddedWith(operand(op, 0), op.outputs[0]));
}

function planTranspose(op: OpView<'transpose'>): MovementPlan | string | null {
  const { shape } = operand(op, 0);
  const given = integers(op.inputs[1]);
  if (given === null) return null;
  const order = given.map((a) => resolveAxis(a, shape.length));
  if (order.length !== shape.length || new Set(order).size !== order.length || order.includes(null)) {
    return `[${given}] is not a permutation of ${shape.length} dimensions`;
  }
  const own = strides(shape);
  const out = order.map((a) => shape[a!]);
  return whole(
    [out],
    [
      intoWhole(
        out,
        0,
        order.map((a) => own[a!]),
      ),
    ],
  );
}

type Planners = { readonly [K in ShapeMovingKind]: (op: OpView<K>) => MovementPlan | string | null };

/**
 * What each operator copies; words when it cannot; null while an operand that decides it is unknown. An 8-bit
 * concatenation of tensors with different scales also rescales, see `rescalesInput`.
 */
const planners: Planners = {
  reshape: (op) => {
    const { shape } = operand(op, 0);
    const asked = newShapeOf(op);
    const filled = asked && fillIn(asked, elements(shape));
    if (filled === null) return null;
    return typeof filled === 'string' ? filled : flatCopy(shape, filled);
  },
  squeeze: (op) => {
    const { shape } = operand(op, 0);
    const axes = op.attrs.axes.map((a) => resolveAxis(a, shape.length));
    const bad = op.attrs.axes.find((_, i) => axes[i] === null || shape[axes[i]!] !== 1);
    if (bad !== undefined) return `dimension ${bad} of ${showShape(shape)} cannot be dropped`;
    const dropped = (d: number) => (axes.length === 0 ? shape[d] === 1 : axes.includes(d));
    return flatCopy(
      shape,
      shape.filter((_, d) => !dropped(d)),
    );
  },
  strided_slice: planStridedSlice,
  stack: (op) => planStack(op.inputs as readonly Tensor[], op.attrs.axis),
  concatenate: (op) => planConcatenate(op.inputs as readonly Tensor[], op.attrs.axis),
  'nn.pad': planPad,
  transpose: planTranspose,
};

/** The copies of an operator whose deciding operands are constants, or null where they are not. */
export function planShape<K extends ShapeMovingKind>(kind: K, op: OpView<K>): MovementPlan | null {
  const plan = (planners[kind] as (op: OpView<K>) => MovementPlan | string | null)(op);
  return typeof plan === 'string' ? null : plan;
}

/** How an input of a uint8 concatenation is brought to the output's scale; null where it has it already. */
export interface Rescaling {
  readonly scale: number;
  readonly bias: number;
}

/** Source: ConcatenationWithScaling (reference/concatenation.h); float32 throughout. */
export function rescalesInput(input: Tensor, output: Tensor): Rescaling | null {
  if (output.dtype !== 'uint8' || output.quantization === null) return null;
  const [from, to] = [parameters(input), parameters(output)];
  if (from.scale === to.scale && from.zeroPoint === to.zeroPoint) return null;
  const scale = Math.fround(from.scale * Math.fround(1 / to.scale));
  return { scale, bias: Math.fround(-from.zeroPoint * scale) };
}

function rescaled(data: Uint8Array, r: Rescaling, zeroPoint: number): TensorData {
  return Uint8Array.from(data, (x) =>
    clamp(roundAway(Math.fround(Math.fround(x * r.scale) + r.bias)) + zeroPoint, 0, 255),
  );
}

function evaluate<K extends ShapeMovingKind>(kind: K, op: EvalView<K>): TensorData[] {
  const known = { ...op, inputs: op.inputs.map((t, i) => t && { ...t, data: op.data[i] }) };
  const plan = planShape(kind, known)!;
  const output = op.outputs[0];
  const data = op.data.map((d, i) => {
    const r = kind === 'concatenate' ? rescalesInput(operand(op, i), output) : null;
    return r === null ? d : rescaled(d as Uint8Array, r, parameters(output).zeroPoint);
  });
  return runCopies(plan.copies, data, [{ dtype: output.dtype, shape: plan.shapes[0] }], plan.fill);
}

function moving<K extends ShapeMovingKind>(
  kind: K,
  inputs: readonly [number, number],
  own: (op: OpView<K>) => readonly Problem[],
): OpDefinition<K> {
  return defineOp<K>({
    arity: { inputs, outputs: [1, 1] },
    check: (op) =>
      firstProblems(
        () => [sameDtype(operand(op, 0), 'the input', op.outputs[0], 'the output'), ...own(op)],
        () => {
          const plan = (planners[kind] as (op: OpView<K>) => MovementPlan | string | null)(op);
          return [typeof plan === 'string' && plan];
        },
      ),
    shapes: (op) => [planShape(kind, op)?.shapes[0] ?? null],
    evaluate: (op) => evaluate(kind, op),
  });
}

const MANY: readonly [number, number] = [1, 4096];

/** Inputs of a join: all there, of one type; with the output's parameters but for concatenations of other types than int8. */
const joinable = (op: OpView<'stack' | 'concatenate'>): Problem[] =>
  op.inputs.flatMap((t, i) =>
    t === null
      ? [`input ${i} is missing`]
      : [
          sameDtype(t, `input ${i}`, op.outputs[0], 'the output'),
          (op.kind === 'stack' || t.dtype === 'int8') && sameParameters(t, op.outputs[0]),
        ],
  );

/** The tensors of a uint8 concatenation have scales all of them, or none. */
const rescalable = (tensors: readonly (Tensor | null)[]): Problem[] =>
  tensors.at(-1)!.dtype === 'uint8' && tensors.some((t) => t?.quantization)
    ? tensors.map((t, i) => t !== null && perTensorQuantized(t, `tensor ${i}`))
    : [];

export const shapeOps: OpTable<ShapeFamily> = {
  reshape: moving('reshape', [1, 2], () => []),
  squeeze: moving('squeeze', [1, 1], () => []),
  shape_of: defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    fromShapes: true,
    check: (op) => [dtypeIs(op.outputs[0], 'the output', 'int32', 'int64')].filter((p) => typeof p === 'string'),
    shapes: (op) => [[operand(op, 0).shape.length]],
    evaluate: (op): TensorData[] => {
      const { shape } = operand(op, 0);
      const out = allocate(op.outputs[0].dtype, shape.length);
      for (let d = 0; d < shape.length; d++) out[d] = out instanceof BigInt64Array ? BigInt(shape[d]) : shape[d];
      return [out];
    },
  }),
  rank_of: defineOp({
    arity: { inputs: [1, 1], outputs: [1, 1] },
    fromShapes: true,
    check: (op) => [dtypeIs(op.outputs[0], 'the output', 'int32')].filter((p) => typeof p === 'string'),
    shapes: () => [[]],
    evaluate: (op): TensorData[] => [Int32Array.of(operand(op, 0).shape.length)],
  }),
  strided_slice: moving('strided_slice', [4, 4], (op) =>
    ['begin', 'end', 'the strides'].flatMap((what, i) => isIndexVector(operand(op, i + 1), what)),
  ),
  stack: moving('stack', MANY, joinable),
  concatenate: {
    ...moving('concatenate', MANY, (op) => [
      op.attrs.activation !== 'NONE' && `the fused activation ${op.attrs.activation} is not defined here`,
      ...joinable(op),
      ...rescalable([...op.inputs, op.outputs[0]]),
    ]),
    operandNames: [],
  },
  'nn.pad': moving('nn.pad', [2, 2], (op) => [...isIndexVector(operand(op, 1), 'the paddings', 2)]),
  transpose: moving('transpose', [2, 2], (op) => isIndexVector(operand(op, 1), 'the permutation')),
};
