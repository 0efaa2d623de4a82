import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { Model } from '../../../../src/model/ir/graph.ts';
import { perTensor } from '../../../../src/model/tensor/quantization.ts';
import type { Tensor } from '../../../../src/model/tensor/tensor.ts';

/** A folder below the system's for temporary files, removed after the tests of the file. */
export function temporaryFolder(): {
  readonly path: string;
  write(name: string, content: string | Uint8Array): string;
} {
  const path = mkdtempSync(join(tmpdir(), 'int8-gate-tfjs-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    write(name, content) {
      const file = join(path, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
  };
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** What stands in a model.json, and the bytes of its weights. */
export const weightsOf = (weights: readonly Weight[], paths = ['weights.bin']) => ({
  manifest: [{ paths, weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
  bytes: new Uint8Array(Float32Array.from(weights.flatMap(({ values }) => values)).buffer),
});

const layer = (className: string, name: string, config: object) => ({
  class_name: className,
  config: { name, ...config },
});

/** A layers model of one dense layer: y = x·kernel + bias, the kernel a row for each input. */
export const denseOf = (inputs: number, units: number, kernel: readonly number[], bias: readonly number[]) => {
  const { manifest, bytes } = weightsOf([
    { name: 'd/kernel', shape: [inputs, units], values: kernel },
    { name: 'd/bias', shape: [units], values: bias },
  ]);
  const dense = layer('Dense', 'd', { units, activation: 'linear', use_bias: true, batch_input_shape: [null, inputs] });
  const document = {
    format: 'layers-model',
    modelTopology: { model_config: { class_name: 'Sequential', config: { name: 's', layers: [dense] } } },
    weightsManifest: manifest,
  };
  return { document, bytes };
};

/** Three inputs and two units. */
export const denseLayers = (kernel: readonly number[], bias: readonly number[]) => denseOf(3, 2, kernel, bias);

const node = (name: string, op: string, input: readonly string[], attr: object = {}) => ({
  ...{ name, op, input },
  attr: { T: { type: 'DT_FLOAT' }, ...attr },
});
const shapeOf = (extents: readonly number[]) => ({ shape: { dim: extents.map((n) => ({ size: String(n) })) } });
const placeholder = (name: string, shape: readonly number[]) =>
  node(name, 'Placeholder', [], { dtype: { type: 'DT_FLOAT' }, shape: shapeOf(shape) });
const constant = (name: string, shape: readonly number[]) =>
  node(name, 'Const', [], {
    dtype: { type: 'DT_FLOAT' },
    value: { tensor: { dtype: 'DT_FLOAT', tensorShape: shapeOf(shape).shape } },
  });

/** A graph model of two inputs a and b of one shape and two outputs: a − b, and 2·a. */
export const differenceGraph = (shape: readonly number[]) => {
  const { manifest, bytes } = weightsOf([{ name: 'two', shape: [], values: [2] }]);
  const nodes = [
    ...[placeholder('a', shape), placeholder('b', shape), constant('two', [])],
    ...[node('minus', 'Sub', ['a', 'b']), node('twice', 'Mul', ['a', 'two'])],
  ];
  const document = {
    format: 'graph-model',
    modelTopology: { node: nodes, library: {}, versions: {} },
    weightsManifest: manifest,
  };
  return { document, bytes };
};

/** A graph model that adds 1 to an image whose channels come first: [1, channels, height, width]. */
export const channelsFirstGraph = (shape: readonly number[]) => {
  const { manifest, bytes } = weightsOf([{ name: 'one', shape: [], values: [1] }]);
  const nodes = [placeholder('image', shape), constant('one', []), node('sum', 'AddV2', ['image', 'one'])];
  const document = {
    format: 'graph-model',
    modelTopology: { node: nodes, library: {}, versions: {} },
    weightsManifest: manifest,
  };
  return { document, bytes };
};

/** An INT8 model of which only inputs and outputs matter. */
export function int8Model(
  inputs: readonly { name: string; shape: readonly number[] }[],
  outputs: readonly { name: string; shape: readonly number[] }[],
): Model {
  const tensors = [...inputs, ...outputs].map(
    ({ name, shape }): Tensor => ({ name, shape, dtype: 'int8', quantization: perTensor(1 / 16, 0), data: null }),
  );
  const main = {
    ...{ name: 'main', tensors, nodes: [] },
    inputs: inputs.map((_, i) => i),
    outputs: outputs.map((_, i) => inputs.length + i),
  };
  return { name: 'm', description: '', subgraphs: [main], signatures: [] };
}
