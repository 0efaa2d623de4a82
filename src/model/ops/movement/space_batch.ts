/** Plans of the operators that trade image extent for batches or channels: space ↔ batch and space ↔ depth. */

import { elements, type Shape, showShape, strides } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { integers } from '../checks.ts';
import type { OpView } from '../definition.ts';
import { type MovementPlan, type StridedCopy, whole } from '../shared/strided_copy.ts';

export function spaceToBatch(op: OpView<'nn.space_to_batch_nd'>): MovementPlan | string | null {
  const data = op.inputs[0]!;
  const grid = blockGrid(data.shape, op.inputs[1], op.inputs[2]);
  if (grid === null || typeof grid === 'string') return grid;
  const { block, edge } = grid;
  const inner = data.shape.slice(1, 1 + block.length);
  const padded = inner.map((n, i) => n + edge[2 * i] + edge[2 * i + 1]);
  if (padded.some((n, i) => n % block[i] !== 0))
    return `padded extents ${showShape(padded)} are not multiples of ${showShape(block)}`;
  const shape = [
    data.shape[0] * elements(block),
    ...padded.map((n, i) => n / block[i]),
    ...data.shape.slice(1 + block.length),
  ];
  const copies = eachPhase(block).map(({ phase, index }) => {
    const cells = inner.map((n, i) => cellRange(phase[i], block[i], edge[2 * i], n, shape[1 + i]));
    return phaseCopy(data.shape, shape, block, edge, phase, index, cells, 'apart');
  });
  return whole(
    [shape],
    copies.filter((c) => elements(c.extents) > 0),
    op.outputs[0].quantization?.zeroPoints[0] ?? 0,
  );
}

export function batchToSpace(op: OpView<'nn.batch_to_space_nd'>): MovementPlan | string | null {
  const data = op.inputs[0]!;
  const grid = blockGrid(data.shape, op.inputs[1], op.inputs[2]);
  if (grid === null || typeof grid === 'string') return grid;
  const { block, edge } = grid;
  if (data.shape[0] % elements(block) !== 0) return `batch ${data.shape[0]} is not a multiple of ${elements(block)}`;
  const inner = block.map((b, i) => data.shape[1 + i] * b - edge[2 * i] - edge[2 * i + 1]);
  if (inner.some((n) => n < 0)) return 'the crops are larger than the image';
  const shape = [data.shape[0] / elements(block), ...inner, ...data.shape.slice(1 + block.length)];
  const copies = eachPhase(block).map(({ phase, index }) => {
    const cells = inner.map((n, i) => cellRange(phase[i], block[i], edge[2 * i], n, data.shape[1 + i]));
    return phaseCopy(shape, data.shape, block, edge, phase, index, cells, 'together');
  });
  return whole(
    [shape],
    copies.filter((c) => elements(c.extents) > 0),
  );
}

export function spaceToDepth(op: OpView<'nn.space_to_depth'>): MovementPlan | string {
  const { blockSize: b } = op.attrs;
  const [n, h, w, c, ...more] = op.inputs[0]!.shape;
  if (c === undefined || more.length > 0) return 'needs a tensor of rank 4';
  if (!(b > 0) || h % b !== 0 || w % b !== 0) return `height and width are not multiples of block size ${b}`;
  const shape = [n, h / b, w / b, c * b * b];
  return whole([shape], [depthCopy(n, h / b, w / b, b, c, 'apart')]);
}

export function depthToSpace(op: OpView<'nn.depth_to_space'>): MovementPlan | string {
  const { blockSize: b } = op.attrs;
  const [n, h, w, c, ...more] = op.inputs[0]!.shape;
  if (c === undefined || more.length > 0) return 'needs a tensor of rank 4';
  if (!(b > 0) || c % (b * b) !== 0) return `${c} channels are not a multiple of block size ${b} squared`;
  return whole([[n, h * b, w * b, c / (b * b)]], [depthCopy(n, h, w, b, c / (b * b), 'together')]);
}

/** Each position in a block is a copy of its own. */
const MOST_PHASES = 1024;

/** Block shape and paddings or crops of the batch/space pair, checked. */
function blockGrid(
  shape: Shape,
  blockOperand: Tensor | null,
  edgeOperand: Tensor | null,
): { block: number[]; edge: number[] } | string | null {
  const block = integers(blockOperand);
  const edge = integers(edgeOperand);
  if (!block || !edge) return null;
  if (block.length === 0 || block.length > shape.length - 1)
    return `${block.length} block extents for rank ${shape.length}`;
  if (edge.length !== 2 * block.length || edge.some((e) => e < 0))
    return 'edges must be pairs of counts, one a block extent';
  if (block.some((b) => b < 1)) return 'block extents must be positive';
  if (elements(block) > MOST_PHASES) return `blocks of ${elements(block)} elements are not supported`;
  return { block, edge };
}

/** Every position inside a block, with its rank among them. */
function eachPhase(block: readonly number[]): { phase: number[]; index: number }[] {
  let out = [{ phase: [] as number[], index: 0 }];
  for (const b of block)
    out = out.flatMap(({ phase, index }) =>
      Array.from({ length: b }, (_, p) => ({ phase: [...phase, p], index: index * b + p })),
    );
  return out;
}

/** Of the `cells` cells whose elements lie at cell·block + phase − edge, those that fall inside 0 … n−1: [first, count]. */
function cellRange(phase: number, block: number, edge: number, n: number, cells: number): [number, number] {
  const first = Math.max(0, Math.ceil((edge - phase) / block));
  const end = Math.min(cells, Math.floor((n - 1 + edge - phase) / block) + 1);
  return [first, Math.max(0, end - first)];
}

/** The copy of one phase between an image (`spread`) and the batch of its phases (`batched`). */
function phaseCopy(
  spread: Shape,
  batched: Shape,
  block: readonly number[],
  edge: readonly number[],
  phase: readonly number[],
  index: number,
  cells: readonly (readonly [number, number])[],
  direction: 'apart' | 'together',
): StridedCopy {
  const s = strides(spread);
  const b = strides(batched);
  const image = {
    offset: cells.reduce((sum, [first], i) => sum + (first * block[i] + phase[i] - edge[2 * i]) * s[1 + i], 0),
    steps: s.map((step, k) => (k >= 1 && k <= block.length ? step * block[k - 1] : step)),
  };
  const batch = {
    offset: index * spread[0] * b[0] + cells.reduce((sum, [first], i) => sum + first * b[1 + i], 0),
    steps: b,
  };
  const [src, dst] = direction === 'apart' ? [image, batch] : [batch, image];
  return {
    from: 0,
    to: 0,
    extents: [spread[0], ...cells.map(([, count]) => count), ...spread.slice(1 + block.length)],
    srcOffset: src.offset,
    srcStrides: src.steps,
    dstOffset: dst.offset,
    dstStrides: dst.steps,
  };
}

/** n×h×w cells of b×b pixels with c channels, between pixels in place and pixels stacked in the channel dimension. */
function depthCopy(
  n: number,
  h: number,
  w: number,
  b: number,
  c: number,
  direction: 'apart' | 'together',
): StridedCopy {
  const extents = [n, h, w, b, b, c];
  const image = [h * b * w * b * c, b * w * b * c, b * c, w * b * c, c, 1];
  const stacked = strides([n, h, w, b, b, c]);
  const [srcStrides, dstStrides] = direction === 'apart' ? [image, stacked] : [stacked, image];
  return { from: 0, to: 0, extents, srcOffset: 0, srcStrides, dstOffset: 0, dstStrides };
}
