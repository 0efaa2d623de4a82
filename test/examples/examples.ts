/** The shipped examples, and what TFLite itself says of them (expected.json is written by examples/generate). */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Port } from '../../src/compiler/build.ts';
import type { Model } from '../../src/model/ir/graph.ts';
import { type DType, itemSize, type TensorData } from '../../src/model/tensor/dtype.ts';
import { type NpyArray, parseNpy } from '../../src/model/tensor/npy.ts';
import { elements } from '../../src/model/tensor/shape.ts';
import { importModel } from '../../src/model/tflite/importer.ts';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
export const examples = join(root, 'examples');

export interface Expected {
  readonly model: string;
  readonly form: DType;
  readonly samples: number;
  readonly correct: number;
  readonly top1: number;
  readonly predicted: readonly number[];
}

export const expected: readonly Expected[] = JSON.parse(readFileSync(join(examples, 'expected.json'), 'utf8')).models;

/** What TFLite reaches with the model at this path under examples/. */
export function expectedOf(model: string): Expected {
  const found = expected.find((entry) => entry.model === model);
  if (found === undefined) throw new Error(`expected.json does not know ${model}`);
  return found;
}

export interface GoldenCase {
  readonly name: string;
  readonly model: string;
  readonly exact: boolean;
  readonly inputs: readonly { readonly name: string; readonly file: string }[];
  readonly outputs: readonly { readonly name: string; readonly file: string }[];
  readonly float_tolerance: { readonly abs: number; readonly rel: number } | null;
}

export const cases: readonly GoldenCase[] = readFileSync(join(examples, 'cases.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));

export const readExample = (path: string): Model => importModel(readFileSync(join(examples, path)), path);

/** A model's inputs as the gate's data readers want them described. */
export const inputPorts = (model: Model): Port[] => {
  const graph = model.subgraphs[0];
  return graph.inputs.map((id) => {
    const { name, dtype, shape, quantization } = graph.tensors[id];
    return { name, dtype, shape, quantization, bytes: elements(shape) * itemSize(dtype) };
  });
};

const array = (file: string): NpyArray => parseNpy(readFileSync(join(examples, file)), file);
export const inputsOf = (golden: GoldenCase): TensorData[] => golden.inputs.map(({ file }) => array(file).data);

/** Outputs against TFLite's: equal where the case is exact, within its tolerance otherwise. */
export function expectGolden(golden: GoldenCase, outputs: readonly TensorData[]): void {
  expect(outputs).toHaveLength(golden.outputs.length);
  golden.outputs.forEach(({ file }, k) => {
    const want = Array.from(array(file).data, Number);
    const got = Array.from(outputs[k], Number);
    expect(got).toHaveLength(want.length);
    const { abs, rel } = golden.float_tolerance ?? { abs: 0, rel: 0 };
    const apart = got.flatMap((x, i) =>
      Math.abs(x - want[i]) <= abs + rel * Math.abs(want[i]) ? [] : [[i, x, want[i]]],
    );
    expect(apart).toEqual([]);
  });
}
