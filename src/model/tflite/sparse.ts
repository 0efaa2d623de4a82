import { allocate, type DType, type TensorData } from '../tensor/dtype.ts';
import { elements, type Shape, strides } from '../tensor/shape.ts';
import type { TensorRecord } from './schema/model.ts';

type Sparsity = TensorRecord['sparsity'] & {};

/** One loop of the stored order: over all positions of a dimension, or over those that are listed for each parent. */
interface Level {
  /** What one step means in elements of the dense tensor. */
  readonly step: number;
  readonly extent: number;
  readonly listed: { readonly segments: readonly number[]; readonly indices: readonly number[] } | null;
}

/** Where the stored values of a sparse tensor belong. */
export interface SparseLayout {
  readonly levels: readonly Level[];
  /** How many values are stored. */
  readonly count: number;
}

/**
 * The layout of a sparse tensor (TACO's format, as TFLite stores it: dimensions and blocks in traversal order, each
 * dense or compressed), or what is wrong with it. Every position that it names lies in the tensor.
 */
export function sparseLayout(sparsity: Sparsity, shape: Shape): SparseLayout | string {
  const order = sparsity.traversalOrder ?? [];
  const blocks = sparsity.blockMap ?? [];
  const metadata = sparsity.dimMetadata ?? [];
  const rank = shape.length;
  const levels = rank + blocks.length;
  if (order.length !== levels || metadata.length !== levels)
    return `its sparse form has ${order.length} loops with ${metadata.length} descriptions for ${levels} dimensions`;
  if (order.some((d) => !(d >= 0 && d < levels)) || new Set(order).size !== levels)
    return `its traversal order [${order}] is not a permutation`;
  if (blocks.some((d) => !(d >= 0 && d < rank)) || new Set(blocks).size !== blocks.length)
    return `its block map [${blocks}] does not fit ${rank} dimensions`;
  const blockSizes = blocks.map((_, b) => metadata[order.indexOf(rank + b)].denseSize);
  if (blockSizes.some((n) => n < 1)) return `its blocks are ${blockSizes.join(' × ')}`;
  const blockOf = (d: number): number => (blocks.includes(d) ? blockSizes[blocks.indexOf(d)] : 1);
  if (shape.some((n, d) => n % blockOf(d) !== 0))
    return `its blocks ${blockSizes.join(' × ')} do not divide [${shape}]`;

  const step = strides(shape);
  const out: Level[] = [];
  let count = 1;
  for (const [k, d] of order.entries()) {
    const extent = d < rank ? shape[d] / blockOf(d) : blockSizes[d - rank];
    const level = readLevel(metadata[k], extent, d < rank ? step[d] * blockOf(d) : step[blocks[d - rank]], count);
    if (typeof level === 'string') return `loop ${k} of its sparse form ${level}`;
    out.push(level);
    count = level.listed ? level.listed.segments[count] : count * extent;
    if (count > elements(shape)) return 'its sparse form stores more values than it has';
  }
  return { levels: out, count };
}

function readLevel(
  { format, denseSize, arraySegments, arrayIndices }: (Sparsity['dimMetadata'] & {})[number],
  extent: number,
  step: number,
  parents: number,
): Level | string {
  if (format === 'DENSE')
    return denseSize === extent ? { step, extent, listed: null } : `has ${denseSize} steps, not ${extent}`;
  const segments = arraySegments?.value.values ?? [];
  const indices = arrayIndices?.value.values ?? [];
  if (segments.length !== parents + 1) return `has ${segments.length} segment ends for ${parents} segments`;
  if (segments[0] !== 0 || segments.some((s, i) => i > 0 && s < segments[i - 1])) return 'has segments out of order';
  if (segments[parents] !== indices.length)
    return `has ${indices.length} indices for segments up to ${segments[parents]}`;
  const bad = indices.find((i) => !(i >= 0 && i < extent));
  return bad === undefined
    ? { step, extent, listed: { segments, indices } }
    : `has the index ${bad}, outside of ${extent}`;
}

/** The dense elements of stored values. */
export function expandSparse({ levels }: SparseLayout, values: TensorData, dtype: DType, shape: Shape): TensorData {
  const out = allocate(dtype, elements(shape));
  const visit = (k: number, parent: number, at: number): void => {
    if (k === levels.length) {
      out[at] = values[parent];
      return;
    }
    const { step, extent, listed } = levels[k];
    if (listed === null) for (let i = 0; i < extent; i++) visit(k + 1, parent * extent + i, at + i * step);
    else
      for (let i = listed.segments[parent]; i < listed.segments[parent + 1]; i++)
        visit(k + 1, i, at + listed.indices[i] * step);
  };
  visit(0, 0, 0);
  return out;
}
