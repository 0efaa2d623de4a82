import { allocate, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, sameShape, showShape } from '../tensor/shape.ts';
import type { NoAttrs } from './attrs.ts';
import { defineOp, dtypeIs, firstProblems, integers, operand, type Problem, rankIs, sameDtype } from './checks.ts';
import type { EvalView, OpDefinition, OpTable, OpView } from './definition.ts';

/** Operators that fold rows of data into the results that ids name. int32 sums and products wrap. */
export interface SegmentFamily {
  /** data, ids that begin with 0 and rise by at most 1. There are as many results as ids. */
  segment_sum: NoAttrs;
  /** data, ids for its first dimensions, number of results. A row with a negative id is left out. */
  unsorted_segment_sum: NoAttrs;
  unsorted_segment_prod: NoAttrs;
  unsorted_segment_max: NoAttrs;
  unsorted_segment_min: NoAttrs;
}
export type SegmentKind = keyof SegmentFamily;
declare module './attrs.ts' {
  interface OpAttrs extends SegmentFamily {}
}
type UnsortedKind = Exclude<SegmentKind, 'segment_sum'>;

const LARGEST = 3.4028234663852886e38;
/** What results that no row goes into are, and folding starts from. Source: unsorted_segment.cc. */
export const emptySegment = (kind: SegmentKind, float: boolean): number =>
  ({
    segment_sum: 0,
    unsorted_segment_sum: 0,
    unsorted_segment_prod: 1,
    unsorted_segment_max: float ? -LARGEST : -(2 ** 31),
    unsorted_segment_min: float ? LARGEST : 2 ** 31 - 1,
  })[kind];

type Fold = (so_far: number, x: number) => number;
// A NaN is neither larger nor smaller: such rows do not count.
const larger: Fold = (a, b) => (a < b ? b : a);
const smaller: Fold = (a, b) => (b < a ? b : a);
const foldOf = (kind: SegmentKind, float: boolean): Fold => {
  if (kind === 'unsorted_segment_max') return larger;
  if (kind === 'unsorted_segment_min') return smaller;
  if (kind === 'unsorted_segment_prod') return float ? (a, b) => a * b : Math.imul;
  return (a, b) => a + b;
};

/** Data [rows, inner], an id for each row. */
export interface SegmentLoops {
  readonly rows: number;
  readonly inner: number;
  /** The extents of a result's row. */
  readonly row: Shape;
}
export function segmentLoops(op: OpView<SegmentKind>): SegmentLoops {
  const { shape } = operand(op, 1);
  const row = operand(op, 0).shape.slice(shape.length);
  return { rows: elements(shape), inner: elements(row), row };
}

/** How many results there are; null while that is unknown. */
export function segmentCount(op: OpView<SegmentKind>): number | null {
  if (op.kind !== 'segment_sum') return integers(op.inputs[2])?.[0] ?? null;
  const ids = integers(op.inputs[1]);
  return ids && (ids.at(-1) ?? -1) + 1;
}

/** What is wrong with ids that are known. */
function badIds(op: OpView<SegmentKind>): Problem {
  const ids = integers(op.inputs[1]);
  if (ids === null) return null;
  if (op.kind === 'segment_sum') {
    const odd = ids.findIndex((id, i) => (i === 0 ? id !== 0 : id !== ids[i - 1] && id !== ids[i - 1] + 1));
    return odd >= 0 && `segment id ${ids[odd]} at ${odd}: ids begin with 0 and rise by at most 1`;
  }
  const count = segmentCount(op);
  const high = count === null ? undefined : ids.find((id) => id >= count);
  return high !== undefined && `segment id ${high} of ${count} segments`;
}

function check(op: OpView<SegmentKind>): string[] {
  const [data, ids] = [operand(op, 0), operand(op, 1)];
  const sorted = op.kind === 'segment_sum';
  const rank = ids.shape.length;
  return firstProblems(
    () => [
      dtypeIs(data, 'the input', 'float32', 'int32'),
      dtypeIs(ids, 'the segment ids', 'int32'),
      sameDtype(data, 'the input', op.outputs[0], 'the output'),
      sorted && rankIs(ids, 'the segment ids', 1),
      rank === 0 && 'the segment ids are a scalar',
      !sameShape(ids.shape, data.shape.slice(0, rank)) &&
        `segment ids ${showShape(ids.shape)} for data ${showShape(data.shape)}`,
      !sorted && dtypeIs(operand(op, 2), 'the number of segments', 'int32'),
      !sorted &&
        (operand(op, 2).shape.length > 1 || elements(operand(op, 2).shape) !== 1) &&
        'the number of segments is not single',
    ],
    () => [(segmentCount(op) ?? 0) < 0 && `there are ${segmentCount(op)} segments`, badIds(op)],
  );
}

function evaluate(op: EvalView<SegmentKind>): TensorData[] {
  const { rows, inner } = segmentLoops(op);
  const [out] = op.outputs;
  const [data, ids] = op.data as [Float32Array, Int32Array];
  const float = out.dtype === 'float32';
  const fold = foldOf(op.kind, float);
  // Storing rounds floats and wraps integers.
  const result = allocate(out.dtype, elements(out.shape)) as Float32Array;
  result.fill(emptySegment(op.kind, float));
  for (let i = 0; i < rows; i++) {
    if (ids[i] < 0) continue;
    for (let j = 0, to = ids[i] * inner; j < inner; j++, to++) result[to] = fold(result[to], data[i * inner + j]);
  }
  return [result];
}

const segments = <K extends SegmentKind>(inputs: number, more: Partial<OpDefinition<K>> = {}): OpDefinition<K> =>
  defineOp<K>({
    arity: { inputs: [inputs, inputs], outputs: [1, 1] },
    check: (op) => check(op as OpView<SegmentKind>),
    shapes(op) {
      const count = segmentCount(op as OpView<SegmentKind>);
      return [count === null ? null : [count, ...segmentLoops(op as OpView<SegmentKind>).row]];
    },
    evaluate: (op) => evaluate(op as EvalView<SegmentKind>),
    ...more,
  });
const unsorted = <K extends UnsortedKind>(): OpDefinition<K> => segments<K>(3);

export const segmentOps: OpTable<SegmentFamily> = {
  // Ids that rise by at most 1 name at most as many results as there are rows.
  segment_sum: segments(2, { bounds: (op) => [[...operand(op, 0).shape]] }),
  unsorted_segment_sum: unsorted(),
  unsorted_segment_prod: unsorted(),
  unsorted_segment_max: unsorted(),
  unsorted_segment_min: unsorted(),
};
