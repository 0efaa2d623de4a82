import type { BucketFamily } from '../../../../model/ops/buckets.ts';
import { operand } from '../../../../model/ops/checks.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { EmitterTable } from '../../../emission/context.ts';

export const bucketEmitters: EmitterTable<BucketFamily> = {
  bucketize: (op, ctx) => {
    const { dtype, shape } = operand(op, 0);
    const { boundaries } = op.attrs;
    const table = ctx.constant(Float32Array.from(boundaries.length > 0 ? boundaries : [0]));
    const bucket = `ig_bucket_${SUFFIX[dtype]}(${ctx.input(0)}[i], ${table}, ${boundaries.length})`;
    return {
      includes: ['buckets.h'],
      body: `for (size_t i = 0; i < ${elements(shape)}; i++) ${ctx.output(0)}[i] = ${bucket};\n`,
    };
  },
  unique: (op, ctx) => {
    const { dtype, shape } = operand(op, 0);
    // A table that is at most half full.
    const bits = Math.max(1, Math.ceil(Math.log2(2 * shape[0])));
    const args = [ctx.input(0), shape[0], ctx.output(0), ctx.output(1), ctx.scratch(4 * 2 ** bits), bits];
    const name = `ig_unique_${SUFFIX[dtype]}_${SUFFIX[op.attrs.dtype]}`;
    return { includes: ['buckets.h'], body: `*${ctx.extent(0)} = ${name}(${args.join(', ')});\n` };
  },
};
