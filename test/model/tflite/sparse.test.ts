import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elements, type Shape, strides } from '../../../src/model/tensor/shape.ts';
import type { TensorRecord } from '../../../src/model/tflite/schema/model.ts';
import { expandSparse, sparseLayout } from '../../../src/model/tflite/sparse.ts';

type Sparsity = TensorRecord['sparsity'] & {};
type Dimension = (Sparsity['dimMetadata'] & {})[number];

const dense = (denseSize: number): Dimension => ({
  format: 'DENSE',
  denseSize,
  arraySegments: null,
  arrayIndices: null,
});
const listed = (segments: readonly number[], indices: readonly number[]): Dimension => ({
  format: 'SPARSE_CSR',
  denseSize: 0,
  arraySegments: { type: 'Int32Vector', value: { values: segments } },
  arrayIndices: { type: 'Uint8Vector', value: { values: indices } },
});
const form = (
  traversalOrder: readonly number[],
  dimMetadata: readonly Dimension[],
  blockMap: readonly number[] = [],
): Sparsity => ({
  traversalOrder,
  blockMap,
  dimMetadata,
});

/** Stores a tensor in the given order of dimensions, of which `sparse` says which are compressed. */
function store(data: Int8Array, shape: Shape, order: readonly number[], sparse: readonly boolean[]) {
  const step = strides(shape);
  let parents: number[] = [0];
  const dimensions = order.map((d, k) => {
    const rest = order.slice(k + 1);
    const filled = (at: number): boolean =>
      rest
        .reduce((list, r) => list.flatMap((p) => Array.from({ length: shape[r] }, (_, i) => p + i * step[r])), [at])
        .some((p) => data[p] !== 0);
    const segments = [0];
    const indices: number[] = [];
    const next: number[] = [];
    for (const parent of parents) {
      for (let i = 0; i < shape[d]; i++) {
        const at = parent + i * step[d];
        if (sparse[k] && !filled(at)) continue;
        indices.push(i);
        next.push(at);
      }
      segments.push(indices.length);
    }
    parents = next;
    return sparse[k] ? listed(segments, indices) : dense(shape[d]);
  });
  return { sparsity: form(order, dimensions), values: Int8Array.from(parents, (at) => data[at]) };
}

describe('a sparse constant', () => {
  it('expands to what was stored, in any order of dimensions', () => {
    const drawn = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }).chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.int8Array({ min: -1, max: 1, minLength: elements(shape), maxLength: elements(shape) }),
        fc.shuffledSubarray(
          shape.map((_, i) => i),
          { minLength: shape.length },
        ),
        fc.array(fc.boolean(), { minLength: shape.length, maxLength: shape.length }),
      ),
    );
    fc.assert(
      fc.property(drawn, ([shape, data, order, sparse]) => {
        const { sparsity, values } = store(data, shape, order, sparse);
        const layout = sparseLayout(sparsity, shape);
        if (typeof layout === 'string') throw new Error(layout);
        expect(layout.count).toBe(values.length);
        expect(expandSparse(layout, values, 'int8', shape)).toEqual(data);
      }),
    );
  });

  it('may be stored in blocks', () => {
    // A 4 × 4 matrix of 2 × 2 blocks, of which the second and the third are there.
    const sparsity = form([0, 1, 2, 3], [dense(2), listed([0, 1, 2], [1, 0]), dense(2), dense(2)], [0, 1]);
    const layout = sparseLayout(sparsity, [4, 4]);
    if (typeof layout === 'string') throw new Error(layout);
    const values = Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect([...expandSparse(layout, values, 'int8', [4, 4])]).toEqual([0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0]);
  });

  it.each<[string, Sparsity, string]>([
    ['without its loops', form([0], [dense(2)]), '1 loops'],
    ['in no order', form([0, 0], [dense(2), dense(3)]), 'not a permutation'],
    ['of blocks of an unknown dimension', form([0, 1, 2], [dense(2), dense(3), dense(1)], [2]), 'block map'],
    ['of blocks that do not divide', form([0, 1, 2], [dense(2), dense(3), dense(2)], [1]), 'do not divide'],
    ['of empty blocks', form([0, 1, 2], [dense(2), dense(3), dense(0)], [1]), 'blocks are 0'],
    ['of another size', form([0, 1], [dense(2), dense(4)]), '4 steps, not 3'],
    ['with too few segments', form([0, 1], [dense(2), listed([0, 1], [1])]), '2 segment ends'],
    ['with segments out of order', form([0, 1], [dense(2), listed([0, 2, 1], [0, 1])]), 'out of order'],
    ['with too few indices', form([0, 1], [dense(2), listed([0, 1, 9], [0, 1])]), '2 indices'],
    ['with an index outside', form([0, 1], [dense(2), listed([0, 1, 2], [0, 3])]), 'index 3'],
    ['with more values than elements', form([0, 1], [listed([0, 9], new Array(9).fill(1)), dense(3)]), 'more values'],
  ])('%s is refused', (_, sparsity, words) => {
    expect(sparseLayout(sparsity, [2, 3])).toContain(words);
  });
});
