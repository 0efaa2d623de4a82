import type { OpView } from '../../../../model/ops/definition.ts';
import {
  emptySegment,
  type SegmentFamily,
  type SegmentKind,
  segmentCount,
  segmentLoops,
} from '../../../../model/ops/segments.ts';
import { isFloat } from '../../../../model/tensor/dtype.ts';
import { cFloat, cInt } from '../../../emission/c.ts';
import type { Emission, EmitContext, Emitter, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';

const FOLDS: Readonly<Record<SegmentKind, string>> = {
  segment_sum: 'sum',
  unsorted_segment_sum: 'sum',
  unsorted_segment_prod: 'prod',
  unsorted_segment_max: 'max',
  unsorted_segment_min: 'min',
};

/** A call of a kernel of segments.h for `count` results, a C expression; `before`: statements ahead of it. */
function fold(op: OpView<SegmentKind>, ctx: EmitContext, count: string | number, before = ''): Emission {
  const { rows, inner } = segmentLoops(op);
  const float = isFloat(op.outputs[0].dtype);
  const empty = emptySegment(op.kind, float);
  const pointers = [ctx.input(0), ctx.input(1), ctx.output(0)];
  const args = [...pointers, rows, inner, count, float ? cFloat(empty) : cInt(empty)];
  const call = `ig_segment_${FOLDS[op.kind]}_${float ? 'f32' : 's32'}(${args.join(', ')})`;
  return {
    includes: ['segments.h'],
    body: `${before}const int status = ${call};\nif (status != 0) return status;\n`,
    fallible: true,
  };
}

const unsorted = (op: OpView<SegmentKind>, ctx: EmitContext): Emission => fold(op, ctx, known(segmentCount(op), op));

/** The number of results is data, unless the ids are constant. */
const sorted: Emitter<'segment_sum'> = (op, ctx) => {
  const count = segmentCount(op);
  if (count !== null) return fold(op, ctx, count);
  const counted = `const int32_t count = ig_segment_count(${ctx.input(1)}, ${segmentLoops(op).rows});
if (count < 0) return INT8_GATE_INDEX_OUT_OF_RANGE;
*${ctx.extent(0)} = count;
`;
  return fold(op, ctx, 'count', counted);
};

export const segmentEmitters: EmitterTable<SegmentFamily> = {
  segment_sum: sorted,
  unsorted_segment_sum: unsorted,
  unsorted_segment_prod: unsorted,
  unsorted_segment_max: unsorted,
  unsorted_segment_min: unsorted,
};
