import type { Activation } from '../arithmetic/activation.ts';
import { clamp, roundAway } from '../arithmetic/rounding.ts';
import { allocate, type DType, isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { strides } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { NoAttrs } from './attrs.ts';
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
import { planConcatenate, planStack } from './shape/join.ts';
import { planReshape, planSqueeze } from './shape/reshape.ts';
import { planStridedSlice } from './shape/strided_slice.ts';
import { intoWhole, type MovementPlan, runCopies, type StridedCopy, whole } from './shared/strided_copy.ts';

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
  reshape: planReshape,
  squeeze: planSqueeze,
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
