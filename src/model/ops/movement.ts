import { isQuantizable, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, showShape, strides } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import {
  defineOp,
  firstProblems,
  integers,
  isIndexVector,
  operand,
  type Problem,
  parameters,
  resolveAxis,
  sameDtype,
  sameParameters,
} from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';
import { planDiagonal, planSetDiagonal } from './movement/diagonal.ts';
import { planMirrorPad } from './movement/mirror_pad.ts';
import { planPadV2 } from './movement/pad.ts';
import { planBroadcast, planTile } from './movement/repeat.ts';
import { batchToSpace, depthToSpace, spaceToBatch, spaceToDepth } from './movement/space_batch.ts';
import { planSplit, planUnstack } from './movement/split.ts';
import { intoWhole, type MovementPlan, runCopies, whole } from './shared/strided_copy.ts';

/**
 * Operators that only move elements: lists of strided copies, known as soon as the operands that say where to are.
 */
export interface MovementFamily {
  /** data, begin, size (−1: to the end). */
  slice: NoAttrs;
  /** axis, data. Equal parts. */
  split: { readonly parts: number };
  /** data, sizes (one may be −1: the rest), axis. */
  split_v: { readonly parts: number };
  /** TFLite UNPACK. */
  unstack: { readonly axis: number; readonly parts: number };
  /** data, multiples. */
  tile: NoAttrs;
  /** data, shape. */
  broadcast_to: NoAttrs;
  /** data, axis. */
  expand_dims: NoAttrs;
  /** data, axes. TFLite REVERSE_V2. */
  reverse: NoAttrs;
  /** data, block shape, paddings. Pads with the zero point. */
  'nn.space_to_batch_nd': NoAttrs;
  /** data, block shape, crops. */
  'nn.batch_to_space_nd': NoAttrs;
  'nn.space_to_depth': { readonly blockSize: number };
  'nn.depth_to_space': { readonly blockSize: number };
  /** data, paddings. `reflect` leaves the edge element out, `symmetric` repeats it. */
  'nn.mirror_pad': { readonly mode: 'REFLECT' | 'SYMMETRIC' };
  /** data, paddings, the value to pad with. TFLite PADV2. */
  'nn.pad_v2': NoAttrs;
  /** Zeros in place of data. */
  zeros_like: NoAttrs;
  /** data, whose last dimension becomes a diagonal among zeros. */
  matrix_diag: NoAttrs;
  /** data, diagonal. */
  matrix_set_diag: NoAttrs;
  /** A sparse constant, which the importer has expanded, as a dense tensor. */
  densify: NoAttrs;
}
declare module './attrs.ts' {
  interface OpAttrs extends MovementFamily {}
}

export type MovementKind = keyof MovementFamily;
/** Words when the operator cannot be; null while an operand that decides it is unknown. */
type Planned = MovementPlan | string | null;

const planners: { readonly [K in MovementKind]: (op: OpView<K>) => Planned } = {
  slice: (op) => {
    const data = op.inputs[0]!;
    const begin = integers(op.inputs[1]);
    const size = integers(op.inputs[2]);
    if (!begin || !size) return null;
    const rank = data.shape.length;
    if (begin.length !== rank || size.length !== rank) return `begin and size need ${rank} entries`;
    const shape = size.map((n, i) => (n === -1 ? data.shape[i] - begin[i] : n));
    const outside = shape.findIndex((n, i) => begin[i] < 0 || n < 0 || begin[i] + n > data.shape[i]);
    if (outside >= 0) return `the slice leaves dimension ${outside} of ${showShape(data.shape)}`;
    const step = strides(data.shape);
    const offset = begin.reduce((sum, b, i) => sum + b * step[i], 0);
    return whole([shape], [intoWhole(shape, offset, step)]);
  },

  split: (op) => {
    const axis = integers(op.inputs[0]);
    return axis && planSplit(op, 1, axis, null);
  },
  split_v: (op) => {
    const axis = integers(op.inputs[2]);
    const sizes = integers(op.inputs[1]);
    return axis && sizes && planSplit(op, 0, axis, sizes);
  },

  unstack: planUnstack,

  tile: planTile,

  broadcast_to: planBroadcast,

  expand_dims: (op) => {
    const data = op.inputs[0]!;
    const at = integers(op.inputs[1]);
    if (!at) return null;
    if (at.length !== 1) return `the axis has ${at.length} values`;
    const axis = resolveAxis(at[0], data.shape.length + 1);
    if (axis === null) return `axis ${at[0]} is outside ${showShape(data.shape)}`;
    const n = [elements(data.shape)];
    return whole([data.shape.toSpliced(axis, 0, 1)], [intoWhole(n, 0, [1])]);
  },

  reverse: (op) => {
    const data = op.inputs[0]!;
    const given = integers(op.inputs[1]);
    if (!given) return null;
    const axes = given.map((a) => resolveAxis(a, data.shape.length));
    if (axes.includes(null)) return `axes ${showShape(given)} are outside ${showShape(data.shape)}`;
    const step = strides(data.shape);
    let offset = 0;
    for (const a of new Set(axes)) {
      offset += (data.shape[a!] - 1) * step[a!];
      step[a!] = -step[a!];
    }
    return whole([data.shape], [intoWhole(data.shape, offset, step)]);
  },

  'nn.space_to_batch_nd': spaceToBatch,
  'nn.batch_to_space_nd': batchToSpace,
  'nn.space_to_depth': spaceToDepth,
  'nn.depth_to_space': depthToSpace,

  'nn.mirror_pad': planMirrorPad,

  'nn.pad_v2': planPadV2,

  zeros_like: (op) => whole([operand(op, 0).shape], [], zeroOf(op)),

  matrix_diag: planDiagonal,

  matrix_set_diag: planSetDiagonal,

  densify: (op) => {
    const { shape } = operand(op, 0);
    return whole([shape], [intoWhole([elements(shape)], 0, [1])]);
  },
};

/** What stands for zero in the result. */
const zeroOf = ({ outputs: [out] }: OpView<MovementKind>): number =>
  isQuantizable(out.dtype) ? (out.quantization?.zeroPoints[0] ?? 0) : 0;

const planOf = <K extends MovementKind>(op: OpView<K>): Planned =>
  (planners[op.kind] as (op: OpView<K>) => Planned)(op);

/** The copies of an operator whose deciding operands are known, or null where they are not. */
export function planMovement<K extends MovementKind>(op: OpView<K>): MovementPlan | null {
  const plan = planOf(op);
  return typeof plan === 'string' ? null : plan;
}

/** The shape of a slice whose size is known but not where it begins; null where even that is not known. */
export function sliceShape(op: OpView<MovementKind>): Shape | null {
  const size = op.kind === 'slice' ? integers(op.inputs[2]) : null;
  const { shape } = operand(op, 0);
  const fits = size?.length === shape.length && size.every((n, d) => n >= 0 && n <= shape[d]);
  return fits ? size : null;
}

/** Where TFLite asks for equal parameters. Source: the kernels' Prepare functions. */
const KEEPS_PARAMETERS: readonly MovementKind[] = [
  'unstack',
  'expand_dims',
  'nn.space_to_batch_nd',
  'nn.batch_to_space_nd',
  'nn.mirror_pad',
];

/**
 * The value to pad with has the result's parameters: where it has not, TFLite gives up and leaves the result unwritten.
 * Signed data that are not quantized count as plain integers. Source: EvalInt (pad.cc).
 */
function padValueFits({ kind, inputs: [data, , value], outputs: [out] }: OpView<MovementKind>): Problem {
  const plain = !isQuantizable(out.dtype) || (out.dtype !== 'uint8' && data!.quantization === null);
  if (kind !== 'nn.pad_v2' || plain) return null;
  const [a, b] = [parameters(value!), parameters(out)];
  const fits = a.scale === b.scale && a.zeroPoint === b.zeroPoint;
  return !fits && 'value and output must have the same scale and zero point: TFLite pads with no other value';
}

/** Which operand the moved elements are; the others say where to, apart from a value to pad with. */
const dataAt = (kind: MovementKind): number => (kind === 'split' ? 1 : 0);
const isValue = (kind: MovementKind, i: number): boolean =>
  i === dataAt(kind) || (kind === 'nn.pad_v2' && i === 2) || kind === 'matrix_set_diag';

function evaluate<K extends MovementKind>(op: EvalView<K>): TensorData[] {
  const known = { ...op, inputs: op.inputs.map((t, i) => t && { ...t, data: op.data[i] }) };
  const plan = planMovement(known)!;
  const results = op.outputs.map((t, i) => ({ dtype: t.dtype, shape: plan.shapes[i] }));
  return runCopies(plan.copies, op.data, results, op.kind === 'nn.pad_v2' ? op.data[2]![0] : plan.fill);
}

function define<K extends MovementKind>(inputs: number, outputs: readonly [number, number] = [1, 1]): OpDefinition<K> {
  return defineOp<K>({
    arity: { inputs: [inputs, inputs], outputs },
    check: (op) =>
      firstProblems(
        () =>
          op.inputs.flatMap((t, i) =>
            isValue(op.kind, i)
              ? op.outputs.flatMap((out) => [
                  sameDtype(t!, `input ${i}`, out, 'the output'),
                  KEEPS_PARAMETERS.includes(op.kind) && sameParameters(t!, out),
                ])
              : isIndexVector(t!, `input ${i}`, 2),
          ),
        () => [padValueFits(op)],
        () => {
          const plan = planOf(op);
          return [typeof plan === 'string' && plan];
        },
      ),
    shapes: (op) => [...(planMovement(op)?.shapes ?? op.outputs.map(() => sliceShape(op)))],
    evaluate,
  });
}

/** TFLite sets no limit; this keeps a hostile file from asking for millions of results. */
const MANY: readonly [number, number] = [1, 4096];

export const movementOps: OpTable<MovementFamily> = {
  slice: define(3),
  split: define(2, MANY),
  split_v: define(3, MANY),
  unstack: define(1, MANY),
  tile: define(2),
  broadcast_to: define(2),
  expand_dims: define(2),
  reverse: define(2),
  'nn.space_to_batch_nd': define(3),
  'nn.batch_to_space_nd': define(3),
  'nn.space_to_depth': define(1),
  'nn.depth_to_space': define(1),
  'nn.mirror_pad': define(2),
  'nn.pad_v2': define(3),
  zeros_like: define(1),
  matrix_diag: define(1),
  matrix_set_diag: define(2),
  densify: define(1),
};
