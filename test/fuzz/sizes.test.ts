import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { Model } from '../../src/model/ir/graph.ts';
import { verifyModel } from '../../src/model/ir/verify.ts';
import { allocate } from '../../src/model/tensor/dtype.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import type { Tensor } from '../../src/model/tensor/tensor.ts';
import { importModel } from '../../src/model/tflite/importer.ts';
import { use } from './execute.ts';

const folder = join(import.meta.dirname, '../fixtures/cases/files');
const files = readdirSync(folder).filter((name) => name.endsWith('.tflite'));

/** A tensor with one more element, or one less, along an axis; a constant's elements follow each other as before. */
function resized(tensor: Tensor, axis: number, by: 1 | -1): Tensor {
  const shape = tensor.shape.with(axis, tensor.shape[axis] + by);
  if (tensor.data === null) return { ...tensor, shape };
  const data = allocate(tensor.dtype, elements(shape));
  data.set(tensor.data.subarray(0, data.length) as never);
  return { ...tensor, shape, data };
}

/** The model with each tensor of its main graph in turn one longer and one shorter along each axis. */
function* alterations(model: Model): Generator<readonly [what: string, model: Model]> {
  const [main, ...others] = model.subgraphs;
  for (const [id, tensor] of main.tensors.entries())
    for (const axis of tensor.shape.keys())
      for (const by of [1, -1] as const) {
        if (tensor.shape[axis] + by < 1) continue;
        const tensors = main.tensors.with(id, resized(tensor, axis, by));
        yield [
          `tensor #${id} "${tensor.name}", axis ${axis}, ${by}`,
          { ...model, subgraphs: [{ ...main, tensors }, ...others] },
        ];
      }
}

it('a tensor of another size is refused, or computed with', () => {
  const faults: string[] = [];
  const counts = { refused: 0, used: 0 };
  for (const name of files) {
    const model = importModel(readFileSync(join(folder, name)), name);
    for (const [what, altered] of alterations(model)) {
      if (verifyModel(altered).length > 0) {
        counts.refused++;
        continue;
      }
      try {
        use(altered);
        counts.used++;
      } catch (error) {
        if (error instanceof InputError) continue;
        faults.push(`${name}: ${what}: ${(error as Error).message}`);
      }
    }
  }
  expect(faults).toEqual([]);
  // Most sizes are bound by others; where nothing was computed, nothing was tested.
  expect(counts.refused).toBeGreaterThan(1000);
  expect(counts.used).toBeGreaterThan(500);
}, 60_000);
