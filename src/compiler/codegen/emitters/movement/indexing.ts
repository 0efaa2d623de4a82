import {
  gatherLoops,
  type IndexingFamily,
  oneHotLoops,
  sparseLoops,
  takeLoops,
} from '../../../../model/ops/indexing.ts';
import type { TupleLoops } from '../../../../model/ops/shared/indices.ts';
import { itemSize } from '../../../../model/tensor/dtype.ts';
import { elements } from '../../../../model/tensor/shape.ts';
import type { Tensor } from '../../../../model/tensor/tensor.ts';
import { SUFFIX } from '../../../emission/c.ts';
import type { Emission, EmitterTable } from '../../../emission/context.ts';
import { known } from '../known.ts';
import { fillWith } from '../loops/copies.ts';

/** A call of a kernel of indexing.h; the node returns its error. */
export const fallible = (
  setup: string,
  kernel: string,
  indices: Tensor,
  ...args: readonly (string | number)[]
): Emission => ({
  includes: ['indexing.h'],
  body: `${setup}const int status = ig_${kernel}_${SUFFIX[indices.dtype]}(${args.join(', ')});\nif (status != 0) return status;\n`,
  fallible: true,
});

/** The extents and byte strides of tuples as C arrays; C has no empty arrays. */
export function tupleTables({ extents, steps, inner }: TupleLoops, item: number): { setup: string; bytes: number } {
  const list = (values: readonly number[]): string => (values.length > 0 ? values.join(', ') : '0');
  const setup = `static const int32_t extents[] = {${list(extents)}};
static const int64_t steps[] = {${list(steps.map((s) => s * item))}};
`;
  return { setup, bytes: inner * item };
}

export const indexingEmitters: EmitterTable<IndexingFamily> = {
  take: (op, ctx) => {
    const { batch, outer, extent, indices, inner } = takeLoops(op);
    const bytes = inner * itemSize(op.outputs[0].dtype);
    const pointers = [ctx.input(0), ctx.input(1), ctx.output(0)];
    return fallible('', 'take', op.inputs[1]!, ...pointers, batch, outer, extent, indices, bytes);
  },
  gather_nd: (op, ctx) => {
    const loops = gatherLoops(op);
    const { setup, bytes } = tupleTables(loops, itemSize(op.outputs[0].dtype));
    const args = [ctx.input(0), ctx.input(1), ctx.output(0), loops.count, loops.depth, 'extents', 'steps', bytes];
    return fallible(setup, 'gather_nd', op.inputs[1]!, ...args);
  },
  sparse_to_dense: (op, ctx) => {
    const loops = known(sparseLoops(op), op);
    const { setup, bytes } = tupleTables(loops, itemSize(op.outputs[0].dtype));
    const fill = fillWith(0, elements(loops.extents), `*${ctx.input(3)}`, ctx);
    const step = op.inputs[2]!.shape.length === 0 ? 0 : bytes;
    const pointers = [ctx.input(0), ctx.input(2), ctx.output(0)];
    const args = [...pointers, loops.count, loops.depth, 'extents', 'steps', bytes, step];
    return fallible(setup + fill, 'place', op.inputs[0]!, ...args);
  },
  reverse_sequence: (op, ctx) => {
    const { shape } = op.inputs[0]!;
    const { seqAxis, batchAxis } = op.attrs;
    const [a, b] = [seqAxis, batchAxis].sort((x, y) => x - y);
    const [outer, mid, inner] = [shape.slice(0, a), shape.slice(a + 1, b), shape.slice(b + 1)].map(elements);
    const pointers = [ctx.input(0), ctx.input(1), ctx.output(0)];
    const bytes = inner * itemSize(op.outputs[0].dtype);
    const args = [...pointers, outer, shape[a], mid, shape[b], bytes, seqAxis < batchAxis ? 1 : 0];
    return fallible('', 'reverse_sequence', op.inputs[1]!, ...args);
  },
  one_hot: (op, ctx) => {
    const { outer, depth, inner } = known(oneHotLoops(op), op);
    const body = `${fillWith(0, outer * depth * inner, `*${ctx.input(3)}`, ctx)}for (size_t o = 0; o < ${outer}; o++)
  for (size_t n = 0; n < ${inner}; n++) {
    const int64_t hot = ${ctx.input(0)}[o * ${inner} + n];
    if (hot >= 0 && hot < ${depth}) ${ctx.output(0)}[(o * ${depth} + (size_t)hot) * ${inner} + n] = *${ctx.input(2)};
  }
`;
    return { includes: [], body };
  },
};
