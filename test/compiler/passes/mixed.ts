import { expect } from 'vitest';
import { InputError } from '../../../src/errors.ts';
import type { Model } from '../../../src/model/ir/graph.ts';
import { printModel } from '../../../src/model/ir/print.ts';
import { verifyModel } from '../../../src/model/ir/verify.ts';
import type { Tensor } from '../../../src/model/tensor/tensor.ts';
import { importModel } from '../../../src/model/tflite/importer.ts';
import { writeModel } from '../../../src/model/tflite/writer.ts';

/** The model that `change` makes; null where it says that an operator has no such form. */
export function attempt(change: () => Model): Model | null {
  try {
    return change();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message).toMatch(/cannot be computed in (float32|int16x8): /);
    return null;
  }
}

/** Sound, and a file that is read back as it is, with the ports of the model that it was made of. */
export function expectSound(model: Model, origin: Model): void {
  expect(verifyModel(model)).toEqual([]);
  const read = importModel(writeModel(model), model.name);
  expect(printModel(read)).toBe(printModel(importModel(writeModel(read), model.name)));
  const ports = ({ subgraphs: [graph] }: Model) =>
    [...graph.inputs, ...graph.outputs].map((id) => {
      const { name, dtype, shape, quantization } = graph.tensors[id];
      return { name, dtype, shape, quantization };
    });
  expect(ports(read)).toEqual(ports(origin));
  expect(read.subgraphs[0].nodes.map(({ kind }) => kind)).toEqual(model.subgraphs[0].nodes.map(({ kind }) => kind));
}

export const realsOf = (t: Tensor, data: ArrayLike<number>): Float32Array =>
  t.quantization === null
    ? Float32Array.from(data)
    : Float32Array.from(data, (q) => t.quantization!.scales[0] * (q - t.quantization!.zeroPoints[0]));
